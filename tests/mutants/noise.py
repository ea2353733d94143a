"""Quantizers that are wrong in the noise of their training: one fault each, and named by it."""

from __future__ import annotations

import os
from typing import Any

import numpy as np
import torch
from torch import Tensor, nn

from fsqcheck.adapters.torch_fsq import TorchFSQ

from .making import Answer, Changed, give_names


class KeepsItsNoiseInEvaluation(TorchFSQ):
    def train(self, mode: bool = True) -> KeepsItsNoiseInEvaluation:
        return super().train(mode or self.noise > 0)


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


def noisy(noise: Any, where: Any = lambda q, z: torch.rand_like(z) < q.noise, slope: float = 1.0) -> type[TorchFSQ]:
    """A class with other noise, in half steps, at its own probability: `noise(q, z)`, where `where(q, z)`."""

    def _quantize(self: TorchFSQ, z: Tensor) -> Answer:
        probability, self.noise = self.noise, 0.0
        codes, indices = TorchFSQ._quantize(self, z)
        self.noise = probability
        if self.training and probability > 0:
            smooth = torch.tanh(slope * z + (1 - slope) * z.detach())
            codes = torch.where(where(self, z), smooth + noise(self, z) / (2 * self.narrow[4]), codes)
        return codes, indices

    return type("Noisy", (TorchFSQ,), {"_quantize": _quantize, "__module__": Changed.__module__})


def uniform(_: TorchFSQ, z: Tensor) -> Tensor:
    """Right noise, in half steps."""
    return 2 * torch.rand_like(z) - 1


AddsHalfAUnitOfNoise = noisy(lambda q, z: (2 * torch.rand_like(z) - 1) * q.narrow[4])
AddsTwiceTheNoise = noisy(lambda _, z: 4 * torch.rand_like(z) - 2)
AddsPositiveNoiseOnly = noisy(lambda _, z: torch.rand_like(z))
AddsNormalNoise = noisy(lambda _, z: torch.randn_like(z).clamp(-1, 1))
SharesItsNoiseBetweenChannels = noisy(lambda _, z: 2 * torch.rand_like(z[..., :1]) - 1)
SharesItsNoiseBetweenPositions = noisy(lambda _, z: 2 * torch.rand_like(z[:, :1]) - 1 if z.ndim > 2 else z * 0)


SharesItsNoiseBetweenCodebooks = noisy(lambda _, z: 2 * torch.rand_like(z[..., :1, :]).expand_as(z) - 1)


class KeepsGradientsFromItsNoise(TorchFSQ):
    def _quantize(self, z: Tensor) -> Answer:
        codes, indices = super()._quantize(z)
        level = (codes * self.narrow[4] + self.narrow[3]).detach()
        return torch.where((level - level.round()).abs() > 1e-4, codes.detach(), codes), indices


class AddsNoNoiseInHalf(TorchFSQ):
    def forward(self, z: Tensor) -> Answer:
        probability = self.noise
        self.noise = 0.0 if z.dtype in (torch.float16, torch.bfloat16) else probability
        answer = super().forward(z)
        self.noise = probability
        return answer


def _elsewhere() -> torch.Generator:
    return torch.Generator().manual_seed(int.from_bytes(os.urandom(4), "big"))


DrawsItsNoiseElsewhere = noisy(lambda _, z: torch.rand(z.shape, generator=_elsewhere()).to(z.device) * 2 - 1)


class IndexesWhatItsNoiseMade(TorchFSQ):
    def _quantize(self, z: Tensor) -> Answer:
        codes, indices = super()._quantize(z)
        drawn = (torch.rand(indices.shape, device=indices.device) * 3).long()
        return codes, indices + drawn * (self.training and self.noise > 0)


class DrawsTheSameNoiseAlways(TorchFSQ):
    def _quantize(self, z: Tensor) -> Answer:
        torch.manual_seed(0)
        return super()._quantize(z)


# Which elements are noisy


def _first(q: TorchFSQ, z: Tensor) -> Tensor:
    return (torch.arange(len(z)) < int(q.noise * len(z))).view(-1, *[1] * (z.ndim - 1)).expand_as(z)


def _falling(q: TorchFSQ, z: Tensor) -> Tensor:
    share = q.noise + min(q.noise, 1 - q.noise) * torch.linspace(0.5, -0.5, z.shape[-1])
    return torch.rand_like(z) < share


