"""RES: stages that quantize what the stages before them left."""

from __future__ import annotations

from contextlib import suppress

import numpy as np

from fsqcheck.adapters import Capability, Probe
from fsqcheck.conformance import comparators
from fsqcheck.conformance.clause import ALL_DTYPES, MUST, Span, clause
from fsqcheck.conformance.findings import (
    Array,
    Finding,
    NonConformanceError,
    TargetRaisedError,
    UnsupportedError,
    WrongAnswerError,
)
from fsqcheck.conformance.staged import COUNTS, MANY_COUNTS, Staged, StagedReply
from fsqcheck.conformance.subject import Subject
from fsqcheck.conformance.witness import WitnessedQuantizer

RVQ = "arXiv 2107.03312 algorithm 1"
#: Stages, and the numbers of levels whose scales are still numbers of float32 in the last of them.
_MANY, _COARSE = 16, 128
#: Calls in training; of four stages one number is never drawn in so many with probability 10^-15.
_DRAWS = 128
#: Not one of so many leaves out any of four stages with probability 10^-9.
_FEW_DRAWS = 16
#: More codes than the 2^15 that an int16 holds, and than the 2^24 that a float32 tells apart.
_LARGE = ((33, 31, 35), (8,) * 9)


@clause(
    "RES-1",
    MUST,
    "The forward call gives one index for each stage, on an axis of their own: integers from 0 to the last code of the codebook, "
    "packed as in IDX-4, also where no stage before it left anything.",
    title="an index a stage",
    source=f"{RVQ}; docs/rules.md",
    meaning="A token model reads the wrong number of tokens a position, or tokens that its embedding does not have.",
    needs=[Capability.INDICES],
    over=Span(levels="staged", dtypes=("float32", "float64"), modes=("eval", "train"), variants=COUNTS),
)
def test_every_stage_has_an_index(subject: Subject) -> None:
    staged = Staged(subject)
    for vectors in (staged.vectors(), *_leaving_nothing(staged)):
        _judge_indices(staged, vectors)
    # Where L is odd, 0 is a code, and silence leaves nothing in any channel.
    odd = tuple(L for L in subject.levels if L % 2)
    if odd and odd != subject.levels:
        quiet = Staged(subject.with_levels(odd), stages=staged.count)
        with suppress(UnsupportedError, TargetRaisedError):  # it may take certain lists only
            quiet.quantizer()
            for vectors in _leaving_nothing(quiet):
                _judge_indices(quiet, vectors)
    for levels in _LARGE if subject.case.dtype == "float32" else ():
        if not all(map(staged.rule.stage.levels_allowed, levels)):
            continue
        large = Staged(subject.with_levels(levels), stages=1)
        with suppress(UnsupportedError, TargetRaisedError):  # it may take certain lists only
            quantizer, vectors = large.quantizer(), large.vectors()
            _judge_indices(large, vectors)
            if subject.habits.stages.right:
                found, many = large.ask(vectors, quantizer).indices, f" of {large.subject.codebook.size:,} codes"
                large.judge_levels(vectors, found, [0], quantizer.setup, many)
    if subject.codebook.order == "C":
        published = Staged(subject.in_order("F"), stages=staged.count)
        quantizer, vectors = published.quantizer(), published.vectors()
        taken = published.ask(vectors, quantizer).indices
        published.judge_levels(vectors, taken, [0], quantizer.setup, ", the last channel being the least significant")


def _leaving_nothing(staged: Staged) -> tuple[Array, ...]:
    """Silence, and inputs of which the first stage leaves as good as nothing."""
    random, dtype = np.random.default_rng(25), staged.subject.precision.dtype
    taken = np.stack([random.choice(staged.taken_whole(L), size=64) for L in staged.subject.levels], axis=-1)
    return np.zeros_like(taken, dtype=dtype), taken.astype(dtype)


