"""Bit patterns in NumPy arrays, and the reductions over what a quantizer makes of them."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

from ..reference import PRECISIONS, Precision
from .layouts import Layout

Array = NDArray[Any]

#: Numbers that go through a quantizer at once: what a core's own cache holds.
CHUNK = 2**16


class NumpyArrays:
    """`Arrays` over NumPy."""

    ahead = 0

    def __init__(self, precision: Precision, channels: int) -> None:
        self.chunk = CHUNK >> (channels - 1).bit_length()
        self._precision = precision

    def patterns(self, first: int, count: int) -> Array:
        """An array of its own."""
        unsigned = np.dtype(f"u{self._precision.integer.itemsize}")
        last = np.arange(count, dtype=np.uint64) + np.uint64(first)
        return last.astype(unsigned).view(self._precision.dtype)

    def arranged(self, values: Array, layout: Layout, channels: int) -> Array:
        """A contiguous array."""
        return np.ascontiguousarray(layout.arrange(np.repeat(values[:, None], channels, axis=1)))

    def rows(self, codes: Any, layout: Layout) -> Array:
        """A view where that can be had."""
        return layout.flatten(np.asarray(codes))

    def flat(self, indices: Any) -> Array:
        """A view where that can be had."""
        return np.asarray(indices).reshape(-1)

    def dtype(self, native: Any) -> str:
        """The name that NumPy and ml_dtypes give it."""
        return str(np.asarray(native).dtype.name)

    def whole(self, native: Any) -> bool:
        """Whether its dtype is one of integers."""
        return np.asarray(native).dtype.kind in "iu"

    def extents(self, codes: Array, indices: Array | None) -> list[int]:
        """Numbers at once."""
        bits = np.ascontiguousarray(codes).view(PRECISIONS[codes.dtype.name].integer)
        found = [*bits.min(axis=0).tolist(), *bits.max(axis=0).tolist()]
        return found if indices is None else [*found, int(indices.min()), int(indices.max())]

    def read(self, extents: list[int]) -> list[int]:
        """They are numbers already."""
        return extents

    def spans(self, codes: Array) -> list[tuple[float, float]]:
        """As floats."""
        wide = codes.astype(np.float64)
        return list(zip(wide.min(axis=0).tolist(), wide.max(axis=0).tolist(), strict=True))

    def all_nan(self, codes: Array) -> bool:
        """Whether every code is NaN."""
        return bool(np.isnan(codes.astype(np.float64)).all())

    def host(self, native: Array) -> Array:
        """The array itself."""
        return native

    def held(self) -> int:
        """Nothing but the process's own memory."""
        return 0