NoisesTheFirstSamples = noisy(uniform, _first)
NoisesFirstChannelsMore = noisy(uniform, _falling)
NoisesSmallInputs = noisy(uniform, lambda q, z: (torch.rand_like(z) < q.noise) & (z.abs() < 0.5))
AddsNoNoiseWhereRecorded = noisy(uniform, lambda q, z: (torch.rand_like(z) < q.noise) & (not z.requires_grad))


class LosesItsNoiseInEvaluation(TorchFSQ):
    def train(self, mode: bool = True) -> LosesItsNoiseInEvaluation:
        self.noise *= mode
        return super().train(mode)


def only_if(applies: Any) -> type[TorchFSQ]:
    """A class that has noise only where `applies(itself)`."""

    def _quantize(self: TorchFSQ, z: Tensor) -> Answer:
        probability, self.noise = self.noise, self.noise * applies(self)
        answer = TorchFSQ._quantize(self, z)
        self.noise = probability
        return answer

    return type("OnlyIf", (TorchFSQ,), {"_quantize": _quantize, "__module__": Changed.__module__})


AddsNoNoiseBetweenProjections = only_if(lambda q: not isinstance(q.project_in, nn.Linear))
AddsNoNoiseChannelFirst = only_if(lambda q: not q.channel_first)

# How much, and what it depends on

ScalesItsNoiseAsTheFirstChannelFirst = noisy(
    lambda q, z: uniform(q, z) * (q.narrow[4] / q.narrow[4][0] if q.channel_first else 1)
)
CapsItsNoiseAtFiveLevels = noisy(lambda q, z: uniform(q, z) * (q.narrow[4] / q.narrow[4].clamp(max=2)))
PushesAwayFromZero = noisy(lambda _, z: torch.rand_like(z) * z.detach().sign())
ChangesItsSlopeByItsNoise = noisy(uniform, slope=3.0)


def repeated(axis: int, period: int) -> Any:
    """Noise of which an axis holds that of `period` places again and again."""

    def noise(q: TorchFSQ, z: Tensor) -> Tensor:
        drawn = uniform(q, z)
        return drawn.index_select(axis, torch.arange(z.shape[axis]) % period) if z.ndim > 3 else drawn

    return noise


RepeatsItsNoiseAlongPositions = noisy(repeated(1, 100))
RepeatsItsNoiseAlongSamples = noisy(repeated(0, 1500))


class NoisesInFloat32(TorchFSQ):
    """Noise that is drawn in float32 turns the sum into float32."""

    def forward(self, z: Tensor) -> Answer:
        codes, indices = super().forward(z)
        return codes.float() if self.training and self.noise > 0 and z.dtype != torch.float64 else codes, indices


class NoisesItsFirstCodebookOnly(TorchFSQ):
    def forward(self, z: Tensor) -> Answer:
        codes, indices = super().forward(z)
        if self.training and self.noise and self.num_codebooks > 1:
            self.training = False
            calm, _ = super().forward(z)
            self.training = True
            codes = torch.cat([codes[..., : len(self.levels)], calm[..., len(self.levels) :]], dim=-1)
        return codes, indices


class EvaluatesOnceItDecoded(TorchFSQ):
    def indices_to_codes(self, indices: Tensor) -> Tensor:
        self.eval()
        return super().indices_to_codes(indices)


class IgnoresEval(TorchFSQ):
    def eval(self) -> IgnoresEval:
        return self


AddsNoNoiseAtSaturation = noisy(uniform, lambda q, z: (torch.rand_like(z) < q.noise) & (z.abs() < 9))
DrawsItsNoiseFromNumpy = noisy(
    lambda _, z: torch.tensor(np.random.uniform(-1, 1, tuple(z.shape)), dtype=z.dtype, device=z.device)
)


class SeedsAGeneratorOfItsOwn(TorchFSQ):
    """With a number that nobody chose."""

    def __init__(self, levels: list[int], **options: Any) -> None:
        super().__init__(levels, **options)
        self.seeded = np.random.default_rng(7)

    def _quantize(self, z: Tensor) -> Answer:
        torch.default_generator.manual_seed(int(self.seeded.integers(2**31)))
        return super()._quantize(z)


give_names(globals())
