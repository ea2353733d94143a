"""What a caller may do with an answer: keep it while more is asked, and write into it."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from contextlib import suppress

import numpy as np

from ..adapters import Capability
from . import comparators, probes
from .findings import Array, Finding, NonConformanceError, TargetRaisedError
from .numbering import codes_of
from .placing import input_of
from .subject import Subject
from .witness import WitnessedQuantizer

#: Asks the question of a number, and gives the answer's own memory.
Question = Callable[[int], Array | None]

#: What is written into an answer: neither a code nor an index.
_WRITTEN = -77


def questions(subject: Subject, quantizer: WitnessedQuantizer) -> Mapping[str, Question]:
    """By what they ask for: the questions that the target can answer."""
    shape = subject.layout.shape(len(subject.levels))
    count = 1 if subject.layout.long_axis is None else 9

    def z(seed: int) -> Array:
        return input_of(subject, shape, seed)

    def numbers(seed: int) -> Array:
        settled = probes.settled(subject.rule, subject.levels, "float32", count, seed)
        return subject.codebook.pack(subject.exact_levels(settled))

    asked: tuple[tuple[str, Capability | None, Question], ...] = (
        ("the codes of a call", None, lambda seed: quantizer.quantize(z(seed), copied=False).codes),
        ("the indices of a call", None, lambda seed: quantizer.quantize(z(seed), copied=False).indices),
        (
            "the gradient",
            Capability.GRADIENT,
            lambda seed: quantizer.vjp(z(seed), np.ones_like(z(seed)), copied=False)[1],
        ),
        (
            "the encoded indices",
            Capability.ENCODE,
            lambda seed: quantizer.codes_to_indices(codes_of(subject, numbers(seed))),
        ),
        (
            "the decoded codes",
            Capability.DECODE,
            lambda seed: quantizer.indices_to_codes(subject.laid_out(numbers(seed))),
        ),
    )
    return {what: ask for what, needed, ask in asked if needed is None or subject.has(needed)}


def judge_kept(what: str, question: Question) -> None:
    """The answer to one question stays while another is asked, and takes no part in the next."""
    with suppress(TargetRaisedError):  # that it fails is the affair of other clauses
        first = question(0)
        if first is None:
            return
        kept = first.copy()
        question(1)
        comparators.same_bits(first, kept, f"{what} after a second one", "what they were")
        if not first.flags.writeable or first.dtype.kind not in "if":
            return
        first[...] = _WRITTEN
        again = question(0)
        if again is not None and (again == _WRITTEN).any():
            raise NonConformanceError(
                Finding(
                    f"what is written into {what} comes back when the same is asked again",
                    f"{_WRITTEN}, which was written into the first answer",
                    "an answer of its own for every call",
                    wrong=int((again == _WRITTEN).sum()),
                    tried=int(again.size),
                )
            )
