"""Quantizers that are wrong in how they number their codes: one fault each, and named by it."""

from __future__ import annotations

import math

import torch
from torch import Tensor

from fsqcheck.adapters.torch_fsq import TorchFSQ

from .making import Answer, answering, coordinate, decoding


class LosesTheLastIndex(TorchFSQ):
    def codes_to_indices(self, codes: Tensor) -> Tensor:
        return super().codes_to_indices(codes).clamp(max=self.codebook.size - 2)


DecodesInFloat16 = decoding(lambda q, indices: TorchFSQ.indices_to_codes(q, indices).half())


class FlattensWhatItEncodes(TorchFSQ):
    def codes_to_indices(self, codes: Tensor) -> Tensor:
        return super().codes_to_indices(codes.reshape(-1, codes.shape[-1]))


class ComputesIndicesOnAnotherPath(TorchFSQ):
    def forward(self, z: Tensor) -> Answer:
        return super().forward(z)[0], super().forward(z.double() * (1 + 2e-7))[1]


class PacksTheLastChannelFirst(TorchFSQ):
    def _packed(self, level: Tensor) -> Tensor:
        big = [math.prod(self.levels[i + 1 :]) for i in range(len(self.levels))]
        return (level.nan_to_num(0).long() * torch.tensor(big)).sum(dim=-1)


GivesIndicesAsFloats = answering(lambda _, _z, codes, indices: (codes, indices.float()))


class SumsIndicesInFloat32(TorchFSQ):
    def _packed(self, level: Tensor) -> Tensor:
        return (level.nan_to_num(-1e9).float() * self.basis).sum(dim=-1).long()


ForwardsIndicesInFloat32 = answering(lambda _, _z, codes, indices: (codes, indices.float().long()))


class CutsInsteadOfRounding(TorchFSQ):
    def codes_to_indices(self, codes: Tensor) -> Tensor:
        return self._packed(coordinate(self, codes).trunc())


class CutsFloat64InsteadOfRounding(CutsInsteadOfRounding):
    def codes_to_indices(self, codes: Tensor) -> Tensor:
        double = codes.dtype == torch.float64
        return super().codes_to_indices(codes) if double else TorchFSQ.codes_to_indices(self, codes)


class SumsIndicesInTheCodesDtype(TorchFSQ):
    def codes_to_indices(self, codes: Tensor) -> Tensor:
        level = coordinate(self, codes.double()).round()
        return (level.to(codes.dtype) * self.basis.to(codes.dtype)).sum(dim=-1).long()


WrapsBadIndices = decoding(lambda q, indices: TorchFSQ.indices_to_codes(q, indices % q.codebook.size))
DecodesChannelFirst = decoding(lambda q, indices: TorchFSQ.indices_to_codes(q, indices).movedim(-1, 1))


class HoldsItsCodebook(TorchFSQ):
    def __init__(self, levels: list[int]) -> None:
        super().__init__(levels)
        self.register_buffer("book", torch.zeros(min(self.codebook.size, 2**20), len(levels)))


class PacksInTheInputsDtype(TorchFSQ):
    def forward(self, z: Tensor) -> Answer:
        codes, _ = super().forward(z)
        level = coordinate(self, codes.double())
        return codes, (level.round().nan_to_num(-1e9).to(z.dtype) * self.basis.to(z.dtype)).sum(dim=-1).long()
