"""Whether the indices of one target decode in another to the same codes."""

from __future__ import annotations

from math import prod
from typing import Any

import numpy as np
from numpy.typing import NDArray

from ..conformance.findings import TargetRaisedError, WrongAnswerError
from ..conformance.levels import LARGEST_PRODUCT
from ..reference import PRECISIONS
from ..reports import plain
from .party import DTYPE, Party, Tokens
from .results import Decoding

Array = NDArray[Any]


class Decodings:
    """The codes of the whole codebook, decoded once by each of some parties, and the tokens of sampled vectors.

    A codebook of more than 2^17 codes, and the indices of a party that decodes nothing, are compared by samples alone.
    """

    def __init__(self, parties: tuple[Party, ...], samples: tuple[Tokens, ...]) -> None:
        self._parties, self._samples = parties, samples
        size = prod(parties[0].subject.levels)
        self._indices = np.arange(size) if size <= LARGEST_PRODUCT else None
        self._books: dict[int, Array | str] = {}

    def between(self, sender: int, receiver: int) -> Decoding:
        """The indices of one party, decoded by another, beside the codes that the first means by them."""
        source, target = self._parties[sender], self._parties[receiver]
        if not target.decodes:
            return Decoding(sender, receiver, "none", 0, 0, None, f"{target.name} does not decode")
        eps = source.rounding + target.rounding
        if self._indices is not None and source.decodes_any and target.decodes_any:
            meant, decoded = (self._book(one, self._indices) for one in (sender, receiver))
            return _compared(sender, receiver, "codebook", len(self._indices), meant, decoded, eps)
        if not source.has_codes:
            return Decoding(sender, receiver, "none", 0, 0, None, f"{source.name} has no codes")
        known = self._samples[sender]
        decoded = _decoded(target, known.index)
        return _compared(sender, receiver, "samples", len(known.index), known.codes, decoded, eps)

    def _book(self, party: int, indices: Array) -> Array | str:
        if party not in self._books:
            self._books[party] = _decoded(self._parties[party], indices)
        return self._books[party]


def _decoded(party: Party, indices: Array) -> Array | str:
    """The codes, or in words why there are none."""
    try:
        return party.decoded(indices)
    except (TargetRaisedError, WrongAnswerError) as error:
        return plain.line(f"{party.name}: {error}")


def _compared(
    sender: int, receiver: int, scope: Any, count: int, meant: Array | str, decoded: Array | str, eps: float
) -> Decoding:
    """`eps`: how far the codes of both may be off together."""
    for codes in (meant, decoded):
        if isinstance(codes, str):
            return Decoding(sender, receiver, scope, count, count, None, codes)
    wide, other = (np.asarray(codes).astype(np.float64) for codes in (meant, decoded))
    distance = np.abs(wide - other)
    allowed = eps * PRECISIONS[DTYPE].eps * np.maximum(np.abs(wide), 1.0)
    differ = int((~(distance <= allowed)).any(axis=1).sum())
    largest = float(distance.max())
    return Decoding(sender, receiver, scope, count, differ, largest if np.isfinite(largest) else None, None)
