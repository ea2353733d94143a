"""What a library needs that builds its whole codebook, before it is tried."""

from __future__ import annotations

from math import prod

from .protocol import Setup

#: The most memory that a quantizer may need for being built, in bytes.
AFFORDABLE = 2**30
#: For each code and channel: level indices of eight bytes, codes of four, and what is needed on the way.
_BYTES = 28


def whole_codebook(setup: Setup) -> str | None:
    """Why a library that builds every code of the codebook is not asked to, in one line; None where it is affordable."""
    needed = prod(setup.levels) * len(setup.levels) * _BYTES
    if needed <= AFFORDABLE:
        return None
    return f"it builds its whole codebook, about {needed / 2**30:.0f} GiB for these levels; not tried"
