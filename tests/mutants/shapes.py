"""Quantizers that are wrong in what shapes do to them: one fault each, and named by it."""

from __future__ import annotations

import torch
from torch import Tensor, nn

from fsqcheck.adapters.torch_fsq import TorchFSQ
from fsqcheck.reference import FSQ

from .making import Answer, Changed, answering, changed, decoding, encoding, give_names, nudged, spoiled

# Layouts


class TrainsOnlyWhereBatchEqualsChannels(TorchFSQ):
    def forward(self, z: Tensor) -> Answer:
        mask = torch.full((z.shape[0],), True, device=z.device) if self.training else torch.tensor(True)
        return super().forward(torch.where(mask, z, z))


class GuessesTheLayout(TorchFSQ):
    def forward(self, z: Tensor) -> Answer:
        if z.ndim == 3 and z.shape[1] == self.width:
            codes, indices = super().forward(z.movedim(1, -1))
            return codes.movedim(-1, 1), indices
        return super().forward(z)


class DealsOutNumbersAsVectors(TorchFSQ):
    def forward(self, z: Tensor) -> Answer:
        codes, indices = super().forward(z.reshape(-1, self.width))
        return codes.reshape(z.shape), indices.reshape(z.shape[:-1] if z.shape[-1] == self.width else -1)


class CutsExtraChannels(TorchFSQ):
    def forward(self, z: Tensor) -> Answer:
        return super().forward(z[..., : self.width])


class UnfoldsTwiceTheChannels(TorchFSQ):
    def forward(self, z: Tensor) -> Answer:
        twice = z.shape[-1] == 2 * self.width
        codes, indices = super().forward(z.reshape(*z.shape[:-1], 2, self.width) if twice else z)
        return (codes.flatten(-2), indices) if twice else (codes, indices)


StepsElsewhereInPlainBatches = nudged(lambda _, z: z + 0.05 if z.ndim == 2 else z)


class FailsOnFourAxesWithCodebooks(TorchFSQ):
    """As diffusers' FSQRegularizer."""

    def forward(self, z: Tensor) -> Answer:
        if self.num_codebooks > 1 and z.ndim > 3:
            batch, time, channels = z.shape
            z = z.reshape(batch, time, channels)
        return super().forward(z)


TransposesImages = answering(
    lambda _, z, codes, indices: (
        (codes.transpose(1, 2).reshape(codes.shape), indices.transpose(1, 2).reshape(indices.shape))
        if z.ndim == 4
        else (codes, indices)
    )
)
FailsInsideOnPlainVectors = changed(lambda _, z: {3: z, 4: z, 5: z}[z.ndim])
SqueezesAxesOfLengthOne = answering(lambda _, _z, codes, indices: (codes, indices.squeeze()))
UnwrapsSingleVectors = answering(
    lambda _, _z, codes, indices: (codes, indices.reshape(()) if indices.numel() == 1 else indices)
)
FlattensItsIndices = answering(lambda _, _z, codes, indices: (codes, indices.flatten()))
KeepsAnAxisForItsIndices = answering(lambda _, _z, codes, indices: (codes, indices.unsqueeze(-1)))
NeedsALargestElement = changed(lambda _, z: torch.where(z.abs().max() > 0, z, z))
NeedsALargestIndex = decoding(
    lambda q, indices: TorchFSQ.indices_to_codes(q, torch.where(indices.max() < 0, indices, indices))
)
NeedsALargestCode = encoding(lambda q, codes: TorchFSQ.codes_to_indices(q, codes * (codes.abs().max() < torch.inf)))

GivesFloatsForNothing = answering(
    lambda _, z, codes, indices: (codes, indices if z.numel() else indices.to(torch.get_default_dtype()))
)
JoinsTheAxesOfCodesOfImages = encoding(
    lambda q, codes: TorchFSQ.codes_to_indices(q, codes.flatten(1, -2) if codes.ndim > 3 else codes)
)

# What an answer may not depend on

