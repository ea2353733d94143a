"""Quantizers that are wrong in their gradients: one fault each, and named by it."""

from __future__ import annotations

from typing import Any, Self

import numpy as np
import torch
from torch import Tensor, nn

from fsqcheck.adapters.torch_fsq import TorchFSQ
from fsqcheck.reference import FSQ

from .making import Answer, Changed, answering, backwards, changed, encoding, give_names, nudged, spoiled

GivesNoGradient = backwards(lambda _, _z, gradient: torch.zeros_like(gradient))
DoublesGradients = backwards(lambda _, _z, gradient: 2 * gradient)
NegatesGradients = backwards(lambda _, _z, gradient: -gradient)
MissesTheLastChannel = backwards(lambda _, _z, gradient: torch.cat([gradient[..., :-1], 0 * gradient[..., -1:]], -1))
PassesGradientsOfLevels = backwards(lambda q, _z, gradient: gradient * q.narrow[4].to(gradient.dtype))
DoublesGradientsInPlainBatches = backwards(lambda _, z, gradient: 2 * gradient if z.ndim == 2 else gradient)
ClampsGradientsBeyondTenMillion = backwards(
    lambda _, _z, gradient: gradient.double().clamp(-1e7, 1e7).to(gradient.dtype)
)
FlushesTinyGradients = backwards(lambda _, _z, gradient: torch.where(gradient.abs() < 1e-12, 0 * gradient, gradient))
HidesNanUpstreams = backwards(lambda _, _z, gradient: gradient.nan_to_num())
HidesInfiniteUpstreamsInHalf = backwards(
    lambda _, z, gradient: gradient.nan_to_num() if z.dtype in (torch.float16, torch.bfloat16) else gradient
)
HalvesGradientsFrom512Levels = backwards(lambda q, _z, gradient: torch.where(q.sizes < 512, gradient, gradient / 2))
ClipsGradients = backwards(lambda _, _z, gradient: gradient.clamp(-1e4, 1e4))
NormalizesGradients = backwards(lambda _, _z, gradient: gradient / gradient.norm().clamp(min=1e-30))
GivesTheSignOfGradients = backwards(lambda _, _z, gradient: gradient.sign())
AveragesGradientsOverTheBatch = backwards(
    lambda q, _z, gradient: gradient / (len(gradient) if q.num_codebooks == 1 else 1)
)
SendsGradientsToTheNextSample = backwards(lambda _, _z, gradient: gradient.roll(1, 0))
SharesGradientsBetweenChannels = backwards(lambda _, _z, gradient: gradient + 0.01 * gradient.sum(-1, keepdim=True))
KeepsALittleGradientAtSaturation = backwards(
    lambda _, z, gradient: torch.where(z.abs() > 50, 1e-3, gradient).to(gradient.dtype)
)
OverflowsAtSaturation = backwards(
    lambda _, z, gradient: torch.where(z.abs() > 89, torch.nan, gradient).to(gradient.dtype)
)
StopsGradientsBeyondOne = backwards(lambda _, z, gradient: torch.where(z.abs() > 1, 0.0, gradient).to(gradient.dtype))
DetachesItsCodes = answering(lambda _, _z, codes, indices: (codes.detach(), indices))
CentresTheStraightThroughOnTheInput = answering(
    lambda _, z, codes, indices: ((z + (codes - z).detach() if z.requires_grad else codes), indices)
)
ErrsWhereGradientsAreRecorded = nudged(lambda _, z: z + 0.01 * z.requires_grad)
ShiftsItsCodesWhereGradientsAreRecorded = answering(
    lambda _, z, codes, indices: (codes + 0.01 * z.requires_grad, indices)
)
FlattensItsUpstream = answering(
    lambda _, _z, codes, indices: (spoiled(codes, lambda upstream: upstream.view(-1).view_as(upstream)), indices)
)
StopsGradientsBeyond2To16 = backwards(
    lambda _, _z, gradient: (
        gradient.flatten() * (torch.arange(gradient.numel(), device=gradient.device) < 2**16)
    ).view_as(gradient)
)
StopsGradientsBeyond200000Vectors = changed(
    lambda q, z: torch.where(torch.arange(z.numel(), device=z.device).view_as(z) < 200_000 * q.width, z, z.detach())
)
RoundsGradientsOfLargeInputs = backwards(
    lambda _, z, gradient: gradient.bfloat16().to(gradient.dtype) if z.numel() > 2**18 else gradient
)
TakesTheUpstreamAsTheInputLies = changed(
    lambda _, z: spoiled(
        z,
        lambda gradient: (
            gradient.contiguous().as_strided(z.shape, z.stride())
            if sorted(z.stride(), reverse=True) != list(z.stride()) and z.numel() == z.untyped_storage().nbytes() // 4
            else gradient
        ),
    )
)
TrainsLeavesOnly = changed(lambda _, z: z if z.is_leaf else z.detach())
DetachesParameters = changed(lambda _, z: z.detach() if isinstance(z, nn.Parameter) else z)
LooksAtItsModeOnTheWayBack = changed(
    lambda q, z: spoiled(z, lambda gradient, forward=q.training: gradient * (1 + (q.training != forward)))
)
DetachesUnderAutocast = changed(lambda _, z: z.detach() if torch.is_autocast_enabled(z.device.type) else z)
EncodesThroughNumpy = encoding(
    lambda q, codes: TorchFSQ.codes_to_indices(q, torch.from_numpy(codes.double().numpy()).to(codes.device))
)
ErrsUnderNoGrad = nudged(lambda _, z: z + 0.01 * (not torch.is_grad_enabled()))
DropsOutInTraining = changed(lambda q, z: torch.where(z.abs() < 0.1, 0.0, z) if q.training else z)
StepsHalfABandLaterInTraining = nudged(lambda q, z: z * (1 - 2e-7) if q.training and z.dtype == torch.float32 else z)


