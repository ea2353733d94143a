"""Our own residual FSQ in torch: stages of `TorchFSQ`, and the proof that a good implementation passes every clause."""

from __future__ import annotations

from collections.abc import Callable, Sequence

import torch
from torch import Tensor, nn

from .. import __version__
from ..reference import RESIDUAL_RULES, residual_rule_named
from ..reference.residual import BOUNDED, RAW, SOFT_CLAMP
from .bridge_torch import TorchBridge
from .construction import Construction
from .dialect import RESIDUAL
from .native import NativeAdapter
from .protocol import Capability, Identity, Setup
from .torch_fsq import TorchFSQ


class TorchResidualFSQ(nn.Module):
    """Stages of FSQ in torch, for tensors of any shape (…, d) or, channel-first, (B, d, …).

    levels: the number of levels of each channel. num_quantizers: the number of stages. rule: a name of
    `fsqcheck.reference.RESIDUAL_RULES`. quantize_dropout: in training each call leaves out a random number of the last
    stages, never all; their indices are -1.

    Raises `ValueError` for levels or a rule that the reference does not allow, and for bad shapes and indices.
    """

    bases: Tensor

    def __init__(
        self,
        levels: Sequence[int],
        num_quantizers: int,
        rule: str = "residual",
        *,
        is_channel_first: bool = False,
        quantize_dropout: bool = False,
    ) -> None:
        super().__init__()
        if num_quantizers < 1:
            raise ValueError(f"expected at least one stage, got {num_quantizers}")
        self.rule = residual_rule_named(rule)
        self.levels = tuple(levels)
        self.num_quantizers = num_quantizers
        self.is_channel_first = is_channel_first
        self.quantize_dropout = quantize_dropout
        self.stage = TorchFSQ(levels, self.rule.stage.name)
        # Whole numbers, which no move to another dtype rounds.
        self.register_buffer("bases", torch.tensor(self.levels) - self.rule.shrink, persistent=False)

    def forward(self, z: Tensor) -> tuple[Tensor, Tensor]:
        """Quantize: codes with the shape and dtype of `z`, and int64 indices, their stages in the place of the channels.

        A vector with a NaN has the code NaN in that channel and the index -1 in every stage.
        """
        x = z.movedim(1, -1) if self.is_channel_first else z
        if x.ndim == 0 or x.shape[-1] != len(self.levels):
            raise ValueError(f"expected {len(self.levels)} channels, got the shape {tuple(z.shape)}")
        with torch.autocast(z.device.type, enabled=False):
            codes, indices = self._staged(x if x.dtype == torch.float64 else x.float())
        codes = codes.to(z.dtype)
        return (codes.movedim(-1, 1), indices.movedim(-1, 1)) if self.is_channel_first else (codes, indices)

    def _staged(self, x: Tensor) -> tuple[Tensor, Tensor]:
        left = self._first(x)
        kept = self._kept()
        parts, indices = [], []
        for scale in self._scales(kept, x.dtype):
            codes, index = self.stage(left / scale)
            parts.append(codes * scale)
            left = self._left(left, parts[-1])
            indices.append(index)
        indices += [torch.full_like(indices[0], -1)] * (self.num_quantizers - kept)
        stacked = torch.stack(indices, dim=-1)
        lost = (stacked[..., :kept] < 0).any(dim=-1, keepdim=True)
        return self._sum(torch.stack(parts)), torch.where(lost, -1, stacked)

    def _first(self, x: Tensor) -> Tensor:
        return _FIRST[self.rule.first.name](self.stage, x)

    def _left(self, left: Tensor, codes: Tensor) -> Tensor:
        return left - codes.detach()

    def _sum(self, parts: Tensor) -> Tensor:
        return parts.sum(dim=0)

    def _scales(self, stages: int, dtype: torch.dtype) -> Tensor:
        return torch.stack([self.bases.to(dtype) ** -i for i in range(stages)])

    def _kept(self) -> int:
        if not (self.training and self.quantize_dropout):
            return self.num_quantizers
        return 1 + int(torch.randint(self.num_quantizers, ()))

    def get_codes_from_indices(self, indices: Tensor) -> Tensor:
        """The codes of each stage, times its scale: (…, s) indices → (s, …, d), s ≤ stages; 0 where -1 stands.

        Channel-first, the stages' axis of the indices is axis 1, and so is the channels' of each stage's codes.
        """
        given = indices.movedim(1, -1) if self.is_channel_first else indices
        if not 1 <= given.shape[-1] <= self.num_quantizers:
            raise ValueError(f"expected indices of at most {self.num_quantizers} stages, got {tuple(indices.shape)}")
        dropped = given == -1
        codes = self.stage.indices_to_codes(given.masked_fill(dropped, 0)).masked_fill(dropped[..., None], 0.0)
        staged = (codes * self._scales(given.shape[-1], codes.dtype)).movedim(-2, 0)
        return staged.movedim(-1, 2) if self.is_channel_first else staged

    def get_output_from_indices(self, indices: Tensor) -> Tensor:
        """The sum of the codes of all stages, in the layout of the input."""
        return self.get_codes_from_indices(indices).sum(dim=0)


