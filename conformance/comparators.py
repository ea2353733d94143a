"""Strict comparison: every part of an answer is compared on its own, and nothing is or-ed together.

Each function returns when all is well and raises `NonConformanceError` with its evidence when not. `where` names, in the
message, what was compared.
"""

from __future__ import annotations

from typing import Any

import numpy as np

from ..adapters import Probe, Setup
from .findings import Array, Finding, NonConformanceError


def same_shape(observed: Array, expected: tuple[int, ...], where: str, probe: Probe | None = None) -> None:
    """The shape, exactly."""
    if observed.shape != expected:
        raise NonConformanceError(
            Finding(f"{where} have the wrong shape", f"shape {observed.shape}", f"shape {expected}", probe=probe)
        )


def same_dtype(
    observed: Array, expected: str, where: str, probe: Probe | None = None, setup: Setup | None = None
) -> None:
    """The dtype, exactly."""
    if observed.dtype.name != expected:
        seen, wanted = f"dtype {observed.dtype.name}", f"dtype {expected}"
        raise NonConformanceError(Finding(f"{where} have the wrong dtype", seen, wanted, probe=probe, setup=setup))


def integer_dtype(observed: Array, where: str, probe: Probe | None = None) -> None:
    """Any integer dtype; neither bool nor float."""
    if observed.dtype.kind not in "iu":
        raise NonConformanceError(
            Finding(f"{where} are not integers", f"dtype {observed.dtype.name}", "an integer dtype", probe=probe)
        )


def same_bits(observed: Array, expected: Array, where: str, than: str, probe: Probe | None = None) -> None:
    """Dtype, shape and every bit: -0.0 is not 0.0. Two NaNs are the same whatever their payload."""
    same_shape(observed, expected.shape, where, probe)
    same_dtype(observed, expected.dtype.name, where, probe)
    wrong = _bits(observed) != _bits(expected)
    if observed.dtype.kind not in "iub":
        wrong &= ~(np.isnan(_wide(observed)) & np.isnan(_wide(expected)))
    if wrong.any():
        at = _first(wrong)
        raise NonConformanceError(
            Finding(
                f"{where} differ from {than}",
                f"{_show(observed[at])}{_place(at)}",
                f"{_show(expected[at])}, the same bits",
                wrong=int(wrong.sum()),
                tried=int(wrong.size),
                probe=probe,
            )
        )


def same_integers(observed: Array, expected: Array, where: str, probe: Probe | None = None) -> None:
    """An integer dtype, the shape, and every value, whatever the integer's width."""
    integer_dtype(observed, where, probe)
    same_shape(observed, expected.shape, where, probe)
    wrong = observed != expected  # exact for any two integer dtypes, int64 and uint64 included
    if np.any(wrong):
        at = _first(wrong)
        raise NonConformanceError(
            Finding(
                f"{where} are wrong",
                f"{observed[at]}{_place(at)}",
                f"{expected[at]}",
                wrong=int(np.sum(wrong)),
                tried=int(np.size(wrong)),
                probe=probe,
            )
        )


def within(
    observed: Array,
    expected: Array,
    tolerance: Array | float,
    where: str,
    *,
    are: str = "are",
    probe: Probe | None = None,
) -> None:
    """The shape, NaN where NaN is expected and nowhere else, infinities equal, and |difference| ≤ tolerance elsewhere.

    `are` is the verb of the message, for a `where` that is one.
    """
    same_shape(observed, expected.shape, where, probe)
    seen, wanted = _wide(observed), _wide(expected)
    allowed = np.broadcast_to(np.asarray(tolerance, dtype=np.float64), seen.shape)
    units = _error(seen, wanted) / allowed
    wrong = ~(units <= 1.0)
    if wrong.any():
        at = _first(wrong & (units == np.nanmax(np.where(wrong, units, -np.inf))))
        raise NonConformanceError(
            Finding(
                f"{where} {are} wrong",
                f"{_show(observed[at])}{_place(at)}",
                f"{_show(wanted[at])} ± {allowed[at]:.2g}",
                units=float(units[at]) if np.isfinite(units[at]) else None,
                wrong=int(wrong.sum()),
                tried=int(wrong.size),
                probe=probe,
            )
        )


def _error(seen: Array, wanted: Array) -> Array:
    """|seen - wanted|; 0 where both are the same infinity or both NaN, +inf where only one is NaN or infinite."""
    same = (seen == wanted) | (np.isnan(seen) & np.isnan(wanted))
    with np.errstate(invalid="ignore", over="ignore"):
        error = np.abs(seen - wanted)
    return np.where(same, 0.0, np.where(np.isfinite(seen) & np.isfinite(wanted), error, np.inf))


def _bits(array: Array) -> Array:
    return np.ascontiguousarray(array).view(np.dtype(f"u{array.dtype.itemsize}"))


def _wide(array: Array) -> Array:
    return np.asarray(array).astype(np.float64)


def _first(wrong: Any) -> tuple[int, ...]:
    return tuple(int(axis[0]) for axis in np.nonzero(np.atleast_1d(wrong)))[: np.ndim(wrong)]


def _place(at: tuple[int, ...]) -> str:
    return f" at position ({', '.join(map(str, at))})" if at else ""


def _show(value: Any) -> str:
    if np.asarray(value).dtype.kind in "iub":
        return str(value)
    number = float(value)
    return f"{number!r}"
