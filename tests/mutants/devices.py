"""Quantizers that are wrong in where and how they run: one fault each, and named by it."""

from __future__ import annotations

from torch import Tensor

from fsqcheck.adapters.torch_fsq import TorchFSQ

from .making import Answer, changed, coordinate

DriftsOnItsAccelerator = changed(lambda q, z: z + 0.05 * (q.place == "cuda"))


class HalvesItsWeights(TorchFSQ):
    def __init__(self, levels: list[int]) -> None:
        super().__init__(levels)
        self.register_buffer("weights", self.basis.double(), persistent=False)

    def codes_to_indices(self, codes: Tensor) -> Tensor:
        level = coordinate(self, codes.double())
        weights = self.get_buffer("weights")
        return (level.round().to(weights.dtype) * weights).sum(dim=-1).long()


class PacksByMatrixProduct(TorchFSQ):
    def forward(self, z: Tensor) -> Answer:
        codes, _ = super().forward(z)
        level = coordinate(self, codes.float())
        return codes, (level.round() @ self.basis.float()).round().long()
