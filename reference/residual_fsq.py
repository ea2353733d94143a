"""Residual FSQ in NumPy: what a correct one computes, for arrays of any shape, with its channels last."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

from .codebook import Codebook
from .precision import PRECISIONS, Array
from .residual import Followed, ResidualRule, residual_rule_named

Integers = NDArray[np.int64]
Floats = NDArray[np.float64]


class ResidualFSQ:
    """Stages of FSQ over vectors of d channels, each of which quantizes what those before it left.

    levels: d whole numbers ≥ 2. num_quantizers: the number of stages, at least 1. rule: a name of `RESIDUAL_RULES` or a
    `ResidualRule`. groups: quantizes so many groups of d channels, each by itself; indices then begin with their axis.
    quantize_dropout: in training, each call leaves out a random number of the last stages, never all; their indices
    are -1, and they add nothing. seed: seeds that.

    Everything is computed in float64 and rounded once, to the dtype of the input. Raises `ValueError` for levels that the
    rule or the codebook does not allow, and for numbers of stages or groups below 1.
    """

    def __init__(
        self,
        levels: Sequence[int],
        num_quantizers: int,
        rule: str | ResidualRule = "residual",
        *,
        groups: int | None = None,
        quantize_dropout: bool = False,
        seed: int = 0,
    ) -> None:
        self.rule = residual_rule_named(rule) if isinstance(rule, str) else rule
        self.codebook = Codebook(levels)
        for level in self.codebook.levels:
            self.rule.stage.constants(level)
        if num_quantizers < 1 or (groups is not None and groups < 1):
            raise ValueError(f"expected at least one stage and one group, got {num_quantizers} and {groups}")
        self.num_quantizers = num_quantizers
        self.groups = groups
        self.quantize_dropout = quantize_dropout
        self.training = False
        self._random = np.random.default_rng(seed)

    @property
    def levels(self) -> tuple[int, ...]:
        """The number of levels of each channel."""
        return self.codebook.levels

    def train(self, mode: bool = True) -> ResidualFSQ:
        """Switch training on or off; stages are left out only in training."""
        self.training = mode
        return self

    def __call__(self, z: Array) -> tuple[Array, Integers]:
        """Quantize: (…, d) floats → codes (…, d) of the same dtype, and indices (…, stages) int64.

        A vector with a NaN has the code NaN in that channel and the index -1 in every stage. With `groups`, (…, groups·d)
        floats → codes of that shape, and indices (groups, …, stages).
        """
        grouped = self._grouped(z)
        level = np.stack([one.level for one in self._followed(grouped)], axis=-2)  # (groups, …, d, stages)
        kept = self._kept()
        level[..., kept:] = -1
        codes = np.where(np.isnan(grouped.astype(np.float64)), np.nan, self._terms(level).sum(axis=-1))
        known = (level >= 0).all(axis=-2)
        packed = self.codebook.pack(np.moveaxis(np.maximum(level, 0), -2, -1))
        return self._ungrouped(codes).astype(z.dtype), self._first_group(np.where(known, packed, -1))

    def get_codes_from_indices(self, indices: NDArray[Any]) -> Floats:
        """The codes of each stage, times its scale: (…, s) integers → (s, …, d) float64, s ≤ stages; 0 where -1 stands.

        With `groups`, (groups, …, s) → (groups, s, …, d). `ValueError` for an index outside the codebook, other than -1.
        """
        given = np.asarray(indices)
        if given.ndim < 1 or given.shape[-1] > self.num_quantizers:
            raise ValueError(f"expected indices of at most {self.num_quantizers} stages, got the shape {given.shape}")
        level = np.where((given == -1)[..., None], -1, self.codebook.unpack(np.where(given == -1, 0, given)))
        terms = self._terms(np.swapaxes(level, -1, -2))
        return np.moveaxis(terms, -1, 0 if self.groups is None else 1)

    def get_output_from_indices(self, indices: NDArray[Any]) -> Floats:
        """The sum of the codes of all stages: (…, s) integers → (…, d) float64, as `get_codes_from_indices` says."""
        codes = self.get_codes_from_indices(indices)
        return codes.sum(axis=0) if self.groups is None else self._ungrouped(codes.sum(axis=1))

    def vjp(self, z: Array, upstream: Array) -> Array:
        """The straight-through gradient: upstream times the sum of the stages' slopes; shape and dtype of `z`.

        What a stage takes away from the next one counts as a constant, as in vector-quantize-pytorch.
        """
        followed = self._followed(self._grouped(z))
        slope = np.stack([one.slope * one.gain.sum(axis=-1) for one in followed], axis=-1)
        return (self._ungrouped(slope) * np.asarray(upstream, dtype=np.float64)).astype(z.dtype)

    def _followed(self, grouped: Array) -> list[Followed]:
        """Each channel through all stages: arrays (groups, …, stages)."""
        return [self.rule.followed(grouped[..., i], L, self.num_quantizers) for i, L in enumerate(self.levels)]

    def _terms(self, level: Integers) -> Floats:
        """What each stage adds, of level indices (…, d, s): its code times its scale, 0 where -1 stands."""
        terms = np.empty(level.shape)
        for i, L in enumerate(self.levels):
            scale = np.array([self.rule.scale(L, stage) for stage in range(level.shape[-1])])
            terms[..., i, :] = np.where(
                level[..., i, :] < 0, 0.0, self.rule.stage.grid.code(level[..., i, :], L) * scale
            )
        return terms

    def _kept(self) -> int:
        if not (self.training and self.quantize_dropout):
            return self.num_quantizers
        return int(self._random.integers(1, self.num_quantizers, endpoint=True))

    def _grouped(self, z: Array) -> Array:
        """(…, groups·d) as (groups, …, d), one group where there are none."""
        groups, d = self.groups or 1, len(self.levels)
        if np.asarray(z).dtype not in {p.dtype for p in PRECISIONS.values()}:
            raise ValueError(f"expected {', '.join(PRECISIONS)}, got {np.asarray(z).dtype}")
        if z.ndim == 0 or z.shape[-1] != groups * d:
            raise ValueError(f"expected an array of shape (…, {groups * d}), got {z.shape}")
        return np.moveaxis(z.reshape((*z.shape[:-1], groups, d)), -2, 0)

    def _ungrouped(self, grouped: Array) -> Array:
        moved = np.moveaxis(grouped, 0, -2)
        return moved.reshape((*moved.shape[:-2], moved.shape[-2] * moved.shape[-1]))

    def _first_group(self, indices: Integers) -> Integers:
        return indices[0] if self.groups is None else indices