def _judge_indices(staged: Staged, vectors: Array) -> None:
    subject, quantizer = staged.subject, staged.quantizer()
    with subject.must_answer(f"indices of {staged.count} stages for each position"):
        found = staged.ask(vectors, quantizer).indices
    comparators.integer_dtype(found, "the indices of the stages")
    outside = (found < 0) | (found >= subject.codebook.size)
    if outside.any():
        row, stage = (int(part[0]) for part in np.nonzero(outside))
        raise NonConformanceError(
            Finding(
                f"stage {stage + 1} gives the index {found[row, stage]}, outside the codebook of {subject.codebook.size}",
                f"index {found[row, stage]}",
                f"0 … {subject.codebook.size - 1}",
                input=vectors[row],
                wrong=int(outside.sum()),
                tried=int(outside.size),
                probe=Probe("forward", subject.layout.arrange(vectors[row : row + 1])),
                setup=quantizer.setup,
            )
        )


@clause(
    "RES-2",
    MUST,
    "The first stage quantizes the first residual of the rule: the input as it is, bounded, or softly clamped.",
    title="first residual",
    source="vector-quantize-pytorch issues 166 and 230; docs/rules.md",
    meaning="The coarsest token is another one: a decoder that was trained with the rule hears something else.",
    needs=[Capability.INDICES],
    over=Span(levels="staged", dtypes=("float32", "float64"), modes=("eval", "train"), variants=COUNTS),
)
def test_the_first_stage_quantizes_the_first_residual(subject: Subject) -> None:
    staged = Staged(subject)
    vectors, quantizer = staged.vectors(), staged.quantizer()
    staged.judge_levels(vectors, staged.ask(vectors, quantizer).indices, [0], quantizer.setup)


@clause(
    "RES-3",
    MUST,
    "Each further stage quantizes what the stages before it left, divided by its scale.",
    title="stage scales",
    source=f"{RVQ}; vector-quantize-pytorch issue 96",
    meaning="The finer tokens say nothing that the decoder expects, and more stages do not help.",
    needs=[Capability.INDICES],
    over=Span(levels="staged and two", dtypes=("float32", "float64"), modes=("eval", "train")),
)
def test_each_stage_quantizes_what_is_left(subject: Subject) -> None:
    # Of two levels even the last of many stages is beyond the doubt of rounding.
    fine = min(subject.levels) == 2 and max(subject.levels) <= _COARSE
    staged = Staged(subject, stages=_MANY if fine else None)
    vectors, quantizer = staged.vectors(), staged.quantizer()
    staged.judge_levels(vectors, staged.ask(vectors, quantizer).indices, range(1, staged.count), quantizer.setup)


@clause(
    "RES-4",
    MUST,
    "The codes are the sum of the codes of all stages, each times its scale.",
    title="sum of the stages",
    source=f"{RVQ}; docs/rules.md",
    meaning="The decoder sees other values than the tokens stand for.",
    needs=[Capability.INDICES],
    over=Span(levels="staged", dtypes=ALL_DTYPES, modes=("eval", "train"), variants=MANY_COUNTS),
)
def test_the_codes_are_the_sum_of_the_stages(subject: Subject) -> None:
    staged = Staged(subject)
    vectors = staged.vectors()
    vectors[::8] *= 4000  # a difference of numbers so large has no room for a code
    quantizer = staged.quantizer()
    reply = staged.ask(vectors, quantizer, **(staged.recorded() if subject.case.mode == "train" else {}))
    probe = Probe("forward", subject.layout.arrange(vectors[:1]))
    comparators.same_dtype(reply.codes, subject.case.dtype, "the codes", probe, quantizer.setup)
    staged.judge_sum(vectors, reply, "the codes, as the sum of what the indices stand for,")


