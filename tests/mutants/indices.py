"""Quantizers that are wrong in how they number their codes: one fault each, and named by it."""

from __future__ import annotations

import math
from typing import Any

import torch
from torch import Tensor

from fsqcheck.adapters.torch_fsq import TorchFSQ

from .making import Answer, answering, coordinate, decoding, encoding, give_names, packing

# Packing, in every call


def _reversed(q: TorchFSQ) -> Tensor:
    return torch.tensor([math.prod(q.levels[i + 1 :]) for i in range(len(q.levels))], device=q.sizes.device)


PacksTheLastChannelFirst = packing(lambda q, level: (level.long() * _reversed(q)).sum(dim=-1))
SkipsTheFirstRadix = packing(lambda q, level: (level.long() * q.basis * q.sizes).sum(dim=-1))
OverflowsInt32 = packing(lambda q, level: (level.int() * q.basis.int()).sum(dim=-1, dtype=torch.int32).long())
SumsIndicesInFloat32 = packing(lambda q, level: (level.float() * q.basis).sum(dim=-1).long())
KeepsItsBasisInFloat32 = packing(lambda q, level: (level.long() * q.basis.float().long()).sum(dim=-1))
CountsFromOne = packing(lambda q, level: (level.long() * q.basis).sum(dim=-1) + 1)
WrapsAt16Bits = packing(lambda q, level: (level.long() * q.basis).sum(dim=-1).to(torch.int16))


def _in_a_narrow_integer(q: TorchFSQ, level: Tensor) -> Tensor:
    index = (level.long() * q.basis).sum(dim=-1)
    return index.to(torch.int16) if 2**15 < q.codebook.size <= 2**16 else index


TakesSixteenBitsForSigned = packing(_in_a_narrow_integer)


def _as_bits(q: TorchFSQ, level: Tensor) -> Tensor:
    """As lookup-free quantizers number their signs."""
    bits = level.int() << torch.arange(len(q.levels), dtype=torch.int32, device=level.device)
    return bits.sum(dim=-1, dtype=torch.int32).long()


PacksBitsInInt32 = packing(
    lambda q, level: _as_bits(q, level) if set(q.levels) == {2} else (level.long() * q.basis).sum(dim=-1)
)


SumsIndicesInFloat64 = packing(lambda q, level: (level.double() * q.basis).sum(dim=-1).long())


