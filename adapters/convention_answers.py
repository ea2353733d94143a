"""What a call of the convention answers: codes, and where behind them the indices stand."""

from __future__ import annotations

from typing import Any

from .bridge import Bridge


def codes_of(bridge: Bridge, answer: Any) -> Any | None:
    """The codes in an answer: it is an array, or a tuple or list that begins with one; None for any other kind."""
    first = answer[0] if isinstance(answer, (tuple, list)) and answer else answer
    return first if bridge.is_array(first) else None


def kind_of(answer: Any) -> str:
    """The kind of an answer in words: `dict`, `tuple (dict, Tensor)`."""
    name = type(answer).__name__
    if not isinstance(answer, (tuple, list)):
        return name
    return f"{name} ({', '.join(type(item).__name__ for item in answer[:4])}{', …' if len(answer) > 4 else ''})"


def place_of_indices(bridge: Bridge, answer: Any, positions: tuple[int, ...]) -> int | None:
    """Where in an answer the indices of so many positions stand: behind the codes, or further back where that is a loss.

    Wrong indices are indices: integers of any shape, floats of the positions' shape. None: there are none, or it cannot
    be told which they are.
    """
    items = answer[1:] if isinstance(answer, (tuple, list)) else ()
    arrays = {at: bridge.array(item) for at, item in enumerate(items, 1) if bridge.is_array(item)}
    whole = {at: array for at, array in arrays.items() if array.dtype.kind in "iu"}
    if 1 in whole or (1 in arrays and arrays[1].shape == positions):
        return 1
    later = [at for at, array in whole.items() if array.shape == positions] or [at for at in whole if whole[at].ndim]
    if len(later) == 1:
        return later[0]
    return 1 if 1 in arrays and arrays[1].ndim else None
