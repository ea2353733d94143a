"""Residual quantizers that are wrong in certain calls: in a layout, a dtype, a graph, a group, a copy; one fault each."""

from __future__ import annotations

from collections.abc import Callable

import torch
from torch import Tensor

from fsqcheck.adapters.torch_residual import TorchResidualFSQ

from .making import Answer, give_names, spoiled

HALF = (torch.float16, torch.bfloat16)

# Gradients


def detaching(where: Callable[[TorchResidualFSQ, Tensor], bool]) -> type[TorchResidualFSQ]:
    """A class whose gradient is zero where `where(itself, z)`."""

    def forward(self: TorchResidualFSQ, z: Tensor) -> Answer:
        return TorchResidualFSQ.forward(self, z.detach() + 0 * z if where(self, z) else z)

    return type("Detaching", (TorchResidualFSQ,), {"forward": forward, "__module__": detaching.__module__})


LosesGradientsChannelsFirst = detaching(lambda q, _: q.is_channel_first)
LosesGradientsOfHalfPrecision = detaching(lambda _, z: z.dtype in HALF)
LosesGradientsBehindAnEncoder = detaching(lambda _, z: not z.is_leaf)


def passing_back(spoil: Callable[[Tensor], Tensor]) -> type[TorchResidualFSQ]:
    """A class whose gradient is `spoil(gradient)`."""

    def forward(self: TorchResidualFSQ, z: Tensor) -> Answer:
        return TorchResidualFSQ.forward(self, spoiled(z, spoil))

    return type("PassingBack", (TorchResidualFSQ,), {"forward": forward, "__module__": passing_back.__module__})


LimitsItsGradientsToTen = passing_back(lambda gradient: gradient.clamp(-10, 10))
CleansItsUpstreamOfNan = passing_back(lambda gradient: gradient.nan_to_num())
MixesTheGradientsOfABatch = passing_back(
    lambda gradient: 0.99 * gradient + 0.01 * gradient.flip(0) if gradient.ndim > 2 else gradient
)


class WeighsGradientsByItsCalls(TorchResidualFSQ):
    """What was counted by another call in between is divided out of the gradient of the one before."""

    calls = 0

    def forward(self, z: Tensor) -> Answer:
        self.calls += 1
        own = self.calls
        return super().forward(spoiled(z, lambda gradient: gradient * own / self.calls))


class GoesBackOnce(TorchResidualFSQ):
    def forward(self, z: Tensor) -> Answer:
        kept = [1.0]
        return super().forward(spoiled(z, lambda gradient: gradient * kept.pop()))


give_names(globals())
