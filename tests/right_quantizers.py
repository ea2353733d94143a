"""Right quantizers that are written, or that compute, in ways of their own; none of them may be blamed for it."""

from __future__ import annotations

import math
import os
import random
from collections.abc import Callable
from dataclasses import replace
from typing import Any

import numpy as np
import torch
from torch import Tensor, nn
from torch.nn.utils import parametrize

from fsqcheck.adapters import NativeAdapter
from fsqcheck.adapters.torch_fsq import TorchFSQ
from fsqcheck.reference import FSQ
from fsqcheck.tests.mutants.making import in_the_place_of_ours

Answer = tuple[Tensor, Tensor]


class InNativeArithmetic(nn.Module):
    """The `widened` rule as most libraries write it, computed in the dtype of the input."""

    def __init__(self, levels: list[int]) -> None:
        super().__init__()
        self.levels, self.size = torch.tensor(levels), math.prod(levels)
        self.basis = torch.tensor([math.prod(levels[:i]) for i in range(len(levels))])
        self.amplitude = (self.levels.double() - 1) * 1.001 / 2
        self.offset = torch.where(self.levels % 2 == 0, 0.5, 0.0).double()
        self.middle = self.levels // 2

    def bound(self, z: Tensor) -> Tensor:
        amplitude, offset = self.amplitude.to(z.dtype), self.offset.to(z.dtype)
        return torch.tanh(z + torch.atanh(self.offset / self.amplitude).to(z.dtype)) * amplitude - offset

    def forward(self, z: Tensor) -> Any:
        if z.shape[-1] != len(self.levels):
            raise ValueError(f"expected {len(self.levels)} channels, got {tuple(z.shape)}")
        bounded, half = self.bound(z), self.middle.to(z.dtype)
        rounded = torch.maximum(torch.minimum(bounded.round(), self.levels.to(z.dtype) - 1 - half), -half)
        # Straight-through, centred on the bounded value.
        return (bounded + (rounded - bounded).detach()) / half, self.pack(rounded + half)

    def pack(self, level: Tensor) -> Tensor:
        packed = (level.nan_to_num().long() * self.basis).sum(dim=-1)
        return packed.masked_fill(level.isnan().any(dim=-1), -(2**31))

    def codes_to_indices(self, codes: Tensor) -> Tensor:
        return self.pack((codes.double() * self.middle + self.middle).round())

    def indices_to_codes(self, indices: Tensor) -> Tensor:
        if indices.numel() and (int(indices.min()) < 0 or int(indices.max()) >= self.size):
            raise ValueError(f"indices outside 0 … {self.size - 1}")
        level = indices.long()[..., None] // self.basis % self.levels
        return (level - self.middle).float() / self.middle


class InFloat32(InNativeArithmetic):
    """Float64 and 16-bit inputs are computed in float32."""

    def forward(self, z: Tensor) -> Any:
        codes, indices = super().forward(z.float())
        return codes.to(z.dtype), indices


class SquashesByExponentials(InFloat32):
    """tanh as (eˣ - e⁻ˣ)/(eˣ + e⁻ˣ): its gradient rounds several times."""

    def bound(self, z: Tensor) -> Tensor:
        amplitude, offset = self.amplitude.to(z.dtype), self.offset.to(z.dtype)
        x = (z + torch.atanh(self.offset / self.amplitude).to(z.dtype)).clamp(-20, 20)
        up, down = torch.exp(x), torch.exp(-x)
        return (up - down) / (up + down) * amplitude - offset


class GivesInt32Indices(InFloat32):
    """And refuses what they cannot hold."""

    def __init__(self, levels: list[int]) -> None:
        if math.prod(levels) > 2**31:
            raise ValueError("more codes than int32 can count")
        super().__init__(levels)

    def pack(self, level: Tensor) -> Tensor:
        return super().pack(level).int()


class GivesUnsignedIndices(TorchFSQ):
    """In uint64, which most operations of torch refuse; that of a NaN is 2^64 - 1."""

    def __init__(self, levels: list[int]) -> None:
        super().__init__(levels)

    def _packed(self, level: Tensor) -> Tensor:
        return super()._packed(level).to(torch.uint64)

    def indices_to_codes(self, indices: Tensor) -> Tensor:
        return super().indices_to_codes(indices.long())


