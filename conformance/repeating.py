"""The same thing in many places: vectors, codes and indices that repeat, and the same bits for each of them."""

from __future__ import annotations

import numpy as np

from ..adapters import Capability, main_layout
from ..reference import PRECISIONS
from . import comparators
from .findings import Array, TargetRaisedError
from .subject import Reply, Subject
from .surrogate import active_inputs, gradient_tolerance, same_slopes
from .witness import WitnessedQuantizer


def same_everywhere(reply: Reply, length: int, where: str, among: Reply | None = None) -> None:
    """Codes and indices that repeat those of the first `length` vectors of `among`, or of the reply itself."""
    among = among or reply
    than = f"those of the same vector {where}"
    _repeats(reply.codes, among.codes[:length], "the codes at (position, channel)", than)
    if reply.indices is not None and among.indices is not None:
        _repeats(reply.indices, among.indices[:length], "the indices", than)


def same_beyond_a_million(subject: Subject, quantizer: WitnessedQuantizer, block: Array) -> None:
    """More than 2^20 vectors, by no power of two, that are one block again and again."""
    vectors = np.tile(block, (2**20 // len(block) + 1, 1))
    same_everywhere(subject.ask(vectors, quantizer), len(block), "further up among a million")


#: Few and many vectors, around what a loop may take at once: 8, 16, … 128, 1000, 1024, 4096.
_LENGTHS = (*range(1, 18), 31, 32, 33, 63, 64, 65, 127, 128, 129, *range(999, 1009), 1023, 1024, 1025, 4095, 4096, 4097)


def same_at_every_length(subject: Subject, quantizer: WitnessedQuantizer, vectors: Array, long: Reply) -> None:
    """Of few and of many vectors the answer is the beginning of that to them all."""
    for length in _LENGTHS:
        reply = subject.ask(vectors[:length], quantizer)
        where, than = f"of a sequence of {length}", "those of the same vector in a longer one"
        comparators.same_bits(reply.codes, long.codes[:length], f"the codes {where}", than)
        if reply.indices is not None and long.indices is not None:
            comparators.same_bits(reply.indices, long.indices[:length], f"the indices {where}", than)


def same_in_every_layout(subject: Subject, block: Array) -> None:
    """In every layout of the target, more than 2^16 vectors that are one block again and again, have its bits."""
    for name in subject.adapter.layouts:
        other = subject.in_layout(name)
        if other.layout.long_axis is not None:
            z = _repeated(other, block, 2**16)
            reply = other.reply(other.quantizer().quantize(z), z.shape)
            same_everywhere(reply, len(block), f"further up in the layout {name}")


def same_in_every_dtype(subject: Subject, quantizer: WitnessedQuantizer, vectors: Array) -> None:
    """The long input in the other dtypes of the target."""
    for dtype in subject.adapter.dtypes:
        if dtype != subject.case.dtype:
            with np.errstate(over="ignore"):
                reply = subject.ask(vectors.astype(PRECISIONS[dtype].dtype), quantizer)
            same_everywhere(reply, 1021, f"further up in {dtype}")


def _repeated(subject: Subject, block: Array, least: int) -> Array:
    """More than `least` vectors, a block again and again: a row of an image each, or all along the one long axis."""
    times = least // len(block) + 2
    whole = np.tile(block, (times, 1))
    if "W" not in subject.layout.name:
        return np.ascontiguousarray(subject.layout.arrange(whole))
    sizes = {"B": 1, "T": 1, "H": times, "W": len(block)}
    shape = subject.layout.shape(block.shape[-1], **sizes)
    return np.ascontiguousarray(subject.layout.unflatten(whole, shape))


def same_gradients_at_length(subject: Subject, quantizer: WitnessedQuantizer) -> None:
    """Of more than 2^15 vectors, in the main layout 2^17, in float32 2^18, that are one block again and again, each has the
    gradient of the smooth part, and the one further up."""
    if subject.layout.long_axis is None:
        return
    block = active_inputs(subject, subject.case.dtype)[:541]
    main = subject.layout.name == main_layout(subject.adapter.layouts)
    z = _repeated(subject, block, (2**18 if subject.case.dtype == "float32" else 2**17) if main else 2**15)
    _, gradient = quantizer.vjp(z, np.ones_like(z))
    found, one = subject.layout.flatten(gradient), np.ones_like(block)
    where = f"the gradients of {len(found)} vectors, as (position, channel),"
    tolerance = gradient_tolerance(subject, one, subject.held)
    same_slopes(subject, found[: len(block)], block, where)
    expected = np.tile(found[: len(block)], (len(found) // len(block), 1))
    if not np.array_equal(found, expected):
        comparators.within(found, expected, float(tolerance.max()), where)


def same_in_long_lists(subject: Subject, quantizer: WitnessedQuantizer, codes: Array) -> None:
    """Encodes (N, d) codes that are one block of 1021 again and again, and decodes as many indices."""
    if subject.has(Capability.ENCODE):
        try:
            indices = quantizer.codes_to_indices(codes)
        except TargetRaisedError:
            return  # that it cannot is the affair of IDX
        comparators.same_shape(indices, codes.shape[:-1], "the indices of a long list of codes")
        _repeats(indices, indices[:1021], "the indices of a long list of codes", "those of the same code further up")
    block = np.arange(min(subject.codebook.size, 1021))
    decoded = subject.decoded(np.tile(block, len(codes) // len(block) + 1))
    if decoded is not None:
        where, than = "the codes of a long list of indices", "those of the same index further up"
        _repeats(decoded, decoded[: len(block)], where, than)


def _repeats(values: Array, block: Array, where: str, than: str) -> None:
    repeated = np.tile(block, (len(values) // len(block), *[1] * (values.ndim - 1)))
    comparators.same_bits(values, repeated, where, than)
