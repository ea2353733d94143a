"""In which layout a class of the convention takes the codes that it encodes: channels last in any shape, or one alone."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
from numpy.typing import NDArray

Array = NDArray[Any]

#: What lays (…, d) codes out, by the layout; all positions lie along its last axis but the channels.
_LAID = {
    "Bd": ".reshape(-1, {codes}.shape[-1])",
    "BTd": ".reshape(1, -1, {codes}.shape[-1])",
    "BdT": ".reshape(1, -1, {codes}.shape[-1]).swapaxes(-1, 1)",
    "BdHW": ".reshape(1, -1, 1, {codes}.shape[-1]).swapaxes(-1, 1)",
    "BdTHW": ".reshape(1, -1, 1, 1, {codes}.shape[-1]).swapaxes(-1, 1)",
}
#: More vectors than any quantizer has channels, so that one axis is not taken for the other.
_ROWS = 97


def encode_of(codes: Array, ask: Callable[[str, Array], Array | None], plain: str) -> str:
    """The expression that gives the indices of `{codes}`, (…, d), by a class of which (N, d) codes are known.

    ask: what an expression gives of an array of codes; None where it raises. plain: the expression for a class that takes
    codes of any shape; one that takes codes of two axes and of three is asked by it, whatever it gives.
    """
    rows = np.resize(codes, (_ROWS, codes.shape[-1]))
    if all(ask(plain, some) is not None for some in (rows, np.stack([rows, rows]))):
        return plain
    for layout, laid in _LAID.items():
        call = plain.replace("{codes}", f"{{codes}}{laid}")
        found = ask(call, rows)
        if found is not None and found.dtype.kind in "iu" and found.shape == (*[1] * (len(layout) - 2), _ROWS):
            return f"{call}.reshape({{codes}}.shape[:-1])"
    return plain
