"""RES, continued: what residual quantizers share with plain ones – places, strides, states, NaN, and what is refused."""

from __future__ import annotations

from collections.abc import Callable
from contextlib import suppress

import numpy as np

from fsqcheck.adapters import Capability
from fsqcheck.conformance import comparators
from fsqcheck.conformance.clause import HALF_DTYPES, MUST, SHOULD, Span, clause
from fsqcheck.conformance.findings import Array, NotJudgedError, TargetRaisedError
from fsqcheck.conformance.keeping import judge_kept
from fsqcheck.conformance.learning import judge_nothing_learns
from fsqcheck.conformance.placing import judge_refused
from fsqcheck.conformance.staged import Staged, StagedReply
from fsqcheck.conformance.staged_decoding import judge_decoded, judge_decoded_back, judge_decoded_views
from fsqcheck.conformance.staged_nonsense import NONSENSE
from fsqcheck.conformance.staged_slopes import judge_reached, reaches
from fsqcheck.conformance.subject import Subject
from fsqcheck.conformance.surroundings import judge_left_alone
from fsqcheck.conformance.views import VIEWS
from fsqcheck.conformance.witness import WitnessedQuantizer
from fsqcheck.reference.holding import SHOULD_HOLD

FUNCTION = "arXiv 2107.03312 algorithm 1: a fixed function of each vector"
CONVENTION = "the calling convention that FSQ libraries share (docs/adapters.md)"
BOTH = ("eval", "train")
#: Why a case is not judged.
_ONE = "it takes a single vector at a time"


@clause(
    "RES-15",
    MUST,
    "Nothing that is given to a residual quantizer is written to, and an answer stays what it was.",
    title="residual: nothing written",
    source=f"{CONVENTION}; SHP-7 and SHP-13",
    meaning="A loss reads a latent that the quantizer has overwritten, or the tokens of one batch turn into those of the next.",
    needs=[Capability.INDICES],
    over=Span(levels="staged", modes=BOTH),
)
def test_stages_write_to_nothing(subject: Subject) -> None:
    staged = Staged(subject)
    quantizer = staged.quantizer()
    z = staged.input()
    z.reshape(-1)[:2] = np.array([-6e4, 6e4])  # what clips in place shows itself on large numbers only
    before = z.copy()
    answer = quantizer.quantize(z)
    comparators.same_bits(answer.received, before, "the input's values after the call", "those before it")
    if staged.recorded():
        with suppress(TargetRaisedError):  # that it fails is the affair of RES-11
            received = quantizer.quantize(before.copy(), **staged.recorded()).received
            where = "the input's values after a call whose gradient is recorded"
            comparators.same_bits(received, before, where, "those before it")
    if subject.has(Capability.DECODE) and answer.indices is not None:
        kept = answer.indices.copy()
        with suppress(TargetRaisedError):  # that it fails is the affair of RES-5
            quantizer.indices_to_codes(answer.indices)
        comparators.same_bits(answer.indices, kept, "the indices after decoding", "those before it")
        judge_kept("the decoded codes", lambda seed: quantizer.indices_to_codes(np.full_like(kept, seed)))
    if subject.has(Capability.GRADIENT):
        upstream = np.full_like(before, 3)
        with suppress(TargetRaisedError):  # that it fails is the affair of RES-11
            quantizer.vjp(before.copy(), upstream)
        comparators.same_bits(
            upstream, np.full_like(before, 3), "the upstream after the backward pass", "those before it"
        )
    judge_kept("the codes of a call", lambda seed: quantizer.quantize(staged.input(seed), copied=False).codes)
    judge_kept("the indices of a call", lambda seed: quantizer.quantize(staged.input(seed), copied=False).indices)


