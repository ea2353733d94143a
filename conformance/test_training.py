"""TRN: modes, noise, and copies."""

from __future__ import annotations

from contextlib import suppress
from functools import partial

import numpy as np

from fsqcheck.adapters import Capability, Probe
from fsqcheck.conformance import comparators
from fsqcheck.conformance.clause import ALL_DTYPES, HALF_DTYPES, MUST, SHOULD, Span, clause
from fsqcheck.conformance.findings import Array, Finding, NonConformanceError, TargetRaisedError
from fsqcheck.conformance.judging import same_codes
from fsqcheck.conformance.noising import (
    SAMPLES,
    judge_noise,
    judge_noise_behind_projections,
    judge_noise_of_a_copy,
    judge_noise_of_codebooks,
    judge_share,
    quiet_inputs,
    samples,
)
from fsqcheck.conformance.subject import Reply, Subject, indices_given
from fsqcheck.conformance.surrogate import gradient_tolerance
from fsqcheck.conformance.surroundings import on_numpy, others_drawn, stirred
from fsqcheck.conformance.traces import BEFORE
from fsqcheck.conformance.using import further_answers, same_further_answers
from fsqcheck.conformance.witness import WitnessedQuantizer
from fsqcheck.reference import Rule

NOISE = "arXiv 2411.19842 §3.2"


def _noisy_rule(rule: Rule) -> bool:
    return rule.name in ("symmetric", "symmetric-even")


_NOISY = Span(levels="mixed", rules=_noisy_rule)


@clause(
    "TRN-1",
    MUST,
    "Evaluation is deterministic: the same input gives the same bits every time, also after training mode.",
    title="evaluation is deterministic",
    source="arXiv 2309.15505 §3.1: a fixed function without state",
    meaning="Encoding a data set twice gives two different sets of tokens.",
    over=Span(levels="few", dtypes=("float32", "float64", "bfloat16")),
)
def test_evaluation_is_deterministic(subject: Subject) -> None:
    vectors = subject.probes()
    if subject.layout.long_axis is not None:
        vectors = np.tile(vectors, (8, 1))
    quantizer = subject.quantizer()
    first = subject.ask(vectors, quantizer)
    for time in ("second", "third", "fourth"):
        if time == "fourth" and subject.has(Capability.TRAIN):
            quantizer.train(True)
            subject.ask(vectors[:64], quantizer)
            quantizer.train(False)
        again = subject.ask(vectors, quantizer)
        comparators.same_bits(again.codes, first.codes, f"the codes of the {time} call", "those of the first")
        if first.indices is not None and again.indices is not None:
            comparators.same_bits(again.indices, first.indices, f"the indices of the {time} call", "those of the first")


@clause(
    "TRN-2",
    MUST,
    "Evaluation is free of noise, whatever the noise of training.",
    title="no noise in evaluation",
    source=NOISE,
    meaning="Tokens are random at inference.",
    needs=[Capability.NOISE, Capability.TRAIN],
    over=_NOISY,
)
def test_evaluation_is_free_of_noise(subject: Subject) -> None:
    vectors = quiet_inputs(subject)
    plain, _ = samples(subject, vectors, subject.quantizer())
    noisy, _ = samples(subject, vectors, subject.quantizer(noise=0.5))
    comparators.same_bits(noisy, plain, "the codes in evaluation with noise 0.5", "those of a quantizer without noise")


@clause(
    "TRN-3",
    MUST,
    "In training a share p of the elements is noisy, in every channel, after evaluation and where gradients are recorded: none "
    "at p = 0, all at p = 1. They are drawn anew in every call, and keep their dtype and their gradient.",
    title="noise probability",
    source=f"{NOISE}; vector-quantize-pytorch 1.32.0 always draws its mask at 0.5",
    meaning="The noise option does not do what you set: you tune a number that is ignored.",
    needs=[Capability.NOISE, Capability.TRAIN],
    over=Span(
        levels="mixed",
        rules=_noisy_rule,
        dtypes=("float32", *HALF_DTYPES),
        modes=("train",),
        variants=("p=0.5", "p=0", "p=0.1", "p=0.9", "p=1"),
    ),
)
def test_the_noise_probability_is_honoured(subject: Subject) -> None:
    p = float(str(subject.case.variant).removeprefix("p="))
    judge_share(subject, p)
    if subject.case.dtype not in HALF_DTYPES:
        judge_noise_behind_projections(subject, p)


