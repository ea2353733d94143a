"""Quantizers that are wrong in what they mirror: one fault each, and named by it."""

from __future__ import annotations

import torch

from fsqcheck.adapters.torch_fsq import TorchFSQ

from .making import changed

DropsTheLowestLevel = changed(lambda _, z: z.clamp(min=-0.3))
ShiftsTheNegativeSide = changed(lambda _, z: torch.where(z < 0, 1.02 * z, z))
BreaksTiesDownwards = changed(lambda _, z: torch.where(z == 0, -1e-3, z))
OffsetsOddLevels = changed(lambda q, z: z + z.new_tensor([0.8 * (L % 2) for L in q.levels]))


class IsSymmetricWhereTheRuleIsLopsided(TorchFSQ):
    def __init__(self, levels: list[int]) -> None:
        super().__init__(levels, "symmetric")
