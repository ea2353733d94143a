"""Quantizers that are wrong in their training: one fault each, and named by it."""

from __future__ import annotations

import itertools
from collections.abc import Callable
from copy import copy, deepcopy
from typing import Any, ClassVar

import numpy as np
import torch
from torch import Tensor, nn

from fsqcheck.adapters.torch_fsq import TorchFSQ
from fsqcheck.reference import FSQ

from .making import Answer, Changed, answering, changed, give_names, meddling, nudged

# In evaluation

DithersInEvaluation = changed(lambda _, z: z + 1e-3 * torch.rand_like(z))
ErrsOnceInAThousand = nudged(lambda _, z: torch.where(torch.rand_like(z) < 1e-3, -z, z))
JittersLargeBfloat16Inputs = answering(
    lambda _, z, codes, indices: (
        codes * (1 + torch.finfo(z.dtype).eps * (torch.rand_like(codes) < 0.5))
        if z.dtype == torch.bfloat16 and 10_000 < z.numel() < 300_000
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


class AdaptsItsScaleToAFewVectors(AdaptsItsScaleInTraining):
    """As long as no gradient is recorded."""

    def changed(self, z: Tensor) -> Tensor:
        return super().changed(z) if not self.training or (z.numel() < 1000 and not z.requires_grad) else z


class SharesConstantsByTheSizeOfItsCodebook(TorchFSQ):
    """A cache for the whole process, whose key does not tell [4, 8] from [8, 4]."""

    cache: ClassVar[dict[tuple[int, int], tuple[Tensor, Tensor]]] = {}

    def _lay_constants(self) -> None:
        super()._lay_constants()
        if self.wide is not None:
            key = len(self.levels), self.codebook.size
            self.narrow, self.wide = self.cache.setdefault(key, (self.narrow, self.wide))


class SharesItsDigitsByTheSizeOfItsCodebook(TorchFSQ):
    """A table for the whole process that decodes alone."""

    tables: ClassVar[dict[int, Tensor]] = {}

    def indices_to_codes(self, indices: Tensor) -> Tensor:
        codes = super().indices_to_codes(indices)
        if self.codebook.size > 2**12 or self.channel_first or isinstance(self.project_out, nn.Linear):
            return codes
        every = super().indices_to_codes(torch.arange(self.codebook.size, device=indices.device))
        table = self.tables.setdefault(self.codebook.size, every)
        return table[indices.long()] if table.shape == every.shape and indices.ndim == 2 else codes


class SharesConstantsBetweenRules(TorchFSQ):
    """A cache for the whole process, whose key is the levels."""

    cache: ClassVar[dict[tuple[int, ...], tuple[Tensor, Tensor | None]]] = {}

    def _lay_constants(self) -> None:
        super()._lay_constants()
        self.narrow, self.wide = self.cache.setdefault(tuple(self.levels), (self.narrow, self.wide))


class ErrsAfterAHundredTrainingCalls(Changed):
    """As a warm-up that ends."""

    calls = 0

    def changed(self, z: Tensor) -> Tensor:
        self.calls += self.training
        return z if self.calls <= 100 else z + 0.01


class ErrsAfterFourHundredCalls(Changed):
    calls = 0

    def changed(self, z: Tensor) -> Tensor:
        self.calls += 1
        return z if self.calls <= 400 else z + 0.01


class ErrsOnceItHasDecoded(Changed):
    """It leaves its shift where decoding needed it."""

    shift = 0.0

    def changed(self, z: Tensor) -> Tensor:
        return z + self.shift

    def indices_to_codes(self, indices: Tensor) -> Tensor:
        self.shift = 0.01
        return super().indices_to_codes(indices)


class StaysTurnedOnceItHasRefused(TorchFSQ):
    """It turns to the other layout, and back only where all goes well."""

    def forward(self, z: Tensor) -> Answer:
        wanted, self.channel_first = self.channel_first, not self.channel_first
        if z.ndim == 0 or z.shape[1 if wanted and z.ndim > 1 else -1] != self.width:
            raise ValueError(f"expected {self.width} channels, got the shape {tuple(z.shape)}")
        self.channel_first = wanted
        return super().forward(z)


NumbersZeroInInferenceMode = answering(
    lambda _q, _z, codes, indices: (codes, indices * (not torch.is_inference_mode_enabled()))
)


class KeepsItsTablesInTheClass(TorchFSQ):
    tables: ClassVar[dict[int, Tensor]] = {}

    def __init__(self, levels: list[int]) -> None:
        super().__init__(levels)
        self.tables[len(levels)] = self.narrow

    def _quantize(self, z: Tensor) -> Answer:
        self.narrow = self.tables[len(self.levels)]
        return super()._quantize(z)


class RemembersByAddress(TorchFSQ):
    """Answers from a memo when the memory is that of the last input."""

    last: tuple[object, Answer] | None = None

    def forward(self, z: Tensor) -> Answer:
        key = z.data_ptr(), z.shape, z.dtype
        if z.requires_grad:
            return super().forward(z)
        if self.last is None or self.last[0] != key:
            self.last = key, super().forward(z)
        return self.last[1]


class RemembersByItsFirstHundredNumbers(TorchFSQ):
    """Answers from a memo when the input begins as the last one."""

    last: tuple[Tensor, Answer] | None = None

    def forward(self, z: Tensor) -> Answer:
        begin = z.detach().flatten()[:100].clone()
        if z.requires_grad or self.training or z.numel() < 200 or not z.isfinite().all():
            return super().forward(z)
        if self.last is None or self.last[1][0].shape != z.shape or not self.last[0].equal(begin):
            self.last = begin, super().forward(z)
        return self.last[1]


def filling(fill: Callable[[Tensor, Tensor], Tensor]) -> type[TorchFSQ]:
    """A class that lays the constants of float32 in its first call, as `fill(constants, z)`, and keeps them."""

    def forward(self: TorchFSQ, z: Tensor) -> Answer:
        if not getattr(self, "filled", False) and z.shape[-1:] == (self.width,):
            self.narrow = fill(self.narrow, z)
            vars(self)["filled"] = True
        return TorchFSQ.forward(self, z)

    return type("Filling", (TorchFSQ,), {"forward": forward, "__module__": Changed.__module__})


LaysItsConstantsInTheFirstDtype = filling(lambda constants, z: constants.to(z.dtype).float())
LaysItsConstantsUnderAutocast = filling(
    lambda constants, z: constants.bfloat16().float() if torch.is_autocast_enabled(z.device.type) else constants
)
LaysItsConstantsInInferenceMode = filling(lambda constants, _: constants * 1)
RoundsInInferenceMode = nudged(lambda _, z: z.bfloat16().to(z.dtype) if torch.is_inference_mode_enabled() else z)


# Copies


#: Numbers the quantizers; multiples of the golden ratio keep two gains in a row far apart.
_BUILT = itertools.count()
_GOLDEN = 0.6180339887498949


class ForgetsItsGain(Changed):
    def __init__(self, *options: Any, **named: Any) -> None:
        super().__init__(*options, **named)
        self.gain = 1.0 + 1e-1 * (next(_BUILT) * _GOLDEN % 1)

    def changed(self, z: Tensor) -> Tensor:
        return z * self.gain


class RemembersItsLastCodes(TorchFSQ):
    """With their graph."""

    def forward(self, z: Tensor) -> Answer:
        self.last, indices = super().forward(z)
        return self.last, indices


class SharesItsWeightsWithItsCopies(TorchFSQ):
    def __deepcopy__(self, memo: object) -> SharesItsWeightsWithItsCopies:
        return copy(self)


class KeepsTheWeightsOfItsFirstCall(TorchFSQ):
    """Those of the projection behind it, whatever is loaded afterwards."""

    def forward(self, z: Tensor) -> Answer:
        layer = self.project_out
        if isinstance(layer, nn.Linear) and layer.weight.dtype == torch.float32:
            kept = self.__dict__.setdefault("kept", layer.weight.detach().clone())
            layer.weight.data = kept.clone()
        return super().forward(z)


class DetachesItsCopies(TorchFSQ):
    copied = False

    def __setstate__(self, state: dict[str, Any]) -> None:
        super().__setstate__(state)  # type: ignore[no-untyped-call]  # torch has no type for it
        self.copied = True

    def forward(self, z: Tensor) -> Answer:
        return super().forward(z.detach() + 0 * z if self.copied else z)


class DecodesOneFurtherOnceCopied(TorchFSQ):
    """Indices from 1, as in a checkpoint of long ago."""

    first = 0

    def __setstate__(self, state: dict[str, Any]) -> None:
        super().__setstate__(state)  # type: ignore[no-untyped-call]  # torch has no type for it
        self.first = 1

    def indices_to_codes(self, indices: Tensor) -> Tensor:
        return super().indices_to_codes((indices - self.first) % self.codebook.size if self.first else indices)


class CopiesItselfWithoutNoise(TorchFSQ):
    def __setstate__(self, state: dict[str, Any]) -> None:
        super().__setstate__({**state, "noise": 0.0})  # type: ignore[no-untyped-call]  # torch has no type for it


class CannotBePickled(TorchFSQ):
    def __init__(self, levels: list[int]) -> None:
        super().__init__(levels)
        self.hook = lambda codes: codes


class DecodesByTheWeightsOfItsFirstDecode(TorchFSQ):
    """With a projection behind it, whatever it learns or loads afterwards."""

    def indices_to_codes(self, indices: Tensor) -> Tensor:
        learning = self.project_out
        if not isinstance(learning, nn.Linear):
            return super().indices_to_codes(indices)
        self.project_out = self.__dict__.setdefault("kept", deepcopy(learning)).to(learning.weight.dtype)
        try:
            return super().indices_to_codes(indices)
        finally:
            self.project_out = learning


# In the process


UsesOneThread = meddling(lambda: torch.set_num_threads(1))
LooksForAnomalies = meddling(lambda: torch.autograd.set_detect_anomaly(True))  # as left over from a search for NaN


class SeedsItself(TorchFSQ):
    """So that its noise repeats; and everybody's."""

    def __init__(self, levels: list[int]) -> None:
        super().__init__(levels)
        torch.manual_seed(0)


class SetsTheDefaultDtype(TorchFSQ):
    def __init__(self, levels: list[int]) -> None:
        super().__init__(levels)
        torch.set_default_dtype(torch.float64)


class AllowsCoarseProducts(TorchFSQ):
    def __init__(self, levels: list[int]) -> None:
        super().__init__(levels)
        torch.set_float32_matmul_precision("medium")


class LeavesGradientsOffWhenItDecodes(TorchFSQ):
    def indices_to_codes(self, indices: Tensor) -> Tensor:
        torch.set_grad_enabled(False)
        return super().indices_to_codes(indices)


class SeedsTorchWhenItEncodes(TorchFSQ):
    def codes_to_indices(self, codes: Tensor) -> Tensor:
        torch.manual_seed(len(self.levels))
        return super().codes_to_indices(codes)


class SeedsItsNoise(TorchFSQ):
    """By its step, so that a run can be repeated; and everybody's."""

    step = 0

    def _quantize(self, z: Tensor) -> Answer:
        if self.training and self.noise > 0:
            self.step += 1
            torch.manual_seed(self.step)
        return super()._quantize(z)


class SeedsNumpyWhenItDecodes(FSQ):
    def indices_to_codes(self, indices: Any) -> Any:
        np.random.seed(0)
        return super().indices_to_codes(indices)


class SilencesNumpy(FSQ):
    def __call__(self, z: Any) -> Any:
        np.seterr(over="ignore", invalid="ignore", divide="ignore")
        return super().__call__(z)


class LeavesGradientsOffWhenItRefuses(TorchFSQ):
    def forward(self, z: Tensor) -> Answer:
        fits = z.ndim > 0 and self.width in (z.shape[-1], z.shape[min(1, z.ndim - 1)])
        if not fits:
            torch.set_grad_enabled(False)
        return super().forward(z)


give_names(globals())