@clause(
    "TRN-4",
    MUST,
    "The noise is uniform over half a step to each side of tanh(z), ±1/(L-1), whatever the input and the layout, and another one "
    "in every channel, at every position and in every codebook.",
    title="noise amplitude",
    source=f"{NOISE}: tanh(z) + U(-1, 1)/(L-1)",
    meaning="Training simulates the rounding of another number of levels: too much noise for fine channels, or too little.",
    needs=[Capability.NOISE, Capability.TRAIN],
    over=Span(levels="mixed", rules=_noisy_rule, modes=("train",)),
)
def test_the_noise_is_half_a_step(subject: Subject) -> None:
    judge_noise(subject)
    if subject.has(Capability.CODEBOOKS):
        judge_noise_of_codebooks(subject)


@clause(
    "TRN-5",
    MUST,
    "Indices stay within the codebook in training, whatever the noise.",
    title="indices valid in training",
    source="vector-quantize-pytorch issues 207 and 240",
    meaning="An embedding or a loss over tokens fails in training with an index out of range, at random.",
    needs=[Capability.NOISE, Capability.TRAIN, Capability.INDICES],
    over=Span(levels="mixed", modes=("train",), variants=("p=0.5", "p=1")),
)
def test_indices_stay_valid_in_training(subject: Subject) -> None:
    p = float(str(subject.case.variant).removeprefix("p="))
    vectors = np.random.default_rng(10).normal(scale=2.0, size=(SAMPLES, len(subject.levels))).astype(np.float32)
    indices = indices_given(samples(subject, vectors, subject.quantizer(noise=p))[1])
    comparators.integer_dtype(indices, "the indices in training")
    outside = (indices < 0) | (indices >= subject.codebook.size)
    if outside.any():
        row = int(np.flatnonzero(outside)[0])
        raise NonConformanceError(
            Finding(
                f"in training with noise {p:g} an index is {indices[row]}, outside the codebook of {subject.codebook.size}",
                f"index {indices[row]}",
                f"0 … {subject.codebook.size - 1}",
                input=vectors[row],
                wrong=int(outside.sum()),
                tried=int(outside.size),
                probe=Probe("noise", vectors[:1]),
                setup=subject.quantizer(noise=p).setup,
            )
        )


@clause(
    "TRN-6",
    MUST,
    "A deep copy, a pickled copy, and another quantizer, new or used, that loads the state give the same bits, and share "
    "nothing with the original; they have its gradient and its noise, and encode and decode as it does.",
    title="copies",
    source="design: an FSQ has no state but its levels (arXiv 2309.15505 §3.1)",
    meaning="A checkpoint, an EMA copy or a data-parallel worker quantizes differently from the model that was saved.",
    needs=[Capability.STATE],
    over=Span(levels="mixed", modes=("eval", "train"), variants=("deepcopy", "pickle", "state")),
)
def test_copies_give_the_same_bits(subject: Subject) -> None:
    vectors = subject.probes()[:1000]
    _copied_alike(subject, vectors, subject.quantizer(), "")
    original = subject.quantizer()
    further = further_answers(subject, original)
    with subject.must_answer("a copy that works"):
        copy = original.copied(str(subject.case.variant))
    same_further_answers(subject, copy, further, "once it was copied")
    if subject.has(Capability.NOISE) and subject.case.mode == "train" and _noisy_rule(subject.rule):
        judge_noise_of_a_copy(subject, str(subject.case.variant))
    if subject.has(Capability.PROJECTION):
        wide = np.random.default_rng(12).normal(size=(200, len(subject.levels) + 5)).astype(subject.precision.dtype)
        quantizer = subject.quantizer(width=wide.shape[1])
        _copied_alike(subject, wide, quantizer, " with projections")
        if subject.case.variant == "state":
            _copied_alike(subject, wide, quantizer, " with projections that had others before", "reloaded")


def _copied_alike(
    subject: Subject, vectors: Array, quantizer: WitnessedQuantizer, words: str, how: str | None = None
) -> None:
    before = subject.ask(vectors, quantizer)
    # What a call leaves behind goes into the copy: the last one is one whose gradient is recorded.
    subject.ask(vectors, quantizer, tracked=subject.has(Capability.GRADIENT))
    with subject.must_answer(f"a copy{words} that works"):
        copy = quantizer.copied(how or str(subject.case.variant))
        after = subject.ask(vectors, copy)
    comparators.same_bits(after.codes, before.codes, f"the codes of the copy{words}", "those of the original")
    if before.indices is not None and after.indices is not None:
        comparators.same_bits(after.indices, before.indices, f"the indices of the copy{words}", "those of the original")
    if before.indices is not None and subject.has(Capability.DECODE):
        indices = subject.laid_out(before.indices)
        with suppress(TargetRaisedError):  # that it fails is the affair of IDX and SHP-11
            theirs, ours = (one.indices_to_codes(indices) for one in (copy, quantizer))
            comparators.same_bits(theirs, ours, f"the codes that the copy{words} decodes", "those of the original")
    if subject.has(Capability.CAST):
        copy.cast("float64")
        with subject.must_answer("the answer that it gave before", "once the copy was moved"):
            kept = subject.ask(vectors, quantizer)
        comparators.same_bits(kept.codes, before.codes, f"the codes{words} once the copy was moved", "those before")


