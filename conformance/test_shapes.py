"""SHP: layouts, shapes and strides; what an answer may depend on, and what it may not."""

from __future__ import annotations

import numpy as np

from fsqcheck.adapters import LAYOUTS, Capability, Probe
from fsqcheck.conformance import comparators
from fsqcheck.conformance.clause import ALL_DTYPES, HALF_DTYPES, MUST, SHOULD, Span, clause
from fsqcheck.conformance.emptiness import judge_nothing
from fsqcheck.conformance.findings import Finding, NonConformanceError, NotJudgedError, TargetRaisedError
from fsqcheck.conformance.grouping import judge_groups
from fsqcheck.conformance.judging import judge_levels
from fsqcheck.conformance.keeping import given_kept, judge_apart, judge_kept, judge_untouched, questions
from fsqcheck.conformance.placing import (
    MANY,
    input_of,
    judge_coded,
    judge_one_channel,
    judge_places,
    judge_refused,
    same_codes_in_axes,
)
from fsqcheck.conformance.projecting import judge_projections
from fsqcheck.conformance.repeating import (
    same_at_every_length,
    same_beyond_a_million,
    same_everywhere,
    same_in_every_dtype,
    same_in_every_layout,
    same_in_long_lists,
)
from fsqcheck.conformance.subject import Subject, joined
from fsqcheck.conformance.views import VIEWS, same_through_strides

BOTH = ("eval", "train")
CONVENTION = "the calling convention that FSQ libraries share (docs/adapters.md)"


@clause(
    "SHP-1",
    MUST,
    "Every layout that the target accepts is quantized position by position, with all axes different (B ≠ d) or all d long, "
    "in large batches, square images and single channels too, and codes of as many axes are encoded as they are in a list.",
    title="layouts",
    source="vector-quantize-pytorch issue 200 (train mode on (B, T, d) with B ≠ d); " + CONVENTION,
    meaning="Training crashes on an ordinary batch, or channels and time are mixed up without a word.",
    over=Span(levels="mixed", modes=BOTH, variants="layouts", dtypes=ALL_DTYPES),
)
def test_every_layout_is_quantized(subject: Subject) -> None:
    d = len(subject.levels)
    alike = dict.fromkeys(subject.layout.name.replace("d", ""), d)
    for shape in dict.fromkeys(subject.layout.shape(d, **sizes) for sizes in ({}, alike, MANY)):
        z = input_of(subject, shape)
        with subject.must_answer(f"codes of shape {shape} and indices of shape {subject.layout.positions(shape)}"):
            judge_places(
                subject, z, subject.quantizer(), f"an input of shape {shape} in the layout {subject.layout.name}"
            )
    vectors = subject.probes()
    vectors = vectors[: 512 if subject.layout.long_axis is not None else 8]
    quantizer = subject.quantizer()
    reply = subject.ask(vectors, quantizer)
    if subject.habits.levels:
        judge_levels(subject, vectors, reply, subject.held)
    else:
        comparators.same_integers(subject.read(reply.codes), subject.exact_levels(vectors), "the levels in this layout")
    same_codes_in_axes(subject, quantizer)
    judge_one_channel(subject)


@clause(
    "SHP-2",
    MUST,
    "Axes of length 1, one at a time and all at once, change nothing but the shape.",
    title="B = 1, T = 1",
    source=CONVENTION,
    meaning="Inference on a single item or a single frame fails, or drops an axis that the next layer expects.",
    over=Span(levels="mixed", dtypes=ALL_DTYPES, modes=BOTH, variants="layouts"),
)
def test_axes_of_length_one(subject: Subject) -> None:
    letters = subject.layout.name.replace("d", "")
    quantizer = subject.quantizer()
    for ones in [*letters, letters] if letters else [""]:
        z = input_of(subject, subject.layout.shape(len(subject.levels), **dict.fromkeys(ones, 1)))
        with subject.must_answer(f"codes of shape {z.shape}"):
            judge_places(subject, z, quantizer, f"an input of shape {z.shape} in the layout {subject.layout.name}")
        judge_coded(subject, quantizer, z)


