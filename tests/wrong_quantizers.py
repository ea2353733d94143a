"""Wrong quantizers, one fault each and named by it, over a right one; test_conformance_catches.py says who catches them.

Each class follows the shared convention, so `fsqcheck run tests/wrong_quantizers.py:ClipsInPlace --rule widened` shows
its fault. Those that need codebooks, projections or noise go through `adapted(name='…')`.
"""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import torch
from torch import Tensor, nn

from fsqcheck.adapters import Construction, NativeAdapter, Setup, torch_fsq
from fsqcheck.adapters.bridge_torch import TorchBridge
from fsqcheck.adapters.torch_fsq import TorchFSQ
from fsqcheck.reference import FSQ

Answer = tuple[Tensor, Tensor]


def adapted(name: str = "Right", elsewhere: bool = False) -> NativeAdapter:
    """One of these classes with all that the adapter of the right one offers."""
    right = torch_fsq.adapter()

    def construct(setup: Setup) -> Construction:
        made = right.construct(setup)
        assert isinstance(made, Construction)
        return replace(made, module="wrong_quantizers", name=name, file=Path(__file__))

    return replace(right, construct=construct, bridge=SeenElsewhere() if elsewhere else right.bridge)


class SeenElsewhere(TorchBridge):
    """Stands for a target that leaves its codes on another device, as there is only one here."""

    def device_of(self, native: Any) -> str:  # noqa: ARG002
        return "cuda"


class Right(TorchFSQ):
    """No fault."""


class Changed(TorchFSQ):
    """A right quantizer of inputs that `changed` has spoiled."""

    def changed(self, z: Tensor) -> Tensor:
        return z

    def forward(self, z: Tensor) -> Answer:
        return super().forward(self.changed(z))


def changed(spoil: Callable[[Any, Tensor], Tensor]) -> type[TorchFSQ]:
    """A class that quantizes `spoil(itself, z)`."""
    return type("Changed", (Changed,), {"changed": spoil})


def answering(spoil: Callable[[Any, Tensor, Tensor, Tensor], Answer]) -> type[TorchFSQ]:
    """A class that answers `spoil(itself, z, codes, indices)`."""

    def forward(self: TorchFSQ, z: Tensor) -> Answer:
        return spoil(self, z, *TorchFSQ.forward(self, z))

    return type("Answering", (TorchFSQ,), {"forward": forward})


class Backward(torch.autograd.Function):
    """The identity forward, and `spoil` of the gradient backward."""

    @staticmethod
    def forward(ctx: Any, z: Tensor, spoil: Any) -> Tensor:
        ctx.spoil = spoil
        return z.clone()

    @staticmethod
    def backward(ctx: Any, upstream: Tensor) -> tuple[Tensor, None]:
        return ctx.spoil(upstream), None


def spoiled(z: Tensor, spoil: Any) -> Tensor:
    found: Tensor = Backward.apply(z, spoil)  # type: ignore[no-untyped-call]  # torch has no type for it
    return found


def halves(q: TorchFSQ, like: Tensor) -> Tensor:
    """Half the width of each channel's grid, in the dtype of `like`."""
    return like.new_tensor([q.rule.grid.half(level) for level in q.levels])


def centres(q: TorchFSQ, like: Tensor) -> Tensor:
    """The centre of each channel's grid, in the dtype of `like`."""
    return like.new_tensor([q.rule.grid.centre(level) for level in q.levels])


def scale_amplitude(q: TorchFSQ, factor: float) -> None:
    """Changes the amplitude of every channel."""
    for table in (q.narrow, q.wide):
        if table is not None:
            table[1] *= factor


# BND: boundaries

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


# SYM: symmetry

DropsTheLowestLevel = changed(lambda _, z: z.clamp(min=-0.3))
ShiftsTheNegativeSide = changed(lambda _, z: torch.where(z < 0, 1.02 * z, z))
BreaksTiesDownwards = changed(lambda _, z: torch.where(z == 0, -1e-3, z))
OffsetsOddLevels = changed(lambda q, z: z + z.new_tensor([0.8 * (L % 2) for L in q.levels]))


class IsSymmetricWhereTheRuleIsLopsided(TorchFSQ):
    def __init__(self, levels: list[int]) -> None:
        super().__init__(levels, "symmetric")


# SHP: shapes


class TrainsOnlyWhereBatchEqualsChannels(TorchFSQ):
    def forward(self, z: Tensor) -> Answer:
        mask = torch.full((z.shape[0],), True) if self.training else torch.tensor(True)
        return super().forward(torch.where(mask, z, z))


class GuessesTheLayout(TorchFSQ):
    def forward(self, z: Tensor) -> Answer:
        if z.ndim == 3 and z.shape[1] == self.width:
            codes, indices = super().forward(z.movedim(1, -1))
            return codes.movedim(-1, 1), indices
        return super().forward(z)


SqueezesAxesOfLengthOne = answering(lambda _, _z, codes, indices: (codes, indices.squeeze()))
NeedsALargestElement = changed(lambda _, z: torch.where(z.abs().max() > 0, z, z))
NormalizesTheBatch = changed(lambda _, z: z / z.detach().abs().amax(dim=0, keepdim=True).clamp(min=1))
ForgetsPositionsBeyond2To16 = answering(
    lambda _, _z, codes, indices: (codes, torch.cat([indices[..., : 2**16], 0 * indices[..., 2**16 :]], dim=-1))
)


class IgnoresStrides(Changed):
    def changed(self, z: Tensor) -> Tensor:
        dense = torch.empty(z.shape, device="meta").stride()
        return z.as_strided(z.shape, dense) if 0 not in z.stride() else z


