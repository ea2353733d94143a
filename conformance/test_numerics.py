"""NUM: accuracy, every 16-bit value, every float, tiny and huge numbers, NaN, and channels with hundreds of levels."""

from __future__ import annotations

from contextlib import suppress

import numpy as np

from fsqcheck.adapters import Capability, Probe
from fsqcheck.conformance import comparators, probes
from fsqcheck.conformance.clause import ALL_DTYPES, HALF_DTYPES, MUST, SHOULD, Span, clause, explores
from fsqcheck.conformance.every_float import judge_every_float
from fsqcheck.conformance.findings import Array, Finding, NonConformanceError, TargetRaisedError
from fsqcheck.conformance.judging import judge_grid, judge_levels
from fsqcheck.conformance.subject import Reply, Subject
from fsqcheck.conformance.surrogate import gradient_tolerance
from fsqcheck.conformance.witness import WitnessedQuantizer
from fsqcheck.reference import PRECISIONS, every_value, from_ordinals
from fsqcheck.reference.holding import SHOULD_HOLD

BANDS = "docs/rules.md, how close is close enough"
BOTH = ("eval", "train")


@clause(
    "NUM-1",
    SHOULD,
    "Float64 inputs are quantized with float64 accuracy: thresholds and codes.",
    title="float64 accuracy",
    source=f"{BANDS}; constants that are kept in float32 miss it",
    meaning="A float64 model is only as good as float32: its tokens differ from an exact implementation near thresholds.",
    over=Span(levels="channels", dtypes=("float64",)),
)
def test_float64_is_float64_accurate(subject: Subject) -> None:
    vectors = subject.probes("float64")
    reply = subject.ask(vectors)
    judge_levels(subject, vectors, reply, "float64")
    judge_grid(subject, vectors, reply, "float64")


def _every_value(subject: Subject) -> Array:
    """All finite values and infinities of a 16-bit dtype, in every channel: (N, d)."""
    values = every_value(subject.precision)
    with np.errstate(invalid="ignore"):
        known = values[~np.isnan(values.astype(np.float64))]
    return np.repeat(known[:, None], len(subject.levels), axis=1)


@clause(
    "NUM-2",
    MUST,
    "Every float16 and bfloat16 value takes a level that its own precision allows.",
    title="every 16-bit value",
    source=BANDS,
    meaning="In half precision some latents get tokens that no rounding error of half precision explains.",
    over=Span(levels="halves", dtypes=HALF_DTYPES, modes=BOTH),
)
def test_every_16_bit_value(subject: Subject) -> None:
    vectors = _every_value(subject)
    judge_levels(subject, vectors, subject.ask(vectors), subject.held)


@clause(
    "NUM-3",
    SHOULD,
    "Every float16 and bfloat16 value takes the level that arithmetic in float32 gives it.",
    title="16-bit inputs in float32",
    source=f"{BANDS}; vector-quantize-pytorch force_quantization_f32 (issue 114)",
    meaning="Tokens in half precision differ from those of the same latents in float32; half precision blurs the steps.",
    over=Span(levels="halves", dtypes=HALF_DTYPES),
)
def test_16_bit_inputs_are_computed_in_float32(subject: Subject) -> None:
    vectors = _every_value(subject)
    judge_levels(subject, vectors, subject.ask(vectors), SHOULD_HOLD[subject.case.dtype])


@clause(
    "NUM-4",
    MUST,
    "Subnormal and other tiny inputs are quantized like the zero next to them, and have its gradient.",
    title="tiny inputs",
    source=BANDS,
    meaning="Silence and padding get tokens that depend on the last bits of nothing.",
    over=Span(levels="channels", dtypes=ALL_DTYPES),
)
def test_tiny_inputs_are_like_zero(subject: Subject) -> None:
    near = np.array([1, 2, 3, 10, 100], dtype=np.int64)
    small = [subject.precision.smallest_normal * scale for scale in (0.5, 1.0, 2.0)]
    column = np.concatenate([from_ordinals(np.concatenate([near, -near]), subject.precision).astype(np.float64), small])
    column = np.concatenate([column, -column, [0.0, -0.0]]).astype(subject.precision.dtype)
    vectors = np.repeat(column[:, None], len(subject.levels), axis=1)
    reply = subject.ask(vectors)
    judge_levels(subject, vectors, reply, subject.held)
    judge_grid(subject, vectors, reply, subject.held)
    if subject.has(Capability.GRADIENT) and subject.layout.long_axis is not None:
        try:
            _, gradient = subject.vjp(vectors, np.ones_like(vectors))
        except TargetRaisedError:
            return  # that no gradient comes is the affair of GRD
        slopes = np.array([subject.rule.slope(np.zeros(1), L)[0] for L in subject.levels])
        if not subject.habits.slopes:  # the affair of GRD-1: here they are those that it has at 0
            zeros = np.zeros_like(vectors[:1])
            slopes = subject.vjp(zeros, np.ones_like(zeros))[1][0].astype(np.float64)
        allowed = 64 * PRECISIONS[subject.held].eps * np.maximum(np.abs(slopes), 1.0)
        comparators.within(gradient, np.broadcast_to(slopes, gradient.shape), allowed, "the gradients at tiny inputs")


