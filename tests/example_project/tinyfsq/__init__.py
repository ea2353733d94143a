"""A tiny FSQ of somebody else's, in NumPy: the rule `widened`, and one fault that its baseline knows."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

Array = NDArray[Any]


class FSQ:
    """Finite Scalar Quantization with the usual calling convention."""

    def __init__(self, levels: Sequence[int], eps: float = 1e-3) -> None:
        self.levels = np.array(levels, np.int64)
        self.basis = np.cumprod([1, *levels[:-1]], dtype=np.int64)
        self.half_l = (self.levels - 1) * (1 + eps) / 2
        self.offset = np.where(self.levels % 2 == 0, 0.5, 0.0)
        self.shift = np.arctanh(self.offset / self.half_l)

    def __call__(self, z: Array) -> tuple[Array, Array]:
        """Codes in [-1, 1] and indices of an array whose last axis holds the channels."""
        if z.ndim == 0 or z.shape[-1] != len(self.levels):
            raise ValueError(f"expected {len(self.levels)} channels in the last axis, got an array of shape {z.shape}")
        bounded = np.tanh(z.astype(np.float64) + self.shift) * self.half_l - self.offset
        centred = np.clip(np.round(bounded), -(self.levels // 2), self.levels - 1 - self.levels // 2)
        codes = (centred / (self.levels // 2)).astype(z.dtype)
        return codes, self.codes_to_indices(codes)

    def codes_to_indices(self, codes: Array) -> Array:
        """One index a vector, the first channel fastest."""
        digits = np.round(codes.astype(np.float64) * (self.levels // 2)) + self.levels // 2
        # The known fault: a sum in float32 loses what is above 2^24.
        return (digits * self.basis).astype(np.float32).sum(-1, dtype=np.float32).astype(np.int64)

    def indices_to_codes(self, indices: Array) -> Array:
        """The codes of indices; one that is out of range is refused."""
        if np.any((indices < 0) | (indices >= self.levels.prod())):
            raise IndexError(f"indices must be in 0 … {self.levels.prod() - 1}")
        digits = indices[..., None] // self.basis % self.levels
        return ((digits - self.levels // 2) / (self.levels // 2)).astype(np.float32)