@clause(
    "TRN-7",
    SHOULD,
    "The noise comes from the framework's generator: the same seed gives the same noise, another draw another one.",
    title="seeded noise",
    source=f"{NOISE}; design: reproducible training",
    meaning="A training run cannot be repeated although every seed was set.",
    needs=[Capability.NOISE, Capability.TRAIN],
    over=Span(levels="mixed", rules=_noisy_rule, modes=("train",)),
)
def test_noise_is_seeded(subject: Subject) -> None:
    vectors = quiet_inputs(subject)[:256]
    # Before the second run only the generators that are not the framework's go on, before the third all of them.
    runs = []
    for go_on in (None, partial(others_drawn, subject), partial(stirred, subject)):
        with subject.adapter.guard():
            if go_on is not None:
                go_on()
            quantizer = subject.quantizer(noise=0.5)
            runs.append([samples(subject, vectors, quantizer)[0] for _ in range(2)])
    comparators.same_bits(runs[1][0], runs[0][0], "the codes of a second run with the same seed", "those of the first")
    drawn = {"two draws of noise": runs[0][1]}
    if not on_numpy(subject):  # there a generator of its own, with a seed of its own, is the custom
        drawn["draws of noise with two seeds"] = runs[2][0]
    for what, other in drawn.items():
        if (runs[0][0] == other).all():
            raise NonConformanceError(
                Finding(f"{what} are the same", "the same bits twice", "another draw", setup=subject.setup)
            )


@clause(
    "TRN-8",
    MUST,
    "What was done before leaves no trace: calls in other dtypes, under autocast, in inference mode, in another thread, many in "
    "training or evaluation, a refused input, another in the same memory or much like it, encoding and decoding, another "
    "quantizer; and each of these calls gives the same answer.",
    title="no trace",
    source="arXiv 2309.15505 §3.1: a fixed function without state",
    meaning="Tokens or gradients depend on the order in which a program does things: on which model it loaded last, or on "
    "whether it evaluated before it trained.",
    over=Span(levels="mixed", dtypes=ALL_DTYPES, variants=tuple(BEFORE)),
)
def test_what_was_done_before_leaves_no_trace(subject: Subject) -> None:
    vectors = subject.probes()
    vectors = vectors[: 256 if subject.layout.long_axis is not None else 1]
    words, before = BEFORE[str(subject.case.variant)]
    z = np.ascontiguousarray(subject.layout.arrange(vectors))
    fresh, used = subject.quantizer(), subject.quantizer()
    expected = [_asked(subject, fresh, z, training) for training in _modes(subject)]
    memory = -z
    before(subject, used, memory)
    memory[...] = z
    for training, (reply, gradient) in zip(_modes(subject), expected, strict=True):
        with subject.must_answer("the answers of a new quantizer", f"after {words}"):
            found, slope = _asked(subject, used, memory, training)
        where = f"after {words}" + (" in training mode" if training else "")
        same_codes(subject, found.codes, reply.codes, where)
        if found.indices is not None and reply.indices is not None:
            comparators.same_bits(found.indices, reply.indices, f"the indices {where}", "those of a new quantizer")
        if slope is not None and gradient is not None:
            one = np.ones_like(vectors)
            tolerance = gradient_tolerance(subject, one, subject.held)
            comparators.within(slope, gradient, tolerance, f"the gradients {where}")


def _modes(subject: Subject) -> tuple[bool, ...]:
    return (False, True) if subject.trains_quietly else (False,)


def _asked(subject: Subject, quantizer: WitnessedQuantizer, z: Array, training: bool) -> tuple[Reply, Array | None]:
    """The answer in a mode, and the gradient where there is one."""
    if subject.has(Capability.TRAIN):
        quantizer.train(training)
    reply = subject.reply(quantizer.quantize(z), z.shape)
    if not subject.has(Capability.GRADIENT):
        return reply, None
    return reply, subject.layout.flatten(quantizer.vjp(z, np.ones_like(z))[1])
