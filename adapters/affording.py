"""What a library needs that builds its whole codebook, before it is tried."""

from __future__ import annotations

from collections.abc import Callable
from math import ceil, log, prod

from .frameworks import guarded
from .protocol import Setup

#: The most memory that a quantizer may need for being built, in bytes.
AFFORDABLE = 2**30
#: For each code and channel: level indices of eight bytes, codes of four, and what is needed on the way.
_BYTES = 28
#: Building a codebook of int64 level indices and float codes takes several times what is kept in the end.
_TRANSIENT = 7


def whole_codebook(setup: Setup) -> str | None:
    """Why a library that builds every code of the codebook is not asked to, in one line; None where it is affordable."""
    return _unaffordable(prod(setup.levels) * len(setup.levels) * _BYTES)


def codebook_held(setup: Setup, held_bytes: Callable[[tuple[int, ...]], int]) -> str | None:
    """The same of a class that is seen to hold its codebook: `held_bytes` says what a quantizer of some levels holds."""
    if prod(setup.levels) <= 2**20:
        return None
    return _unaffordable(_bytes_per_code(min(setup.levels), held_bytes) * prod(setup.levels) * _TRANSIENT)


def _unaffordable(needed: float) -> str | None:
    if needed <= AFFORDABLE:
        return None
    return f"it builds its whole codebook, about {needed / 2**30:.0f} GiB for these levels; not tried"


def _bytes_per_code(level: int, held_bytes: Callable[[tuple[int, ...]], int]) -> float:
    """What it holds for each code, as far as two small quantizers show it; 0 where it refuses to be so small.

    Less than a byte for each code is no codebook, but what it holds for each channel.
    """
    channels = max(1, ceil(log(512, level)))
    try:
        with guarded():
            small, large = (held_bytes((level,) * count) for count in (channels, channels + 1))
    except Exception:
        return 0.0
    growth = (large - small) / (level ** (channels + 1) - level**channels)
    return growth if growth >= 1.0 else 0.0