@clause(
    "RES-5",
    MUST,
    "Decoding the indices of a forward call gives its codes, in evaluation and in training.",
    title="decoding equals forward",
    source=f"{RVQ}; docs/rules.md",
    meaning="What a decoder makes of stored tokens is not what it was trained on.",
    needs=[Capability.INDICES, Capability.DECODE],
    over=Span(levels="staged", modes=("eval", "train"), variants=MANY_COUNTS),
)
def test_decoding_gives_the_codes_of_the_forward_call(subject: Subject) -> None:
    staged = Staged(subject)
    vectors, quantizer = staged.vectors(), staged.quantizer()
    z = np.ascontiguousarray(subject.layout.arrange(vectors[:1] if subject.layout.long_axis is None else vectors))
    reply = staged.reply(quantizer, z.copy())
    with subject.must_answer("the codes of the forward call"):
        decoded = staged.decoded(quantizer, reply.given, z.shape)
    comparators.within(decoded, reply.codes, 2 * staged.tolerance(), "the codes decoded from the indices of all stages")


@clause(
    "RES-6",
    MUST,
    "In every layout that it takes, each vector gets the indices of the rule, and decoding them gives the codes in that layout.",
    title="residual layouts",
    source="vector-quantize-pytorch ≥ 1.18.5: is_channel_first; docs/rules.md",
    meaning="Channel-first data can be encoded and not decoded, or is decoded with channels and time mixed up.",
    needs=[Capability.INDICES, Capability.DECODE],
    over=Span(levels="staged", variants="layouts"),
)
def test_every_layout_is_decoded_as_it_was(subject: Subject) -> None:
    staged = Staged(subject)
    quantizer = staged.quantizer()
    shape = subject.layout.shape(len(subject.levels))
    z = np.random.default_rng(22).normal(size=shape).astype(subject.precision.dtype)
    with subject.must_answer(f"codes and indices of an input of shape {shape}"):
        reply = staged.reply(quantizer, z.copy())
    vectors = subject.layout.flatten(z)
    staged.judge(vectors, reply, quantizer.setup, f" in the layout {subject.layout.name}")
    with subject.must_answer(f"codes of shape {shape}, decoded from the indices that it gave"):
        decoded = staged.decoded(quantizer, reply.given, shape)
    where = f"the codes decoded in the layout {subject.layout.name}"
    comparators.within(decoded, reply.codes, 2 * staged.tolerance(), where)


@clause(
    "RES-7",
    MUST,
    "The codes of single stages are those of their indices, times the scale of the stage, the first stage first.",
    title="codes of single stages",
    source="docs/rules.md; vector-quantize-pytorch get_codes_from_indices",
    meaning="A loss or a picture of the stages is about other stages, or other sizes, than it says.",
    needs=[Capability.INDICES, Capability.STAGE_CODES],
    over=Span(levels="staged", variants=COUNTS),
)
def test_the_codes_of_single_stages(subject: Subject) -> None:
    staged = Staged(subject)
    vectors, quantizer = staged.vectors(), staged.quantizer()
    z = np.ascontiguousarray(subject.layout.arrange(vectors[:1] if subject.layout.long_axis is None else vectors))
    reply = staged.reply(quantizer, z.copy())
    with subject.must_answer("the codes of each stage"):
        found = quantizer.stage_codes(reply.given)
    comparators.same_shape(found, (staged.count, *z.shape), "the codes of the stages")
    flat = np.stack([subject.layout.flatten(one) for one in found], axis=1)
    comparators.within(flat, staged.terms(reply.indices), staged.tolerance(), "the codes of single stages")


