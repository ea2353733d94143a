"""What a quantizer answers besides its forward call, a gradient and what it encodes and decodes, and the same of another."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from contextlib import suppress

import numpy as np

from ..adapters import Capability
from . import comparators, probes
from .findings import Array, TargetRaisedError
from .numbering import codes_of
from .subject import Subject
from .surrogate import gradient_tolerance
from .witness import WitnessedQuantizer

#: How many vectors and indices are put to it.
_COUNT = 400


def further_answers(subject: Subject, quantizer: WitnessedQuantizer) -> dict[str, Array]:
    """By what they are, in words; without those that it cannot give, which is the affair of other clauses."""
    found: dict[str, Array] = {}
    for words, ask in _questions(subject, quantizer).items():
        with suppress(TargetRaisedError):
            found[words] = ask()
    return found


def same_further_answers(
    subject: Subject, quantizer: WitnessedQuantizer, expected: Mapping[str, Array], where: str
) -> None:
    """What `further_answers` of another quantizer were; for codes and gradients to within their rounding.

    where: what has happened to it, for the message.
    """
    questions = _questions(subject, quantizer)
    one = np.ones((1, len(subject.levels)))
    tolerances: dict[str, Array | float] = {
        _GRADIENT: gradient_tolerance(subject, one, subject.held),
        _DECODED: 2 * max(subject.grid_tolerance(channel) for channel in range(len(subject.levels))),
    }
    for words, answer in expected.items():
        with subject.must_answer("the answers that it gives otherwise", where):
            found = questions[words]()
        if words in tolerances:
            comparators.within(found, answer, tolerances[words], f"{words} {where}")
        else:
            comparators.same_integers(found, answer, f"{words} {where}")


_GRADIENT = "the gradients"
_ENCODED = "the indices that it encodes codes to"
_DECODED = "the codes that it decodes"


def _questions(subject: Subject, quantizer: WitnessedQuantizer) -> dict[str, Callable[[], Array]]:
    count = 1 if subject.layout.long_axis is None else _COUNT
    settled = probes.settled(subject.rule, subject.levels, subject.case.dtype, count)
    indices = subject.exact_indices(settled)
    asked: tuple[tuple[str, Capability, Callable[[], Array]], ...] = (
        (_GRADIENT, Capability.GRADIENT, lambda: subject.vjp(settled, np.ones_like(settled), quantizer)[1]),
        (_ENCODED, Capability.ENCODE, lambda: quantizer.codes_to_indices(codes_of(subject, indices))),
        (_DECODED, Capability.DECODE, lambda: quantizer.indices_to_codes(subject.laid_out(indices))),
    )
    return {words: ask for words, needed, ask in asked if subject.has(needed)}