def _alone(staged: Staged) -> tuple[tuple[str, Array], ...]:
    vectors = staged.vectors()[:: 4096 // 48]
    shape = (1,) * len(staged.subject.layout.name)
    few = staged.subject.layout.shape(len(staged.subject.levels))
    return (
        *((" alone", staged.placed(vector[None], shape)) for vector in vectors),
        *((" in a small batch", staged.placed(staged.vectors()[at:], few)) for at in (0, 999)),
    )


def _in_a_long_sequence(staged: Staged) -> tuple[tuple[str, Array], ...]:
    layout, vectors = staged.subject.layout, staged.vectors()
    if layout.long_axis is None:
        raise NotJudgedError(_ONE)
    many = np.tile(vectors, (2**17 // len(vectors) + 1, 1))
    long = layout.arrange(many)
    # More positions than 2^16 along the long axis, and along the batch.
    axes = (0, layout.long_axis) if layout.long_axis > 0 else (0,)
    return tuple((" among 2^17", np.ascontiguousarray(np.swapaxes(long, axis, layout.long_axis))) for axis in axes)


def _through_strides(staged: Staged) -> tuple[tuple[str, Array], ...]:
    kept = ("transposed", "sliced", "offset", "columns", "moved")
    return tuple((f" in {name} memory", VIEWS[name](staged.input(seed))) for seed, name in enumerate(kept))


_PLACES: dict[str, Callable[[Staged], tuple[tuple[str, Array], ...]]] = {
    "alone": _alone,
    "long": _in_a_long_sequence,
    "strided": _through_strides,
}


@clause(
    "RES-16",
    MUST,
    "A vector gets its codes and indices wherever it stands: alone, in a batch, in a long sequence, and through any strides; and "
    "so are indices decoded.",
    title="residual: any place",
    source=FUNCTION,
    meaning="A stream that is cut in pieces, or a transposed latent, as every (B, d, T) model has, gets other tokens.",
    needs=[Capability.INDICES],
    over=Span(levels="staged", modes=BOTH, variants=tuple(_PLACES)),
)
def test_stages_are_the_same_in_any_place(subject: Subject) -> None:
    staged = Staged(subject)
    quantizer = staged.quantizer()
    for where, z in _PLACES[str(subject.case.variant)](staged):
        with subject.must_answer("codes and indices", where.strip()):
            reply = staged.reply(quantizer, z)
        staged.judge(subject.layout.flatten(z), reply, quantizer.setup, where)
        if subject.case.variant == "long":
            judge_decoded_back(staged, quantizer, reply, z.shape, where)
    if subject.case.variant == "strided":
        judge_decoded_views(staged, quantizer)


def _trained(staged: Staged, quantizer: WitnessedQuantizer) -> WitnessedQuantizer:
    staged.subject.needs(Capability.TRAIN)
    quantizer.train(True)
    if staged.subject.has(Capability.GRADIENT) and staged.subject.has(Capability.WEIGHTS):
        judge_nothing_learns(staged.subject, quantizer)
    for seed in range(128):
        quantizer.quantize(2 * staged.input(seed) + 1, **staged.recorded())
    quantizer.train(False)
    return quantizer


def _asked_in_other_dtypes(staged: Staged, quantizer: WitnessedQuantizer) -> WitnessedQuantizer:
    for dtype in ("bfloat16", "float16", "float64"):
        if dtype in staged.subject.adapter.dtypes:
            quantizer.quantize(staged.in_dtype(dtype))
    return quantizer


def _built_another(staged: Staged, quantizer: WitnessedQuantizer) -> WitnessedQuantizer:
    turned = staged.subject.with_levels(staged.subject.levels[::-1])
    for count in (2, staged.count):
        other = Staged(turned, stages=count)
        z, later = other.few(), other.quantizer()
        with turned.must_answer("codes and indices", "of a quantizer that was built later"):
            reply = other.reply(later, z)
        other.judge(turned.layout.flatten(z), reply, later.setup, " in a quantizer that was built later")
    return quantizer


def _refilled(staged: Staged, quantizer: WitnessedQuantizer) -> WitnessedQuantizer:
    z = staged.few()
    quantizer.quantize(z)
    z[...] = staged.few(at=999)
    with staged.subject.must_answer("codes and indices", "of another input in the same memory"):
        reply = staged.reply(quantizer, z)
    staged.judge(staged.subject.layout.flatten(z), reply, quantizer.setup, " in memory that held another input")
    return quantizer


def _asked_in_inference_mode(staged: Staged, quantizer: WitnessedQuantizer) -> WitnessedQuantizer:
    staged.subject.needs(Capability.INFERENCE)
    z = staged.few()
    with staged.subject.must_answer("codes and indices", "in inference mode"):
        reply = staged.reply(quantizer, z, inference=True)
    staged.judge(staged.subject.layout.flatten(z), reply, quantizer.setup, " in inference mode")
    return quantizer


def _leaving_the_process_alone(staged: Staged, quantizer: WitnessedQuantizer) -> WitnessedQuantizer:
    judge_left_alone(staged.subject, lambda: _use(staged, quantizer), "using a residual quantizer")
    return quantizer


def _use(staged: Staged, quantizer: WitnessedQuantizer) -> None:
    """All that is done with one: it is asked, decodes and is trained, with stage dropout where there is any."""
    subject, z = staged.subject, staged.input()
    reply = staged.reply(quantizer, z)
    if subject.has(Capability.DECODE):
        with suppress(TargetRaisedError):  # that it fails is the affair of RES-5
            quantizer.indices_to_codes(reply.given)
    if subject.has(Capability.TRAIN) and subject.has(Capability.STAGE_DROPOUT):
        staged.quantizer(stage_dropout=True, training=True).quantize(z, **staged.recorded())


def _copied(staged: Staged, quantizer: WitnessedQuantizer) -> WitnessedQuantizer:
    staged.subject.needs(Capability.STATE)
    quantizer.quantize(staged.input())  # what a call leaves behind goes into the copy
    if staged.subject.has(Capability.GRADIENT):
        with suppress(TargetRaisedError):  # that it fails is the affair of RES-11
            quantizer.vjp(staged.input(), np.ones_like(staged.input()))
    copy = quantizer.copied(str(staged.subject.case.variant))
    if staged.subject.has(Capability.CAST):
        quantizer.cast("float64")  # the copy shares nothing with it
    return copy


#: What is done with a quantizer before it is asked again, in a case's words; its values are those of a call in its words.
_BEFORE: dict[str, tuple[str, Callable[[Staged, WitnessedQuantizer], WitnessedQuantizer]]] = {
    "training": ("after 128 calls in training", _trained),
    "dtypes": ("after calls in other dtypes", _asked_in_other_dtypes),
    "instances": ("after others were built and asked", _built_another),
    "memory": ("after another input in the same memory", _refilled),
    "inference": ("after a call in inference mode", _asked_in_inference_mode),
    "process": ("after all that", _leaving_the_process_alone),
    "deepcopy": ("in a deep copy", _copied),
    "pickle": ("in a pickled copy", _copied),
    "state": ("in a new quantizer with its state", _copied),
}


@clause(
    "RES-17",
    MUST,
    "A residual quantizer quantizes, decodes and passes its gradient on alike after training, where nothing in it learns, after "
    "calls in other dtypes, in inference mode or with another input in the same memory, beside another one, and as a copy; and "
    "it leaves the process as it was.",
    title="residual: no trace",
    source=f"{FUNCTION}; TRN-6, TRN-8 and TRN-9",
    meaning="Tokens depend on what the program did before, or a checkpoint quantizes otherwise than the model that was saved.",
    needs=[Capability.INDICES],
    over=Span(levels="staged", variants=tuple(_BEFORE)),
)
def test_stages_keep_no_trace(subject: Subject) -> None:
    staged = Staged(subject)
    vectors = staged.vectors()[:1024]
    words, before = _BEFORE[str(subject.case.variant)]
    used = staged.quantizer()
    with subject.must_answer("codes and indices"):
        used = before(staged, used)
        reply = staged.ask(vectors, used)
    staged.judge(vectors[: len(reply.codes)], reply, used.setup, f" {words}")
    judge_decoded(staged, used, words)
    if subject.has(Capability.GRADIENT) and reaches(staged):
        judge_reached(staged, used, words)


@clause(
    "RES-18",
    MUST,
    "Inside a mixed-precision region (autocast) the stages give the indices that its precision allows, and a gradient, and "
    "indices are decoded.",
    title="residual: autocast",
    source="docs/rules.md, how close is close enough; vector-quantize-pytorch switches autocast off for its stages",
    meaning="Mixed-precision training uses other tokens than evaluation without it, or trains nothing.",
    needs=[Capability.INDICES, Capability.AUTOCAST],
    over=Span(levels="staged large", modes=BOTH),
)
def test_autocast_keeps_the_stages(subject: Subject) -> None:
    staged = Staged(subject, held="bfloat16")
    vectors, quantizer = staged.vectors(), staged.quantizer()
    with subject.must_answer("codes and indices under autocast"):
        reply = staged.ask(vectors, quantizer, autocast="bfloat16")
    vectors = vectors[: len(reply.codes)]
    staged.judge(vectors, reply, quantizer.setup, " under autocast")
    judge_decoded(staged, quantizer, "under autocast", autocast="bfloat16")
    if subject.has(Capability.GRADIENT) and reaches(staged):
        judge_reached(staged, quantizer, "under autocast", way="autocast")


@clause(
    "RES-19",
    SHOULD,
    "Float16 and bfloat16 inputs get the indices that stages in float32 give them, float64 inputs those of float64; a quantizer "
    "that was moved to another dtype gives and decodes what that allows, and moved back from half precision what it gave.",
    title="residual: precision",
    source="docs/rules.md; NUM-1, NUM-3 and DEV-6: what is left after a stage is lost in half precision",
    meaning="The finer tokens are noise: 8 bits of a bfloat16 do not carry four stages.",
    needs=[Capability.INDICES],
    over=Span(levels="staged", dtypes=tuple(SHOULD_HOLD), variants=("inputs", "there and back", "moved")),
)
def test_stages_are_as_precise_as_their_input(subject: Subject) -> None:
    dtype = subject.case.dtype
    if subject.case.variant == "moved":
        _judge_moved(subject)
        return
    staged = Staged(subject, SHOULD_HOLD[dtype])
    vectors = staged.vectors()
    quantizers = {f" from a {dtype} input": staged.quantizer()}
    if subject.case.variant == "there and back":
        subject.needs(Capability.CAST)
        staged, vectors = Staged(subject, "float32"), vectors.astype(np.float32)
        quantizers = {
            f" once it was moved to {half} and back": staged.quantizer().cast(half).cast("float32")
            for half in HALF_DTYPES
        }
    for where, quantizer in quantizers.items():
        reply = staged.ask(vectors, quantizer)
        vectors = vectors[: len(reply.codes)]
        staged.judge_stages(vectors, reply.indices, quantizer.setup, where)
        if subject.case.variant == "there and back":
            judge_decoded(staged, quantizer, where.strip())


def _judge_moved(subject: Subject) -> None:
    """Moved to each dtype it quantizes inputs of it, and decodes, as its precision allows."""
    subject.needs(Capability.CAST)
    for dtype in SHOULD_HOLD:
        if dtype not in subject.adapter.dtypes:
            continue
        staged = Staged(subject.in_dtype(dtype))
        vectors, where = staged.vectors(), f"once it was moved to {dtype}"
        moved = staged.quantizer().cast(dtype)
        with subject.must_answer("codes and indices", where):
            reply = staged.ask(vectors, moved)
        staged.judge(vectors[: len(reply.codes)], reply, moved.setup, f" {where}")
        judge_decoded(staged, moved, where)
        if subject.has(Capability.GRADIENT) and reaches(staged):
            judge_reached(staged, moved, where)


@clause(
    "RES-20",
    MUST,
    "A NaN changes the codes and indices of no other vector.",
    title="residual: NaN does not spread",
    source=f"{FUNCTION}; NUM-6",
    meaning="One diverged frame turns the tokens of the whole batch into noise.",
    needs=[Capability.INDICES],
    over=Span(levels="staged", modes=BOTH),
)
def test_stages_keep_a_nan_to_its_vector(subject: Subject) -> None:
    if subject.layout.long_axis is None:
        raise NotJudgedError(_ONE)
    staged = Staged(subject)
    quantizer = staged.quantizer()
    vectors = staged.vectors()[:512]
    for channel in range(len(subject.levels)):
        given = vectors.copy()
        given[7, channel] = np.nan
        try:
            reply = staged.ask(given, quantizer)
        except TargetRaisedError:
            return  # a target may refuse NaN
        others = np.arange(len(vectors)) != 7
        kept = StagedReply(reply.codes[others], reply.indices[others], reply.given)
        staged.judge(vectors[others], kept, quantizer.setup, " beside a NaN")


@clause(
    "RES-21",
    MUST,
    "An input with another number of channels is refused by a residual quantizer, in every layout, and by one of groups.",
    title="residual: wrong channel count",
    source=f"{CONVENTION}; SHP-9",
    meaning="A wrong axis order or a wrong config goes unnoticed: the input is broadcast or cut, and tokens come out.",
    over=Span(levels="staged", variants=("one more", "one only", "twice as many", "one less")),
)
def test_stages_refuse_a_wrong_number_of_channels(subject: Subject) -> None:
    staged, d = Staged(subject), len(subject.levels)
    number = _WRONG[str(subject.case.variant)]
    if number(d) in (0, d):
        raise NotJudgedError("one channel is not a wrong number for a quantizer of one, and none is not a number")
    for one in (staged, *staged.elsewhere()):
        judge_refused(one.subject, one.quantizer(), d, one.subject.layout.shape(number(d)), "a residual quantizer")
    if subject.has(Capability.GROUPS):
        shape = subject.layout.shape(number(2 * d))
        judge_refused(subject, staged.quantizer(groups=2), 2 * d, shape, "a residual quantizer of two groups")


#: A wrong number of channels for a quantizer of so many.
_WRONG: dict[str, Callable[[int], int]] = {
    "one more": lambda d: d + 1,
    "one only": lambda _: 1,
    "twice as many": lambda d: 2 * d,
    "one less": lambda d: d - 1,
}


@clause(
    "RES-22",
    SHOULD,
    "NaN gets no valid index in any stage, indices outside the codebook are refused, those in a narrower integer dtype are "
    "refused or decode alike, and an empty input gives an empty answer, as do its indices.",
    title="residual: what makes no sense",
    source=f"{CONVENTION}; NUM-5, IDX-9, IDX-13 and SHP-3",
    meaning="A diverged encoder or a wrong vocabulary goes unnoticed: it is stored, or decoded, as ordinary tokens.",
    needs=[Capability.INDICES],
    over=Span(levels="staged", variants=("nan", "indices", "narrow", "empty")),
)
def test_stages_tell_what_makes_no_sense(subject: Subject) -> None:
    NONSENSE[str(subject.case.variant)](Staged(subject))
