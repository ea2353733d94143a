"""Arrays that are not contiguous: the same values seen through other strides."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
from numpy.typing import NDArray

Array = NDArray[Any]


def _broadcast(values: Array) -> Array:
    """The first entry of the first axis, repeated without being stored again; not read-only, so that nobody copies it."""
    strides = (0, *values[:1].copy().strides[1:])
    return np.lib.stride_tricks.as_strided(values[:1].copy(), shape=values.shape, strides=strides)


def _offset(values: Array) -> Array:
    padded = np.full((values.shape[0] + 1, *values.shape[1:]), 7, dtype=values.dtype)
    padded[1:] = values
    return padded[1:]


def _columns(values: Array) -> Array:
    """The first columns of a wider array."""
    padded = np.concatenate([values, np.full_like(values, 5)], axis=-1)
    return padded[..., : values.shape[-1]]


def _sliced(values: Array) -> Array:
    return np.repeat(np.repeat(values, 2, axis=-1), 3, axis=0)[::3, ..., ::2]


#: Ways to see an array, by their names in a case's id; all but `broadcast` keep its values.
VIEWS: dict[str, Callable[[Array], Array]] = {
    "transposed": lambda values: np.ascontiguousarray(values.T).T,
    "sliced": _sliced,
    "offset": _offset,
    "columns": _columns,
    "broadcast": _broadcast,
}
