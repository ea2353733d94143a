"""Quantizers that are wrong in their training: one fault each, and named by it."""

from __future__ import annotations

import os
from typing import Any

import torch
from torch import Tensor

from fsqcheck.adapters.torch_fsq import TorchFSQ

from .making import Answer, Changed, answering, changed, give_names, nudged

# In evaluation

DithersInEvaluation = changed(lambda _, z: z + 1e-3 * torch.rand_like(z))
ErrsOnceInAThousand = nudged(lambda _, z: torch.where(torch.rand_like(z) < 1e-3, -z, z))
JittersLargeBfloat16Inputs = answering(
    lambda _, z, codes, indices: (
        codes * (1 + torch.finfo(z.dtype).eps * (torch.rand_like(codes) < 0.5))
        if z.dtype == torch.bfloat16 and z.numel() > 10_000
        else codes,
        indices,
    )
)


class AnswersOtherwiseFromTheSecondCallOn(Changed):
    calls = 0

    def changed(self, z: Tensor) -> Tensor:
        self.calls += 1
        return z if self.calls == 1 else z + 0.01


class AdaptsItsScaleInTraining(Changed):
    """A running statistic that evaluation uses."""

    def __init__(self, levels: list[int]) -> None:
        super().__init__(levels)
        self.register_buffer("scale", torch.ones(()))

    def changed(self, z: Tensor) -> Tensor:
        if self.training and z.numel():
            self.scale = (
                0.9 * self.get_buffer("scale") + 0.1 * z.detach().float().nan_to_num(0).abs().clamp(max=2).max()
            )
            return z
        return z * self.get_buffer("scale").to(z.dtype)


class KeepsItsNoiseInEvaluation(TorchFSQ):
    def train(self, mode: bool = True) -> KeepsItsNoiseInEvaluation:
        return super().train(mode or self.noise > 0)


# The noise


class IgnoresTheNoiseProbability(TorchFSQ):
    def __init__(self, levels: list[int], **options: Any) -> None:
        super().__init__(levels, **{**options, "noise": 0.5 if options.get("noise") else 0.0})


class DithersAtProbabilityZero(TorchFSQ):
    """As stable-audio-tools' DitheredFSQ."""

    def __init__(self, levels: list[int], **options: Any) -> None:
        super().__init__(levels, **options)
        self.dithers = options.get("noise") == 0.0

    def _quantize(self, z: Tensor) -> Answer:
        codes, indices = super()._quantize(z)
        return codes + 1e-2 * torch.rand_like(codes) * (self.training and self.dithers), indices


def noisy(noise: Any) -> type[TorchFSQ]:
    """A class with other noise, in half steps, at its own probability: `noise(q, z)`."""

    def _quantize(self: TorchFSQ, z: Tensor) -> Answer:
        probability, self.noise = self.noise, 0.0
        codes, indices = TorchFSQ._quantize(self, z)
        self.noise = probability
        if self.training and probability > 0:
            added = torch.tanh(z) + noise(self, z) / (2 * self.narrow[4])
            codes = torch.where(torch.rand_like(z) < probability, added, codes)
        return codes, indices

    return type("Noisy", (TorchFSQ,), {"_quantize": _quantize, "__module__": Changed.__module__})


AddsHalfAUnitOfNoise = noisy(lambda q, z: (2 * torch.rand_like(z) - 1) * q.narrow[4])
AddsTwiceTheNoise = noisy(lambda _, z: 4 * torch.rand_like(z) - 2)
AddsPositiveNoiseOnly = noisy(lambda _, z: torch.rand_like(z))
AddsNormalNoise = noisy(lambda _, z: torch.randn_like(z).clamp(-1, 1))
SharesItsNoiseBetweenChannels = noisy(lambda _, z: 2 * torch.rand_like(z[..., :1]) - 1)
DrawsItsNoiseElsewhere = noisy(
    lambda _, z: (
        torch.rand(z.shape, generator=torch.Generator().manual_seed(int.from_bytes(os.urandom(4), "big"))) * 2 - 1
    )
)


class IndexesWhatItsNoiseMade(TorchFSQ):
    def _quantize(self, z: Tensor) -> Answer:
        codes, indices = super()._quantize(z)
        return codes, indices + (torch.rand(indices.shape) * 3).long() * (self.training and self.noise > 0)


class DrawsTheSameNoiseAlways(TorchFSQ):
    def _quantize(self, z: Tensor) -> Answer:
        torch.manual_seed(0)
        return super()._quantize(z)


# Copies


class ForgetsItsGain(Changed):
    def __init__(self, *options: Any, **named: Any) -> None:
        super().__init__(*options, **named)
        self.gain = 1.0 + 1e-7 * (1 + int.from_bytes(os.urandom(1), "big"))

    def changed(self, z: Tensor) -> Tensor:
        return z * self.gain


class CannotBePickled(TorchFSQ):
    def __init__(self, levels: list[int]) -> None:
        super().__init__(levels)
        self.hook = lambda codes: codes


give_names(globals())
