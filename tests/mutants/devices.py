"""Quantizers that are wrong in where and how they run: one fault each, and named by it."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import torch
from torch import Tensor, nn

from fsqcheck.adapters.torch_fsq import TorchFSQ

from .making import Answer, changed, coordinate, give_names, nudged, packing

DriftsOnItsAccelerator = changed(lambda q, z: z + 0.05 * (q.place == "cuda"))
ShiftsWhenCompiled = nudged(lambda _, z: z + 0.05 * torch.compiler.is_compiling())


def _cut(z: Tensor) -> Tensor:
    """The same numbers without a gradient."""
    return z.detach() + 0 * z


DetachesWhenCompiled = changed(lambda _, z: _cut(z) if torch.compiler.is_compiling() else z)
ErrsInCompiledTraining = nudged(lambda q, z: -z if torch.compiler.is_compiling() and q.training else z)
PacksInInt32WhenCompiled = packing(
    lambda q, level: (
        (level.int() * q.basis.int()).sum(dim=-1, dtype=torch.int32).long()
        if torch.compiler.is_compiling()
        else (level.long() * q.basis).sum(dim=-1)
    )
)
ErrsUnderFloat16Autocast = nudged(
    lambda _, z: (
        -z if torch.is_autocast_enabled(z.device.type) and torch.get_autocast_dtype("cpu") == torch.float16 else z
    )
)


def once_moved(forward: Callable[[Any, Tensor], Answer]) -> type[TorchFSQ]:
    """A class that knows the dtype it was moved to last, `now`, and whether it ever was in another than float32, `moved`."""

    def _apply(self: Any, fn: Any, recurse: bool = True) -> Any:
        TorchFSQ._apply(self, fn, recurse)
        self.now = fn(torch.zeros(())).dtype
        self.moved |= self.now != torch.float32
        return self

    inside = {"now": torch.float32, "moved": False, "_apply": _apply, "forward": forward}
    return type("OnceMoved", (TorchFSQ,), {**inside, "__module__": __name__})


def _in_float32(q: Any, z: Tensor) -> Answer:
    codes, indices = TorchFSQ.forward(q, z)
    return codes if isinstance(q.project_out, nn.Linear) or q.now == torch.float32 else codes.float(), indices


AnswersInFloat32OnceMoved = once_moved(_in_float32)
DetachesOnceMoved = once_moved(lambda q, z: TorchFSQ.forward(q, z if q.now == torch.float32 else _cut(z)))
DetachesOnceItIsBack = once_moved(
    lambda q, z: TorchFSQ.forward(q, _cut(z) if q.moved and q.now == torch.float32 else z)
)
ErrsInTrainingOnceMoved = once_moved(
    lambda q, z: TorchFSQ.forward(q, z + 0.05 * (q.training and q.now != torch.float32))
)


class FailsToProjectUnderAutocast(TorchFSQ):
    """Behind the projection it multiplies what the region has made bfloat16 by float32."""

    def forward(self, z: Tensor) -> Answer:
        if isinstance(self.project_in, nn.Linear) and torch.is_autocast_enabled(z.device.type):
            inner = self.project_in(z.movedim(1, -1) if self.channel_first else z)
            with torch.autocast(z.device.type, enabled=False):
                torch.eye(inner.shape[-1]) @ inner[..., None]
        return super().forward(z)


class KeepsItsProjectionsWhenMoved(TorchFSQ):
    def _apply(self, fn: Any, recurse: bool = True) -> KeepsItsProjectionsWhenMoved:
        kept = {name: value.data for name, value in self.named_parameters()}
        super()._apply(fn, recurse)
        for name, value in self.named_parameters():
            value.data = kept[name]
        return self


class LeavesItsConstantsRounded(TorchFSQ):
    """What a move to half precision took from them does not come back."""

    def _apply(self, fn: Any, recurse: bool = True) -> LeavesItsConstantsRounded:
        nn.Module._apply(self, fn, recurse)  # type: ignore[no-untyped-call]  # torch has no type for it
        return self


class LaysItsConstantsInToAlone(LeavesItsConstantsRounded):
    """A module that holds it is moved without calling this."""

    def to(self, *place: Any, **named: Any) -> Any:
        super().to(*place, **named)
        self._lay_constants()
        return self


class SavesItsWeights(TorchFSQ):
    """The weights of the channels, as floats, in its state."""

    weights: Tensor

    def __init__(self, levels: list[int]) -> None:
        super().__init__(levels)
        self.register_buffer("weights", self.basis.double())

    def _packed(self, level: Tensor) -> Tensor:
        right = super()._packed(level)
        packed = (level.nan_to_num().double() * self.get_buffer("weights").double()).sum(dim=-1).long()
        return right if self.codebook.size > 2**40 else torch.where(right < 0, right, packed)


class BuildsItsConstantsInTheDefaultDtype(TorchFSQ):
    def _lay_constants(self) -> None:
        super()._lay_constants()
        self.default = self.__dict__.get("default", torch.get_default_dtype())
        self.narrow = self.narrow.to(self.default).float()


class HalvesItsWeights(TorchFSQ):
    """Its weights of the channels turn into half precision with the module."""

    def __init__(self, levels: list[int]) -> None:
        super().__init__(levels)
        self.register_buffer("weights", self.basis.double(), persistent=False)

    def codes_to_indices(self, codes: Tensor) -> Tensor:
        weights = self.get_buffer("weights")
        if weights.dtype == torch.float64:
            return super().codes_to_indices(codes)
        level = coordinate(self, codes.double())
        return (level.round().to(weights.dtype) * weights).sum(dim=-1).long()


class SavesTheWeightsItEncodesBy(SavesItsWeights):
    """The same in codes_to_indices alone."""

    def forward(self, z: Tensor) -> Answer:
        weights, self.weights = self.weights, self.basis.double()
        answer = super().forward(z)
        self.weights = weights
        return answer


class HalvesTheWeightsItDecodesBy(HalvesItsWeights):
    def codes_to_indices(self, codes: Tensor) -> Tensor:
        return TorchFSQ.codes_to_indices(self, codes)

    def indices_to_codes(self, indices: Tensor) -> Tensor:
        codes = super().indices_to_codes(indices)
        weights = self.get_buffer("weights").double()
        if weights.equal(self.basis.double()) or indices.dtype != torch.int64:
            return codes
        level = (indices[..., None] / weights).floor() % self.sizes
        return ((level - self.narrow[3]) / self.narrow[4]).float()


class PacksByMatrixProduct(TorchFSQ):
    """Exact as long as nobody computes the product in bfloat16."""

    def forward(self, z: Tensor) -> Answer:
        codes, indices = super().forward(z)
        if self.codebook.size > 2**20 or indices.lt(0).any():
            return codes, indices
        level = coordinate(self, codes.float())
        return codes, (level.round() @ self.basis.float()).round().long()


class PacksBfloat16ByMatrixProduct(TorchFSQ):
    """It leaves the region for float32 inputs alone."""

    def forward(self, z: Tensor) -> Answer:
        codes, indices = super().forward(z)
        if z.dtype != torch.bfloat16 or self.codebook.size > 2**20 or indices.lt(0).any():
            return codes, indices
        return codes, (coordinate(self, codes.float()).round() @ self.basis.float()).round().long()


class EncodesByMatrixProduct(TorchFSQ):
    """The same in codes_to_indices alone."""

    def codes_to_indices(self, codes: Tensor) -> Tensor:
        if self.codebook.size > 2**20 or codes.isnan().any():
            return super().codes_to_indices(codes)
        return (coordinate(self, codes.float()).round() @ self.basis.float()).round().long()

    def forward(self, z: Tensor) -> Answer:
        codes, _ = super().forward(z)
        with torch.autocast(z.device.type, enabled=False):
            return codes, self.codes_to_indices(codes)


class DecodesByMatrixProduct(TorchFSQ):
    """Indices times the reciprocals of the weights, as floats."""

    def indices_to_codes(self, indices: Tensor) -> Tensor:
        codes = super().indices_to_codes(indices)
        if self.codebook.size > 2**20 or self.channel_first:
            return codes
        level = ((indices[..., None] + 0.5) @ (1.0 / self.basis.float())[None]).floor() % self.sizes
        return (level - self.sizes // 2) / (self.sizes // 2)


give_names(globals())