NormalizesTheBatch = changed(lambda _, z: z / z.detach().abs().amax(dim=0, keepdim=True).clamp(min=1))
SubtractsTheMean = changed(lambda _, z: z - z.mean(dim=-2, keepdim=True))
LeaksOneSampleIntoTheNext = nudged(
    lambda _, z: z + (1e-3 * (z.roll(1, 0).clamp(-5, 5) - z.clamp(-5, 5))).to(z.dtype) if z.ndim > 2 else z
)
DriftsAlongTheSequence = nudged(
    lambda _, z: (
        z + 1e-4 * torch.arange(z.shape[-2], device=z.device)[:, None].clamp(max=300).to(z.dtype) if z.ndim > 1 else z
    )
)
ForgetsPositionsBeyond2To16 = answering(
    lambda _, _z, codes, indices: (codes, torch.cat([indices[..., : 2**16], 0 * indices[..., 2**16 :]], dim=-1))
)
ErrsInLargeBatches = nudged(lambda _, z: 1.01 * z if z.ndim > 2 and z.shape[0] > 64 else z)
ErrsInLongBatches = nudged(
    lambda _, z: torch.cat([z[:, : 2**16], -z[:, 2**16 :]], dim=1) if z.ndim == 3 and z.shape[0] > 1 else z
)
ForgetsSamplesFrom65535On = answering(
    lambda _, z, codes, indices: (
        codes,
        torch.cat([indices[:65535], 0 * indices[65535:]]) if z.ndim > 2 else indices,
    )
)
ForgetsWhatIsLeftOfAThousand = answering(
    lambda _, z, codes, indices: (
        codes,
        torch.cat([indices[:, : -(z.shape[1] % 1000)], 0 * indices[:, -(z.shape[1] % 1000) :]], dim=1)
        if z.ndim == 3 and z.shape[1] > 1000 and 0 < z.shape[1] % 1000 < 8
        else indices,
    )
)
ForgetsLongFloat64 = answering(
    lambda _, z, codes, indices: (
        codes,
        torch.cat([indices.flatten()[: 2**16], 0 * indices.flatten()[2**16 :]]).view_as(indices)
        if z.dtype == torch.float64
        else indices,
    )
)


class LosesWhatIsLeftOfAMillion(TorchFSQ):
    """A loop over 2^20 vectors at a time that ends too early."""

    def forward(self, z: Tensor) -> Answer:
        codes, indices = super().forward(z)
        done = indices.numel() // 2**20 * 2**20 or indices.numel()
        return codes, indices * (torch.arange(indices.numel(), device=indices.device) < done).view_as(indices)


ErrsBeyond2To18Vectors = nudged(lambda q, z: -z if z.numel() > 2**18 * q.width else z)
EncodesLongListsWrongly = encoding(
    lambda q, codes: (
        TorchFSQ.codes_to_indices(q, codes)
        * (torch.arange(codes[..., 0].numel(), device=codes.device) < 2**17).view_as(codes[..., 0])
    )
)
DecodesLongListsWrongly = decoding(
    lambda q, indices: TorchFSQ.indices_to_codes(
        q, indices * (torch.arange(indices.numel(), device=indices.device) < 2**17).view_as(indices)
    )
)


class ForgetsPositionsBeyond2To16ChannelFirst(TorchFSQ):
    def forward(self, z: Tensor) -> Answer:
        codes, indices = super().forward(z)
        kept = torch.arange(indices.shape[-1] if indices.ndim else 1, device=indices.device) < 2**16
        return codes, indices * kept if self.channel_first and z.ndim == 3 else indices