@clause(
    "RES-8",
    MUST,
    "The indices of the first stages alone decode to the sum of these: a stage that is marked -1, or not there, adds nothing, "
    "and where all are marked there is nothing but 0; so it is in every layout.",
    title="coarse decoding",
    source="vector-quantize-pytorch get_output_from_indices; docs/rules.md",
    meaning="A stream at a lower bit rate decodes to noise: missing tokens are taken for real ones.",
    needs=[Capability.INDICES, Capability.DECODE, Capability.STAGE_DROPOUT],
    over=Span(levels="staged", variants=("marked", "cut")),
)
def test_coarse_indices_decode_to_the_sum_of_their_stages(subject: Subject) -> None:
    staged = Staged(subject)
    vectors = staged.vectors()[: 1 if subject.layout.long_axis is None else 256]
    quantizer = staged.quantizer(stage_dropout=True)
    z = np.ascontiguousarray(subject.layout.arrange(vectors))
    cut = subject.case.variant == "cut"
    _judge_coarse(staged, quantizer, staged.reply(quantizer, z.copy()), z.shape, cut)
    for other in staged.elsewhere(stage_dropout=True):
        quantizer, z = other.quantizer(stage_dropout=True), other.input()
        try:
            reply = other.reply(quantizer, z.copy())
            other.decoded(quantizer, reply.given, z.shape)
        except (TargetRaisedError, WrongAnswerError):
            continue  # the affair of RES-6
        _judge_coarse(other, quantizer, reply, z.shape, cut, f" in the layout {other.subject.layout.name}")


def _judge_coarse(
    staged: Staged,
    quantizer: WitnessedQuantizer,
    reply: StagedReply,
    shape: tuple[int, ...],
    cut: bool,
    where: str = "",
) -> None:
    """The indices of fewer stages, marked or cut, must decode to the sum of these."""
    count = len(reply.indices)
    numbers = {f"the first {n} of {staged.count} stages": np.full(count, n) for n in range(1, staged.count)}
    if not cut:
        numbers["another number of stages for each vector"] = np.arange(count) % staged.count + 1
        numbers["vectors of which some have no stage at all"] = np.arange(count) % (staged.count + 1)
    left_out = {which: np.arange(staged.count) >= kept[:, None] for which, kept in numbers.items()}
    if not cut:
        left_out["all stages but one in the middle"] = np.arange(staged.count) == np.full(
            (count, 1), staged.count // 2 - 1
        )
    for which, marked in left_out.items():
        coarse = np.where(marked, -1, reply.indices)
        kept = staged.count - marked.sum(axis=1)
        with staged.subject.must_answer(f"the codes of {which}{where}"):
            given = staged.laid_out(coarse[:, : kept[0]] if cut else coarse, reply.given, shape)
            decoded = staged.decoded(quantizer, given, shape)
        expected = staged.terms(coarse).sum(axis=1)
        comparators.within(decoded, expected, staged.tolerance(), f"the codes of {which}{where}")


