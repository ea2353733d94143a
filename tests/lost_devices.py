"""A quantizer that costs its process the device when an index is out of range, on a bridge that stands for CUDA."""

from __future__ import annotations

from dataclasses import replace

from torch import Tensor

from fsqcheck.adapters import NativeAdapter
from fsqcheck.adapters.torch_fsq import TorchFSQ

from .mutants.making import AsIfOnCuda, in_the_place_of_ours

SAYS = "CUDA error: device-side assert triggered"


class Cuda(AsIfOnCuda):
    """A device that answers nothing once it is lost, as long as the process lives."""

    lost_here = False

    def native(self, array: object, device: str) -> Tensor:
        self.alive(device)
        return super().native(array, device)

    def lost(self, device: str) -> str | None:
        return SAYS if Cuda.lost_here and device == "cuda" else None

    @staticmethod
    def alive(device: str) -> None:
        if Cuda.lost_here and device == "cuda":
            raise RuntimeError(f"{SAYS}\nCompile with `TORCH_USE_CUDA_DSA` to enable device-side assertions.")


class Asserts(TorchFSQ):
    """Looks its codes up where nobody checks that they are there."""

    place = "cpu"

    def indices_to_codes(self, indices: Tensor) -> Tensor:
        size = 1
        for level in self.levels:
            size *= level
        if self.place == "cuda" and bool(((indices < 0) | (indices >= size)).any()):
            Cuda.lost_here = True
        Cuda.alive(self.place)
        return super().indices_to_codes(indices)


def adapter() -> NativeAdapter:
    """Its adapter."""
    return replace(in_the_place_of_ours(__name__, "Asserts"), bridge=Cuda(), rules=("widened",), residual=None)
