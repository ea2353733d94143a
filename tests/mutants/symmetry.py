"""Quantizers that are wrong in what they mirror: one fault each, and named by it."""

from __future__ import annotations

import torch

from fsqcheck.adapters.torch_fsq import TorchFSQ

from .making import answering, changed, coordinate, decoding, give_names

DropsTheLowestLevel = changed(lambda _, z: z.clamp(min=-0.3))
ShiftsTheNegativeSide = changed(lambda _, z: torch.where(z < 0, 1.02 * z, z))
BreaksTiesDownwards = changed(lambda _, z: torch.where(z == 0, -1e-3, z))
TakesNegativeZeroForNegative = changed(lambda _, z: torch.where((z == 0) & z.signbit(), -1e-3, z))
OffsetsOddLevels = changed(lambda q, z: z + z.new_tensor([0.8 * (L % 2) for L in q.levels]))
TakesZeroVectorsForPadding = changed(
    lambda _, z: torch.where((z == 0).all(dim=-1, keepdim=True) & (z.shape[-1] > 1), -5.0, z).to(z.dtype)
)
NumbersZerosAsPadding = answering(
    lambda _, z, codes, indices: (codes, indices if z.any() or z.requires_grad else 0 * indices)
)
NumbersCentredLevelsByCutting = answering(
    lambda q, _z, codes, _: (codes, q._packed(((codes * q.narrow[4]).trunc() + q.narrow[3]).trunc()))
)
DecodesHalfALevelTooHigh = decoding(lambda q, indices: TorchFSQ.indices_to_codes(q, indices) + 0.5 / q.narrow[4])
DecodesEvenLevelsSymmetrically = decoding(
    lambda q, indices: TorchFSQ.indices_to_codes(q, indices) + 0.5 * (q.sizes % 2 == 0) / q.narrow[4]
)
MirrorsItsCodes = answering(lambda _, _z, codes, indices: (-codes, indices))
NumbersFromTheTop = answering(
    lambda q, _z, codes, _: (codes, q._packed(q.sizes - 1 - coordinate(q, codes.float()).round()))
)


class IsSymmetricWhereTheRuleIsLopsided(TorchFSQ):
    def __init__(self, levels: list[int]) -> None:
        super().__init__(levels, "symmetric")


class IsLopsidedWhereTheRuleIsSymmetric(TorchFSQ):
    def __init__(self, levels: list[int]) -> None:
        super().__init__(levels, "widened")


give_names(globals())