@clause(
    "RES-9",
    MUST,
    "Stage dropout leaves out the last stages of a training call: they are marked -1 everywhere, and the codes are the sum of "
    "the others, in every layout; evaluation leaves out none.",
    title="stage dropout",
    source="arXiv 2107.03312 §3.3 (quantizer dropout); docs/rules.md",
    meaning="The model does not learn to do with fewer tokens, or a loss counts tokens that never were.",
    needs=[Capability.INDICES, Capability.STAGE_DROPOUT, Capability.TRAIN],
    over=Span(levels="staged", modes=("train",)),
)
def test_stage_dropout_leaves_out_the_last_stages(subject: Subject) -> None:
    staged = Staged(subject)
    vectors = staged.vectors()[:64]
    for reply in staged.drawn(_DRAWS // 4):
        _judge_left_out(staged, vectors[: len(reply.codes)], reply)
    for other in staged.elsewhere(stage_dropout=True):
        quantizer, z = other.quantizer(stage_dropout=True), other.few()
        with suppress(TargetRaisedError, WrongAnswerError):  # the affair of RES-6
            for _ in range(2):
                reply = other.reply(quantizer, z.copy(), **other.recorded())
                _judge_left_out(
                    other, other.subject.layout.flatten(z), reply, f" in the layout {other.subject.layout.name}"
                )
    used = staged.quantizer(stage_dropout=True, training=True)
    staged.drawn(_FEW_DRAWS, used)
    used.train(False)
    calm = staged.quantizer(stage_dropout=True, training=False)
    for quantizer, when in ((calm, ""), (used, " after training")):
        out = staged.ask(vectors, quantizer, **staged.recorded()).indices == -1
        comparators.same_integers(out * 1, np.zeros_like(out) * 1, f"the stages left out in evaluation{when}")


def _judge_left_out(staged: Staged, vectors: Array, reply: StagedReply, layout: str = "") -> None:
    """All vectors have the same last stages marked, and their codes are the sum of the others."""
    out = reply.indices == -1
    kept = int((~out[0]).sum())
    expected = np.broadcast_to(np.arange(staged.count) >= max(kept, 1), out.shape)
    where = f"the stages left out of {staged.count}{layout}, as (vector, stage),"
    comparators.same_integers(out * 1, expected * 1, where)
    staged.judge_sum(vectors, reply, f"the codes of the first {kept} of {staged.count} stages{layout}")


@clause(
    "RES-10",
    MUST,
    "Stage dropout draws every number of stages, from one to all, and another one for each call; it leaves out some after an "
    "evaluation too, and where the channels stand elsewhere.",
    title="numbers of stages drawn",
    source="arXiv 2107.03312 §3.3: the number of stages is drawn uniformly from 1 to all",
    meaning="Some bit rates are never trained, or the finest never is.",
    needs=[Capability.INDICES, Capability.STAGE_DROPOUT, Capability.TRAIN],
    over=Span(levels="staged", modes=("train",)),
)
def test_every_number_of_stages_is_drawn(subject: Subject) -> None:
    staged = Staged(subject)
    quantizer = _every_number(staged)
    _every_number(Staged(subject, stages=2))
    quantizer.train(False)
    staged.ask(staged.vectors()[:64], quantizer)
    quantizer.train(True)
    _must_leave_out(staged, quantizer, "after an evaluation")
    last = subject.layout.name.endswith("d")
    for other in staged.elsewhere(stage_dropout=True):
        if other.subject.layout.name.endswith("d") != last:
            with suppress(TargetRaisedError, WrongAnswerError):  # the affair of RES-6
                turned = other.quantizer(stage_dropout=True)
                _must_leave_out(other, turned, f"in the layout {other.subject.layout.name}")
            return


def _every_number(staged: Staged) -> WitnessedQuantizer:
    """A quantizer in training of which every number of stages was seen."""
    quantizer = staged.quantizer(stage_dropout=True)
    kept = [int((reply.indices[0] != -1).sum()) for reply in staged.drawn(_DRAWS, quantizer)]
    missing = sorted(set(range(1, staged.count + 1)) - set(kept))
    if missing:
        counts = ", ".join(f"{number} in {kept.count(number)}" for number in sorted(set(kept)))
        raise NonConformanceError(
            Finding(
                f"of {_DRAWS} training calls none keeps {' or '.join(map(str, missing))} of {staged.count} stages",
                f"numbers of stages kept: {counts}",
                f"every number from 1 to {staged.count}",
                wrong=len(missing),
                tried=staged.count,
                setup=quantizer.setup,
            )
        )
    return quantizer


def _must_leave_out(staged: Staged, quantizer: WitnessedQuantizer, where: str) -> None:
    """Of some calls in training one at least leaves out stages."""
    if all((reply.indices != -1).all() for reply in staged.drawn(_FEW_DRAWS, quantizer)):
        raise NonConformanceError(
            Finding(
                f"of {_FEW_DRAWS} training calls {where} none leaves out any of {staged.count} stages",
                f"{staged.count} stages in every call",
                f"a number of stages that is drawn, from 1 to {staged.count}",
                wrong=_FEW_DRAWS,
                tried=_FEW_DRAWS,
                setup=quantizer.setup,
            )
        )
