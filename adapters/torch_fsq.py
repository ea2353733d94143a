"""The target `torch-fsq`: our own FSQ in torch, and the proof that a good implementation passes every clause.

The module computes float64 in float64 and everything else in float32, whatever the region it runs in; its constants are
exact numbers, rounded once for the dtype they meet. Indices are int64, and pass through floats only where those are exact.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence

import torch
from torch import Tensor, nn

from .. import __version__
from ..reference import RULES, Codebook, rule_named
from ..reference.activations import CLAMP, IFSQ_SIGMOID, IFSQ_STEEPNESS, TANH
from .bridge_torch import TorchBridge
from .construction import Construction
from .native import NativeAdapter
from .protocol import Capability, Identity, Setup


class TorchFSQ(nn.Module):
    """Finite Scalar Quantization in torch, for tensors of any shape (…, width) or, channel-first, (B, width, …).

    levels: the number of levels of each channel. rule: a name of `fsqcheck.reference.RULES`.
    num_codebooks: quantizes `num_codebooks` groups of channels; indices then end in an axis of that length.
    width: the size of the input's channel axis; when it differs from the quantizer's, linear maps lie before and after.
    noise: the probability that a training forward replaces an element by its bounded value plus uniform noise of half a
    step (arXiv 2411.19842 §3.2). Indices are those of the quantized elements.

    Raises `ValueError` for levels or a rule that the reference does not allow, and for bad shapes and indices.
    """

    sizes: Tensor
    basis: Tensor
    narrow: Tensor
    wide: Tensor | None

    def __init__(
        self,
        levels: Sequence[int],
        rule: str = "widened",
        *,
        num_codebooks: int = 1,
        width: int | None = None,
        channel_first: bool = False,
        noise: float = 0.0,
    ) -> None:
        super().__init__()
        self.codebook = Codebook(levels)
        self.rule = rule_named(rule)
        self.levels = self.codebook.levels
        self.num_codebooks = num_codebooks
        self.channel_first = channel_first
        if not 0.0 <= noise <= 1.0:
            raise ValueError(f"noise must be a probability in [0, 1], got {noise}")
        self.noise = noise
        inner = len(self.levels) * num_codebooks
        self.width = inner if width is None else width
        projects = self.width != inner
        self.project_in = nn.Linear(self.width, inner) if projects else nn.Identity()
        self.project_out = nn.Linear(inner, self.width) if projects else nn.Identity()
        self.activation = _ACTIVATIONS[self.rule.activation.name]()
        self.register_buffer("sizes", torch.tensor(self.levels), persistent=False)
        self.register_buffer("basis", torch.from_numpy(self.codebook.basis.copy()), persistent=False)
        self._lay_constants()

    def _lay_constants(self) -> None:
        """The exact constants on the module's device, rounded once: rows shift, amplitude, bias, centre, half."""
        constants = [self.rule.constants(level).rounded for level in self.levels]
        rows = [[k.shift, k.amplitude, k.centre - k.offset] for k in constants]
        grid = [[self.rule.grid.centre(level), self.rule.grid.half(level)] for level in self.levels]
        table = torch.tensor(rows, dtype=torch.float64).T, torch.tensor(grid, dtype=torch.float64).T
        exact = torch.cat(table)
        device = self.basis.device
        self.register_buffer("narrow", exact.to(device=device, dtype=torch.float32), persistent=False)
        self.register_buffer("wide", None if device.type == "mps" else exact.to(device), persistent=False)

    def _apply(self, fn: Callable[[Tensor], Tensor], recurse: bool = True) -> TorchFSQ:
        """Moves the module; its constants stay whole, whatever dtype it is moved to."""
        super()._apply(fn, recurse)  # type: ignore[no-untyped-call]  # torch has no type for it
        self._lay_constants()
        return self

    def forward(self, z: Tensor) -> tuple[Tensor, Tensor]:
        """Quantize: codes with the shape and dtype of `z`, and int64 indices of its positions.

        A NaN channel has the code NaN and its vector the index -1, which decodes to nothing.
        """
        first = self.channel_first and z.ndim > 1
        if z.ndim == 0 or z.shape[1 if first else -1] != self.width:
            where = "axis 1" if first else "the last axis"
            raise ValueError(f"expected {self.width} channels on {where}, got the shape {tuple(z.shape)}")
        inputs = self.project_in(z.movedim(1, -1) if first else z)
        grouped = inputs.unflatten(-1, (self.num_codebooks, len(self.levels)))
        with torch.autocast(z.device.type, enabled=False):
            codes, indices = self._quantize(grouped if grouped.dtype == torch.float64 else grouped.float())
        out = self.project_out(codes.flatten(-2).to(inputs.dtype)).to(z.dtype)
        return (out.movedim(-1, 1) if first else out), (indices.squeeze(-1) if self.num_codebooks == 1 else indices)

    def codes_to_indices(self, codes: Tensor) -> Tensor:
        """The int64 indices of codes (…, d); -1 for a code that is NaN or lies off the grid's ends; `ValueError` for no d."""
        if codes.shape[-1:] != self.sizes.shape:
            raise ValueError(f"codes must have {len(self.levels)} channels last, got the shape {tuple(codes.shape)}")
        values = codes.float() if self.wide is None else codes.double()
        centre, half = (self.narrow if self.wide is None else self.wide)[3:]
        level = torch.round(values * half + centre)
        return self._packed(torch.where((level >= 0) & (level < self.sizes), level, torch.nan))

    def indices_to_codes(self, indices: Tensor) -> Tensor:
        """The codes of indices, in the layout and at the width of the input; `ValueError` outside the codebook."""
        if indices.is_floating_point() or indices.dtype == torch.bool:
            raise ValueError(f"indices must be integers, got {indices.dtype}")
        if indices.numel() and (int(indices.min()) < 0 or int(indices.max()) >= self.codebook.size):
            raise ValueError(f"indices outside 0 … {self.codebook.size - 1}, the codebook of {list(self.levels)}")
        level = (indices.long()[..., None] // self.basis) % self.sizes
        centre, half = (self.narrow if self.wide is None else self.wide)[3:]
        codes = (level - centre) / half
        if self.num_codebooks > 1:
            codes = codes.flatten(-2)
        first = next(self.project_out.parameters(), None)
        out: Tensor = self.project_out(codes.to(torch.get_default_dtype() if first is None else first.dtype))
        return out.movedim(-1, 1) if self.channel_first and out.ndim > 1 else out

    def _quantize(self, z: Tensor) -> tuple[Tensor, Tensor]:
        constants = self.narrow if z.dtype == torch.float32 or self.wide is None else self.wide
        shift, amplitude, bias, centre, half = constants
        u = self.activation(z + shift) * amplitude + bias
        with torch.no_grad():
            rounded = torch.round(u) if self.rule.rounding == "half-even" else torch.floor(u + 0.5)
            # Not a clamp between two tensors, which takes ten times as long.
            level = torch.minimum(rounded.clamp(min=0.0), (self.sizes - 1).to(z.dtype))
            codes: Tensor = (level - centre) / half
        noisy = self.training and self.noise > 0.0
        if torch.is_grad_enabled() or noisy:
            smooth = (u - centre) / half
            # The forward value is `codes` itself: no sum of large numbers stands in for it.
            codes = _StraightThrough.apply(smooth, codes)  # type: ignore[no-untyped-call]  # torch has no type for it
        if noisy:
            away = smooth + (2.0 * torch.rand_like(smooth) - 1.0) / (2.0 * half)
            codes = torch.where(torch.rand_like(smooth) < self.noise, away, codes)
        return codes, self._packed(level)

    def _packed(self, level: Tensor) -> Tensor:
        """The int64 indices of levels (…, d), whole numbers of 0 … L-1 in floats; -1 for a vector that holds NaN.

        In a float that holds every index, so that each sum is exact; beyond those in int64.
        """
        size = self.codebook.size
        if size > _WHOLE[torch.float32 if self.wide is None else torch.float64]:
            known = ~level.isnan().any(dim=-1)
            exact = torch.where(known[..., None], level, torch.zeros_like(level)).long()
            return torch.where(known, (exact * self.basis).sum(dim=-1), -1)
        carrier = torch.float32 if size <= _WHOLE[torch.float32] else torch.float64
        index = (level.to(carrier) * self.basis.to(carrier)).sum(dim=-1)
        return index.nan_to_num(nan=-1.0).long()


#: Up to these every whole number is a float of the dtype.
_WHOLE = {torch.float32: 2**24, torch.float64: 2**53}


class _IfsqSigmoid(nn.Module):
    """2·sigmoid(1.6 x) - 1, which is tanh(0.8 x)."""

    def forward(self, x: Tensor) -> Tensor:
        return torch.tanh(0.5 * IFSQ_STEEPNESS * x)


#: Modules, not branches: what a compiled module may take for another's is guarded by its type.
_ACTIVATIONS: dict[str, Callable[[], nn.Module]] = {
    TANH.name: nn.Tanh,
    CLAMP.name: nn.Hardtanh,
    IFSQ_SIGMOID.name: _IfsqSigmoid,
}


class _StraightThrough(torch.autograd.Function):
    """The hard value forward, the smooth one's gradient backward."""

    @staticmethod
    def forward(smooth: Tensor, hard: Tensor) -> Tensor:
        return hard + torch.zeros_like(smooth)

    @staticmethod
    def setup_context(ctx: object, inputs: tuple[Tensor, Tensor], output: Tensor) -> None:
        """Nothing is kept for the backward pass."""

    @staticmethod
    def backward(ctx: object, upstream: Tensor) -> tuple[Tensor, None]:  # noqa: ARG004
        return upstream, None


def adapter() -> NativeAdapter:
    """The adapter of our own torch FSQ."""
    from .torch_residual import residual

    bridge = TorchBridge()
    return NativeAdapter(
        identity=Identity("torch-fsq", __version__, "fsqcheck.adapters.torch_fsq", bridge.framework),
        bridge=bridge,
        construct=_construct,
        rules=tuple(RULES),
        layouts=("BTd", "BdT", "Bd", "BdHW", "BdTHW", "BHWd", "d"),
        offers=frozenset({Capability.INDICES, Capability.ENCODE, Capability.DECODE, Capability.NOISE})
        | {Capability.CODEBOOKS, Capability.PROJECTION},
        residual=residual(),
    )


def _construct(setup: Setup) -> Construction:
    options: dict[str, tuple[object, object]] = {
        "channel_first": (setup.layout in ("BdT", "BdHW", "BdTHW"), False),
        "num_codebooks": (setup.num_codebooks, 1),
        "width": (setup.width, None),
        "noise": (setup.noise, None),
    }
    arguments: dict[str, object] = {"levels": list(setup.levels), "rule": setup.rule}
    arguments |= {name: value for name, (value, default) in options.items() if value != default}
    return Construction("fsqcheck.adapters.torch_fsq", "TorchFSQ", arguments)