class LeavesTheEdgesOfImages(TorchFSQ):
    """Tiles of 64 numbers a side; what is left at the edges is not written."""

    def forward(self, z: Tensor) -> Answer:
        codes, indices = super().forward(z)
        tiled = torch.ones_like(indices, dtype=torch.bool)
        for axis in range(indices.ndim - 2, indices.ndim) if z.ndim > 3 else ():
            size = indices.shape[axis]
            tiled.narrow(axis, size // 64 * 64, size % 64 if size > 64 else 0).fill_(False)
        return codes, indices * tiled


TakesASingleVectorRoughly = nudged(lambda _, z: z.bfloat16().to(z.dtype) if z.numel() == z.shape[-1] else z)
ErrsUnlessBatchIsOne = nudged(lambda _, z: -z if z.ndim > 2 and z.shape[0] > 1 else z)
ErrsOnStridedInputs = nudged(lambda _, z: z if z.is_contiguous() else -z)
EncodesStridedCodesWrongly = encoding(
    lambda q, codes: TorchFSQ.codes_to_indices(q, codes if codes.is_contiguous() else -codes)
)
ViewsItsCodesAsAList = encoding(
    lambda q, codes: TorchFSQ.codes_to_indices(q, codes.view(-1, codes.shape[-1])).view(codes.shape[:-1])
)
DecodesStridedIndicesWrongly = decoding(
    lambda q, indices: TorchFSQ.indices_to_codes(q, indices if indices.is_contiguous() else indices * 0)
)
ErrsOnExpandedChannels = nudged(lambda _, z: -z if z.stride()[-1:] == (0,) else z)
ErrsOnChannelsLast = nudged(
    lambda _, z: z if z.ndim != 4 or z.is_contiguous() or not z.movedim(1, -1).is_contiguous() else -z
)


class IgnoresGapsBetweenRows(Changed):
    """Reads rows of adjacent numbers as if they followed one another."""

    def changed(self, z: Tensor) -> Tensor:
        dense = torch.empty(z.shape, device="meta").stride()
        return z.as_strided(z.shape, dense) if z.stride(-1) == 1 and 0 not in z.stride() else z


class IgnoresStrides(Changed):
    def changed(self, z: Tensor) -> Tensor:
        dense = torch.empty(z.shape, device="meta").stride()
        return z.as_strided(z.shape, dense) if 0 not in z.stride() else z


class WritesToReadOnlyInputs(FSQ):
    """As a compiled function with a buffer that is not const."""

    def __call__(self, z):  # type: ignore[no-untyped-def]  # as short as it can be
        if z.flags.writeable is False:
            raise ValueError("buffer source array is read-only")
        return super().__call__(z)


# What is written to


class ClipsInPlace(Changed):
    def changed(self, z: Tensor) -> Tensor:
        with torch.no_grad():
            return z.clamp_(-100, 100)


def _encode_in_place(q: TorchFSQ, codes: Tensor) -> Tensor:
    exact = codes.clone()
    codes.mul_(q.narrow[4].to(codes.dtype))
    return TorchFSQ.codes_to_indices(q, exact)


ScalesCodesInPlace = encoding(_encode_in_place)
ScalesTheUpstreamInPlace = answering(
    lambda _, _z, codes, indices: (spoiled(codes, lambda upstream: upstream.mul_(1.5) / 1.5), indices)
)


class AnswersFromOneBuffer(FSQ):
    """Gives the same array in every call, for inputs of one shape."""

    def __call__(self, z):  # type: ignore[no-untyped-def]  # as short as it can be
        codes, indices = super().__call__(z)
        buffer = self.__dict__.setdefault("buffers", {}).setdefault((z.shape, z.dtype), codes)
        buffer[...] = codes
        return buffer, indices


class DecodesIntoOneBuffer(TorchFSQ):
    def indices_to_codes(self, indices: Tensor) -> Tensor:
        return _kept(self, super().indices_to_codes(indices))


class EncodesIntoOneBuffer(TorchFSQ):
    def codes_to_indices(self, codes: Tensor) -> Tensor:
        return _kept(self, super().codes_to_indices(codes))


def _kept(q: TorchFSQ, answer: Tensor) -> Tensor:
    """The answer, in the one tensor that there is for its shape and dtype."""
    buffers: dict[object, Tensor] = q.__dict__.setdefault("buffers", {})
    return buffers.setdefault((answer.shape, answer.dtype), answer).copy_(answer)


class GivesGradientsFromOneBuffer(FSQ):
    def vjp(self, z, upstream):  # type: ignore[no-untyped-def]  # as short as it can be
        gradient = super().vjp(z, upstream)
        buffer = self.__dict__.setdefault("buffers", {}).setdefault((z.shape, z.dtype), gradient)
        buffer[...] = gradient
        return buffer


class RemembersWhatItDecoded(TorchFSQ):
    """Gives the same tensor again where the same indices are asked: who writes into it writes into all of them."""

    def indices_to_codes(self, indices: Tensor) -> Tensor:
        known: dict[object, Tensor] = self.__dict__.setdefault("known", {})
        key = str(indices.tolist())
        if key not in known:
            known[key] = super().indices_to_codes(indices)
        return known[key]


# Codebooks, projections, dtypes


class PassesManyForOne(TorchFSQ):
    """With one channel, it takes whatever is broadcast against it."""

    def forward(self, z: Tensor) -> Answer:
        if len(self.levels) > 1 or z.shape[-1] == 1:
            return super().forward(z)
        codes, indices = super().forward(z[..., None])
        return codes[..., 0], indices


class TrainsItsFirstCodebookOnly(TorchFSQ):
    def _quantize(self, z: Tensor) -> Answer:
        return super()._quantize(torch.cat([z[..., :1, :], z[..., 1:, :].detach()], dim=-2))


class TakesCodebooksRoughlyInHalf(TorchFSQ):
    def forward(self, z: Tensor) -> Answer:
        rough = self.num_codebooks > 1 and z.dtype in (torch.float16, torch.bfloat16)
        return super().forward((2 * z).round() / 2 if rough else z)


NumbersFourthCodebooksAsFirst = answering(
    lambda q, _z, codes, indices: (
        codes,
        torch.cat([indices[..., :3], indices[..., :1], indices[..., 4:]], dim=-1) if q.num_codebooks > 3 else indices,
    )
)
SpreadsNanOverItsCodebooks = answering(
    lambda q, z, codes, indices: (
        (codes * torch.nan, 0 * indices - 1) if q.num_codebooks > 1 and z.isnan().any() else (codes, indices)
    )
)


SqueezesOneFrameOfItsCodebooks = answering(
    lambda q, _z, codes, indices: (codes, indices.squeeze(-2) if q.num_codebooks > 1 and indices.ndim > 2 else indices)
)


class ReshapesBeforeItsProjection(TorchFSQ):
    """Instead of moving the channels last."""

    def forward(self, z: Tensor) -> Answer:
        if self.channel_first and z.ndim > 2 and isinstance(self.project_in, nn.Linear):
            z = z.reshape(z.movedim(1, -1).shape).movedim(-1, 1)
        return super().forward(z)


class CentresItsBatchBeforeItsProjection(TorchFSQ):
    def forward(self, z: Tensor) -> Answer:
        if not self.channel_first and isinstance(self.project_in, nn.Linear):
            z = z - z.flatten(0, -2).mean(dim=0)
        return super().forward(z)


class DecodesCodebooksInReverse(TorchFSQ):
    def indices_to_codes(self, indices: Tensor) -> Tensor:
        return super().indices_to_codes(indices.flip(-1) if self.num_codebooks > 1 else indices)


class DecodesNarrowWidthsWithoutProjection(TorchFSQ):
    def indices_to_codes(self, indices: Tensor) -> Tensor:
        codes = super().indices_to_codes(indices)
        return codes * (self.width >= len(self.levels))


class DecodesWithoutProjection(TorchFSQ):
    def indices_to_codes(self, indices: Tensor) -> Tensor:
        codes = super().indices_to_codes(indices)
        return codes if isinstance(self.project_out, nn.Identity) else codes * 0


class DecodesCodebooksWithoutProjection(TorchFSQ):
    def indices_to_codes(self, indices: Tensor) -> Tensor:
        codes = super().indices_to_codes(indices)
        return codes * 0 if self.num_codebooks > 1 and isinstance(self.project_out, nn.Linear) else codes


class DecodesToItsProjectionInFloat32(TorchFSQ):
    """Whatever dtype the module has been moved to."""

    def indices_to_codes(self, indices: Tensor) -> Tensor:
        if isinstance(self.project_out, nn.Linear):
            self.project_out(torch.zeros(self.project_out.in_features, dtype=torch.float32, device=indices.device))
        return super().indices_to_codes(indices)


AnswersInFloat32 = answering(lambda _, _z, codes, indices: (codes.float(), indices))
AnswersBfloat16InFloat16 = answering(
    lambda _, _z, codes, indices: (codes.half() if codes.dtype == torch.bfloat16 else codes, indices)
)
WidensWhenGradientsAreRecorded = answering(
    lambda _, z, codes, indices: (codes.double() if z.requires_grad else codes, indices)
)


class DecodesNothingToAVector(TorchFSQ):
    def indices_to_codes(self, indices: Tensor) -> Tensor:
        codes = super().indices_to_codes(indices)
        return codes if codes.numel() else codes.flatten()


give_names(globals())
