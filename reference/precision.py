"""The four floating-point formats of the suite, and the order of their bit patterns."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import ml_dtypes
import numpy as np
from numpy.typing import NDArray

Array = NDArray[Any]


@dataclass(frozen=True)
class Precision:
    """One floating-point format: `bits` is the precision p, the significand's bits with the hidden one."""

    name: str
    bits: int
    dtype: np.dtype[Any]
    integer: np.dtype[Any]

    @property
    def eps(self) -> float:
        """The distance from 1 to the next float above: 2^(1-p)."""
        return 2.0 ** (1 - self.bits)

    @property
    def largest(self) -> float:
        """The largest finite number."""
        return float(ml_dtypes.finfo(self.dtype).max)  # type: ignore[no-untyped-call]  # ml_dtypes types only the class

    @property
    def smallest_normal(self) -> float:
        """The smallest positive number that is not subnormal."""
        return float(ml_dtypes.finfo(self.dtype).smallest_normal)  # type: ignore[no-untyped-call]  # as above


FLOAT64 = Precision("float64", 53, np.dtype(np.float64), np.dtype(np.int64))
FLOAT32 = Precision("float32", 24, np.dtype(np.float32), np.dtype(np.int32))
FLOAT16 = Precision("float16", 11, np.dtype(np.float16), np.dtype(np.int16))
BFLOAT16 = Precision("bfloat16", 8, np.dtype(ml_dtypes.bfloat16), np.dtype(np.int16))

PRECISIONS: dict[str, Precision] = {p.name: p for p in (FLOAT64, FLOAT32, FLOAT16, BFLOAT16)}


def ordinals(values: Array, precision: Precision) -> NDArray[np.int64]:
    """Number the floats of a format in their order: int64, one more for each next float, 0 for both zeros.

    The difference of two ordinals is their distance in ulps. NaNs get numbers beyond the infinities.
    """
    bits = np.ascontiguousarray(values, dtype=precision.dtype).view(precision.integer).astype(np.int64)
    lowest = np.int64(np.iinfo(precision.integer).min)
    return np.where(bits >= 0, bits, lowest - bits)


def from_ordinals(numbers: NDArray[np.int64], precision: Precision) -> Array:
    """The floats with these ordinals; numbers beyond the infinities are clamped to them."""
    top = int(ordinals(np.array([np.inf]), precision)[0])
    clamped = np.clip(np.asarray(numbers, dtype=np.int64), -top, top)
    lowest = np.int64(np.iinfo(precision.integer).min)
    bits = np.where(clamped >= 0, clamped, lowest - clamped)
    return bits.astype(precision.integer).view(precision.dtype)


def every_value(precision: Precision) -> Array:
    """All 65,536 values of a 16-bit format in the order of their bit patterns, NaNs and infinities included."""
    if precision.integer.itemsize != 2:
        raise ValueError(f"every_value: {precision.name} has too many values; give float16 or bfloat16")
    return np.arange(2**16, dtype=np.uint16).view(precision.dtype)


def bit_pattern(value: float, precision: Precision) -> str:
    """The bits of a number in a format, as `0x` and hex digits of the format's full width."""
    unsigned = np.dtype(f"u{precision.integer.itemsize}")
    number = int(np.asarray(value).astype(precision.dtype).reshape(1).view(unsigned)[0])
    return f"0x{number:0{2 * precision.integer.itemsize}x}"
