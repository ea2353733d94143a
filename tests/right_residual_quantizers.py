"""Residual quantizers of the rule `residual` that are right, each in a way of its own."""

from __future__ import annotations

from typing import Any

import torch
from torch import Tensor, nn

from fsqcheck.reference import ResidualFSQ

Answer = tuple[Tensor, Tensor]


class StageByStage(nn.Module):
    """As most would write it: float32 throughout, straight-through centred on the bounded value."""

    def __init__(self, levels: list[int], num_quantizers: int, is_channel_first: bool = False) -> None:
        super().__init__()
        self.sizes, self.count, self.first = torch.tensor(levels), num_quantizers, is_channel_first
        self.basis = torch.cumprod(torch.tensor([1, *levels[:-1]]), dim=0)

    def scale(self, stage: int) -> Tensor:
        return self.sizes.float() ** -stage

    def clamped(self, x: Tensor) -> Tensor:
        reach = 1 + 1 / (self.sizes - 1)
        return (x / reach).tanh() * reach

    def rounded(self, y: Tensor) -> Tensor:
        """A symmetric stage with a clamp; its gradient is that of the clamp."""
        most = (self.sizes - 1) / 2
        u = (y.clamp(-1, 1) + 1) * most
        return (u + ((u + 0.5).floor() - u).detach()) / most - 1

    def number(self, codes: Tensor) -> Tensor:
        level = ((codes.detach().double() + 1) * (self.sizes - 1) / 2).round().long()
        return (level * self.basis).sum(dim=-1)

    def staged(self, x: Tensor) -> tuple[list[Tensor], list[Tensor]]:
        left, parts, indices = self.clamped(x), [], []
        for stage in range(self.count):
            codes = self.rounded(left / self.scale(stage))
            parts.append(codes * self.scale(stage))
            indices.append(self.number(codes))
            left = left - parts[-1].detach()
        return parts, indices

    def forward(self, z: Tensor) -> Answer:
        x = z.movedim(1, -1) if self.first else z
        if x.shape[-1] != len(self.sizes):
            raise ValueError(f"expected {len(self.sizes)} channels, got {tuple(z.shape)}")
        parts, indices = self.staged(x.float())
        codes = torch.stack(parts).sum(dim=0).to(z.dtype)
        return (codes.movedim(-1, 1) if self.first else codes), torch.stack(indices, dim=-1)

    def get_output_from_indices(self, indices: Tensor) -> Tensor:
        level = indices[..., None] // self.basis % self.sizes
        scales = torch.stack([self.scale(stage) for stage in range(self.count)])
        codes = ((2 * level / (self.sizes - 1) - 1) * scales).sum(dim=-2)
        return codes.movedim(-1, 1) if self.first else codes


class MultipliesByPowers(StageByStage):
    """Divides by L^-i without a division, and makes its codes the other way round: x - r."""

    def staged(self, x: Tensor) -> tuple[list[Tensor], list[Tensor]]:
        left, parts, indices = self.clamped(x), [], []
        for stage in range(self.count):
            power = self.sizes.float() ** stage
            codes = self.rounded(left * power)
            parts.append(codes / power)
            indices.append(self.number(codes))
            left = left - parts[-1].detach()
        return parts, indices


class InFloat64(StageByStage):
    def staged(self, x: Tensor) -> tuple[list[Tensor], list[Tensor]]:
        return super().staged(x.double())

    def scale(self, stage: int) -> Tensor:
        return self.sizes.double() ** -stage


class GivesInt32Indices(StageByStage):
    def forward(self, z: Tensor) -> Answer:
        codes, indices = super().forward(z)
        return codes, indices.int()


class GivesInt16Indices(StageByStage):
    """Which all codebooks of the suite fit into, and no bad index of 31 bits."""

    def forward(self, z: Tensor) -> Answer:
        codes, indices = super().forward(z)
        return codes, indices.short()


class TakesGradientsThroughWhatItTakesOff(StageByStage):
    """Another convention of the gradient: that of all stages as one."""

    def staged(self, x: Tensor) -> tuple[list[Tensor], list[Tensor]]:
        left, parts, indices = self.clamped(x), [], []
        for stage in range(self.count):
            codes = self.rounded(left / self.scale(stage))
            parts.append(codes * self.scale(stage))
            indices.append(self.number(codes))
            left = left - parts[-1]
        return parts, indices


class ProjectsAlways(StageByStage):
    """Linear maps before and after, in their own dtype, as ACE-Step's in diffusers."""

    def __init__(self, levels: list[int], num_quantizers: int, dim: int) -> None:
        super().__init__(levels, num_quantizers)
        self.project_in, self.project_out = nn.Linear(dim, len(levels)), nn.Linear(len(levels), dim)

    def forward(self, z: Tensor) -> Answer:
        codes, indices = super().forward(self.project_in(z.to(self.project_in.weight.dtype)).float())
        return self.project_out(codes.to(self.project_out.weight.dtype)).to(z.dtype), indices

    def get_output_from_indices(self, indices: Tensor) -> Tensor:
        out: Tensor = self.project_out(super().get_output_from_indices(indices).to(self.project_out.weight.dtype))
        return out


class OfImages(nn.Module):
    """(B, d, H, W) and nothing else; a loss before the indices, (B, stages, H, W); decoded under the plain convention's name."""

    def __init__(self, levels: list[int], num_quantizers: int) -> None:
        super().__init__()
        self.inner = StageByStage(levels, num_quantizers)

    def forward(self, z: Tensor) -> tuple[Tensor, Tensor, Tensor]:
        if z.ndim != 4:
            raise ValueError(f"expected four axes, got {tuple(z.shape)}")
        codes, indices = self.inner(z.movedim(1, -1))
        return codes.movedim(-1, 1), torch.zeros(()), indices.movedim(-1, 1)

    def indices_to_codes(self, indices: Tensor) -> Tensor:
        return self.inner.get_output_from_indices(indices.movedim(1, -1)).movedim(-1, 1)


class InNumpy:
    """Without gradient, modes or dropout."""

    def __init__(self, levels: list[int], num_quantizers: int) -> None:
        self.inner = ResidualFSQ(levels, num_quantizers)

    def __call__(self, z: Any) -> Any:
        return self.inner(z)

    def get_output_from_indices(self, indices: Any) -> Any:
        return self.inner.get_output_from_indices(indices)


class EncodesOnly:
    def __init__(self, levels: list[int], num_quantizers: int) -> None:
        self.inner = ResidualFSQ(levels, num_quantizers)

    def __call__(self, z: Any) -> Any:
        return self.inner(z)