@clause(
    "NUM-5",
    SHOULD,
    "NaN stays visible: its code is NaN or the call raises, its index does not decode to a valid code, and its code is not "
    "encoded to a valid index.",
    title="NaN stays visible",
    source="vector-quantize-pytorch 1.32.0: NaN gets the index -2147483648, which decodes to a valid code",
    meaning="A diverged encoder goes unnoticed: NaN latents are stored as ordinary tokens.",
    over=Span(levels="mixed and large", dtypes=ALL_DTYPES, modes=BOTH),
)
def test_nan_stays_visible(subject: Subject) -> None:
    d = len(subject.levels)
    # In every channel, in every two neighbours, and in all: a NaN that is cast to -2^63 vanishes times an even weight,
    # or together with another one.
    places = [slice(c, c + n) for n in (1, 2) for c in range(d + 1 - n)] + [slice(d)]
    vectors = np.zeros((2 * len(places) + 1, d), dtype=subject.precision.dtype)
    for row, place in enumerate(places):
        vectors[2 * row + 1, place] = np.nan
    quantizer = subject.quantizer()
    try:
        reply = subject.ask(vectors, quantizer)
    except TargetRaisedError:
        return
    for row, place in enumerate(places):
        _stays_visible(subject, quantizer, reply, vectors, 2 * row + 1, place)
    # And where nothing else is there: of all vectors, or in one whose other channels are infinite.
    nothing = np.full((2, d), np.nan, dtype=subject.precision.dtype)
    infinite = nothing.copy()
    infinite[:, 1:] = np.inf
    for alone, place in ((nothing, slice(d)), (infinite, slice(1))):
        with suppress(TargetRaisedError):
            _stays_visible(subject, quantizer, subject.ask(alone[:1], quantizer), alone, 0, place)
    _encoded_visibly(subject, quantizer, reply.codes[1::2])


def _encoded_visibly(subject: Subject, quantizer: WitnessedQuantizer, codes: Array) -> None:
    """Codes that hold NaN are refused, or get indices outside the codebook."""
    if not subject.has(Capability.ENCODE):
        return
    try:
        indices = np.ravel(quantizer.codes_to_indices(codes))
    except TargetRaisedError:
        return
    for code, index in zip(codes, indices, strict=False):
        if 0 <= index < subject.codebook.size:
            raise NonConformanceError(
                Finding(
                    f"the codes of a NaN input are encoded to the valid index {index}",
                    f"index {index}, a token of the codebook",
                    f"an index outside 0 … {subject.codebook.size - 1}, or an exception",
                    input=code,
                    input_note="the codes",
                    probe=Probe("codes_to_indices", code[None]),
                    setup=subject.setup,
                )
            )


def _stays_visible(
    subject: Subject, quantizer: WitnessedQuantizer, reply: Reply, vectors: Array, row: int, place: slice
) -> None:
    """The vector of a row, which is NaN in some of its channels, has codes and an index that say so."""
    probe = Probe("forward", subject.layout.arrange(vectors[row : row + 1]))
    seen = reply.codes[row, place].astype(np.float64)
    if not np.isnan(seen).all():
        code = float(seen[~np.isnan(seen)][0])
        raise NonConformanceError(
            Finding(
                f"a NaN input gets the code {code!r}",
                f"code {code!r}",
                "the code NaN, or an exception",
                input=vectors[row],
                probe=probe,
                setup=subject.setup,
            )
        )
    if reply.indices is None:
        return
    index = reply.indices[row]
    if np.isnan(index):  # an index that is a float
        return
    if 0 <= index < subject.codebook.size:
        raise NonConformanceError(
            Finding(
                f"a NaN input gets the valid index {index}",
                f"index {index}, a token of the codebook",
                f"an index outside 0 … {subject.codebook.size - 1}, or an exception",
                input=vectors[row],
                probe=probe,
                setup=subject.setup,
            )
        )
    if not subject.has(Capability.DECODE):
        return
    shape = subject.layout.arrange(vectors[row : row + 1]).shape
    shaped = np.full(subject.layout.positions(shape), index, dtype=reply.indices.dtype)
    try:
        decoded = quantizer.indices_to_codes(shaped)
    except TargetRaisedError:
        return
    if not np.isnan(decoded.astype(np.float64)).any():
        raise NonConformanceError(
            Finding(
                f"a NaN input gets the index {index}, which decodes to the valid code {np.ravel(decoded).tolist()}",
                f"index {index}, decoded to {np.ravel(decoded).tolist()}",
                "an index that decoding refuses, or NaN",
                input=vectors[row],
                probe=Probe("indices_to_codes", shaped),
                setup=subject.setup,
            )
        )