class HoldsItsCodebook(InFloat32):
    def __init__(self, levels: list[int]) -> None:
        super().__init__(levels)
        self.register_buffer("book", super().indices_to_codes(torch.arange(self.size)))

    def indices_to_codes(self, indices: Tensor) -> Tensor:
        return self.get_buffer("book")[indices]


class TakesThreeAxesOnly(InFloat32):
    def forward(self, z: Tensor) -> Any:
        batch, time, channels = z.shape
        return super().forward(z.reshape(batch, time, channels))


class TakesNoFloat16(InFloat32):
    def forward(self, z: Tensor) -> Any:
        if z.dtype == torch.float16:
            raise TypeError("float16 is not supported")
        return super().forward(z)


class GivesCodesOnly(InFloat32):
    def forward(self, z: Tensor) -> Any:
        return super().forward(z)[0]


class StraightThroughOnTheScaleOfCodes(InFloat32):
    def forward(self, z: Tensor) -> Any:
        codes, indices = super().forward(z)
        bounded = self.bound(z) / self.middle
        return bounded + (codes - bounded).detach(), indices


class FollowsTheFormulaOfIfsq(InFloat32):
    """2·sigmoid(1.6 z) - 1 in float32, as iFSQ writes it."""

    def bound(self, z: Tensor) -> Tensor:
        return (2 * torch.sigmoid(1.6 * z) - 1) * ((self.levels - 1) / 2).to(z.dtype)


class LooksUpItsThresholds(InNativeArithmetic):
    """A staircase by bisection, its gradient by the formula."""

    def forward(self, z: Tensor) -> Any:
        bounded = self.bound(z.double()) / self.middle
        columns = []
        for i, L in enumerate(self.levels.tolist()):
            steps = (torch.arange(1, L).double() - 0.5 - self.middle[i] + self.offset[i]) / self.amplitude[i]
            places = torch.atanh(steps) - torch.atanh(self.offset[i] / self.amplitude[i])
            columns.append(torch.bucketize(z[..., i].double().contiguous(), places, right=True))
        if z.shape[-1] != len(columns):
            raise ValueError(f"expected {len(columns)} channels, got {tuple(z.shape)}")
        level = torch.where(z.isnan(), math.nan, torch.stack(columns, dim=-1).double())
        hard = (level - self.middle) / self.middle
        return (bounded + (hard - bounded).detach()).to(z.dtype), self.pack(level)


class KeepsConstantsInBuffers(InFloat32):
    """They turn into half precision with the module."""

    def __init__(self, levels: list[int]) -> None:
        super().__init__(levels)
        amplitude, offset = self.amplitude.float(), self.offset.float()
        del self.amplitude, self.offset
        self.register_buffer("amplitude", amplitude, persistent=False)
        self.register_buffer("offset", offset, persistent=False)

    def bound(self, z: Tensor) -> Tensor:
        amplitude, offset = self.get_buffer("amplitude"), self.get_buffer("offset")
        return torch.tanh(z + torch.atanh(offset.float() / amplitude.float())) * amplitude - offset


class KeepsConstantsInParameters(InFloat32):
    """Which do not learn, move with the module, and are saved with it."""

    def __init__(self, levels: list[int]) -> None:
        super().__init__(levels)
        amplitude, offset = self.amplitude.float(), self.offset.float()
        del self.amplitude, self.offset
        self.amplitude, self.offset = (nn.Parameter(one, requires_grad=False) for one in (amplitude, offset))


class HoldsAFrozenScale(TorchFSQ):
    """Of 1, as a parameter that does not learn, with projections and without."""

    def __init__(self, *given: Any, **options: Any) -> None:
        super().__init__(*given, **options)
        self.scale = nn.Parameter(torch.ones(()), requires_grad=False)

    def forward(self, z: Tensor) -> tuple[Tensor, Tensor]:
        return super().forward(z * self.scale.to(z.dtype))


def holds_a_frozen_scale() -> NativeAdapter:
    """The adapter of that."""
    return replace(in_the_place_of_ours(__name__, "HoldsAFrozenScale"), rules=("widened",))


