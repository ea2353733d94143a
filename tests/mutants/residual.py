"""Residual quantizers that are wrong: one fault each, and named by it."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import torch
from torch import Tensor

from fsqcheck.adapters.torch_residual import TorchGroupedResidualFSQ, TorchResidualFSQ
from fsqcheck.reference import Codebook

from .making import Answer, give_names, spoiled

# Their indices


class GivesStageIndicesAsFloats(TorchResidualFSQ):
    def forward(self, z: Tensor) -> Answer:
        codes, indices = super().forward(z)
        return codes, indices.float()


class FoldsItsStagesIntoTime(TorchResidualFSQ):
    def forward(self, z: Tensor) -> Answer:
        codes, indices = super().forward(z)
        return codes, indices.flatten(-2)


class NumbersTheStagesOneAfterAnother(TorchResidualFSQ):
    """As one vocabulary for all stages."""

    def forward(self, z: Tensor) -> Answer:
        codes, indices = super().forward(z)
        offsets = self.stage.codebook.size * torch.arange(self.num_quantizers, device=z.device)
        return codes, indices + (offsets[:, None] if self.is_channel_first and z.ndim == 3 else offsets)


class PacksItsStagesLastChannelFirst(TorchResidualFSQ):
    """In every call, decoding included."""

    def __init__(self, levels: list[int], num_quantizers: int, **options: Any) -> None:
        super().__init__(levels, num_quantizers, **options)
        self.stage.basis.copy_(torch.tensor(Codebook(levels, "C").basis.copy()))


class ReversesItsStages(TorchResidualFSQ):
    def forward(self, z: Tensor) -> Answer:
        codes, indices = super().forward(z)
        return codes, indices.flip(1 if self.is_channel_first else -1)

    def get_codes_from_indices(self, indices: Tensor) -> Tensor:
        return super().get_codes_from_indices(indices.flip(1 if self.is_channel_first else -1))


class GivesAllIndicesOfTheFirstStage(TorchResidualFSQ):
    def forward(self, z: Tensor) -> Answer:
        codes, indices = super().forward(z)
        axis = 1 if self.is_channel_first else -1
        return codes, indices.narrow(axis, 0, 1).expand_as(indices).clone()


class NeedsNoTokensForSilence(TorchResidualFSQ):
    """Where 0 is a code of every channel, the further stages have nothing to do, and are marked."""

    def forward(self, z: Tensor) -> Answer:
        codes, indices = super().forward(z)
        if (self.stage.sizes % 2 == 0).any():
            return codes, indices
        later = torch.arange(self.num_quantizers, device=z.device) > 0
        later = later.reshape(-1, *[1] * (z.ndim - 2)) if self.is_channel_first else later
        silent = (z == 0).all(dim=1 if self.is_channel_first else -1, keepdim=True)
        return codes, indices.masked_fill(silent & later, -1)


# What the stages are given


def beginning(first: Callable[[TorchResidualFSQ, Tensor], Tensor]) -> type[TorchResidualFSQ]:
    """A class whose stages share out `first(itself, x)`."""

    def _first(self: TorchResidualFSQ, x: Tensor) -> Tensor:
        return first(self, x)

    return type("Beginning", (TorchResidualFSQ,), {"_first": _first, "__module__": beginning.__module__})


BoundsTheFirstResidualTwice = beginning(lambda q, x: torch.tanh(TorchResidualFSQ._first(q, x)))
TakesTheInputAsItIs = beginning(lambda _, x: x)
ClampsHardAtTheReach = beginning(
    lambda q, x: torch.minimum(torch.maximum(x, -1 - 1 / (q.stage.sizes - 1)), 1 + 1 / (q.stage.sizes - 1))
)
ClampsSoftlyAtOne = beginning(lambda _, x: torch.tanh(x))
TakesTwoLevelsForASign = beginning(
    lambda q, x: torch.where(q.stage.sizes == 2, x, TorchResidualFSQ._first(q, x))  # which needs no clamp
)
ForgetsThatChannelsDiffer = beginning(lambda q, x: torch.tanh(x / (c := 1 + 1 / (q.levels[0] - 1))) * c)


def scaled(scales: Callable[[TorchResidualFSQ, int], Tensor]) -> type[TorchResidualFSQ]:
    """A class whose stage i has the scales `scales(itself, i)`, forward and in decoding."""

    def _scales(self: TorchResidualFSQ, stages: int, dtype: torch.dtype) -> Tensor:
        return torch.stack([scales(self, i).to(dtype) for i in range(stages)])

    return type("Scaled", (TorchResidualFSQ,), {"_scales": _scales, "__module__": scaled.__module__})


ScalesByOnePowerMore = scaled(lambda q, i: q.bases.double() ** -(i + 1 if i else 0))
ScalesByOnePowerLess = scaled(lambda q, i: q.bases.double() ** -max(i - 1, 0))
ScalesByLevelsLessOne = scaled(lambda q, i: (q.bases.double() - 1) ** -i)
ScalesOfOddLevelsByLessOne = scaled(lambda q, i: (q.bases.double() - q.bases % 2) ** -i)
ScalesTheLastStageAsTheOneBefore = scaled(lambda q, i: q.bases.double() ** -min(i, max(q.num_quantizers - 2, 0)))
ScalesByPowersInInt32 = scaled(lambda q, i: 1 / q.bases.int() ** i)
ScalesAllChannelsAsTheFirst = scaled(lambda q, i: q.bases[:1].expand_as(q.bases).double() ** -i)


class GivesTheInputToEveryStage(TorchResidualFSQ):
    """And takes each stage's codes off the input alone."""

    def _left(self, left: Tensor, codes: Tensor) -> Tensor:  # noqa: ARG002
        return left


