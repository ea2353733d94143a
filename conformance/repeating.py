"""The same thing in many places: vectors, codes and indices that repeat, and the same bits for each of them."""

from __future__ import annotations

import numpy as np

from ..adapters import Capability
from . import comparators
from .findings import Array, TargetRaisedError
from .subject import Reply, Subject
from .witness import WitnessedQuantizer


def same_everywhere(reply: Reply, length: int, where: str, among: Reply | None = None) -> None:
    """Codes and indices that repeat those of the first `length` vectors of `among`, or of the reply itself."""
    among = among or reply
    than = f"those of the same vector {where}"
    _repeats(reply.codes, among.codes[:length], "the codes at (position, channel)", than)
    if reply.indices is not None and among.indices is not None:
        _repeats(reply.indices, among.indices[:length], "the indices", than)


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
