"""What the mutants are made with: a right quantizer, and ways to spoil its input, its answer or its gradient."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from typing import Any

import torch
from torch import Tensor

from fsqcheck.adapters import Construction, NativeAdapter, Setup, torch_fsq
from fsqcheck.adapters.bridge_torch import TorchBridge
from fsqcheck.adapters.torch_fsq import TorchFSQ

Answer = tuple[Tensor, Tensor]


def adapted(module: str = "making", name: str = "Right", bridge: str = "TorchBridge") -> NativeAdapter:
    """A class of one of these files with all that the adapter of the right one offers, over a bridge of this file."""
    right = torch_fsq.adapter()

    def construct(setup: Setup) -> Construction:
        made = right.construct(setup)
        assert isinstance(made, Construction)
        return replace(made, module=f"{__package__}.{module}", name=name)

    return replace(right, construct=construct, bridge=_BRIDGES[bridge]())


class SeenElsewhere(TorchBridge):
    """Stands for a target that leaves its codes on another device, as there is only one here."""

    def device_of(self, native: Any) -> str:  # noqa: ARG002
        return "cuda"


class AsIfOnCuda(TorchBridge):
    """Stands for a machine with a CUDA device: everything runs on the CPU, and each module knows where it seems to be."""

    place = "cpu"

    def devices(self) -> tuple[str, ...]:
        return ("cpu", "cuda")

    def native(self, array: Any, device: str) -> Tensor:
        self.place = device
        return super().native(array if device == "cpu" else array.copy(), "cpu")

    def prepared(self, module: Any, device: str, training: bool, compiled: bool) -> Any:
        module.place = device
        return super().prepared(module, "cpu", training, compiled)

    def called(self, module: Any, native: Any, tracked: bool, autocast: str | None, device: str) -> Any:  # noqa: ARG002
        return super().called(module, native, tracked, autocast, "cpu")

    def device_of(self, native: Any) -> str:  # noqa: ARG002
        return self.place


_BRIDGES: dict[str, type[TorchBridge]] = {one.__name__: one for one in (TorchBridge, SeenElsewhere, AsIfOnCuda)}


class Right(TorchFSQ):
    """No fault."""


class Changed(TorchFSQ):
    """A right quantizer of inputs that `changed` has spoiled."""

    def changed(self, z: Tensor) -> Tensor:
        return z

    def forward(self, z: Tensor) -> Answer:
        return super().forward(self.changed(z))


def changed(spoil: Callable[[Any, Tensor], Tensor]) -> type[TorchFSQ]:
    """A class that quantizes `spoil(itself, z)`."""
    return type("Changed", (Changed,), {"changed": spoil})


def answering(spoil: Callable[[Any, Tensor, Tensor, Tensor], Answer]) -> type[TorchFSQ]:
    """A class that answers `spoil(itself, z, codes, indices)`."""

    def forward(self: TorchFSQ, z: Tensor) -> Answer:
        return spoil(self, z, *TorchFSQ.forward(self, z))

    return type("Answering", (TorchFSQ,), {"forward": forward})


def decoding(decode: Callable[[TorchFSQ, Tensor], Tensor]) -> type[TorchFSQ]:
    """A class that decodes indices by `decode(itself, indices)`."""
    return type("Decoding", (TorchFSQ,), {"indices_to_codes": decode})


class Backward(torch.autograd.Function):
    """The identity forward, and `spoil` of the gradient backward."""

    @staticmethod
    def forward(ctx: Any, z: Tensor, spoil: Any) -> Tensor:
        ctx.spoil = spoil
        return z.clone()

    @staticmethod
    def backward(ctx: Any, upstream: Tensor) -> tuple[Tensor, None]:
        return ctx.spoil(upstream), None


def spoiled(z: Tensor, spoil: Any) -> Tensor:
    found: Tensor = Backward.apply(z, spoil)  # type: ignore[no-untyped-call]  # torch has no type for it
    return found


def coordinate(q: TorchFSQ, codes: Tensor) -> Tensor:
    """Where codes lie on the grid, in levels, computed in their own dtype."""
    grids = [(q.rule.grid.half(level), q.rule.grid.centre(level)) for level in q.levels]
    half, centre = codes.new_tensor(grids).T
    found: Tensor = codes * half + centre
    return found


def scale_amplitude(q: TorchFSQ, factor: float) -> None:
    """Changes the amplitude of every channel."""
    for table in (q.narrow, q.wide):
        if table is not None:
            table[1] *= factor
