"""The floats of a format on one line: each bit pattern has a place, one more for each next float, -0 just below 0.

0 is the place of +0, -1 that of -0; NaNs lie beyond the infinities. The negative of a float has the place -1 - place.
"""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

from ..reference import Precision

Array = NDArray[Any]
Places = NDArray[np.int64]

#: Beyond every place of every format.
BEYOND = 2**63 - 1


def turn(precision: Precision) -> int:
    """The bit pattern of -0, from which on patterns are negative."""
    return 1 << (8 * precision.integer.itemsize - 1)


def infinity(precision: Precision) -> int:
    """The bit pattern of +inf; those above are NaN."""
    return int(np.array([np.inf]).astype(precision.dtype).view(precision.integer)[0])


def place_of(pattern: int, precision: Precision) -> int:
    """The place of a bit pattern that is read as unsigned."""
    return pattern if pattern < turn(precision) else turn(precision) - 1 - pattern


def pattern_of(place: int, precision: Precision) -> int:
    """The bit pattern at a place, as unsigned."""
    return place if place >= 0 else turn(precision) - 1 - place


def mirrored(place: int) -> int:
    """The place of the negative."""
    return -1 - place


def ordinal(place: int) -> int:
    """The place where both zeros count as one, as in `reference.ordinals`."""
    return place if place >= 0 else place + 1


def places(values: Array, precision: Precision) -> Places:
    """The places of floats."""
    bits = np.ascontiguousarray(values, dtype=precision.dtype).view(precision.integer).astype(np.int64)
    return np.where(bits >= 0, bits, ~(bits & np.int64(turn(precision) - 1)))


def values_at(where: Places, precision: Precision) -> Array:
    """The floats at these places, in the format."""
    lowest = np.int64(-turn(precision))
    bits = np.where(where >= 0, where, ~where | lowest)
    return bits.astype(precision.integer).view(precision.dtype)


def value_at(place: int, precision: Precision) -> float:
    """The float at a place."""
    return float(values_at(np.array([place], dtype=np.int64), precision)[0])


def hexadecimal(pattern: int, precision: Precision) -> str:
    """A bit pattern as `0x` and hex digits of the format's full width."""
    return f"0x{pattern:0{2 * precision.integer.itemsize}x}"


def bits_at(place: int, precision: Precision) -> str:
    """The bit pattern at a place, in hex."""
    return hexadecimal(pattern_of(place, precision), precision)


def place_in(bits: str, precision: Precision) -> int:
    """The place of a bit pattern in hex."""
    return place_of(int(bits, 16), precision)
