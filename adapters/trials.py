"""Levels for finding out what a class can do: those of every rule of the field, then those of classes for certain ones."""

from __future__ import annotations

from .construction import Construction
from .protocol import TargetUnavailableError

#: How many channels of one number of levels are tried, and which numbers: odd, even, powers of two, few and many.
_LENGTHS = (3, 4, 2, 5, 6, 1, 7, 8)
_ALIKE = (8, 5, 4, 2)
#: A class that builds its whole codebook builds no larger one.
_LARGEST = 2**19

TRIALS: tuple[tuple[int, ...], ...] = (
    (5, 7, 3),
    (8, 5, 5, 5),
    (3,) * 8,
    (8, 4, 16),
    *((level,) * count for level in _ALIKE for count in _LENGTHS if level**count <= _LARGEST),
)


def fixed_levels(name: str, call: Construction) -> tuple[int, ...] | None:
    """The only levels of a class whose call names some; `TargetUnavailableError` for what is no list of whole numbers."""
    given = call.arguments.get("levels")
    if given is None:
        return None
    if not isinstance(given, (list, tuple)) or not given or not all(type(level) is int for level in given):
        raise TargetUnavailableError(
            f"{name}: levels={given!r} is no list of whole numbers; expected e.g. levels=[8, 5, 5, 5]"
        )
    return tuple(given)
