"""Residual quantizers that are wrong in places, states and odd inputs: one fault each, and named by it."""

from __future__ import annotations

from typing import Any

import torch
from torch import Tensor, nn

from fsqcheck.adapters.torch_residual import TorchGroupedResidualFSQ, TorchResidualFSQ

from .making import Answer, give_names


class ClampsItsInputInPlace(TorchResidualFSQ):
    def forward(self, z: Tensor) -> Answer:
        answer = super().forward(z)
        z.detach().clamp_(-9, 9)
        return answer


class FillsOneBuffer(TorchResidualFSQ):
    """Its codes are always in the same memory."""

    def _sum(self, parts: Tensor) -> Tensor:
        codes = super()._sum(parts)
        kept: Tensor | None = self.__dict__.get("kept")
        if kept is None or kept.shape != codes.shape or codes.requires_grad or kept.dtype != codes.dtype:
            self.__dict__["kept"] = kept = codes.detach().clone()
            return codes if codes.requires_grad else kept
        return kept.copy_(codes)


class ZeroesLongSequences(TorchResidualFSQ):
    def _first(self, x: Tensor) -> Tensor:
        first = super()._first(x)
        if first.ndim < 2 or first.shape[-2] <= 2**15:
            return first
        return torch.cat([first[..., : 2**15, :], first[..., 2**15 :, :] * 0], dim=-2)


class NormalizesTheLatents(TorchResidualFSQ):
    def _first(self, x: Tensor) -> Tensor:
        return super()._first(x - 0.01 * x.nan_to_num().mean(dim=tuple(range(x.ndim - 1))) if x.numel() else x)


class IgnoresItsStrides(TorchResidualFSQ):
    def forward(self, z: Tensor) -> Answer:
        if z.is_contiguous() or z.ndim < 3 or z.numel() != z.untyped_storage().nbytes() // z.element_size():
            return super().forward(z)
        return super().forward(z.as_strided(z.shape, torch.empty(z.shape).stride()))


class LearnsItsRange(TorchResidualFSQ):
    def __init__(self, *given: Any, **options: Any) -> None:
        super().__init__(*given, **options)
        self.range = nn.Parameter(torch.ones(()))

    def _first(self, x: Tensor) -> Tensor:
        return super()._first(x * self.range.to(x.dtype))


class LearnsAMeanInTraining(TorchResidualFSQ):
    def _first(self, x: Tensor) -> Tensor:
        if self.training and x.numel():
            self.__dict__["mean"] = 0.9 * self.__dict__.get("mean", 0.0) + 0.1 * x.detach().nan_to_num().mean()
        return super()._first(x if self.training else x - self.__dict__.get("mean", 0.0))


class KeepsTheScalesOfItsFirstDtype(TorchResidualFSQ):
    def forward(self, z: Tensor) -> Answer:
        kept = self.__dict__.setdefault("kept", torch.arange(9, dtype=z.dtype) / 3)
        self.__dict__["rounding"] = 3 * kept.double() - torch.arange(9)
        return super().forward(z)

    def _scales(self, stages: int, dtype: torch.dtype) -> Tensor:
        lost = 1 + self.__dict__.get("rounding", torch.zeros(9))[1].abs() * 8
        return super()._scales(stages, dtype) * (1.0 if lost < 1 + 1e-5 else lost.to(dtype))


class ForgetsItsRuleInCopies(TorchResidualFSQ):
    def __deepcopy__(self, memo: dict[int, Any]) -> TorchResidualFSQ:
        return type(self)(self.levels, self.num_quantizers, "residual-widened", is_channel_first=self.is_channel_first)


class SharesItsLevels(TorchResidualFSQ):
    """The scales of the quantizer that was built last."""

    last: tuple[int, ...] = ()

    def __init__(self, levels: list[int], num_quantizers: int, rule: str, **more: bool) -> None:
        super().__init__(levels, num_quantizers, rule, **more)
        SharesItsLevels.last = self.levels

    def _scales(self, stages: int, dtype: torch.dtype) -> Tensor:
        if len(self.last) != len(self.levels):
            return super()._scales(stages, dtype)
        return torch.stack(
            [(self.stage.sizes.new_tensor(self.last) - self.rule.shrink).to(dtype) ** -i for i in range(stages)]
        )