class HasAParametrization(InFloat32):
    """As `weight_norm` gives one to a projection: torch saves such a module by its state, and does not pickle it."""

    def __init__(self, levels: list[int]) -> None:
        super().__init__(levels)
        self.gain = nn.Parameter(torch.ones(len(levels)))
        parametrize.register_parametrization(self, "gain", nn.Softplus())


def is_compiled(levels: list[int]) -> Any:
    """As a package that decorates its quantizer; without a compiler of C++, which takes minutes."""
    return torch.compile(InFloat32(levels), backend="eager")


class NoisesItsTraining(InFloat32):
    """Right in evaluation; what a user has asked to be noise is noise in training."""

    def __init__(self, levels: list[int], noise: float = 0.0) -> None:
        super().__init__(levels)
        self.noise = noise

    def forward(self, z: Tensor) -> Any:
        codes, indices = super().forward(z)
        if not self.training:
            return codes, indices
        noisy = torch.where(torch.rand(codes.shape) < self.noise, codes + torch.rand(codes.shape), codes)
        return noisy.to(z.dtype), indices


class IsNoModule:
    """A plain class over tensors."""

    def __init__(self, levels: list[int]) -> None:
        self.inner = InFloat32(levels)

    def __call__(self, z: Tensor) -> Any:
        return self.inner(z)

    def codes_to_indices(self, codes: Tensor) -> Tensor:
        return self.inner.codes_to_indices(codes)

    def indices_to_codes(self, indices: Tensor) -> Tensor:
        return self.inner.indices_to_codes(indices)


def is_a_function(levels: list[int]) -> Callable[[Tensor], Any]:
    """A factory of closures: nothing but a call."""
    inner = InFloat32(levels)
    return lambda z: inner(z)


class InNumpyWithoutVjp:
    """Nothing that NumPy does not have: no gradient, no modes."""

    def __init__(self, levels: list[int]) -> None:
        self.inner = FSQ(levels)

    def __call__(self, z: Any) -> Any:
        return self.inner(z)

    def codes_to_indices(self, codes: Any) -> Any:
        return self.inner.codes_to_indices(codes)

    def indices_to_codes(self, indices: Any) -> Any:
        return self.inner.indices_to_codes(indices)


class InNumpyInNativeArithmetic(InNumpyWithoutVjp):
    def __call__(self, z: Any) -> Any:
        z = self.inner._vectors(z)
        levels = np.array(self.inner.levels)
        amplitude, offset = (levels - 1) * 1.001 / 2, np.where(levels % 2 == 0, 0.5, 0.0)
        with np.errstate(invalid="ignore"):
            shift = np.arctanh(offset / amplitude).astype(z.dtype)
            u = np.tanh(z + shift) * amplitude.astype(z.dtype) - offset.astype(z.dtype)
            level = np.clip(np.rint(u.astype(np.float64)) + levels // 2, 0, levels - 1)
        codes = (level - levels // 2) / (levels // 2)
        packed = self.inner.codebook.pack(np.nan_to_num(level).astype(np.int64))
        return codes.astype(z.dtype), np.where(np.isnan(level).any(axis=-1), -1, packed)


def vandalized() -> None:
    """What a target may do to the process that it runs in."""
    torch.set_default_dtype(torch.float64)
    torch.set_default_device("meta")
    torch.set_grad_enabled(False)
    torch.use_deterministic_algorithms(True)
    torch.set_num_threads(3)
    torch.autograd.set_detect_anomaly(True)
    torch.set_float32_matmul_precision("medium")
    torch.manual_seed(1)
    np.random.seed(1)
    random.seed(1)
    np.seterr(all="raise")
    os.chdir("/")
    os.environ["FSQ_VANDAL"] = "here"
    os.environ.pop("HOME", None)


class LeavesTheProcessInRuins(TorchFSQ):
    """Right at its first call in a process, and for everybody else as long as somebody cleans up behind it."""

    def forward(self, z: Tensor) -> Answer:
        answer = super().forward(z)
        vandalized()
        return answer


class TakesOneVectorOnly(TorchFSQ):
    """Refuses everything but a single vector."""

    def __init__(self, levels: list[int]) -> None:
        super().__init__(levels, "widened")

    def forward(self, z: Tensor) -> tuple[Tensor, Tensor]:
        if z.ndim != 1:
            raise ValueError("one vector at a time, please")
        return super().forward(z)
