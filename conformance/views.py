"""Arrays that are not contiguous: the same values seen through other strides, and what encoding and decoding make of it."""

from __future__ import annotations

from collections.abc import Callable
from math import prod

import numpy as np

from ..adapters import Capability
from . import comparators, probes
from .findings import Array, TargetRaisedError
from .numbering import codes_of
from .subject import Subject
from .witness import WitnessedQuantizer


def _broadcast(values: Array) -> Array:
    """The first entry of the first axis, repeated without being stored again; not read-only, so that nobody copies it."""
    strides = (0, *values[:1].copy().strides[1:])
    return np.lib.stride_tricks.as_strided(values[:1].copy(), shape=values.shape, strides=strides)


def _expanded(values: Array) -> Array:
    """The first entry of the last axis for all of it."""
    first = values[..., :1].copy()
    return np.lib.stride_tricks.as_strided(first, shape=values.shape, strides=(*first.strides[:-1], 0))


def _repeated(values: Array) -> Array:
    """The first entry of every middle axis for all of it: as a frame that `expand` spreads over time."""
    middle = values.ndim - 2
    if middle < 1:
        return values
    first = values[(slice(None), *[slice(1)] * middle)].copy()
    strides = (first.strides[0], *[0] * middle, first.strides[-1])
    return np.lib.stride_tricks.as_strided(first, shape=values.shape, strides=strides)


def _moved(values: Array) -> Array:
    """The second axis last in memory: images channels last, (B, T, d) as a view of (B, d, T)."""
    if values.ndim < 3:
        return values
    return np.moveaxis(np.ascontiguousarray(np.moveaxis(values, 1, -1)), -1, 1)


def _offset(values: Array) -> Array:
    padded = np.full((values.shape[0] + 1, *values.shape[1:]), 7, dtype=values.dtype)
    padded[1:] = values
    return padded[1:]


def _columns(values: Array) -> Array:
    """The first columns of a wider array."""
    padded = np.concatenate([values, np.full_like(values, 5)], axis=-1)
    return padded[..., : values.shape[-1]]


def _sliced(values: Array) -> Array:
    wide = np.repeat(values, 2, axis=-1)
    return np.repeat(wide, 3, axis=0)[::3, ..., ::2] if values.ndim > 1 else wide[::2]


def _read_only(values: Array) -> Array:
    """As it comes from a memory-mapped file, or from JAX."""
    kept = values.copy()
    kept.flags.writeable = False
    return kept


#: Ways to see an array of one axis or more, by their names in a case's id; all but `broadcast`,
#: `expanded` and `repeated` keep its values.
VIEWS: dict[str, Callable[[Array], Array]] = {
    "transposed": lambda values: np.ascontiguousarray(values.T).T,
    "sliced": _sliced,
    "offset": _offset,
    "columns": _columns,
    "broadcast": _broadcast,
    "expanded": _expanded,
    "repeated": _repeated,
    "moved": _moved,
    "read-only": _read_only,
}


def same_through_strides(subject: Subject, quantizer: WitnessedQuantizer, name: str) -> None:
    """Codes, as a list and with an axis for each of the layout's, and indices in a view get the bits of their contiguous copy."""
    shape = subject.layout.positions(subject.layout.shape(len(subject.levels)))
    vectors = probes.settled(subject.rule, subject.levels, subject.case.dtype, prod(shape))
    indices = subject.codebook.pack(subject.exact_levels(vectors))
    codes = codes_of(subject, indices)
    calls: list[tuple[Capability, Callable[[Array], Array], Array, str]] = [
        (Capability.ENCODE, quantizer.codes_to_indices, codes, "the indices of {} codes"),
        (Capability.DECODE, quantizer.indices_to_codes, indices.reshape(shape), "the codes of {} indices"),
    ]
    if len(shape) > 1:
        words = f"the indices of {{}} codes of {len(shape) + 1} axes"
        calls.append((Capability.ENCODE, quantizer.codes_to_indices, codes.reshape(*shape, -1), words))
    for capability, call, values, words in calls:
        if subject.has(capability) and values.ndim > 0:
            seen = VIEWS[name](values)
            try:
                other = call(np.ascontiguousarray(seen).copy())
            except TargetRaisedError:
                continue  # what fails on contiguous arrays is the affair of IDX
            with subject.must_answer("the answer to their contiguous copy", f"where they are {name}"):
                strided = call(seen)
            comparators.same_bits(strided, other, words.format(name), "those of their contiguous copy")


def same_gradients_through_strides(subject: Subject, quantizer: WitnessedQuantizer, z: Array, tolerance: float) -> None:
    """Through a view of the upstream or of the input comes the gradient of its contiguous copy."""
    weights = np.linspace(0.5, 1.5, z.size).reshape(z.shape).astype(z.dtype)
    _, plain = quantizer.vjp(z, weights)
    for name, see in VIEWS.items():
        for at, what, pair in (("for", "upstream", (z, see(weights))), ("at", "input", (see(z), weights))):
            copies = [np.ascontiguousarray(one).copy() for one in pair]
            kept = all(map(np.array_equal, copies, (z, weights)))  # as by most views
            expected = plain if kept else quantizer.vjp(*copies)[1]
            with subject.must_answer("the gradients for its contiguous copy", f"{at} the {name} {what}"):
                _, gradient = quantizer.vjp(*pair)
            comparators.within(gradient, expected, tolerance, f"the gradients {at} the {name} {what}")
