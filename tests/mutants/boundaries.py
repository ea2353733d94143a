"""Quantizers that are wrong in where they step: one fault each, and named by it."""

from __future__ import annotations

import torch

from fsqcheck.adapters.torch_fsq import TorchFSQ

from .making import answering, changed, scale_amplitude

LeaksTheInputIntoTheCodes = answering(lambda _, z, codes, indices: (codes + 1e-2 * torch.tanh(z), indices))
NeverReachesTheEnds = changed(lambda _, z: z.clamp(-0.8, 0.8))
ShiftsThresholds = changed(lambda _, z: z + 0.01)


class ShiftsByTan(TorchFSQ):
    def __init__(self, levels: list[int]) -> None:
        super().__init__(levels, "paper")

    def _lay_constants(self) -> None:
        super()._lay_constants()
        scale_amplitude(self, 1.001 / 0.999)


class NarrowsTheAmplitude(TorchFSQ):
    def _lay_constants(self) -> None:
        super()._lay_constants()
        scale_amplitude(self, 0.999 / 1.001)


TurnsBackBeyondThree = changed(lambda _, z: torch.where(z.abs() > 3, -z, z))
OverflowsInTheExponential = changed(lambda _, z: torch.atanh(((2 * z).exp() - 1) / ((2 * z).exp() + 1)))
RoundsAfterUnscaling = answering(
    lambda _, _z, codes, indices: (codes.detach().round() + codes - codes.detach(), indices)
)
