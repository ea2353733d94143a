"""What a caller may do with an answer, keep it while more is asked and write into it; and what stays as it was given."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from contextlib import suppress
from functools import partial

import numpy as np

from ..adapters import Answer, Capability, Probe
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
        # Of a table these may be a part, which is no copy.
        (
            "the decoded codes of one index",
            Capability.DECODE,
            lambda _: quantizer.indices_to_codes(subject.laid_out(np.array([3]))),
        ),
        (
            "the decoded codes of consecutive indices",
            Capability.DECODE,
            lambda _: quantizer.indices_to_codes(subject.laid_out(np.arange(count))),
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


def judge_apart(subject: Subject, quantizer: WitnessedQuantizer) -> None:
    """Of zeros, whose codes may be the same numbers, and all alike: each number of the answer has memory of its own."""
    z = np.zeros(subject.layout.shape(len(subject.levels)), dtype=subject.precision.dtype)
    with suppress(TargetRaisedError):  # that it fails is the affair of other clauses
        answer = quantizer.quantize(z, copied=False)
        _own_memory(subject, answer.codes, z, "codes")
        if answer.indices is not None:
            _own_memory(subject, answer.indices, z, "indices")


def _own_memory(subject: Subject, answer: Array, z: Array, what: str) -> None:
    found, probe = "", Probe("forward", z)
    if np.shares_memory(answer, z):
        found = "the input itself: what is written into them is in the input"
    if any(size > 1 and not stride for size, stride in zip(answer.shape, answer.strides, strict=True)):
        found = "one number in many places: what is written into one of them is in all"
    if found:
        raise NonConformanceError(
            Finding(
                f"the {what} of zeros are {found}",
                f"shape {answer.shape} with strides {answer.strides}",
                "memory of its own for every element",
                probe=probe,
                setup=subject.setup,
            )
        )


#: What a quantizer may be tempted to clip, to clean or to flush where it stands.
_TEMPTING = (-6e4, 6e4, -1e30, 1e30, np.inf, -np.inf)


def judge_untouched(subject: Subject, quantizer: WitnessedQuantizer) -> None:
    """Inputs of ordinary numbers, with large and subnormal ones and infinities among them, and with a NaN."""
    plain = input_of(subject, subject.layout.shape(len(subject.levels)))
    largest, tiny = subject.precision.largest, subject.precision.smallest_normal / 2
    tempting = [value for value in _TEMPTING if abs(value) <= largest or np.isinf(value)]
    for numbers in (tempting[:2], [*tempting, tiny, -tiny], [np.nan]):
        z = plain.copy()
        z.reshape(-1)[: len(numbers)] = np.array(numbers).astype(z.dtype)[: z.size]
        _untouched(subject, quantizer, z, must=numbers == tempting[:2])


def _untouched(subject: Subject, quantizer: WitnessedQuantizer, z: Array, must: bool) -> None:
    """An input has its bits after a call, after one whose gradient is recorded, and after a backward pass.

    must: whether it must be quantized at all; that one with NaN or infinities is, is the affair of other clauses.
    """
    calls: list[tuple[str, Callable[[Array], Answer]]] = [("the call", quantizer.quantize)]
    if subject.has(Capability.GRADIENT):
        upstream = np.ones_like(z)
        calls.append(("a call with gradients recorded", partial(quantizer.quantize, tracked=True)))
        calls.append(("the backward pass", lambda given: quantizer.vjp(given, upstream)[0]))
    for number, (when, call) in enumerate(calls):
        given = z.copy()
        try:
            answer = call(given)
        except TargetRaisedError:
            if must and number == 0:
                raise
            continue
        comparators.same_bits(answer.received, z, f"the input's values after {when}", "those before it")


def given_kept(subject: Subject, quantizer: WitnessedQuantizer) -> None:
    """Codes have their bits after they were encoded, indices after they were decoded, and the upstream afterwards."""
    z = input_of(subject, subject.layout.shape(len(subject.levels)))
    count = 1 if subject.layout.long_axis is None else 9
    exact = subject.exact_levels(probes.settled(subject.rule, subject.levels, "float32", count))
    indices = subject.codebook.pack(exact)
    in_float64 = codes_of(subject, indices).astype(np.float64)
    calls: tuple[tuple[str, Capability, Callable[[Array], object], Array], ...] = (
        ("the codes after encoding", Capability.ENCODE, quantizer.codes_to_indices, codes_of(subject, indices)),
        ("the float64 codes after encoding", Capability.ENCODE, quantizer.codes_to_indices, in_float64),
        ("the indices after decoding", Capability.DECODE, quantizer.indices_to_codes, subject.laid_out(indices)),
        ("the upstream after the backward pass", Capability.GRADIENT, partial(quantizer.vjp, z), z * 0 + 3),
    )
    for words, capability, call, given in calls:
        if subject.has(capability):
            kept = given.copy()
            with suppress(TargetRaisedError):  # that it fails is the affair of IDX and GRD
                call(given)
            comparators.same_bits(given, kept, words, "those before it")
