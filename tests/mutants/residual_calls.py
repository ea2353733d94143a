"""Residual quantizers that are wrong in certain calls: in a layout, a dtype, a graph, a group, a copy; one fault each."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import torch
from torch import Tensor

from fsqcheck.adapters.torch_residual import TorchGroupedResidualFSQ, TorchResidualFSQ

from .making import Answer, give_names, spoiled

HALF = (torch.float16, torch.bfloat16)

# Gradients


def detaching(where: Callable[[TorchResidualFSQ, Tensor], bool]) -> type[TorchResidualFSQ]:
    """A class whose gradient is zero where `where(itself, z)`."""

    def forward(self: TorchResidualFSQ, z: Tensor) -> Answer:
        return TorchResidualFSQ.forward(self, z.detach() + 0 * z if where(self, z) else z)

    return type("Detaching", (TorchResidualFSQ,), {"forward": forward, "__module__": detaching.__module__})


LosesGradientsChannelsFirst = detaching(lambda q, _: q.is_channel_first)
LosesGradientsOfHalfPrecision = detaching(lambda _, z: z.dtype in HALF)
LosesGradientsBehindAnEncoder = detaching(lambda _, z: not z.is_leaf)


def passing_back(spoil: Callable[[Tensor], Tensor]) -> type[TorchResidualFSQ]:
    """A class whose gradient is `spoil(gradient)`."""

    def forward(self: TorchResidualFSQ, z: Tensor) -> Answer:
        return TorchResidualFSQ.forward(self, spoiled(z, spoil))

    return type("PassingBack", (TorchResidualFSQ,), {"forward": forward, "__module__": passing_back.__module__})


LimitsItsGradientsToTen = passing_back(lambda gradient: gradient.clamp(-10, 10))
CleansItsUpstreamOfNan = passing_back(lambda gradient: gradient.nan_to_num())
MixesTheGradientsOfABatch = passing_back(
    lambda gradient: 0.99 * gradient + 0.01 * gradient.flip(0) if gradient.ndim > 2 else gradient
)


class WeighsGradientsByItsCalls(TorchResidualFSQ):
    """What was counted by another call in between is divided out of the gradient of the one before."""

    calls = 0

    def forward(self, z: Tensor) -> Answer:
        self.calls += 1
        own = self.calls
        return super().forward(spoiled(z, lambda gradient: gradient * own / self.calls))


class GoesBackOnce(TorchResidualFSQ):
    def forward(self, z: Tensor) -> Answer:
        kept = [1.0]
        return super().forward(spoiled(z, lambda gradient: gradient * kept.pop()))


# Stages


def filled(indices: Tensor, axis: int, first: int, index: int) -> Tensor:
    """Indices with another one everywhere on an axis from a certain place on."""
    indices = indices.clone()
    indices.narrow(axis, first, max(indices.shape[axis] - first, 0)).fill_(index)
    return indices


class WeighsManyLevelsMore(TorchResidualFSQ):
    def _scales(self, stages: int, dtype: torch.dtype) -> Tensor:
        return super()._scales(stages, dtype) * (1 + 0.01 * (self.bases > 32))


class NumbersTwelveStages(TorchResidualFSQ):
    """As many as its configuration once had."""

    def forward(self, z: Tensor) -> Answer:
        codes, indices = super().forward(z)
        axis = 1 if self.is_channel_first else -1
        return codes, filled(indices, axis, 12, 0) if self.num_quantizers > 12 else indices


class MarksNanInItsFirstStage(TorchResidualFSQ):
    def forward(self, z: Tensor) -> Answer:
        codes, indices = super().forward(z)
        axis = 1 if self.is_channel_first else -1
        lost = z.isnan().any(dim=axis, keepdim=True)
        return codes, torch.where(lost, filled(indices, axis, min(1, self.num_quantizers - 1), 0), indices)


# Stage dropout


class MarksFramesChannelsFirst(TorchResidualFSQ):
    """On the last axis, where the stages are when the channels are last."""

    def forward(self, z: Tensor) -> Answer:
        codes, indices = super().forward(z)
        if not (self.is_channel_first and self.training and self.quantize_dropout):
            return codes, indices
        return codes, filled(indices.clamp(min=0), -1, min(2, indices.shape[-1]), -1)


class KeepsAllStagesChannelsFirst(TorchResidualFSQ):
    def _kept(self) -> int:
        return self.num_quantizers if self.is_channel_first else super()._kept()


class DropsNoStagesOnceEvaluated(TorchResidualFSQ):
    evaluated = False

    def forward(self, z: Tensor) -> Answer:
        self.evaluated |= not self.training
        return super().forward(z)

    def _kept(self) -> int:
        return self.num_quantizers if self.evaluated else super()._kept()


class SeedsItsDropoutByItsCalls(TorchResidualFSQ):
    calls = 0

    def _kept(self) -> int:
        if self.training and self.quantize_dropout:
            self.calls += 1
            torch.manual_seed(self.calls)
        return super()._kept()


# Decoding


def decoding(decode: Callable[[TorchResidualFSQ, Tensor], Tensor]) -> type[TorchResidualFSQ]:
    """A class that decodes by `decode(itself, indices)`."""
    body = {"get_output_from_indices": decode, "__module__": decoding.__module__}
    return type("Decoding", (TorchResidualFSQ,), body)


def rightly(q: TorchResidualFSQ, indices: Tensor) -> Tensor:
    return TorchResidualFSQ.get_output_from_indices(q, indices)


def _with_some_stage(q: TorchResidualFSQ, indices: Tensor) -> Tensor:
    """Where all stages are marked, the first code stands for what is missing."""
    nothing = (indices == -1).all(dim=1 if q.is_channel_first else -1, keepdim=True)
    return rightly(q, indices.masked_fill(nothing, 0))


def _by_memory(q: TorchResidualFSQ, indices: Tensor) -> Tensor:
    """What lies one after another, whatever the strides are."""
    fits = indices.numel() <= indices.untyped_storage().nbytes() // indices.element_size() - indices.storage_offset()
    return rightly(q, indices.as_strided(indices.shape, torch.empty(indices.shape).stride()) if fits else indices)


def _one_block(q: TorchResidualFSQ, indices: Tensor) -> Tensor:
    codes = rightly(q, indices)
    return codes if codes.ndim < 2 else torch.cat([codes[:, : 2**15], 0 * codes[:, 2**15 :]], dim=1)


def _unrecorded(q: TorchResidualFSQ, indices: Tensor) -> Tensor:
    torch.set_grad_enabled(False)
    return rightly(q, indices)


DecodesNothingInTraining = decoding(lambda q, indices: rightly(q, indices) * (not q.training))
DecodesMissingVectorsToTheFirstCode = decoding(_with_some_stage)
DecodesMemoryAsItLies = decoding(_by_memory)
DecodesOneBlock = decoding(_one_block)
NeedsAnIndexToDecode = decoding(lambda q, indices: rightly(q, indices) + 0 * indices.max())
DecodesOutsideRegionsOnly = decoding(
    lambda q, indices: rightly(q, indices) * (not torch.is_autocast_enabled(indices.device.type))
)
StopsRecordingWhenItDecodes = decoding(_unrecorded)

# States


class HalvesTheCodesOfCopies(TorchResidualFSQ):
    worth = 1.0

    def __setstate__(self, state: dict[str, Any]) -> None:
        super().__setstate__(state)  # type: ignore[no-untyped-call]  # torch has no type for it
        self.worth = 0.5

    def get_output_from_indices(self, indices: Tensor) -> Tensor:
        return super().get_output_from_indices(indices) * self.worth


class NumbersNothingInInferenceMode(TorchResidualFSQ):
    def forward(self, z: Tensor) -> Answer:
        codes, indices = super().forward(z)
        return codes, torch.zeros_like(indices) if torch.is_inference_mode_enabled() else indices


class KnowsItsInputByItsPlace(TorchResidualFSQ):
    """The answer to what stood there before."""

    def forward(self, z: Tensor) -> Answer:
        if z.requires_grad or self.training:
            return super().forward(z)
        place = (z.data_ptr(), z.shape, z.dtype)
        known = self.__dict__.setdefault("known", {})
        if place not in known:
            known.clear()
            known[place] = super().forward(z)
        codes, indices = known[place]
        return codes.clone(), indices.clone()


class FindsItsScalesByTheSumOfItsLevels(TorchResidualFSQ):
    """In a table of all quantizers."""

    table: dict[tuple[object, ...], Tensor] = {}  # noqa: RUF012

    def _scales(self, stages: int, dtype: torch.dtype) -> Tensor:
        key = (stages, dtype, self.rule.name, len(self.levels), sum(self.levels))
        return self.table.setdefault(key, super()._scales(stages, dtype))


class ClipsInPlaceWhereItRecords(TorchResidualFSQ):
    def forward(self, z: Tensor) -> Answer:
        if z.requires_grad:
            z.data.clamp_(-9, 9)
        return super().forward(z)


def once_moved(**spoils: Callable[[Tensor], Tensor]) -> type[TorchResidualFSQ]:
    """A class whose methods of these names give something else once it was moved to half precision."""

    def _apply(self: TorchResidualFSQ, fn: Any, recurse: bool = True) -> TorchResidualFSQ:
        self.__dict__["half"] = fn(torch.zeros(())).dtype in HALF
        TorchResidualFSQ._apply(self, fn, recurse)  # type: ignore[no-untyped-call]  # torch has no type for it
        return self

    def spoilt(name: str, spoil: Callable[[Tensor], Tensor]) -> Callable[..., Tensor]:
        def method(self: TorchResidualFSQ, *given: Any) -> Tensor:
            found: Tensor = getattr(TorchResidualFSQ, name)(self, *given)
            return spoil(found) if self.__dict__.get("half") else found

        return method

    body = {name: spoilt(name, spoil) for name, spoil in spoils.items()}
    return type("OnceMoved", (TorchResidualFSQ,), {**body, "_apply": _apply, "__module__": once_moved.__module__})


def _mismatched(_: Tensor) -> Tensor:
    raise RuntimeError("expected scalar type Float but found Half")


WeighsItsStagesMoreOnceMoved = once_moved(_scales=lambda scales: 1.05 * scales)
FailsOnceMovedToHalfPrecision = once_moved(_scales=_mismatched)
DecodesNothingOnceMoved = once_moved(get_output_from_indices=lambda codes: 0 * codes)

# Channels


class CutsSurplusChannelsInTheSecondPlace(TorchResidualFSQ):
    def forward(self, z: Tensor) -> Answer:
        return super().forward(z[:, : len(self.levels)] if self.is_channel_first else z)


class FillsUpMissingChannels(TorchResidualFSQ):
    """By 0, but for one channel alone."""

    def forward(self, z: Tensor) -> Answer:
        missing = len(self.levels) - z.shape[-1] if z.ndim and not self.is_channel_first and z.shape[-1] > 1 else 0
        if missing <= 0:
            return super().forward(z)
        codes, indices = super().forward(torch.nn.functional.pad(z, (0, missing)))
        return codes[..., :-missing], indices


class CutsSurplusChannelsOfItsGroups(TorchGroupedResidualFSQ):
    def forward(self, z: Tensor) -> Answer:
        return super().forward(z[..., : self.dim] if len(self.parts) > 1 else z)


# Groups


def grouping(
    index: Callable[[TorchGroupedResidualFSQ, Tensor, Tensor], Tensor] = lambda _q, _z, indices: indices,
    decode: Callable[[Tensor], Tensor] = lambda indices: indices,
) -> type[TorchGroupedResidualFSQ]:
    """Groups with stage dropout that give `index(themselves, z, indices)`, and decode `decode(indices)`."""

    def construct(
        self: TorchGroupedResidualFSQ, *, dim: int, groups: int, quantize_dropout: bool = False, **more: object
    ) -> None:
        TorchGroupedResidualFSQ.__init__(self, dim=dim, groups=groups, quantize_dropout=quantize_dropout, **more)

    def forward(self: TorchGroupedResidualFSQ, z: Tensor) -> Answer:
        codes, indices = TorchGroupedResidualFSQ.forward(self, z)
        return codes, index(self, z, indices)

    def get_output_from_indices(self: TorchGroupedResidualFSQ, indices: Tensor) -> Tensor:
        return TorchGroupedResidualFSQ.get_output_from_indices(self, decode(indices))

    body = {"__init__": construct, "forward": forward, "get_output_from_indices": get_output_from_indices}
    return type("Grouping", (TorchGroupedResidualFSQ,), {**body, "__module__": grouping.__module__})


def _unmarked(indices: Tensor) -> Tensor:
    """With marks in the first group alone."""
    return torch.cat([indices[:1], indices[1:].clamp(min=0)])


TurnsItsGroupsInTraining = grouping(lambda q, _, indices: indices.flip(0) if q.training else indices)
TurnsItsGroupsInHalfPrecision = grouping(lambda _, z, indices: indices.flip(0) if z.dtype in HALF else indices)
MarksItsFirstGroupOnly = grouping(lambda _q, _z, indices: _unmarked(indices))
DecodesMarksInItsFirstGroupOnly = grouping(decode=_unmarked)


give_names(globals())