@clause(
    "SHP-3",
    SHOULD,
    "An empty batch or sequence gives empty codes and an empty gradient, and indices that are integers, of the right shape, "
    "with several codebooks and projections too, and no codes and no indices are encoded and decoded.",
    title="empty input",
    source=CONVENTION,
    meaning="The last, empty shard of a data set, or a filtered batch, stops the job.",
    over=Span(levels="mixed", modes=BOTH, variants="layouts"),
)
def test_emptyinput_of(subject: Subject) -> None:
    judge_nothing(subject)


@clause(
    "SHP-4",
    MUST,
    "A sample alone, a slice, and a permutation of a batch get the same bits as within the whole batch.",
    title="batch invariance",
    source="design: no term of an FSQ couples two positions (arXiv 2309.15505 §3.1)",
    meaning="Tokens depend on what else is in the batch: training, evaluation and serving disagree.",
    over=Span(levels="few", dtypes=ALL_DTYPES, modes=BOTH),
)
def test_positions_do_not_depend_on_each_other(subject: Subject) -> None:
    random = np.random.default_rng(4)
    shape = subject.layout.shape(len(subject.levels), B=9)
    z = random.normal(scale=1.5, size=shape).astype(subject.precision.dtype)
    quantizer = subject.quantizer()
    together = quantizer.quantize(z)
    comparators.same_shape(together.codes, z.shape, "the codes of the whole batch", Probe("forward", z, ramp=True))
    for axis, letter in enumerate(subject.layout.name):
        if letter == "d":
            continue
        order = random.permutation(shape[axis])
        parts = {f"the slice {i}:{i + 1}": np.array([i]) for i in range(shape[axis])}
        parts |= {"the first half": np.arange(shape[axis] // 2), "a permutation": order}
        for words, part in parts.items():
            at = (slice(None),) * axis + (part,)
            piece = np.ascontiguousarray(z[at])
            answer = quantizer.quantize(piece)
            where = f"{words} of axis {axis} ({letter})"
            comparators.same_bits(answer.codes, together.codes[at], f"the codes of {where}", "those of the whole batch")
            indices, among = (subject.numbered(one, of.shape) for one, of in ((answer, piece), (together, z)))
            if isinstance(indices, np.ndarray) and isinstance(among, np.ndarray):
                at = (slice(None),) * (axis - (axis > subject.layout.channel_axis)) + (part,)
                comparators.same_bits(indices, among[at], f"the indices of {where}", "those of the whole batch")
    several = subject.probes()[:24]
    whole = subject.ask(several, quantizer)
    alone = joined([subject.ask(vector[None], quantizer) for vector in several])
    comparators.same_bits(alone.codes, whole.codes, "the codes of a vector alone", "those among others")
    if alone.indices is not None and whole.indices is not None:
        comparators.same_bits(alone.indices, whole.indices, "the indices of a vector alone", "those among others")


@clause(
    "SHP-5",
    MUST,
    "Vectors, codes and indices get the same bits wherever they stand among more than 2^18, in a sequence of any length or a "
    "large batch, in every layout and dtype.",
    title="position invariance",
    source="design: no term of an FSQ depends on the position (arXiv 2309.15505 §3.1)",
    meaning="Long sequences or large batches are quantized wrongly from some length on.",
    over=Span(levels="mixed", modes=BOTH),
)
def test_the_place_of_a_vector_does_not_matter(subject: Subject, fsq_tier: str) -> None:
    block = subject.probes()[:1021]
    quantizer = subject.quantizer()
    if subject.layout.long_axis is None:
        same_everywhere(subject.ask(block, quantizer), len(block), "further up")
        return
    evaluates = subject.case.mode == "eval"
    length = 2**19 if fsq_tier != "quick" else 2**18 if evaluates else 2**16
    vectors = np.tile(block, (length // len(block) + 2, 1))
    long = subject.ask(vectors, quantizer)
    same_everywhere(long, len(block), "further up")
    if subject.layout.long_axis > 0:
        wide = np.swapaxes(subject.layout.arrange(np.tile(block, (65, 1))), 0, subject.layout.long_axis)
        several = np.repeat(subject.layout.arrange(np.tile(block, (2**16 // len(block) + 1, 1))), 2, axis=0)
        for z, where in ((wide, "in a sequence"), (several, "in a single sequence")):
            reply = subject.reply(quantizer.quantize(np.ascontiguousarray(z)), z.shape)
            same_everywhere(reply, len(block), where, long)
    same_in_long_lists(subject, quantizer, long.codes)
    if evaluates:
        same_at_every_length(subject, quantizer, vectors, long)
        same_in_every_layout(subject, block)
        if fsq_tier != "quick":
            same_beyond_a_million(subject, quantizer, block)
    same_in_every_dtype(subject, quantizer, vectors[: 128 * len(block)])


@clause(
    "SHP-6",
    MUST,
    "Strides do not matter: transposed, moved, sliced, offset, broadcast and read-only arrays get the bits of their "
    "contiguous copy.",
    title="non-contiguous input",
    source=CONVENTION,
    meaning="A transpose or a slice before the quantizer, as every (B, d, T) model has, silently changes the tokens.",
    over=Span(levels="mixed", modes=BOTH, variants=tuple(VIEWS)),
)
def test_strides_do_not_matter(subject: Subject) -> None:
    name = str(subject.case.variant)
    # With its axes moved, as in a batch of images that is kept channels last, it is tried in every layout.
    others = [other for other in subject.adapter.layouts if other != subject.layout.name and len(other) > 2]
    for held in (subject, *(subject.in_layout(other) for other in others if name == "moved")):
        z = VIEWS[name](input_of(held, held.layout.shape(len(held.levels))))
        quantizer = held.quantizer()
        plain = quantizer.quantize(np.ascontiguousarray(z).copy())
        where = f"the {name} input of shape {z.shape}"
        with subject.must_answer("the answer to its contiguous copy", f"for {where}"):
            strided = quantizer.quantize(z)
        comparators.same_bits(strided.codes, plain.codes, f"the codes of {where}", "those of its contiguous copy")
        if plain.indices is not None and strided.indices is not None:
            than = "those of its contiguous copy"
            comparators.same_bits(strided.indices, plain.indices, f"the indices of {where}", than)
        same_through_strides(held, quantizer, name)


@clause(
    "SHP-7",
    MUST,
    "Nothing that is given is written to: the input, whatever its values and whether or not gradients are recorded, the "
    "upstream, the codes to encode, the indices to decode.",
    title="input kept",
    source=CONVENTION,
    meaning="A loss, a residual connection or the next quantizer reads a latent that the quantizer has overwritten.",
    over=Span(levels="mixed", modes=BOTH, dtypes=ALL_DTYPES),
)
def test_the_input_is_not_modified(subject: Subject) -> None:
    quantizer = subject.quantizer()
    judge_untouched(subject, quantizer)
    given_kept(subject, quantizer)


#: How many there are; in half precision nine.
_CODEBOOKS = {("float32", "eval"): 2, ("float32", "train"): 3}


@clause(
    "SHP-8",
    MUST,
    "With several codebooks each group of channels is quantized on its own, has its own index and its own gradient, whatever "
    "axes are 1 long.",
    title="several codebooks",
    source="vector-quantize-pytorch num_codebooks",
    meaning="Groups are mixed up: codes of one codebook carry the index of another.",
    needs=[Capability.CODEBOOKS],
    over=Span(levels="mixed", dtypes=("float32", *HALF_DTYPES), modes=BOTH, variants="layouts"),
)
def test_several_codebooks(subject: Subject) -> None:
    groups = _CODEBOOKS.get((subject.case.dtype, subject.case.mode), 9)
    judge_groups(subject, input_of(subject, subject.layout.shape(groups * len(subject.levels))), groups)


@clause(
    "SHP-9",
    MUST,
    "An input with another number of channels is refused, in every layout.",
    title="wrong channel count",
    source=CONVENTION,
    meaning="A wrong axis order or a wrong config goes unnoticed: the input is broadcast or cut, and tokens come out.",
    over=Span(levels="mixed", variants=("one more", "one less", "one only", "twice as many", "many for one")),
)
def test_a_wrong_number_of_channels_is_refused(subject: Subject) -> None:
    variant, d = str(subject.case.variant), len(subject.levels)
    wrong = {"one more": d + 1, "one less": d - 1, "one only": 1, "twice as many": 2 * d, "many for one": d + 2}[
        variant
    ]
    if variant == "many for one":
        subject, d = subject.with_levels(subject.levels[:1]), 1
    if wrong == d:
        raise NotJudgedError("one channel is not a wrong number for a quantizer of one")
    for name in subject.adapter.layouts:
        held = subject.in_layout(name)
        axis = held.layout.long_axis
        # So many positions that the numbers could be dealt out as vectors of d: only their axis says that they are none.
        sizes = {} if axis is None else {name[axis]: 4 * d}
        judge_refused(held, held.quantizer(), d, held.layout.shape(wrong, **sizes), "a quantizer")


@clause(
    "SHP-10",
    SHOULD,
    "A single vector (d,) and a plain batch (B, d) are quantized, or refused in words that name the shape.",
    title="plain vectors",
    source=f"{CONVENTION}; vector-quantize-pytorch 1.32.0 raises an einops error",
    meaning="The first thing that a newcomer tries ends in an error about somebody else's rearrange pattern.",
    over=Span(levels="mixed", variants=("d", "Bd")),
)
def test_plain_vectors(subject: Subject) -> None:
    name = str(subject.case.variant)
    z = input_of(subject, LAYOUTS[name].shape(len(subject.levels)))
    if name in subject.adapter.layouts:
        judge_places(subject, z, subject.quantizer(), f"an input of shape {z.shape}")
        return
    # It is asked in its main layout's quantizer: a user has only one.
    main = subject.quantizer(layout=next(layout for layout in LAYOUTS if layout in subject.adapter.layouts))
    try:
        judge_places(subject, z, main, f"an input of shape {z.shape}")
    except TargetRaisedError as raised:
        kinds = (ValueError, TypeError, AssertionError, NotImplementedError)
        if isinstance(raised.error, kinds) and str(raised.error).strip():
            return
        raise NonConformanceError(
            Finding(
                f"an input of shape {z.shape} is refused with {type(raised.error).__name__}, an error of its insides",
                raised.what(),
                "codes, or a ValueError, TypeError or AssertionError that names the shape",
                probe=Probe("forward", z),
                setup=raised.setup,
            )
        ) from raised


@clause(
    "SHP-11",
    MUST,
    "With projections the codes have the input's width, every position is projected on its own, and decoding the indices gives "
    "the same output, with several codebooks and in half precision too.",
    title="projections",
    source="vector-quantize-pytorch dim",
    meaning="What a decoder gets from stored tokens is not what it was trained on.",
    needs=[Capability.PROJECTION, Capability.INDICES, Capability.DECODE],
    over=Span(levels="mixed", modes=BOTH, variants="layouts"),
)
def test_projections_wrap_the_quantizer(subject: Subject) -> None:
    judge_projections(subject)


@clause(
    "SHP-12",
    MUST,
    "Codes come back in the dtype of the input.",
    title="dtype kept",
    source=CONVENTION,
    meaning="A model in half precision silently goes on in another dtype behind the quantizer, or stops at a mismatch.",
    needs=[Capability.CODES],
    over=Span(levels="mixed", modes=BOTH, dtypes=ALL_DTYPES, variants="layouts"),
)
def test_the_dtype_is_kept(subject: Subject) -> None:
    z = input_of(subject, subject.layout.shape(len(subject.levels)))
    quantizer = subject.quantizer()
    for tracked in (False, True) if subject.has(Capability.GRADIENT) else (False,):
        answer = quantizer.quantize(z, tracked=tracked)
        comparators.same_dtype(answer.codes, subject.case.dtype, "the codes", Probe("forward", z, ramp=True))


@clause(
    "SHP-13",
    MUST,
    "An answer stays what it was, whatever is asked afterwards, and what is written into one of its elements comes back in no "
    "other, in no further answer, and not in the input.",
    title="answers kept",
    source=CONVENTION,
    meaning="Two batches share one buffer: the codes of the first turn into those of the second behind your back.",
    over=Span(levels="mixed", modes=BOTH),
)
def test_answers_are_not_overwritten(subject: Subject) -> None:
    quantizer = subject.quantizer()
    for what, question in questions(subject, quantizer).items():
        judge_kept(what, question)
    judge_apart(subject, quantizer)