class ReversesItsBasisFromFourChannels(TorchFSQ):
    """In every call, decoding included: it agrees with itself, and with nobody else."""

    def __init__(self, levels: list[int]) -> None:
        super().__init__(levels)
        self.turned = len(levels) > 3

    def _packed(self, level: Tensor) -> Tensor:
        if not self.turned:
            return super()._packed(level)
        packed = (level.nan_to_num().long() * _reversed(self)).sum(dim=-1)
        return packed.masked_fill(level.isnan().any(dim=-1), -1)

    def indices_to_codes(self, indices: Tensor) -> Tensor:
        if not self.turned:
            return super().indices_to_codes(indices)
        super().indices_to_codes(indices)  # refuses what is outside
        level = (indices.long()[..., None] // _reversed(self)) % self.sizes
        return ((level - self.narrow[3]) / self.narrow[4]).float()


class ReversesItsBasisWhereAllLevelsAreTwo(ReversesItsBasisFromFourChannels):
    """As a lookup-free quantizer, whose first bit is the most significant one."""

    def __init__(self, levels: list[int]) -> None:
        super().__init__(levels)
        self.turned = set(levels) == {2}


class NumbersFiveChannelsOnwardsByFour:
    """Gives indices in the forward call alone, and leaves the fifth channel out of them."""

    def __init__(self, levels: list[int]) -> None:
        self.inner = TorchFSQ(levels)

    def __call__(self, z: Tensor) -> Answer:
        codes, indices = self.inner(z)
        wrong = (codes != 0).any(dim=-1) & (len(self.inner.levels) > 3)
        return codes, torch.where(wrong, indices % math.prod(self.inner.levels[:3]), indices)


class SortsItsChannelsByName(TorchFSQ):
    """Channel 10 comes before channel 2, as in a dictionary of buffers that is sorted."""

    def _lay_constants(self) -> None:
        super()._lay_constants()
        order = sorted(range(len(self.levels)), key=str)
        self.narrow, self.wide = self.narrow[:, order], None if self.wide is None else self.wide[:, order]


class ReusesItsConstantsFromSixteenChannelsOn(TorchFSQ):
    """As a kernel that loads one block of them."""

    def _lay_constants(self) -> None:
        super()._lay_constants()
        block = [channel % 16 for channel in range(len(self.levels))]
        self.narrow, self.wide = self.narrow[:, block], None if self.wide is None else self.wide[:, block]


# The forward call

GivesIndicesAsFloats = answering(lambda _, _z, codes, indices: (codes, indices.float()))
ForwardsIndicesInFloat32 = answering(lambda _, _z, codes, indices: (codes, indices.float().long()))
NumbersTheNextCodeInTraining = answering(
    lambda q, _z, codes, indices: (codes, (indices + q.training) % q.codebook.size)
)


NumbersLargeCodebooksInFloat32InTraining = answering(
    lambda q, _z, codes, indices: (codes, indices.float().long() if q.training else indices)
)
NumbersRecordedVectorsInInt32 = answering(
    lambda _, z, codes, indices: (codes, indices.int().long() if z.requires_grad else indices)
)


class ComputesIndicesOnAnotherPath(TorchFSQ):
    def forward(self, z: Tensor) -> Answer:
        return super().forward(z)[0], super().forward(z.double() * (1 + 2e-7))[1]


class PacksHalfInputsInHalf(TorchFSQ):
    def forward(self, z: Tensor) -> Answer:
        codes, indices = super().forward(z)
        half = z.dtype in (torch.float16, torch.bfloat16) and self.num_codebooks == 1
        if not half or self.codebook.size > 2**18:
            return codes, indices
        level = coordinate(self, codes.double()).round().nan_to_num(-1e9)
        return codes, (level.to(z.dtype) * self.basis.to(z.dtype)).sum(dim=-1).long()


class SumsLargeIndicesOfHalfInputsInFloat32(TorchFSQ):
    def forward(self, z: Tensor) -> Answer:
        codes, indices = super().forward(z)
        half = z.dtype in (torch.float16, torch.bfloat16)
        return codes, indices.float().long() if half and self.codebook.size > 2**24 else indices


WrapsIndicesOfFloat64AtInt32 = answering(
    lambda _, z, codes, indices: (codes, indices.int().long() if z.dtype == torch.float64 else indices)
)


class ReadsSixteenChannelsOnly(TorchFSQ):
    """As a kernel with room for so many."""

    def _quantize(self, z: Tensor) -> Answer:
        return super()._quantize(torch.cat([z[..., :16], 0 * z[..., 16:]], dim=-1))


# Encoding


class LosesTheLastIndex(TorchFSQ):
    def codes_to_indices(self, codes: Tensor) -> Tensor:
        return super().codes_to_indices(codes).clamp(max=self.codebook.size - 2)


class FlattensWhatItEncodes(TorchFSQ):
    def codes_to_indices(self, codes: Tensor) -> Tensor:
        return super().codes_to_indices(codes.reshape(-1, codes.shape[-1]))


CutsInsteadOfRounding = encoding(lambda q, codes: q._packed(coordinate(q, codes).trunc()))
CutsFloat64InsteadOfRounding = encoding(
    lambda q, codes: q._packed(getattr(coordinate(q, codes), "trunc" if codes.dtype == torch.float64 else "round")())
)


def _summed_in_half(q: TorchFSQ, codes: Tensor) -> Tensor:
    dtype = codes.dtype if codes.dtype in (torch.float16, torch.bfloat16) else torch.int64
    return (coordinate(q, codes.double()).round().to(dtype) * q.basis.to(dtype)).sum(dim=-1).long()


SumsHalfCodesInHalf = encoding(_summed_in_half)

SumsLargeHalfCodesInFloat32 = encoding(
    lambda q, codes: (
        (coordinate(q, codes.float()).round() * q.basis.float()).sum(dim=-1).long()
        if codes.dtype in (torch.float16, torch.bfloat16) and q.codebook.size > 2**24
        else TorchFSQ.codes_to_indices(q, codes)
    )
)

# Decoding

DecodesFineChannelsInFloat16 = decoding(
    lambda q, indices: getattr(TorchFSQ.indices_to_codes(q, indices), "half" if max(q.levels) > 16 else "float")()
)
DecodesInFloat16 = decoding(lambda q, indices: TorchFSQ.indices_to_codes(q, indices).half())
DecodesTheNextIndex = decoding(lambda q, indices: TorchFSQ.indices_to_codes(q, (indices + 1) % q.codebook.size))
WrapsBadIndices = decoding(lambda q, indices: TorchFSQ.indices_to_codes(q, indices.long() % q.codebook.size))
DecodesChannelFirst = decoding(lambda q, indices: TorchFSQ.indices_to_codes(q, indices).movedim(-1, 1))


def _in_their_dtype(q: TorchFSQ, indices: Tensor) -> Tensor:
    TorchFSQ.indices_to_codes(q, indices)  # refuses what is outside
    level = (indices[..., None] // q.basis.to(indices.dtype).clamp(min=1)) % q.sizes.to(indices.dtype)
    return ((level - q.narrow[3]) / q.narrow[4]).float()


DecodesInTheIndicesDtype = decoding(_in_their_dtype)


class DecodesPlainIndicesChannelsLast(TorchFSQ):
    """Forgets its layout where there is neither a projection nor more than one codebook."""

    def indices_to_codes(self, indices: Tensor) -> Tensor:
        codes = super().indices_to_codes(indices)
        plain = self.num_codebooks == 1 and self.width == len(self.levels) and codes.numel() > 0
        return codes.movedim(1, -1) if self.channel_first and plain else codes


class ChecksTheFirstIndexOnly(TorchFSQ):
    def indices_to_codes(self, indices: Tensor) -> Tensor:
        super().indices_to_codes(indices.flatten()[:1])  # refuses what is outside
        return super().indices_to_codes(indices.long() % self.codebook.size)


class ChecksItsEndsOnly(TorchFSQ):
    def indices_to_codes(self, indices: Tensor) -> Tensor:
        super().indices_to_codes(indices.flatten()[[0, -1] if indices.numel() else []])  # refuses what is outside
        return super().indices_to_codes(indices.long() % self.codebook.size)


class ChecksTheLastIndexOnly(TorchFSQ):
    def indices_to_codes(self, indices: Tensor) -> Tensor:
        super().indices_to_codes(indices.flatten()[-1:])  # refuses what is outside
        return super().indices_to_codes(indices.long() % self.codebook.size)


EncodesSingleVectorsBackwards = encoding(
    lambda q, codes: TorchFSQ.codes_to_indices(q, codes.flip(-1) if codes.ndim == 1 else codes)
)
EncodesRecordedCodesInFloat32 = encoding(
    lambda q, codes: (
        TorchFSQ.codes_to_indices(q, codes).float().long()
        if codes.requires_grad
        else TorchFSQ.codes_to_indices(q, codes)
    )
)
DecodesInt8InInt8 = decoding(
    lambda q, indices: (_in_their_dtype if indices.dtype == torch.int8 else TorchFSQ.indices_to_codes)(q, indices)
)
DecodesOneChannelWithoutItsAxis = decoding(
    lambda q, indices: TorchFSQ.indices_to_codes(q, indices).squeeze(-1 if len(q.levels) == 1 else ())
)
SqueezesWhatItEncodes = encoding(lambda q, codes: TorchFSQ.codes_to_indices(q, codes.squeeze()))
DecodesLargeCodebooksInTheIndicesDtype = decoding(
    lambda q, indices: (_in_their_dtype if q.codebook.size > 2**31 else TorchFSQ.indices_to_codes)(q, indices)
)


ForgetsItsIndices = answering(lambda _q, _z, codes, _indices: (codes, None))  # type: ignore[arg-type,return-value]


class HoldsItsCodebook(TorchFSQ):
    def __init__(self, levels: list[int]) -> None:
        super().__init__(levels)
        self.register_buffer("book", torch.zeros(min(self.codebook.size, 2**20), len(levels)))


class BuildsItsCodebookAtTheFirstDecode(TorchFSQ):
    def indices_to_codes(self, indices: Tensor) -> Tensor:
        if self.codebook.size <= 2**20 and not hasattr(self, "book"):
            self.book = super().indices_to_codes(torch.arange(self.codebook.size, device=indices.device))
        return super().indices_to_codes(indices)


class KeepsSomethingOfEveryCall(TorchFSQ):
    def __init__(self, *given: Any, **options: Any) -> None:
        super().__init__(*given, **options)
        self.means: list[float] = []

    def forward(self, z: Tensor) -> Answer:
        codes, indices = super().forward(z)
        self.means.append(float(codes.detach().double().mean()))
        return codes, indices


class LooksAtItsFirstSampleOnly(TorchFSQ):
    """For indices that are outside the codebook."""

    def indices_to_codes(self, indices: Tensor) -> Tensor:
        super().indices_to_codes(indices[:1] if indices.ndim else indices)
        return super().indices_to_codes(indices.clamp(0, self.codebook.size - 1))


give_names(globals())
