"""Quantizers that are wrong in what shapes do to them: one fault each, and named by it."""

from __future__ import annotations

import torch
from torch import Tensor, nn

from fsqcheck.adapters.torch_fsq import TorchFSQ

from .making import Answer, Changed, answering, changed


class TrainsOnlyWhereBatchEqualsChannels(TorchFSQ):
    def forward(self, z: Tensor) -> Answer:
        mask = torch.full((z.shape[0],), True) if self.training else torch.tensor(True)
        return super().forward(torch.where(mask, z, z))


class GuessesTheLayout(TorchFSQ):
    def forward(self, z: Tensor) -> Answer:
        if z.ndim == 3 and z.shape[1] == self.width:
            codes, indices = super().forward(z.movedim(1, -1))
            return codes.movedim(-1, 1), indices
        return super().forward(z)


SqueezesAxesOfLengthOne = answering(lambda _, _z, codes, indices: (codes, indices.squeeze()))
NeedsALargestElement = changed(lambda _, z: torch.where(z.abs().max() > 0, z, z))
NormalizesTheBatch = changed(lambda _, z: z / z.detach().abs().amax(dim=0, keepdim=True).clamp(min=1))
ForgetsPositionsBeyond2To16 = answering(
    lambda _, _z, codes, indices: (codes, torch.cat([indices[..., : 2**16], 0 * indices[..., 2**16 :]], dim=-1))
)


class IgnoresStrides(Changed):
    def changed(self, z: Tensor) -> Tensor:
        dense = torch.empty(z.shape, device="meta").stride()
        return z.as_strided(z.shape, dense) if 0 not in z.stride() else z


class ClipsInPlace(Changed):
    def changed(self, z: Tensor) -> Tensor:
        with torch.no_grad():
            return z.clamp_(-100, 100)


class DecodesCodebooksInReverse(TorchFSQ):
    def indices_to_codes(self, indices: Tensor) -> Tensor:
        return super().indices_to_codes(indices.flip(-1) if self.num_codebooks > 1 else indices)


class DealsOutNumbersAsVectors(TorchFSQ):
    def forward(self, z: Tensor) -> Answer:
        codes, indices = super().forward(z.reshape(-1, self.width))
        return codes.reshape(z.shape), indices.reshape(z.shape[:-1] if z.shape[-1] == self.width else -1)


FailsInsideOnPlainVectors = changed(lambda _, z: {3: z, 4: z, 5: z}[z.ndim])


class DecodesWithoutProjection(TorchFSQ):
    def indices_to_codes(self, indices: Tensor) -> Tensor:
        codes = super().indices_to_codes(indices)
        return codes if isinstance(self.project_out, nn.Identity) else codes * 0


AnswersInFloat32 = answering(lambda _, _z, codes, indices: (codes.float(), indices))