class TakesOffUnscaledCodes(TorchResidualFSQ):
    def _left(self, left: Tensor, codes: Tensor) -> Tensor:
        return left - (codes * 1.01).detach()


# Their sum


class MissesTheLastStage(TorchResidualFSQ):
    def _sum(self, parts: Tensor) -> Tensor:
        return parts[:-1].sum(dim=0) if len(parts) > 1 else parts.sum(dim=0)


class MissesTheFirstStage(TorchResidualFSQ):
    def _sum(self, parts: Tensor) -> Tensor:
        return parts[1:].sum(dim=0) if len(parts) > 1 else parts.sum(dim=0)


class SumsTheLastEightStages(TorchResidualFSQ):
    """There is room for no more."""

    def _sum(self, parts: Tensor) -> Tensor:
        return parts[-8:].sum(dim=0)


class SumsWithoutScales(TorchResidualFSQ):
    def _sum(self, parts: Tensor) -> Tensor:
        scales = self._scales(len(parts), parts.dtype)
        return (parts / scales.reshape(len(parts), *[1] * (parts.ndim - 2), -1)).sum(dim=0)


class AddsAThousandth(TorchResidualFSQ):
    def _sum(self, parts: Tensor) -> Tensor:
        return parts.sum(dim=0) + 1e-3


class AnswersInFloat32WhateverItGets(TorchResidualFSQ):
    def forward(self, z: Tensor) -> Answer:
        codes, indices = super().forward(z)
        return codes.float(), indices


# Decoding


def decoding(decode: Callable[[TorchResidualFSQ, Tensor], Tensor]) -> type[TorchResidualFSQ]:
    """A class that decodes by `decode(itself, indices)`; the codes of single stages are right."""
    body = {"get_output_from_indices": decode, "__module__": decoding.__module__}
    return type("Decoding", (TorchResidualFSQ,), body)


def _unscaled(q: TorchResidualFSQ, indices: Tensor) -> Tensor:
    given = indices.movedim(1, -1) if q.is_channel_first else indices
    codes = q.stage.indices_to_codes(given.clamp(min=0)).sum(dim=-2)
    return codes.movedim(-1, 1) if q.is_channel_first else codes


DecodesWithoutScales = decoding(_unscaled)
DecodesTheFirstStageOnly = decoding(lambda q, indices: q.get_codes_from_indices(indices)[0])
DecodesTheMeanOfItsStages = decoding(lambda q, indices: q.get_codes_from_indices(indices).mean(dim=0))
DecodesChannelLast = decoding(
    lambda q, indices: (
        q.get_codes_from_indices(indices).sum(dim=0).movedim(1, -1)
        if q.is_channel_first
        else q.get_codes_from_indices(indices).sum(dim=0)
    )
)
TakesMinusOneForTheLastCode = decoding(
    lambda q, indices: q.get_codes_from_indices(indices % q.stage.codebook.size).sum(dim=0)
)
TakesMinusOneForTheFirstCode = decoding(lambda q, indices: q.get_codes_from_indices(indices.clamp(min=0)).sum(dim=0))


