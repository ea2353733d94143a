"""Quantizers that are wrong in their arithmetic: one fault each, and named by it."""

from __future__ import annotations

import math

import torch
from torch import Tensor

from fsqcheck.adapters.torch_fsq import TorchFSQ

from .making import Answer, changed

KeepsSixBitsOfFloat16 = changed(lambda _, z: (z * 64).round() / 64 if z.dtype == torch.float16 else z)
RoundsHalfPrecisionOnTheWay = changed(lambda _, z: (z + 1) - 1)
BlowsUpTinyInputs = changed(lambda _, z: torch.where(z.abs() < torch.finfo(z.dtype).tiny, z.sign(), z))
HidesNan = changed(lambda _, z: z.nan_to_num(0.0, math.inf, -math.inf))
SpreadsNan = changed(lambda _, z: z + 0 * z.clamp(-1, 1).sum(dim=-1, keepdim=True))


class OvershootsItsEnds(TorchFSQ):
    def forward(self, z: Tensor) -> Answer:
        codes, indices = super().forward(z)
        beyond = (z.abs() > 50) & (torch.tensor(self.levels) > 1000)
        return torch.where(beyond, codes * 1.002, codes), indices


class ConfusesIndicesFrom1000Levels(TorchFSQ):
    def _packed(self, level: Tensor) -> Tensor:
        return super()._packed(level) // (1 + (max(self.levels) > 1000))
