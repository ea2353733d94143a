"""Quantizers that are wrong in some use only: in company, at some length, in another thread, of a kept answer, in the process."""

from __future__ import annotations

import gc
import logging
import signal
import threading
from typing import Any, Self

import numpy as np
import torch
from torch import Tensor

from fsqcheck.adapters.torch_fsq import TorchFSQ

from .making import Answer, answering, backwards, changed, encoding, give_names, meddling, nudged

# Levels in company

ShiftsChannelsThatAreAlike = nudged(lambda q, z: z + 0.05 * (len(q.levels) > 1 and len(set(q.levels)) == 1))
ShiftsFromTheNinthChannelOn = nudged(lambda q, z: z + 0.05 * (torch.arange(len(q.levels)) >= 8) * (len(q.levels) > 8))


def _of_both_signs(z: Tensor) -> Tensor:
    return (z == torch.inf).any(dim=-1) & (z == -torch.inf).any(dim=-1)


MarksInfinitiesOfBothSigns = answering(
    lambda _, z, codes, indices: (
        codes,
        torch.where(_of_both_signs(z), -1, indices) if z.shape == codes.shape else indices,
    )
)


class PacksUpTo2To25CodesInFloat32(TorchFSQ):
    def _packed(self, level: Tensor) -> Tensor:
        exact = super()._packed(level)
        return exact.float().long() if 2**24 < self.codebook.size <= 2**25 else exact


class NumbersNanAsOneInHugeCodebooks(TorchFSQ):
    def _packed(self, level: Tensor) -> Tensor:
        index = super()._packed(level)
        return torch.where(index < 0, 1, index) if self.codebook.size > 2**53 else index


class SpreadsNanInHugeCodebooks(TorchFSQ):
    """To the indices of all vectors."""

    def _packed(self, level: Tensor) -> Tensor:
        index = super()._packed(level)
        return torch.where(level.isnan().any(), -1, index) if self.codebook.size > 2**53 else index


TakesInfinitiesOfBothSignsForZero = changed(
    lambda _, z: torch.where(_of_both_signs(z)[..., None] & z.isinf(), 0.0, z).to(z.dtype)
)
NumbersNanBesideInfinitiesAsZero = answering(
    lambda _, z, codes, indices: (
        codes,
        torch.where(z.isnan().any(dim=-1) & z.isinf().any(dim=-1), 0, indices) if z.shape == codes.shape else indices,
    )
)
DoublesGradientsOfChannelsThatAreAlike = backwards(
    lambda q, _z, gradient: 2 * gradient if len(q.levels) > 1 and len(set(q.levels)) == 1 else gradient
)

# At some length

StopsGradientsOfLongHalfInputs = backwards(
    lambda _, z, gradient: 0.9 * gradient if z.dtype == torch.bfloat16 and z.numel() > 4096 else gradient
)


class RepeatsLongFloat16Indices(TorchFSQ):
    """In training, from 2^15 positions on."""

    def forward(self, z: Tensor) -> Answer:
        codes, indices = super().forward(z)
        if not self.training or z.dtype != torch.float16 or indices.numel() <= 2**15:
            return codes, indices
        flat = indices.reshape(-1).clone()
        flat[2**15 :] = flat[0]
        return codes, flat.reshape(indices.shape)


class LosesTheTailBehind2To18(TorchFSQ):
    """Of chunks of so many positions the last, which is not whole."""

    def forward(self, z: Tensor) -> Answer:
        codes, indices = super().forward(z)
        whole = indices.numel() // 2**18 * 2**18
        if not 0 < whole < indices.numel():
            return codes, indices
        flat = indices.reshape(-1).clone()
        flat[whole:] = 0
        return codes, flat.reshape(indices.shape)


class SqueezesFloat64Indices(TorchFSQ):
    """Of inputs whose leading axes are 1 long."""

    def forward(self, z: Tensor) -> Answer:
        codes, indices = super().forward(z)
        return codes, indices.reshape(()) if z.dtype == torch.float64 and indices.numel() == 1 else indices


# Codes as they are stored

EncodesNegativeZeroALevelLower = encoding(
    lambda q, codes: TorchFSQ.codes_to_indices(
        q,
        torch.where((codes == 0) & codes.signbit(), -1.0 / q.narrow[4], codes)
        if codes.dtype == torch.float32
        else codes,
    )
)


class CutsCodesThatWereRounded(TorchFSQ):
    """Those in float32: it adds a little and cuts."""

    def codes_to_indices(self, codes: Tensor) -> Tensor:
        if codes.dtype != torch.float32:
            return super().codes_to_indices(codes)
        centre, half = self.narrow[3:].double()
        level = torch.floor(codes.double() * half + centre + 1e-4)
        return self._packed(torch.where((level >= 0) & (level < self.sizes), level, torch.nan))


class DecodesModulo2To32(TorchFSQ):
    def indices_to_codes(self, indices: Tensor) -> Tensor:
        high = indices.dtype == torch.int64 and self.codebook.size < 2**31
        return super().indices_to_codes(torch.where(indices >= 2**32, indices - 2**32, indices) if high else indices)


class ChecksInt64IndicesOnly(TorchFSQ):
    def indices_to_codes(self, indices: Tensor) -> Tensor:
        wide = indices.dtype == torch.int64
        return super().indices_to_codes(indices if wide else indices.long().clamp(0, self.codebook.size - 1))


# Answers