@clause(
    "NUM-6",
    MUST,
    "A NaN in one channel changes neither the other channels' codes and gradients nor any other position.",
    title="NaN does not spread",
    source="design: no term of an FSQ couples channels or positions (arXiv 2309.15505 §3.1)",
    meaning="One bad value spoils a whole batch.",
    over=Span(levels="mixed and large", dtypes=ALL_DTYPES),
)
def test_nan_does_not_spread(subject: Subject) -> None:
    vectors = probes.settled(subject.rule, subject.levels, subject.case.dtype, 7)
    if subject.layout.long_axis is None:
        vectors = vectors[:1]
    row = len(vectors) // 2
    others = np.arange(len(vectors)) != row
    quantizer = subject.quantizer()
    clean = subject.ask(vectors, quantizer)
    for channel in range(len(subject.levels)):
        poisoned = vectors.copy()
        poisoned[row, channel] = np.nan
        try:
            reply = subject.ask(poisoned, quantizer)
        except TargetRaisedError:
            return  # a target may refuse NaN: NUM-5
        expected = clean.codes.copy()
        # Digits that are read off an index go with it.
        touched = channel if subject.has(Capability.CODES) else slice(None)
        expected[row, touched] = reply.codes[row, touched]
        comparators.same_bits(reply.codes, expected, "the codes next to a NaN", "those without it")
        if clean.indices is not None and reply.indices is not None:
            comparators.same_bits(
                reply.indices[others], clean.indices[others], "the indices next to a NaN", "those without"
            )
    if subject.has(Capability.GRADIENT):
        _gradients_next_to_nan(subject, quantizer, vectors, row)


def _gradients_next_to_nan(subject: Subject, quantizer: WitnessedQuantizer, vectors: Array, row: int) -> None:
    """With a NaN in the first channel of a row, all others have the gradient that they have without it."""
    poisoned, one = vectors.copy(), np.ones_like(vectors)
    poisoned[row, 0] = np.nan
    try:
        clean, spoilt = (subject.vjp(z, one, quantizer)[1].astype(np.float64) for z in (vectors, poisoned))
    except TargetRaisedError:
        return  # that no gradient comes is the affair of GRD
    spoilt[row, 0] = clean[row, 0]
    tolerance = gradient_tolerance(subject, one, subject.held)
    comparators.within(spoilt, clean, tolerance, "the gradients next to a NaN")


@clause(
    "NUM-7",
    MUST,
    "With dozens to thousands of levels a channel, levels stay within 0 … L-1, thresholds within their bands, and indices exact.",
    title="hundreds of levels",
    source="docs/rules.md: from L = 1002 on the (1+ε) rule reaches past its ends; vector-quantize-pytorch 1.32.0 from 1001",
    meaning="Levels -1 and L appear: indices collide with those of other codes or leave the codebook.",
    over=Span(levels="wide", dtypes=("float32", "float64")),
)
def test_hundreds_of_levels(subject: Subject) -> None:
    vectors = subject.probes()
    ends = np.repeat(np.array([[-60.0], [60.0]], dtype=vectors.dtype), len(subject.levels), axis=1)
    vectors = np.concatenate([ends, vectors])
    reply = subject.ask(vectors)
    levels = subject.read(reply.codes)
    for channel, L in enumerate(subject.levels):
        wrong = (levels[:, channel] < 0) | (levels[:, channel] >= L)
        if wrong.any() and subject.legible(channel):
            row = int(np.flatnonzero(wrong)[0])
            raise NonConformanceError(
                Finding(
                    f"L = {L}: z = {float(vectors[row, channel])!r} takes level {levels[row, channel]}",
                    f"level {levels[row, channel]}, code {float(reply.codes[row, channel])!r}",
                    f"a level in 0 … {L - 1}",
                    input=vectors[row, channel : channel + 1],
                    wrong=int(wrong.sum()),
                    tried=int(wrong.size),
                    probe=Probe("forward", subject.layout.arrange(vectors[row : row + 1])),
                    setup=subject.setup,
                )
            )
    judge_levels(subject, vectors, reply, subject.held)
    if reply.indices is not None and all(map(subject.legible, range(len(subject.levels)))):
        comparators.same_integers(reply.indices, subject.codebook.pack(levels), "the indices")


#: What takes minutes to hours in float32, and little time in 16 bits.
NOT_QUICK = ("standard", "exhaustive")


@clause(
    "NUM-8",
    MUST,
    "Every bit pattern takes a level that the exact staircase allows, and gets its code and its index: all of float16 and "
    "bfloat16, and in the exhaustive tier all 2^32 of float32.",
    title="every float",
    source=BANDS,
    meaning="Single inputs, far from any threshold, get a wrong token: a table or a special case that no sample met.",
    over=Span(levels="every", dtypes=HALF_DTYPES, tiers=NOT_QUICK),
)
def test_every_float(subject: Subject) -> None:
    judge_every_float(subject)


@explores("NUM-8", Span(levels="few", tiers=NOT_QUICK[1:]))
def test_every_float32(subject: Subject) -> None:
    judge_every_float(subject)
