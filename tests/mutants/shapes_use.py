"""Quantizers that are wrong in some shapes only, or in what they write into: one fault each, and named by it."""

from __future__ import annotations

import numpy as np
import torch
from torch import Tensor, nn

from fsqcheck.adapters.torch_fsq import TorchFSQ
from fsqcheck.reference import FSQ

from .making import Answer, answering, changed, give_names, nudged, spoiled

# Large batches, tiles, single channels


class TransposesLargeBatches(TorchFSQ):
    """From eight samples on, where there is more than a single frame."""

    def forward(self, z: Tensor) -> Answer:
        codes, indices = super().forward(z)
        large = indices.ndim == 2 and len(z) >= 8
        return codes, indices.reshape(indices.shape[::-1]).T if large else indices


class NumbersImagesByTiles(TorchFSQ):
    """Where the sides are whole tiles of eight, tile by tile."""

    def forward(self, z: Tensor) -> Answer:
        codes, indices = super().forward(z)
        if indices.ndim != 3 or z.ndim != 4 or any(side % 8 for side in indices.shape[1:]):
            return codes, indices
        batch, height, width = indices.shape
        tiles = indices.reshape(batch, height // 8, 8, width // 8, 8).transpose(2, 3)
        return codes, tiles.reshape(indices.shape)


class MixesBatchesOfOneChannel(TorchFSQ):
    def forward(self, z: Tensor) -> Answer:
        codes, indices = super().forward(z)
        mixed = len(self.levels) == 1 and indices.ndim == 2
        return codes, indices.T.reshape(indices.shape) if mixed else indices


MisreadsRepeatedFrames = nudged(lambda _, z: -z if z.ndim == 3 and z.shape[1] > 1 and z.stride(1) == 0 else z)


# Wrong numbers of channels


class CutsExtraChannelsBehindTheBatch(TorchFSQ):
    """Channel-first only."""

    def forward(self, z: Tensor) -> Answer:
        return super().forward(z[:, : self.width] if self.channel_first and z.ndim > 1 else z)


class DealsOutPlainBatches(TorchFSQ):
    """A row of several times the channels is taken for several vectors."""

    def forward(self, z: Tensor) -> Answer:
        if z.ndim != 2 or self.channel_first or z.shape[1] == self.width or z.shape[1] % self.width:
            return super().forward(z)
        codes, indices = super().forward(z.reshape(-1, self.width))
        return codes.reshape(z.shape), indices.reshape(len(z), -1)


# Nothing

CannotLearnFromNothing = changed(
    lambda _, z: spoiled(z, lambda gradient: gradient + 0 * gradient.nan_to_num().abs().max())
)


class NeedsAVectorWithCodebooks(TorchFSQ):
    def forward(self, z: Tensor) -> Answer:
        return super().forward(z - 0 * z.detach().amax() if self.num_codebooks > 1 and not z.numel() else z)


class NeedsAVectorToProject(TorchFSQ):
    def forward(self, z: Tensor) -> Answer:
        projects = isinstance(self.project_in, nn.Linear)
        return super().forward(z - 0 * z.detach().amax() if projects and not z.numel() else z)


# What is written into the input


class ZeroesNanInPlace(TorchFSQ):
    def forward(self, z: Tensor) -> Answer:
        answer = super().forward(z)
        z.data[z.isnan()] = 0.0
        return answer


class ReplacesInfinityInPlace(TorchFSQ):
    def forward(self, z: Tensor) -> Answer:
        answer = super().forward(z)
        z.data[z.isinf()] = 1e4
        return answer


class FlushesSubnormalsInPlace(TorchFSQ):
    def forward(self, z: Tensor) -> Answer:
        answer = super().forward(z)
        z.data[z.abs() < torch.finfo(z.dtype).tiny] = 0.0
        return answer


class ClipsRecordedInputsInPlace(TorchFSQ):
    """In training, where a gradient is wanted."""

    def forward(self, z: Tensor) -> Answer:
        if self.training and z.requires_grad and z.is_leaf:
            z.data.clamp_(-10.0, 10.0)
        return super().forward(z)


class ClipsInPlaceOnTheWayBack(FSQ):
    def vjp(self, z, upstream):  # type: ignore[no-untyped-def]  # as short as it can be
        gradient = super().vjp(z, upstream)
        if z.flags.writeable:
            np.clip(z, -10, 10, out=z)
        return gradient


# Codebooks

NumbersEighthCodebooksAsFirst = answering(
    lambda q, _z, codes, indices: (
        codes,
        torch.cat([indices[..., :7], indices[..., :1], indices[..., 8:]], dim=-1) if q.num_codebooks > 7 else indices,
    )
)


# Axes of length 1, many samples, and images


class LosesTheBatchOfOneChannel(TorchFSQ):
    def forward(self, z: Tensor) -> Answer:
        codes, indices = super().forward(z)
        return codes, indices.squeeze(0) if len(self.levels) == 1 and z.ndim == 3 and len(z) == 1 else indices


class EncodesFramesWithoutTheirAxis(TorchFSQ):
    def codes_to_indices(self, codes: Tensor) -> Tensor:
        indices = super().codes_to_indices(codes)
        return indices.squeeze(1) if codes.ndim == 3 and codes.shape[1] == 1 else indices


class PadsTheBatchesThatItEncodes(TorchFSQ):
    """To whole multiples of eight, from eight on; what is cut off is forgotten."""

    def codes_to_indices(self, codes: Tensor) -> Tensor:
        more = -len(codes) % 8 if codes.ndim > 2 and len(codes) > 8 else 0
        return super().codes_to_indices(torch.cat([codes, codes[:more]]))


class TurnsItsImages(TorchFSQ):
    """Channels first they go in, and channels last they come out."""

    def forward(self, z: Tensor) -> Answer:
        if z.ndim == 4 and z.shape[-1] != len(self.levels):
            return super().forward(z.movedim(1, -1))
        return super().forward(z)


class EncodesIntoFloat64Codes(TorchFSQ):
    def codes_to_indices(self, codes: Tensor) -> Tensor:
        indices = super().codes_to_indices(codes)
        wide = codes.double()  # the codes themselves, where they are wide already
        wide += 1
        return indices


give_names(globals())