class ClipsInPlace(Changed):
    def changed(self, z: Tensor) -> Tensor:
        with torch.no_grad():
            return z.clamp_(-100, 100)


class DecodesCodebooksInReverse(TorchFSQ):
    def indices_to_codes(self, indices: Tensor) -> Tensor:
        return super().indices_to_codes(indices.flip(-1) if self.num_codebooks > 1 else indices)


class DealsOutNumbersAsVectors(TorchFSQ):
    def forward(self, z: Tensor) -> Answer:
        codes, indices = super().forward(z.reshape(-1, self.width))
        return codes.reshape(z.shape), indices.reshape(z.shape[:-1] if z.shape[-1] == self.width else -1)


FailsInsideOnPlainVectors = changed(lambda _, z: {3: z, 4: z, 5: z}[z.ndim])


class DecodesWithoutProjection(TorchFSQ):
    def indices_to_codes(self, indices: Tensor) -> Tensor:
        codes = super().indices_to_codes(indices)
        return codes if isinstance(self.project_out, nn.Identity) else codes * 0


AnswersInFloat32 = answering(lambda _, _z, codes, indices: (codes.float(), indices))


# IDX: indices


class LosesTheLastIndex(TorchFSQ):
    def codes_to_indices(self, codes: Tensor) -> Tensor:
        return super().codes_to_indices(codes).clamp(max=self.codebook.size - 2)


class DecodesInFloat16(TorchFSQ):
    def indices_to_codes(self, indices: Tensor) -> Tensor:
        return super().indices_to_codes(indices).half()


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
        half, centre = halves(self, codes), centres(self, codes)
        return self._packed((codes * half + centre).trunc())


class CutsFloat64InsteadOfRounding(CutsInsteadOfRounding):
    def codes_to_indices(self, codes: Tensor) -> Tensor:
        double = codes.dtype == torch.float64
        return super().codes_to_indices(codes) if double else TorchFSQ.codes_to_indices(self, codes)


class SumsIndicesInTheCodesDtype(TorchFSQ):
    def codes_to_indices(self, codes: Tensor) -> Tensor:
        level = (codes.double() * halves(self, codes).double() + centres(self, codes)).round()
        return (level.to(codes.dtype) * self.basis.to(codes.dtype)).sum(dim=-1).long()


class WrapsBadIndices(TorchFSQ):
    def indices_to_codes(self, indices: Tensor) -> Tensor:
        return super().indices_to_codes(indices % self.codebook.size)


class DecodesChannelFirst(TorchFSQ):
    def indices_to_codes(self, indices: Tensor) -> Tensor:
        return super().indices_to_codes(indices).movedim(-1, 1)


class HoldsItsCodebook(TorchFSQ):
    def __init__(self, levels: list[int]) -> None:
        super().__init__(levels)
        self.register_buffer("book", torch.zeros(min(self.codebook.size, 2**20), len(levels)))


class PacksInTheInputsDtype(TorchFSQ):
    def forward(self, z: Tensor) -> Answer:
        codes, _ = super().forward(z)
        level = codes.double() * halves(self, codes).double() + centres(self, codes)
        return codes, (level.round().nan_to_num(-1e9).to(z.dtype) * self.basis.to(z.dtype)).sum(dim=-1).long()


# GRD: gradients


class PassesTheUpstreamThrough(TorchFSQ):
    def forward(self, z: Tensor) -> Answer:
        codes, indices = super().forward(z.detach())
        return torch.where(torch.isfinite(z), codes + (z - z.detach()), codes), indices


AveragesGradientsOverTheBatch = changed(lambda _, z: spoiled(z, lambda upstream: upstream / len(upstream)))
SendsGradientsToTheNextSample = changed(lambda _, z: spoiled(z, lambda upstream: upstream.roll(1, 0)))
ClipsGradients = changed(lambda _, z: spoiled(z, lambda upstream: upstream.clamp(-1e4, 1e4)))
GivesNoGradient = changed(lambda _, z: spoiled(z, torch.zeros_like))
CentresTheStraightThroughOnTheInput = answering(
    lambda _, z, codes, indices: ((z + (codes - z).detach() if z.requires_grad else codes), indices)
)
DropsOutInTraining = changed(lambda q, z: torch.where(z.abs() < 0.1, 0.0, z) if q.training else z)


class GivesGradientsInFloat64(FSQ):
    def vjp(self, z: Any, upstream: Any) -> Any:
        return super().vjp(z, upstream).astype(np.float64)


class ComputesFloat64InFloat32(TorchFSQ):
    def forward(self, z: Tensor) -> Answer:
        codes, indices = super().forward(z.float())
        return codes.to(z.dtype), indices


# NUM: numerics

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


# TRN: training

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
            shared = (2 * torch.rand_like(z[..., :1]) - 1) / (2 * halves(self, z))
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


# DEV: devices


class HalvesItsWeights(TorchFSQ):
    def __init__(self, levels: list[int]) -> None:
        super().__init__(levels)
        self.register_buffer("weights", self.basis.double(), persistent=False)

    def codes_to_indices(self, codes: Tensor) -> Tensor:
        level = codes.double() * halves(self, codes).double() + centres(self, codes)
        weights = self.get_buffer("weights")
        return (level.round().to(weights.dtype) * weights).sum(dim=-1).long()


class PacksByMatrixProduct(TorchFSQ):
    def forward(self, z: Tensor) -> Answer:
        codes, _ = super().forward(z)
        level = codes.float() * halves(self, codes).float() + centres(self, codes).float()
        return codes, (level.round() @ self.basis.float()).round().long()