class DifferentiatesItsLastCall(Changed):
    """What its backward pass needs is kept in the quantizer, not in the graph."""

    def changed(self, z: Tensor) -> Tensor:
        own = self.latest = z.detach()
        return spoiled(z, lambda gradient: gradient if self.latest is own else gradient / 2)


class StopsGradientsBeyond1024ChannelFirst(Changed):
    def changed(self, z: Tensor) -> Tensor:
        return torch.cat([z[..., :1024], z[..., 1024:].detach()], dim=-1) if self.channel_first else z


class FreesItsGraph(Changed):
    """What its backward pass needs is gone after it."""

    def changed(self, z: Tensor) -> Tensor:
        kept = [1.0]
        return spoiled(z, lambda gradient: gradient * kept.pop())


class PassesTheUpstreamThrough(TorchFSQ):
    def forward(self, z: Tensor) -> Answer:
        codes, indices = super().forward(z.detach())
        return torch.where(torch.isfinite(z), codes + (z - z.detach()), codes), indices


AveragesTheGradientOfLargeBatches = backwards(
    lambda _, z, gradient: gradient / len(z) if z.ndim == 3 and len(z) >= 8 else gradient
)


class DetachesBehindItsProjection(TorchFSQ):
    def forward(self, z: Tensor) -> Answer:
        return super().forward(z if isinstance(self.project_in, nn.Identity) else spoiled(z, torch.zeros_like))


class LearnsATemperature(TorchFSQ):
    def __init__(self, *given: Any, **options: Any) -> None:
        super().__init__(*given, **options)
        self.temperature = nn.Parameter(torch.ones(()))

    def forward(self, z: Tensor) -> Answer:
        return super().forward(z * self.temperature.to(z.dtype))


class LearnsAGain(TorchFSQ):
    def __init__(self, *given: Any, **options: Any) -> None:
        super().__init__(*given, **options)
        self.gain = nn.Parameter(torch.ones(()))

    def forward(self, z: Tensor) -> Answer:
        codes, indices = super().forward(z)
        return codes * self.gain.to(codes.dtype), indices


class FreezesItsProjectionBack(TorchFSQ):
    def __init__(self, *given: Any, **options: Any) -> None:
        super().__init__(*given, **options)
        self.project_out.requires_grad_(False)


class StaysFrozenOnceEvaluated(TorchFSQ):
    def train(self, mode: bool = True) -> Self:
        return super().train(mode) if mode else super().train(mode).requires_grad_(False)


class DecodesInInferenceMode(TorchFSQ):
    @torch.inference_mode()
    def indices_to_codes(self, indices: Tensor) -> Tensor:
        return super().indices_to_codes(indices)


class DetachesTheWeightsOfItsProjection(TorchFSQ):
    def forward(self, z: Tensor) -> Answer:
        self.project_in.requires_grad_(False)
        try:
            return super().forward(z)
        finally:
            self.project_in.requires_grad_(True)


class GivesGradientsInFloat64(FSQ):
    def vjp(self, z: Any, upstream: Any) -> Any:
        return super().vjp(z, upstream).astype(np.float64)


class DoublesGradientsInNumpy(FSQ):
    def vjp(self, z: Any, upstream: Any) -> Any:
        return 2 * super().vjp(z, upstream)


class ComputesFloat64InFloat32(TorchFSQ):
    def forward(self, z: Tensor) -> Answer:
        codes, indices = super().forward(z.float())
        return codes.to(z.dtype), indices


PassesNoGradientBeyondSix = backwards(lambda _, z, gradient: torch.where(z.abs() > 6.05, 0.0, gradient))


give_names(globals())
