"""Quantizers that are wrong in their gradients: one fault each, and named by it."""

from __future__ import annotations

from typing import Any

import numpy as np
import torch
from torch import Tensor

from fsqcheck.adapters.torch_fsq import TorchFSQ
from fsqcheck.reference import FSQ

from .making import Answer, answering, changed, spoiled


class PassesTheUpstreamThrough(TorchFSQ):
    def forward(self, z: Tensor) -> Answer:
        codes, indices = super().forward(z.detach())
        return torch.where(torch.isfinite(z), codes + (z - z.detach()), codes), indices


AveragesGradientsOverTheBatch = changed(lambda _, z: spoiled(z, lambda upstream: upstream / len(upstream)))
SendsGradientsToTheNextSample = changed(lambda _, z: spoiled(z, lambda upstream: upstream.roll(1, 0)))
ClipsGradients = changed(lambda _, z: spoiled(z, lambda upstream: upstream.clamp(-1e4, 1e4)))
GivesNoGradient = changed(lambda _, z: spoiled(z, torch.zeros_like))
CentresTheStraightThroughOnTheInput = answering(
    lambda _, z, codes, indices: ((z + (codes - z).detach() if z.requires_grad else codes), indices)
)
DropsOutInTraining = changed(lambda q, z: torch.where(z.abs() < 0.1, 0.0, z) if q.training else z)


class GivesGradientsInFloat64(FSQ):
    def vjp(self, z: Any, upstream: Any) -> Any:
        return super().vjp(z, upstream).astype(np.float64)


class ComputesFloat64InFloat32(TorchFSQ):
    def forward(self, z: Tensor) -> Answer:
        codes, indices = super().forward(z.float())
        return codes.to(z.dtype), indices
