"""Quantizers that are wrong in their training: one fault each, and named by it."""

from __future__ import annotations

from typing import Any

import torch
from torch import Tensor

from fsqcheck.adapters.torch_fsq import TorchFSQ

from .making import Answer, Changed, changed

DithersInEvaluation = changed(lambda _, z: z + 1e-3 * torch.rand_like(z))


class KeepsItsNoiseInEvaluation(TorchFSQ):
    def train(self, mode: bool = True) -> KeepsItsNoiseInEvaluation:
        return super().train(mode or self.noise > 0)


class IgnoresTheNoiseProbability(TorchFSQ):
    def __init__(self, levels: list[int], **options: Any) -> None:
        super().__init__(levels, **{**options, "noise": 0.5 if options.get("noise") else 0.0})


class AddsHalfAUnitOfNoise(TorchFSQ):
    def _quantize(self, z: Tensor) -> Answer:
        codes, indices = super()._quantize(z)
        return codes + (torch.rand_like(z) - 0.5) * (self.training and self.noise > 0), indices


class SharesItsNoiseBetweenChannels(TorchFSQ):
    def _quantize(self, z: Tensor) -> Answer:
        codes, indices = super()._quantize(z)
        if self.training and self.noise:
            shared = (2 * torch.rand_like(z[..., :1]) - 1) / (
                2 * z.new_tensor([self.rule.grid.half(level) for level in self.levels])
            )
            codes = torch.where(
                torch.rand_like(z) < self.noise, torch.tanh(z) + shared, super()._quantize(z.detach())[0]
            )
        return codes, indices


class IndexesWhatItsNoiseMade(TorchFSQ):
    def _quantize(self, z: Tensor) -> Answer:
        codes, indices = super()._quantize(z)
        return codes, indices + (torch.rand(indices.shape) * 3).long() * (self.training and self.noise > 0)


class ForgetsItsGain(Changed):
    def __init__(self, *options: Any, **named: Any) -> None:
        super().__init__(*options, **named)
        self.gain = 1.0 + float(torch.rand(()))

    def changed(self, z: Tensor) -> Tensor:
        return z * self.gain


class DrawsTheSameNoiseAlways(TorchFSQ):
    def _quantize(self, z: Tensor) -> Answer:
        torch.manual_seed(0)
        return super()._quantize(z)