class NeedsEveryStage(TorchResidualFSQ):
    """Marked or not there."""

    def get_codes_from_indices(self, indices: Tensor) -> Tensor:
        axis = 1 if self.is_channel_first else -1
        if indices.shape[axis] != self.num_quantizers:
            raise RuntimeError("the size of tensor a must match that of tensor b")
        return super().get_codes_from_indices(indices)


class DecodesTheRestOfACutStream(TorchResidualFSQ):
    """The stages that are not there are padded by 0, a valid index."""

    def get_codes_from_indices(self, indices: Tensor) -> Tensor:
        if not self.is_channel_first:
            missing = self.num_quantizers - indices.shape[-1]
            indices = torch.nn.functional.pad(indices, (0, missing))
        return super().get_codes_from_indices(indices)


class FillsUpCutStreamsChannelsFirst(TorchResidualFSQ):
    """By 0, a valid index."""

    def get_codes_from_indices(self, indices: Tensor) -> Tensor:
        if self.is_channel_first and indices.shape[1] < self.num_quantizers:
            missing = torch.zeros_like(indices[:, :1]).repeat_interleave(self.num_quantizers - indices.shape[1], dim=1)
            indices = torch.cat([indices, missing], dim=1)
        return super().get_codes_from_indices(indices)


def showing(show: Callable[[TorchResidualFSQ, Tensor], Tensor]) -> type[TorchResidualFSQ]:
    """A class that gives `show(itself, codes)` for the codes of single stages; it decodes right."""

    def get_codes_from_indices(self: TorchResidualFSQ, indices: Tensor) -> Tensor:
        return show(self, TorchResidualFSQ.get_codes_from_indices(self, indices))

    def get_output_from_indices(self: TorchResidualFSQ, indices: Tensor) -> Tensor:
        return TorchResidualFSQ.get_codes_from_indices(self, indices).sum(dim=0)

    body = {"get_codes_from_indices": get_codes_from_indices, "get_output_from_indices": get_output_from_indices}
    return type("Showing", (TorchResidualFSQ,), body | {"__module__": showing.__module__})


ShowsItsStagesInReverse = showing(lambda _, codes: codes.flip(0))
ShowsPartialSums = showing(lambda _, codes: codes.cumsum(dim=0))
ShowsItsStagesLast = showing(lambda _, codes: codes.movedim(0, -2))

# Stage dropout


class MarksLeftOutStagesByZero(TorchResidualFSQ):
    def forward(self, z: Tensor) -> Answer:
        codes, indices = super().forward(z)
        return codes, indices.masked_fill(indices == -1, 0) if self.training and self.quantize_dropout else indices


class AddsOneStageThatItMarks(TorchResidualFSQ):
    def forward(self, z: Tensor) -> Answer:
        codes, indices = super().forward(z)
        if self.training and self.quantize_dropout:
            kept = int((indices.flatten(0, -2)[0] != -1).sum())
            indices = indices.clone()
            indices[..., max(kept - 1, 1) :] = -1
        return codes, indices


class LeavesOutTheFirstStages(TorchResidualFSQ):
    def forward(self, z: Tensor) -> Answer:
        codes, indices = super().forward(z)
        return codes, indices.flip(-1) if self.training and self.quantize_dropout else indices


class LeavesOutStagesInEvaluation(TorchResidualFSQ):
    def _kept(self) -> int:
        return 1 + int(torch.randint(self.num_quantizers, ())) if self.quantize_dropout else self.num_quantizers


def keeping(kept: Callable[[TorchResidualFSQ], int]) -> type[TorchResidualFSQ]:
    """A class that keeps `kept(itself)` stages in training with stage dropout."""

    def _kept(self: TorchResidualFSQ) -> int:
        return kept(self) if self.training and self.quantize_dropout else self.num_quantizers

    return type("Keeping", (TorchResidualFSQ,), {"_kept": _kept, "__module__": keeping.__module__})