class PacksItsStagesByMatrixProduct(TorchResidualFSQ):
    def forward(self, z: Tensor) -> Answer:
        codes, indices = super().forward(z)
        if not torch.is_autocast_enabled(z.device.type):
            return codes, indices
        level = (indices[..., None] // self.stage.basis % self.stage.sizes).float()
        return codes, (level @ self.stage.basis.float()).round().long()


class CutsItsGradientUnderAutocast(TorchResidualFSQ):
    def forward(self, z: Tensor) -> Answer:
        return super().forward(z.detach() + 0 * z if torch.is_autocast_enabled(z.device.type) else z)


class ComputesItsStagesInTheInputsDtype(TorchResidualFSQ):
    def _left(self, left: Tensor, codes: Tensor) -> Tensor:
        return super()._left(left, codes).to(self.__dict__.get("dtype", left.dtype)).to(left.dtype)

    def forward(self, z: Tensor) -> Answer:
        self.__dict__["dtype"] = z.dtype
        return super().forward(z)


class RoundsItsBasesWithItself(TorchResidualFSQ):
    """Its constants turn into half precision with the module, and do not come back."""

    def _apply(self, fn: Any, recurse: bool = True) -> TorchResidualFSQ:
        moved = fn(torch.full((), 1.0 / 3.0, dtype=self.__dict__.get("seen", torch.float32)))
        self.__dict__["seen"] = moved.dtype
        self.__dict__["lost"] = max(self.__dict__.get("lost", 0.0), abs(float(moved) - 1.0 / 3.0))
        super()._apply(fn, recurse)  # type: ignore[no-untyped-call]  # torch has no type for it
        return self

    def _first(self, x: Tensor) -> Tensor:
        lost: float = self.__dict__.get("lost", 0.0)
        return super()._first(x) * (1.0 + lost * (lost > 1e-6))


class AddsNothingTimesTheLargest(TorchResidualFSQ):
    """As a check for overflow might: 0 · NaN is NaN."""

    def _sum(self, parts: Tensor) -> Tensor:
        codes = super()._sum(parts)
        return codes + 0 * codes.detach().abs().amax() if codes.numel() else codes


class BroadcastsOneChannel(TorchResidualFSQ):
    def forward(self, z: Tensor) -> Answer:
        axis = 1 if self.is_channel_first else -1
        if z.ndim == 0 or z.shape[axis] != 1:
            return super().forward(z)
        shape = list(z.shape)
        shape[axis] = len(self.levels)
        return super().forward(z.expand(shape))


class CutsSurplusChannels(TorchResidualFSQ):
    def forward(self, z: Tensor) -> Answer:
        axis, d = 1 if self.is_channel_first else -1, len(self.levels)
        return super().forward(z.narrow(axis, 0, d) if z.ndim and z.shape[axis] > d else z)


class GivesNaNTheMiddleTokens(TorchResidualFSQ):
    def forward(self, z: Tensor) -> Answer:
        codes, indices = super().forward(z)
        lost = z.isnan().any(dim=1 if self.is_channel_first else -1, keepdim=True)
        return codes, torch.where(lost, self.stage.codebook.size // 2, indices)


class WrapsBadStageIndices(TorchResidualFSQ):
    def get_codes_from_indices(self, indices: Tensor) -> Tensor:
        return super().get_codes_from_indices(torch.where(indices == -1, -1, indices % self.stage.codebook.size))


class NumbersAllStagesInTheirOwnDtype(TorchResidualFSQ):
    """Each stage has its part of one table; where that begins is added in the dtype of the indices."""

    def get_codes_from_indices(self, indices: Tensor) -> Tensor:
        given = indices.movedim(1, -1) if self.is_channel_first else indices
        begins = self.stage.codebook.size * torch.arange(given.shape[-1], device=given.device)
        place = (given + begins.to(given.dtype)).long()
        found = torch.where(given == -1, -1, (place - begins).clamp(min=-2))
        found = found.clamp(min=0) if given.dtype == torch.uint8 else found
        return super().get_codes_from_indices(found.movedim(-1, 1) if self.is_channel_first else found)


class NeedsAVector(TorchResidualFSQ):
    def _first(self, x: Tensor) -> Tensor:
        return super()._first(x) + 0 * x.detach().nan_to_num().amax()


class LosesTheStagesAfterTheFourth(TorchResidualFSQ):
    """Unrolled by hand."""

    def forward(self, z: Tensor) -> Answer:
        codes, indices = super().forward(z)
        later = torch.arange(self.num_quantizers, device=z.device) >= 4
        later = later.reshape(-1, *[1] * (z.ndim - 2)) if self.is_channel_first else later
        return codes, torch.where(later & (indices >= 0), 0, indices)


class CorruptsLargeLatentsWhenRecorded(TorchResidualFSQ):
    """x + (q - x).detach() on what was given, not on what was bounded."""

    def forward(self, z: Tensor) -> Answer:
        codes, indices = super().forward(z)
        return (codes + (z - z.detach()) * 0 + ((codes - z) + z - codes).detach() * z.requires_grad), indices


class AnswersHalfPrecisionInFloat32(TorchResidualFSQ):
    def forward(self, z: Tensor) -> Answer:
        codes, indices = super().forward(z)
        return codes.float() if codes.dtype in (torch.float16, torch.bfloat16) else codes, indices


class CountsTheStagesOfTheFirstVector(TorchResidualFSQ):
    def get_codes_from_indices(self, indices: Tensor) -> Tensor:
        given = indices.movedim(1, -1) if self.is_channel_first else indices
        first = given.reshape(-1, given.shape[-1])[:1] if given.numel() else given
        marked = torch.where((first == -1).expand_as(given) if given.numel() else given == -1, -1, given.clamp(min=0))
        return super().get_codes_from_indices(marked.movedim(-1, 1) if self.is_channel_first else marked)


class TrainsItsFirstGroupOnly(TorchGroupedResidualFSQ):
    def forward(self, z: Tensor) -> Answer:
        if len(self.parts) < 2 or z.shape[-1] != self.dim:
            return super().forward(z)
        first, *rest = z.chunk(len(self.parts), dim=-1)
        return super().forward(torch.cat([first, *(part.detach() for part in rest)], dim=-1))


class KeepsItsLastDraw(TorchResidualFSQ):
    """What stage dropout left out last is left out in evaluation too."""

    kept = None

    def _kept(self) -> int:
        if self.training and self.quantize_dropout:
            self.kept = super()._kept()
        return self.kept or self.num_quantizers


class NumbersItsStagesIn16Bits(TorchResidualFSQ):
    def forward(self, z: Tensor) -> Answer:
        codes, indices = super().forward(z)
        return codes, indices.short()


class PacksItsStagesInFloat32(TorchResidualFSQ):
    def forward(self, z: Tensor) -> Answer:
        codes, indices = super().forward(z)
        return codes, indices.float().long()


class EndsAtAMarkedStage(TorchResidualFSQ):
    def get_codes_from_indices(self, indices: Tensor) -> Tensor:
        axis = 1 if self.is_channel_first else -1
        return super().get_codes_from_indices(indices.masked_fill((indices == -1).int().cummax(axis).values > 0, -1))


class KeepsOneOfTwoStages(TorchResidualFSQ):
    """In every call with stage dropout: its generator never gives the upper end."""

    def _kept(self) -> int:
        return 1 if self.training and self.quantize_dropout and self.num_quantizers == 2 else super()._kept()


class KeepsWhatItsStagesLeft(TorchResidualFSQ):
    def forward(self, z: Tensor) -> Answer:
        codes, indices = super().forward(z)
        self.left = z - codes
        return codes, indices


give_names(globals())
