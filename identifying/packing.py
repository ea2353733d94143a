"""In which order a target packs its channels into an index: the weights, read off indices of the channels' ends."""

from __future__ import annotations

from itertools import product

import numpy as np

from ..adapters import Adapter
from ..reference import Codebook
from .blackbox import TROUBLE, BlackBox

#: Lists whose weights tell the order; the first that a target takes is asked.
_LISTS = ((3, 4, 5), (3, 5, 7), (3, 3, 3))
#: Where every rule is at its lowest level, and at its highest; no more channels are put to their ends together.
_FAR, _MOST = 20.0, 8
FIRST, LAST = "first channel least significant", "last channel least significant"
NO_INDICES, UNSEEN = "it gives no indices", "not seen: it takes no list of several channels that was tried"


def packing(adapter: Adapter, rule: str, lists: tuple[tuple[int, ...], ...], dtype: str) -> str:
    """The order in words: `FIRST`, `LAST`, `NO_INDICES`, `UNSEEN`, or the weights that it has instead."""
    for levels in (*(one for one in lists if 1 < len(one) <= _MOST), *_LISTS):
        try:
            box = BlackBox(adapter, rule, levels, dtype)
            ends = np.array(list(product((0, 1), repeat=len(levels))))
            indices = box.read(((2 * ends - 1) * _FAR).astype(box.precision.dtype)).indices
        except TROUBLE:
            continue
        return NO_INDICES if indices is None else _words(levels, ends, indices.astype(object))
    return UNSEEN


def _words(levels: tuple[int, ...], ends: np.typing.NDArray[np.int64], indices: np.typing.NDArray[np.object_]) -> str:
    spans = [int(indices[row]) - int(indices[0]) for row in (ends.sum(axis=1) == 1).nonzero()[0][::-1]]
    if any(span % (L - 1) for span, L in zip(spans, levels, strict=True)):
        return "no sum of weights times level indices"
    weights = [span // (L - 1) for span, L in zip(spans, levels, strict=True)]
    tops = [sum(span * int(end) for span, end in zip(spans, row, strict=True)) for row in ends]
    if any(int(index) - int(indices[0]) != top for index, top in zip(indices, tops, strict=True)):
        return "no sum of weights times level indices"
    start = f", from {int(indices[0])} on" if indices[0] else ""
    usual = {
        tuple(Codebook(levels).basis.tolist()): FIRST,
        tuple(Codebook(levels, "C").basis.tolist()): LAST,
    }
    return usual.get(tuple(weights), f"weights {weights} at levels {list(levels)}") + start