class TorchGroupedResidualFSQ(nn.Module):
    """Groups of channels, each with residual stages of its own: `dim` channels on the last axis, indices (groups, …, stages)."""

    def __init__(self, *, dim: int, groups: int, **arguments: object) -> None:
        super().__init__()
        self.dim = dim
        self.parts = nn.ModuleList(TorchResidualFSQ(**arguments) for _ in range(groups))  # type: ignore[arg-type]  # passed on

    def forward(self, z: Tensor) -> tuple[Tensor, Tensor]:
        """Quantize: codes with the shape and dtype of `z`, and int64 indices."""
        if z.ndim == 0 or z.shape[-1] != self.dim:
            raise ValueError(f"expected {self.dim} channels, got the shape {tuple(z.shape)}")
        drawn = torch.get_rng_state()
        codes, indices = [], []
        for part, chunk in zip(self.parts, z.chunk(len(self.parts), dim=-1), strict=True):
            torch.set_rng_state(drawn)  # one number of stages for all groups
            found = part(chunk)
            codes.append(found[0])
            indices.append(found[1])
        return torch.cat(codes, dim=-1), torch.stack(indices)

    def get_codes_from_indices(self, indices: Tensor) -> Tensor:
        """The codes of each stage of each group: (groups, stages, …, d)."""
        return torch.stack([part.get_codes_from_indices(one) for part, one in self._paired(indices)])

    def get_output_from_indices(self, indices: Tensor) -> Tensor:
        """The sum of the codes of all stages, side by side."""
        return torch.cat([part.get_output_from_indices(one) for part, one in self._paired(indices)], dim=-1)

    def _paired(self, indices: Tensor) -> list[tuple[TorchResidualFSQ, Tensor]]:
        return [
            (part, one) for part, one in zip(self.parts, indices, strict=True) if isinstance(part, TorchResidualFSQ)
        ]


def _as_it_is(_: TorchFSQ, x: Tensor) -> Tensor:
    return x


def _softly_clamped(stage: TorchFSQ, x: Tensor) -> Tensor:
    """c·tanh(x/c), as far as the outermost cells reach."""
    sizes = stage.sizes.to(x.dtype)
    reach = sizes / (sizes - 1)
    return torch.tanh(x / reach) * reach


def _bounded(stage: TorchFSQ, x: Tensor) -> Tensor:
    """a(x + s)·h - o, on the scale of levels."""
    constants = stage.narrow if x.dtype == torch.float32 or stage.wide is None else stage.wide
    bounded: Tensor = stage.activation(x + constants[0]) * constants[1] + (constants[2] - stage.sizes // 2)
    return bounded


#: The first residual, of the stages' quantizer and the input.
_FIRST: dict[str, Callable[[TorchFSQ, Tensor], Tensor]] = {
    RAW.name: _as_it_is,
    SOFT_CLAMP.name: _softly_clamped,
    BOUNDED.name: _bounded,
}


def residual() -> NativeAdapter:
    """The adapter of our own residual quantizer. It claims the newest rule; the others can be asked for."""
    bridge = TorchBridge()
    return NativeAdapter(
        identity=Identity("torch-fsq", __version__, "fsqcheck.adapters.torch_residual", bridge.framework),
        bridge=bridge,
        construct=_construct,
        rules=tuple(RESIDUAL_RULES)[:1],
        layouts=("BTd", "BdT", "Bd", "BdHW", "BdTHW", "d"),
        offers=frozenset({Capability.INDICES, Capability.DECODE, Capability.STAGE_CODES})
        | {Capability.STAGE_DROPOUT, Capability.GROUPS},
        speaks=lambda _: RESIDUAL,
    )


def _construct(setup: Setup) -> Construction:
    options: dict[str, tuple[object, object]] = {
        "is_channel_first": (setup.layout in ("BdT", "BdHW", "BdTHW"), False),
        "quantize_dropout": (setup.stage_dropout, False),
    }
    arguments: dict[str, object] = {"levels": list(setup.levels), "num_quantizers": setup.stages, "rule": setup.rule}
    arguments |= {name: value for name, (value, default) in options.items() if value != default}
    if setup.groups == 1:
        return Construction("fsqcheck.adapters.torch_residual", "TorchResidualFSQ", arguments)
    shape = {"dim": setup.groups * len(setup.levels), "groups": setup.groups}
    return Construction("fsqcheck.adapters.torch_residual", "TorchGroupedResidualFSQ", shape | arguments)