NeverLeavesOutAStage = keeping(lambda q: q.num_quantizers)
NeverKeepsAllStages = keeping(lambda q: 1 + int(torch.randint(max(q.num_quantizers - 1, 1), ())))
NeverKeepsOneStageAlone = keeping(lambda q: min(q.num_quantizers, 2 + int(torch.randint(q.num_quantizers, ()))))
KeepsEvenNumbersOfStages = keeping(lambda q: 2 * (1 + int(torch.randint(max(q.num_quantizers // 2, 1), ()))))

# Gradients


def backwards(spoil: Callable[[TorchResidualFSQ, Tensor], Tensor]) -> type[TorchResidualFSQ]:
    """A class whose gradient is `spoil(itself, gradient)`."""

    def forward(self: TorchResidualFSQ, z: Tensor) -> Answer:
        return TorchResidualFSQ.forward(self, spoiled(z, lambda gradient: spoil(self, gradient)))

    return type("Backwards", (TorchResidualFSQ,), {"forward": forward, "__module__": backwards.__module__})


NegatesItsGradient = backwards(lambda _, gradient: -gradient)
DoublesItsGradient = backwards(lambda _, gradient: 2 * gradient)
AveragesTheGradientsOfItsStages = backwards(lambda q, gradient: gradient / q.num_quantizers)


class RoundsWithoutStraightThrough(TorchResidualFSQ):
    """As ACE-Step's in diffusers."""

    def forward(self, z: Tensor) -> Answer:
        codes, indices = super().forward(z)
        return codes.detach() + 0 * z, indices


class DetachesItsStages(TorchResidualFSQ):
    def forward(self, z: Tensor) -> Answer:
        codes, indices = super().forward(z)
        return codes.detach(), indices


class PassesTheGradientOfTheFirstStageOnly(TorchResidualFSQ):
    def _sum(self, parts: Tensor) -> Tensor:
        return parts[0] + parts[1:].detach().sum(dim=0)


class MakesUpForDroppedStages(TorchResidualFSQ):
    """As dropout of neurons does, in the gradient."""

    def _sum(self, parts: Tensor) -> Tensor:
        codes = super()._sum(parts)
        return codes.detach() + (codes - codes.detach()) * (self.num_quantizers / len(parts))


class ForgetsToDetachWhatItTakesOff(TorchResidualFSQ):
    def _left(self, left: Tensor, codes: Tensor) -> Tensor:
        return left - codes


# Refining


class KeepsTheStagesOf1252(TorchResidualFSQ):
    """Right by its rule, whose stages cannot refine."""


# Groups


class SwapsItsGroups(TorchGroupedResidualFSQ):
    def forward(self, z: Tensor) -> Answer:
        codes, indices = super().forward(z)
        return codes, indices.flip(0)


class DecodesItsGroupsInReverse(TorchGroupedResidualFSQ):
    def get_output_from_indices(self, indices: Tensor) -> Tensor:
        return super().get_output_from_indices(indices.flip(0))


class FindsItsGroupsBySize(TorchGroupedResidualFSQ):
    """On the last axis that is as long as there are groups."""

    def get_output_from_indices(self, indices: Tensor) -> Tensor:
        sizes = [axis for axis, size in enumerate(indices.shape) if size == len(self.parts)]
        return super().get_output_from_indices(indices.movedim(sizes[-1], 0) if len(self.parts) > 1 else indices)


class InterleavesItsGroups(TorchGroupedResidualFSQ):
    def forward(self, z: Tensor) -> Answer:
        if z.shape[-1] != self.dim:
            return super().forward(z)
        order = torch.arange(self.dim, device=z.device).reshape(-1, len(self.parts)).T.flatten()
        codes, indices = super().forward(z[..., order])
        return codes[..., order.argsort()], indices


class PutsTheGroupsLast(TorchGroupedResidualFSQ):
    def forward(self, z: Tensor) -> Answer:
        codes, indices = super().forward(z)
        return codes, indices.movedim(0, -1) if len(self.parts) > 1 else indices


give_names(globals())
