"""IDX, continued: what holds tokens: the memory of a quantizer, and the dtypes of its inputs and of stored indices."""

from __future__ import annotations

from contextlib import suppress
from math import prod

import numpy as np

from fsqcheck.adapters import Capability, Probe
from fsqcheck.conformance import comparators, probes
from fsqcheck.conformance.clause import ALL_DTYPES, MUST, SHOULD, Span, clause
from fsqcheck.conformance.findings import Finding, NonConformanceError, TargetRaisedError
from fsqcheck.conformance.numbering import codes_of
from fsqcheck.conformance.subject import Subject, indices_given
from fsqcheck.conformance.witness import WitnessedQuantizer


@clause(
    "IDX-11",
    SHOULD,
    "The memory of a quantizer grows neither with its codebook, nor with its calls.",
    title="no codebook in memory",
    source="vector-quantize-pytorch 1.32.0: FSQ([8]*8) takes about 10 s and 3.6 GB to construct",
    meaning="An implicit codebook is made explicit: large ones take minutes and gigabytes to construct, on every worker; or "
    "something is kept of every call, and training runs out of memory after some days.",
    needs=[Capability.FOOTPRINT],
    over=Span(levels="growth"),
)
def test_the_codebook_is_not_held(subject: Subject) -> None:
    few = subject.levels[: len(subject.levels) // 2 + 1]
    small, large = (_used(subject.with_levels(levels)) for levels in (few, subject.levels))
    held = [small.held_bytes(), large.held_bytes()]
    codes = [prod(few), prod(subject.levels)]
    growth = (held[1] - held[0]) / (codes[1] - codes[0])
    if growth < 1.0:
        _calls_leave_nothing(subject)
        return
    raise NonConformanceError(
        Finding(
            f"a quantizer holds {growth:.1f} bytes for each of its codes",
            f"{held[0]:,} bytes at {codes[0]:,} codes, {held[1]:,} bytes at {codes[1]:,} codes: "
            f"2^24 codes of as many channels would hold {growth * 2**24 / 2**30:.2f} GiB, and several times that "
            "while they are built",
            "a few bytes for each channel, whatever the codebook's size",
            probe=Probe("construct"),
            setup=large.setup,
        )
    )


def _used(subject: Subject) -> WitnessedQuantizer:
    """A quantizer that has quantized, encoded and decoded: a table may be built at the first call."""
    quantizer = subject.quantizer()
    _asked(subject, quantizer)
    return quantizer


#: Rounds of calls until it is looked at what is held, and again, and again: a window of some last calls is full by then.
_ROUNDS = 24


def _calls_leave_nothing(subject: Subject) -> None:
    quantizer, held = subject.quantizer(), list[int]()
    for _ in range(3):
        for _ in range(_ROUNDS):
            _asked(subject, quantizer)
        held.append(quantizer.held_bytes())
    if not held[0] < held[1] < held[2]:
        return
    raise NonConformanceError(
        Finding(
            f"a quantizer holds {held[2] - held[1]:,} bytes more after {_ROUNDS} more rounds of the same calls",
            ", ".join(f"{count:,}" for count in held)
            + f" bytes after {_ROUNDS}, {2 * _ROUNDS} and {3 * _ROUNDS} rounds",
            "as much as before",
            setup=quantizer.setup,
        )
    )


def _asked(subject: Subject, quantizer: WitnessedQuantizer) -> None:
    """Quantizes in both modes, encodes and decodes: always the same."""
    index, z = np.zeros(1, dtype=np.int64), np.zeros((1, len(subject.levels)), dtype=np.float32)
    subject.ask(z, quantizer)
    with suppress(TargetRaisedError):  # that it fails is the affair of the other clauses
        if subject.has(Capability.ENCODE):
            quantizer.codes_to_indices(codes_of(subject, index))
        if subject.has(Capability.DECODE):
            quantizer.indices_to_codes(subject.laid_out(index))
        if subject.has(Capability.TRAIN):
            quantizer.train(True)
            subject.ask(z, quantizer, tracked=subject.has(Capability.GRADIENT))
            quantizer.train(False)


@clause(
    "IDX-12",
    MUST,
    "Indices do not depend on the dtype of the input, where the level does not.",
    title="indices across dtypes",
    source="arXiv 2309.15505 §3.1",
    meaning="Mixed-precision training and full-precision inference store different tokens for the same latents.",
    needs=[Capability.INDICES],
    over=Span(levels="recommended", dtypes=ALL_DTYPES),
)
def test_indices_do_not_depend_on_the_dtype(subject: Subject) -> None:
    subject.must_settle()
    half = probes.settled(subject.rule, subject.levels, "bfloat16", 2000)
    z = half.astype(subject.precision.dtype)
    indices = indices_given(subject.ask(z).indices)
    comparators.same_integers(
        indices, subject.exact_indices(z), "the indices", Probe("forward", subject.layout.arrange(z[:1]))
    )


@clause(
    "IDX-13",
    SHOULD,
    "Indices stored in a narrower integer dtype decode to the same codes, or are refused.",
    title="stored indices",
    source="design: tokens are stored as int32, int16 or uint8, whatever holds them",
    meaning="Tokens that come back from a file decode to other codes, because products wrap around in their dtype.",
    needs=[Capability.DECODE],
    over=Span(levels="stored", variants=("int32", "int16", "uint8", "int8")),
)
def test_narrow_indices_decode_alike(subject: Subject) -> None:
    narrow = np.dtype(str(subject.case.variant))
    fitting = min(subject.codebook.size, int(np.iinfo(narrow).max) + 1)
    indices = subject.laid_out(np.unique(np.linspace(0, fitting - 1, 300).astype(np.int64)))
    quantizer = subject.quantizer()
    plain = quantizer.indices_to_codes(indices)
    try:
        codes = quantizer.indices_to_codes(indices.astype(narrow))
    except TargetRaisedError:
        return
    comparators.same_shape(codes, plain.shape, f"the codes of {narrow} indices")
    tolerance = max(subject.grid_tolerance(channel) for channel in range(len(subject.levels)))
    comparators.within(codes, plain, tolerance, f"the codes of {narrow} indices")
