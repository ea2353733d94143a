"""Finite Scalar Quantization in NumPy: what a correct one computes, for arrays of any shape."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

from .codebook import Codebook
from .precision import PRECISIONS, Array
from .rules import Rule, rule_named

Integers = NDArray[np.int64]


class FSQ:
    """A quantizer of vectors of d channels with `levels[i]` levels each, under one rule.

    levels: d whole numbers ≥ 2, with a product of at most 2^62.
    rule: a name of `RULES` or a `Rule`.
    noise: the probability p that a training forward replaces an element by its bounded value plus uniform noise of
        half a step (arXiv 2411.19842 §3.2); 0 by default. Indices are always those of the quantized element.
    seed: seeds that noise.

    Everything is computed in float64 from exact constants and rounded once, to the dtype of the input. Raises
    `ValueError` for levels that the rule or the codebook does not allow, or a probability outside [0, 1].
    """

    def __init__(
        self, levels: Sequence[int], rule: str | Rule = "widened", *, noise: float = 0.0, seed: int = 0
    ) -> None:
        self.rule = rule_named(rule) if isinstance(rule, str) else rule
        self.codebook = Codebook(levels)
        for level in self.codebook.levels:
            self.rule.constants(level)
        if not 0.0 <= noise <= 1.0:
            raise ValueError(f"noise must be a probability in [0, 1], got {noise}")
        self.noise = noise
        self.training = False
        self._random = np.random.default_rng(seed)

    @property
    def levels(self) -> tuple[int, ...]:
        """The number of levels of each channel."""
        return self.codebook.levels

    def train(self, mode: bool = True) -> FSQ:
        """Switch training on or off; noise is drawn only in training."""
        self.training = mode
        return self

    def __call__(self, z: Array) -> tuple[Array, Integers]:
        """Quantize: (…, d) floats → codes (…, d) of the same dtype, and indices (…,) int64.

        A NaN channel has the code NaN and its vector the index -1, which decodes to nothing. Raises `ValueError` for
        the wrong number of channels or an input that is not float64, float32, float16 or bfloat16.
        """
        z = self._vectors(z)
        level = np.stack([self.rule.level(z[..., i], L) for i, L in enumerate(self.levels)], axis=-1)
        codes = self._codes(level)
        if self.training and self.noise > 0.0:
            codes = self._with_noise(z, codes)
        known = (level >= 0).all(axis=-1)
        indices = np.where(known, self.codebook.pack(np.maximum(level, 0)), -1)
        return codes.astype(z.dtype), indices

    def codes_to_indices(self, codes: Array) -> Integers:
        """The indices of codes: (…, d) floats → (…,) int64; -1 for a code that is NaN or lies off the grid's ends."""
        codes = self._vectors(codes)
        level, known = np.empty(codes.shape, dtype=np.int64), np.ones(codes.shape[:-1], dtype=bool)
        for i, L in enumerate(self.levels):
            nearest = np.rint(self.rule.grid.coordinate(codes[..., i], L))
            valid = (nearest >= 0) & (nearest < L)
            level[..., i] = np.where(valid, nearest, 0)
            known &= valid
        return np.where(known, self.codebook.pack(level), -1)

    def indices_to_codes(self, indices: NDArray[Any]) -> NDArray[np.float64]:
        """The codes of indices: (…,) integers → (…, d) float64; `ValueError` for an index outside the codebook."""
        return self._codes(self.codebook.unpack(indices))

    def vjp(self, z: Array, upstream: Array) -> Array:
        """The straight-through gradient: upstream · d code/d z of the smooth part; shape and dtype of `z`.

        Raises `ValueError` for an upstream of another shape.
        """
        z = self._vectors(z)
        if np.shape(upstream) != z.shape:
            raise ValueError(f"expected an upstream of the input's shape {z.shape}, got {np.shape(upstream)}")
        slope = np.stack([self.rule.slope(z[..., i], L) for i, L in enumerate(self.levels)], axis=-1)
        return (slope * np.asarray(upstream, dtype=np.float64)).astype(z.dtype)

    def _codes(self, level: Integers) -> NDArray[np.float64]:
        codes = np.stack([self.rule.grid.code(level[..., i], L) for i, L in enumerate(self.levels)], axis=-1)
        return np.where(level >= 0, codes, np.nan)

    def _with_noise(self, z: Array, codes: NDArray[np.float64]) -> NDArray[np.float64]:
        bounded = np.stack([self.rule.bounded(z[..., i], L) for i, L in enumerate(self.levels)], axis=-1)
        half_step = np.array([self.rule.grid.step(L) / 2 for L in self.levels])
        noisy = bounded + self._random.uniform(-1.0, 1.0, size=z.shape) * half_step
        return np.where(self._random.random(z.shape) < self.noise, noisy, codes)

    def _vectors(self, values: Array) -> Array:
        values = np.asarray(values)
        if values.dtype not in {p.dtype for p in PRECISIONS.values()}:
            raise ValueError(f"expected {', '.join(PRECISIONS)}, got {values.dtype}")
        if values.ndim == 0 or values.shape[-1] != len(self.levels):
            raise ValueError(f"expected an array of shape (…, {len(self.levels)}), got {values.shape}")
        return values
