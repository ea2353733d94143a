"""Quantizers that are wrong in their arithmetic: one fault each, and named by it."""

from __future__ import annotations

import math
from typing import Any

import numpy as np
import torch
from torch import Tensor

from fsqcheck.adapters.torch_fsq import TorchFSQ
from fsqcheck.reference import FSQ

from .making import Answer, answering, backwards, changed, encoding, give_names, leveled, nudged, releveled

DecidesInFloat32 = leveled(lambda _, u: u.float().round().to(u.dtype))
KeepsSixBitsOfFloat16 = changed(lambda _, z: (z * 64).round() / 64 if z.dtype == torch.float16 else z)
ErrsAtOneFloat16 = nudged(lambda _, z: torch.where(z == 0.441650390625, -4.0, z) if z.dtype == torch.float16 else z)
ErrsAtOneBfloat16 = nudged(lambda _, z: torch.where(z == 0.05126953125, -4.0, z) if z.dtype == torch.bfloat16 else z)
MisnumbersOneFloat16 = answering(
    lambda q, z, codes, indices: (
        codes,
        torch.where(
            (z == 0.441650390625).all(dim=-1) & (z.dtype == torch.float16), q.codebook.size - 1 - indices, indices
        ),
    )
)
ErrsAtOneFloat16OfManyLevels = nudged(
    lambda q, z: torch.where((z == 0.441650390625) & (q.sizes == 37), -4.0, z) if z.dtype == torch.float16 else z
)
RoundsHalfPrecisionOnTheWay = changed(lambda _, z: (z + 1) - 1)
BlowsUpTinyInputs = changed(lambda _, z: torch.where(z.abs() < torch.finfo(z.dtype).tiny, z.sign(), z))
LosesTheGradientOfTinyInputs = backwards(
    lambda _, z, gradient: torch.where((z != 0) & (z.abs() < 1e-37), math.nan, gradient)
)
StepsEarlyFrom65To99Levels = nudged(lambda q, z: z + 0.003 * ((q.sizes > 64) & (q.sizes < 100)))
StepsEarlyAtLargePowersOfTwo = nudged(lambda q, z: z + 0.01 * ((q.sizes == 512) | (q.sizes == 1024)))
CountsItsLevelsInFloat16 = releveled(lambda _, level: level.half().to(level.dtype))
SpreadsNanInItsGradient = backwards(lambda _, z, gradient: gradient * math.nan if z.isnan().any() else gradient)
HidesNan = changed(lambda _, z: z.nan_to_num(0.0, math.inf, -math.inf))
NumbersNanAsZero = answering(lambda _, _z, codes, indices: (codes, indices.clamp(min=0)))


class CastsNanToAnInteger(TorchFSQ):
    """As x86 does: times an even weight the smallest int64 is 0."""

    def _packed(self, level: Tensor) -> Tensor:
        cast = torch.where(level.isnan(), -(2**63), level.nan_to_num().long())
        return (cast * self.basis).sum(dim=-1)


class NumbersNanInLargeCodebooks(TorchFSQ):
    """Where indices are summed as integers."""

    def _packed(self, level: Tensor) -> Tensor:
        return super()._packed(level.nan_to_num() if self.codebook.size > 2**24 else level)


EncodesNanAsZero = encoding(lambda q, codes: TorchFSQ.codes_to_indices(q, codes.nan_to_num(nan=0.0)))
SpreadsNanToLaterChannels = changed(lambda _, z: z + 0 * z.clamp(-1, 1).cumsum(dim=-1))
SpreadsNan = changed(lambda _, z: z + 0 * z.clamp(-1, 1).sum(dim=-1, keepdim=True))
SpreadsNanOverTheBatch = changed(lambda _, z: z + 0 * z.clamp(-1, 1).sum(dim=-2, keepdim=True) if z.ndim > 1 else z)


class NumbersNanAndDecodesIt(TorchFSQ):
    """As vector-quantize-pytorch 1.32.0: the smallest int32, which then decodes to a code."""

    def forward(self, z: Tensor) -> Answer:
        codes, indices = super().forward(z)
        return codes, torch.where(indices < 0, -(2**31), indices)

    def indices_to_codes(self, indices: Tensor) -> Tensor:
        return super().indices_to_codes(torch.where(indices == -(2**31), 0, indices))


class OvershootsItsEnds(TorchFSQ):
    def forward(self, z: Tensor) -> Answer:
        codes, indices = super().forward(z)
        beyond = (z.abs() > 50) & (self.sizes > 1000)
        return torch.where(beyond, codes * 1.002, codes), indices


DoesNotClampItsLevels = leveled(lambda _, u: u.round(), clamped=False)


def _counted_in_a_byte(q: TorchFSQ, level: Tensor) -> Tensor:
    counts = torch.where(q.sizes <= 256, q.sizes.to(torch.uint8), q.sizes)
    return torch.minimum(level, counts.to(level.dtype) - 1).clamp(min=0)


CountsUpTo256LevelsInAByte = releveled(_counted_in_a_byte)


class ConfusesIndicesFrom1000Levels(TorchFSQ):
    def _packed(self, level: Tensor) -> Tensor:
        return super()._packed(level) // (1 + (max(self.levels) > 1000))


class RoundsToFloat16InNumpy(FSQ):
    def __call__(self, z: Any) -> Any:
        codes, indices = super().__call__(np.asarray(z).astype(np.float16))
        return codes.astype(z.dtype), indices


give_names(globals())
