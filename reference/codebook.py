"""The codebook: level indices packed into one integer, exactly, in int64."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property
from math import prod
from typing import Any, Literal

import numpy as np
from numpy.typing import NDArray

Integers = NDArray[np.int64]
#: Which channel is the least significant, by the names that NumPy has for it: "F", the first; "C", the last.
Order = Literal["F", "C"]

#: The largest codebook that packs without any intermediate leaving int64.
LARGEST_SIZE = 2**62


@dataclass(frozen=True)
class Codebook:
    """The product of the channels: index = Σ_i level_i · Π_{j<i} L_j, first channel least significant.

    order: "C" for libraries that have it the other way round, Σ_i level_i · Π_{j>i} L_j; the papers' is "F".
    Raises `ValueError` when `levels` is empty, holds anything but whole numbers ≥ 2, or has a product above 2^62.
    """

    levels: tuple[int, ...]
    order: Order

    def __init__(self, levels: Sequence[int], order: Order = "F") -> None:
        given = tuple(levels)
        if not given:
            raise ValueError("levels are empty; give one whole number ≥ 2 for each channel, e.g. 8,5,5,5")
        for level in given:
            if isinstance(level, bool) or not isinstance(level, (int, np.integer)) or level < 2:
                raise ValueError(f"levels {_words(given)} hold {level!r}; each must be a whole number ≥ 2")
        if prod(int(level) for level in given) > LARGEST_SIZE:
            raise ValueError(
                f"levels {_words(given)} make more than 2^62 codes; an int64 index cannot hold them safely"
            )
        object.__setattr__(self, "levels", tuple(int(level) for level in given))
        object.__setattr__(self, "order", order)

    @cached_property
    def size(self) -> int:
        """The number of codes, ΠL."""
        return prod(self.levels)

    @cached_property
    def basis(self) -> Integers:
        """The weight of each channel in the index: int64, (d,)."""
        if self.order == "C":
            return np.cumprod([1, *self.levels[:0:-1]], dtype=np.int64)[::-1]
        return np.cumprod([1, *self.levels[:-1]], dtype=np.int64)

    def pack(self, level: NDArray[Any]) -> Integers:
        """The indices of level indices: (…, d) integers → (…,) int64.

        Raises `ValueError` for the wrong number of channels or a level index outside 0 … L-1.
        """
        level = np.asarray(level)
        if level.ndim == 0 or level.shape[-1] != len(self.levels):
            raise ValueError(f"expected level indices of shape (…, {len(self.levels)}), got {level.shape}")
        if level.dtype.kind not in "iu":
            raise ValueError(f"level indices must be integers, got {level.dtype}")
        exact = level.astype(np.int64)
        if ((exact < 0) | (exact >= np.array(self.levels))).any():
            raise ValueError(f"level indices outside 0 … L-1 for levels {_words(self.levels)}")
        packed: Integers = (exact * self.basis).sum(axis=-1, dtype=np.int64)
        return packed

    def unpack(self, index: NDArray[Any]) -> Integers:
        """The level indices of indices: (…,) integers → (…, d) int64.

        Raises `ValueError` for an index outside 0 … ΠL-1 or one that is not an integer.
        """
        index = np.asarray(index)
        if index.dtype.kind not in "iu":
            raise ValueError(f"indices must be integers, got {index.dtype}")
        if index.size and (int(index.min()) < 0 or int(index.max()) >= self.size):
            worst = int(index.min()) if int(index.min()) < 0 else int(index.max())
            raise ValueError(
                f"index {worst} is outside the codebook: 0 … {self.size - 1} for levels {_words(self.levels)}"
            )
        unpacked: Integers = (index.astype(np.int64)[..., None] // self.basis) % np.array(self.levels)
        return unpacked


def _words(levels: tuple[object, ...]) -> str:
    return "[" + ", ".join(str(level) for level in levels) + "]"


#: The paper's recommendations: wanted size → levels (arXiv 2309.15505, table 1).
RECOMMENDED: dict[int, tuple[int, ...]] = {
    2**8: (8, 6, 5),
    2**10: (8, 5, 5, 5),
    2**12: (7, 5, 5, 5, 5),
    2**14: (8, 8, 8, 6, 5),
    2**16: (8, 8, 8, 5, 5, 5),
}
