"""The target `jax-fsq`: our own FSQ in JAX, and the proof that nothing in the suite takes a target for torch.

It computes float64 in float64 and everything else in float32, with exact constants that are rounded once. Indices are
integers from the start. What XLA offers as tanh is not good enough for it: see `tanh`.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

import jax
import jax.numpy as jnp
import numpy as np

from .. import __version__
from ..reference import RULES, Codebook, rule_named
from ..reference.activations import CLAMP, IFSQ_SIGMOID, IFSQ_STEEPNESS, TANH
from .bridge_jax import JaxBridge
from .construction import Construction
from .native import NativeAdapter
from .protocol import Capability, Identity, Setup

Array = Any

#: Below it exp loses what is left of 1, above it expm1 rounds more often.
_SMALL = 0.55


class JaxFSQ:
    """Finite Scalar Quantization in JAX, for arrays of any shape (…, d); pure, so that jit, vjp and vmap take it.

    Its methods are compiled once for each shape and dtype, and equal quantizers share what was compiled.

    levels: the number of levels of each channel. rule: a name of `fsqcheck.reference.RULES`.

    Raises `ValueError` for levels or a rule that the reference does not allow, for more than 2^31 codes where JAX has no
    64-bit types, and for bad shapes.
    """

    def __init__(self, levels: Sequence[int], rule: str = "paper") -> None:
        self.codebook = Codebook(levels)
        self.rule = rule_named(rule)
        self.levels = self.codebook.levels
        if self.codebook.size > 2**31 and not jax.config.jax_enable_x64:
            raise ValueError(
                f"{self.codebook.size} codes need indices of 64 bits; call jax.config.update('jax_enable_x64', True) first"
            )
        self.index_dtype = np.dtype(np.int32 if self.codebook.size <= 2**31 else np.int64)
        exact = [self.rule.constants(level).rounded for level in self.levels]
        self.shift = np.array([one.shift for one in exact])
        self.amplitude = np.array([one.amplitude for one in exact])
        self.bias = np.array([one.centre - one.offset for one in exact])
        self.centre = np.array([self.rule.grid.centre(level) for level in self.levels], dtype=np.float64)
        self.half = np.array([self.rule.grid.half(level) for level in self.levels], dtype=np.float64)

    def __eq__(self, other: object) -> bool:
        return isinstance(other, JaxFSQ) and (self.levels, self.rule) == (other.levels, other.rule)

    def __hash__(self) -> int:
        return hash((self.levels, self.rule.name))

    def __call__(self, z: Array) -> tuple[Array, Array]:
        """Codes with the shape and dtype of `z`, and the integer indices of its positions.

        A NaN channel has the code NaN and its vector the index -1, which decodes to NaN.
        """
        return _quantize(self, jnp.asarray(z))  # type: ignore[no-any-return]  # JAX may have no types here

    def codes_to_indices(self, codes: Array) -> Array:
        """The indices of codes (…, d); -1 for a code that is NaN or lies off the grid's ends."""
        return _encode(self, jnp.asarray(codes))

    def indices_to_codes(self, indices: Array) -> Array:
        """The codes (…, d) of integer indices, in JAX's default float; NaN outside the codebook, as jit allows no error."""
        return _decode(self, jnp.asarray(indices))

    def _quantized(self, z: Array) -> tuple[Array, Array]:
        if z.ndim == 0 or z.shape[-1] != len(self.levels):
            raise ValueError(f"expected {len(self.levels)} channels on the last axis, got the shape {z.shape}")
        dtype = jnp.float64 if z.dtype == jnp.float64 else jnp.float32
        shift, amplitude, bias, centre, half = (
            constant.astype(dtype) for constant in (self.shift, self.amplitude, self.bias, self.centre, self.half)
        )
        u = _ACTIVATIONS[self.rule.activation.name](z.astype(dtype) + shift) * amplitude + bias
        rounded = jnp.round(u) if self.rule.rounding == "half-even" else jnp.floor(u + dtype(0.5))
        level = jax.lax.stop_gradient(jnp.clip(rounded, 0, np.array(self.levels, dtype=dtype) - 1))
        codes = _straight_through((u - centre) / half, (level - centre) / half)
        return codes.astype(z.dtype), self._packed(level)

    def _encoded(self, codes: Array) -> Array:
        values = codes.astype(jnp.float64 if codes.dtype == jnp.float64 else jnp.float32)
        return self._packed(jnp.round(values * self.half.astype(values.dtype) + self.centre.astype(values.dtype)))

    def _decoded(self, given: Array) -> Array:
        if not jnp.issubdtype(given.dtype, jnp.integer):
            raise ValueError(f"indices must be integers, got {given.dtype}")
        highest = min(self.codebook.size - 1, int(jnp.iinfo(given.dtype).max))
        known = (given >= 0) & (given <= highest)
        index = jnp.where(known, given, 0).astype(self.index_dtype)
        level = (index[..., None] // self._basis) % np.array(self.levels, dtype=self.index_dtype)
        dtype = jnp.result_type(float)
        codes = (level.astype(dtype) - self.centre.astype(dtype)) / self.half.astype(dtype)
        return jnp.where(known[..., None], codes, jnp.nan)

    @property
    def _basis(self) -> Any:
        return self.codebook.basis.astype(self.index_dtype)

    def _packed(self, level: Array) -> Array:
        known = jnp.all((level >= 0) & (level < np.array(self.levels, dtype=level.dtype)), axis=-1)
        exact = jnp.where(known[..., None], level, 0).astype(self.index_dtype)
        return jnp.where(known, (exact * self._basis).sum(axis=-1, dtype=self.index_dtype), -1)


def _tanh_value(x: Array) -> Array:
    """tanh from exp and expm1, within 1.5·eps/2 of 1 and monotone.

    XLA's own on the CPU (jax 0.10.2) is off by up to 4.8·eps/2 in float32 and is not monotone from |x| = 1.5 on, which
    costs a right rule its outer thresholds: `python -m fsqcheck.benchmarks.xla_tanh` prints by how much.
    """
    twice = 2.0 * jnp.abs(x)
    small = jnp.expm1(jnp.minimum(twice, 2.0 * _SMALL))
    value = jnp.where(twice < 2.0 * _SMALL, small / (small + 2.0), 1.0 - 2.0 / (jnp.exp(twice) + 1.0))
    return jnp.copysign(value, x)


def _tanh_tangent(primals: tuple[Array], tangents: tuple[Array]) -> tuple[Array, Array]:
    y = _tanh_value(*primals)
    return y, tangents[0] * (1.0 - y * y)


def _hard(smooth: Array, hard: Array) -> Array:  # noqa: ARG001
    return hard


def _hard_tangent(primals: tuple[Array, Array], tangents: tuple[Array, Array]) -> tuple[Array, Array]:
    return primals[1], tangents[0]


_quantize = jax.jit(JaxFSQ._quantized, static_argnums=0)
_encode = jax.jit(JaxFSQ._encoded, static_argnums=0)
_decode = jax.jit(JaxFSQ._decoded, static_argnums=0)
tanh = jax.custom_jvp(_tanh_value)
tanh.defjvp(_tanh_tangent)
#: The hard value forward, the smooth one's gradient backward: no sum of large numbers stands in for the code.
_straight_through = jax.custom_jvp(_hard)
_straight_through.defjvp(_hard_tangent)

_ACTIVATIONS: dict[str, Callable[[Array], Array]] = {
    TANH.name: tanh,
    CLAMP.name: lambda x: jnp.clip(x, -1.0, 1.0),
    IFSQ_SIGMOID.name: lambda x: tanh(0.5 * IFSQ_STEEPNESS * x),
}


def adapter() -> NativeAdapter:
    """The adapter of our own JAX FSQ."""
    bridge = JaxBridge()
    return NativeAdapter(
        identity=Identity("jax-fsq", __version__, "fsqcheck.adapters.jax_fsq", bridge.framework),
        bridge=bridge,
        construct=_construct,
        rules=tuple(RULES),
        layouts=("BTd", "Bd", "d"),
        offers=frozenset({Capability.INDICES, Capability.ENCODE, Capability.DECODE}),
        refuses=_refusal,
    )


def _construct(setup: Setup) -> Construction:
    return Construction("fsqcheck.adapters.jax_fsq", "JaxFSQ", {"levels": list(setup.levels), "rule": setup.rule})


def _refusal(setup: Setup) -> str | None:
    wants_more = setup.noise is not None or setup.num_codebooks > 1 or setup.width is not None
    return "it is a pure function: it has no noise, one codebook and no projections" if wants_more else None