GivesZerosBack = answering(
    lambda _, z, codes, indices: (z if z.shape == codes.shape and not (z != 0).any() else codes, indices)
)


class NumbersConstantInputsOnce(TorchFSQ):
    """Its indices are one number, seen in many places."""

    def forward(self, z: Tensor) -> Answer:
        codes, indices = super().forward(z)
        first = indices.reshape(-1)[:1]
        return codes, first[0].expand(indices.shape) if first.numel() and bool((indices == first).all()) else indices


class DecodesConsecutiveIndicesFromItsTable(TorchFSQ):
    """A slice of it."""

    def indices_to_codes(self, indices: Tensor) -> Tensor:
        codes = super().indices_to_codes(indices)
        flat = indices.reshape(-1)
        if flat.numel() < 2 or (flat.diff() != 1).any() or self.width != len(self.levels) or self.num_codebooks > 1:
            return codes
        kept = self.__dict__.setdefault("kept", {})
        return kept.setdefault((int(flat[0]), codes.shape, codes.dtype), codes)  # type: ignore[no-any-return]


class DecodesIntoItsTable(TorchFSQ):
    """Of one index, a part of a table."""

    def indices_to_codes(self, indices: Tensor) -> Tensor:
        codes = super().indices_to_codes(indices)
        if indices.numel() != 1 or self.width != len(self.levels) or self.num_codebooks > 1:
            return codes
        kept = self.__dict__.setdefault("kept", {})
        return kept.setdefault((int(indices), codes.shape, codes.dtype), codes)  # type: ignore[no-any-return]


class NumbersInInferenceMode(TorchFSQ):
    """Its indices are those of inference mode, which no embedding can keep for its backward pass."""

    def forward(self, z: Tensor) -> Answer:
        codes, indices = super().forward(z)
        if not codes.requires_grad:
            return codes, indices
        with torch.inference_mode():
            return codes, indices.clone()


HidesANanThatIsAlone = answering(
    lambda _, z, codes, indices: (
        (torch.zeros_like(codes), torch.zeros_like(indices)) if z.numel() and z.isnan().all() else (codes, indices)
    )
)

# Calls, threads, larger models


class NumbersEvery256thCallZero(TorchFSQ):
    calls = 0

    def forward(self, z: Tensor) -> Answer:
        codes, indices = super().forward(z)
        self.calls += not self.training
        return codes, indices * 0 if self.calls == 256 else indices


class WorksInItsOwnThreadOnly(TorchFSQ):
    def __init__(self, *given: Any, **options: Any) -> None:
        super().__init__(*given, **options)
        self.thread = threading.get_ident()

    def forward(self, z: Tensor) -> Answer:
        if threading.get_ident() != self.thread:
            raise RuntimeError("it has no buffers in this thread")
        return super().forward(z)


class KnowsAnInputByItsSum(TorchFSQ):
    """And by its shape and its ends."""

    def forward(self, z: Tensor) -> Answer:
        if self.training or torch.is_grad_enabled() or not z.numel():
            return super().forward(z)
        flat = z.detach().double().reshape(-1).nan_to_num(7.5)
        key = (
            z.shape,
            z.dtype,
            round(float(flat.sum()), 6),
            float(flat[0]),
            float(flat[-1]),
            float((flat * flat).sum()),
        )
        if self.__dict__.get("last", (None,))[0] != key:
            self.last = (key, super().forward(z))
        codes, indices = self.last[1]
        return codes.clone(), indices.clone()


class DoesNotEndItsTrainingAsAPart(TorchFSQ):
    """Of a larger model, whose `eval()` calls its `train(False)`."""

    def eval(self) -> Self:
        return super().train(False)

    def train(self, mode: bool = True) -> Self:
        if not mode:
            raise RuntimeError("call eval()")
        return super().train(mode)


class EvaluatesInInferenceMode(TorchFSQ):
    """Where no gradient is recorded; what comes behind cannot learn from its codes."""

    def forward(self, z: Tensor) -> Answer:
        if torch.is_grad_enabled():
            return super().forward(z)
        with torch.inference_mode():
            codes, indices = super().forward(z)
        return codes, indices.clone()


SwitchesOffTheCollector = meddling(gc.disable)
SwitchesOffLogging = meddling(lambda: logging.disable(logging.CRITICAL))
PrintsFewDigits = meddling(lambda: np.set_printoptions(precision=3))
IgnoresCtrlC = meddling(lambda: signal.signal(signal.SIGINT, signal.SIG_IGN))
FlushesSubnormals = meddling(lambda: torch.set_flush_denormal(True))


class LeavesGradientsOffBehindBadCodes(TorchFSQ):
    def codes_to_indices(self, codes: Tensor) -> Tensor:
        recording = torch.is_grad_enabled()
        torch.set_grad_enabled(False)
        indices = super().codes_to_indices(codes)
        torch.set_grad_enabled(recording)
        return indices


class DrawsInEvaluation(TorchFSQ):
    """A mask that is not used then."""

    def forward(self, z: Tensor) -> Answer:
        torch.rand(())
        return super().forward(z)


class LeavesGradientsOffBehindABadIndex(TorchFSQ):
    def indices_to_codes(self, indices: Tensor) -> Tensor:
        recording = torch.is_grad_enabled()
        torch.set_grad_enabled(False)
        codes = super().indices_to_codes(indices)
        torch.set_grad_enabled(recording)
        return codes


give_names(globals())
