"""IDX: tokens, from codes and back, to the last integer."""

from __future__ import annotations

from math import prod

import numpy as np

from fsqcheck.adapters import Capability, Probe
from fsqcheck.conformance import comparators, probes
from fsqcheck.conformance.clause import ALL_DTYPES, HALF_DTYPES, MUST, SHOULD, Span, clause
from fsqcheck.conformance.findings import (
    Array,
    Finding,
    NonConformanceError,
    NotJudgedError,
    RefusedError,
    TargetRaisedError,
)
from fsqcheck.conformance.numbering import (
    SAMPLES,
    WHOLE,
    codes_of,
    decoded,
    decoded_at,
    judge_packing,
    numbered_exactly,
    same_indices,
    some_indices,
)
from fsqcheck.conformance.placing import MANY
from fsqcheck.conformance.subject import Subject, indices_given

PAPER = "arXiv 2309.15505 §3.1"


@clause(
    "IDX-1",
    MUST,
    "Every index, decoded and encoded again, is itself (all of them up to 2^20 codes; edges and samples above).",
    title="codebook round trip",
    source=PAPER,
    meaning="Stored tokens change when they pass through the library once.",
    needs=[Capability.ENCODE, Capability.DECODE],
    over=Span(levels="codebooks"),
)
def test_every_index_survives_a_round_trip(subject: Subject) -> None:
    indices = some_indices(subject.codebook.size)
    quantizer = subject.quantizer()
    codes = decoded(subject, quantizer, indices)
    again = quantizer.codes_to_indices(codes)
    same_indices(subject, again, indices, codes, "round trip", "decoded and encoded again,")


@clause(
    "IDX-2",
    MUST,
    "Every exact code, encoded and decoded again, is itself.",
    title="code → index → code",
    source=PAPER,
    meaning="A token stands for another vector than the one that was encoded.",
    needs=[Capability.ENCODE, Capability.DECODE],
    over=Span(levels="codebooks"),
)
def test_every_code_survives_a_round_trip(subject: Subject) -> None:
    codes = codes_of(subject, some_indices(subject.codebook.size))
    quantizer = subject.quantizer()
    indices = quantizer.codes_to_indices(codes)
    comparators.same_shape(indices, codes.shape[:-1], "the indices")
    again = decoded(subject, quantizer, indices)
    tolerance = max(subject.grid_tolerance(channel) for channel in range(len(subject.levels)))
    comparators.within(again, codes, tolerance, "the codes, as (index, channel), after encoding and decoding")
    negative = quantizer.codes_to_indices(np.where(codes == 0, np.float32(-0.0), codes))
    comparators.same_integers(negative, indices, "the indices of the same codes with -0 in the place of 0")


@clause(
    "IDX-3",
    MUST,
    "The indices of a forward call are those of its codes.",
    title="forward agrees",
    source=PAPER,
    meaning="Tokens that are stored while training differ from tokens that are computed from the codes later.",
    needs=[Capability.INDICES, Capability.ENCODE],
    over=Span(levels="codebooks", modes=("eval", "train")),
)
def test_forward_agrees_with_codes_to_indices(subject: Subject) -> None:
    z = np.random.default_rng(3).normal(scale=1.5, size=(4000, len(subject.levels))).astype(np.float32)
    # Beside the thresholds and at ±inf too: there an index that is computed on another path leaves the code.
    beside = subject.probes()[:4000]
    ends = np.full((2, len(subject.levels)), np.inf, dtype=np.float32) * np.array([[-1], [1]], dtype=np.float32)
    z = np.concatenate([z, beside[: len(beside) // 2 * 2], ends])
    quantizer = subject.quantizer()
    reply = subject.ask(z, quantizer)
    # As an array of more than two axes: codes are (…, d).
    encoded = quantizer.codes_to_indices(reply.codes.reshape(2, -1, len(subject.levels)))
    found = indices_given(reply.indices).reshape(2, -1)
    comparators.same_integers(found, encoded.astype(np.int64), "the indices of the forward call")


@clause(
    "IDX-4",
    MUST,
    "An index is Σ level_i · Π_{j<i} L_j: mixed radix, the first channel least significant, of a single vector (d,) too.",
    title="packing order",
    source=f"{PAPER}, notebook: basis = cumprod([1, levels…])",
    meaning="Tokens of this library mean other codes everywhere else; a swap scrambles them all.",
    over=Span(levels="codebooks"),
)
def test_indices_are_mixed_radix(subject: Subject) -> None:
    judge_packing(subject)


@clause(
    "IDX-5",
    MUST,
    "The indices of a forward call are integers from 0 to ΠL-1, a different one for each code, and all of them occur.",
    title="range, dtype, bijective",
    source=PAPER,
    meaning="An embedding lookup fails or wraps around, or two different vectors share a token.",
    needs=[Capability.INDICES],
    over=Span(levels="codebooks", modes=("eval", "train")),
)
def test_forward_indices_count_the_codebook(subject: Subject) -> None:
    if subject.codebook.size > WHOLE // 8:
        z = probes.settled(subject.rule, subject.levels, "float32", SAMPLES)
    else:
        z = probes.every_code(subject.rule, subject.levels, "float32")
    exact = subject.exact_indices(z)
    indices = indices_given(subject.ask(z).indices)
    comparators.integer_dtype(indices, "the indices", Probe("forward", subject.layout.arrange(z[:1])))
    outside = (indices.astype(object) < 0) | (indices.astype(object) >= subject.codebook.size)
    wrong = np.asarray(outside, dtype=bool) if np.any(outside) else indices != exact.astype(indices.dtype)
    if not wrong.any():
        _numbers_infinities(subject)
        return
    row = int(np.flatnonzero(wrong)[0])
    found = int(indices[row])
    twice = int(np.sum(indices == indices[row]))
    raise NonConformanceError(
        Finding(
            message=f"the vector of index {exact[row]} gets the index {found}"
            + (f", outside the codebook of {subject.codebook.size}" if np.any(outside) else "")
            + (f", which {twice} vectors share" if twice > 1 else ""),
            observed=f"index {found}",
            expected=f"index {exact[row]}",
            input=z[row],
            wrong=int(wrong.sum()),
            tried=int(wrong.size),
            probe=Probe("forward", subject.layout.arrange(z[row : row + 1])),
            setup=subject.setup,
        )
    )


def _numbers_infinities(subject: Subject) -> None:
    """Vectors of infinities of both signs, where their levels are right: what they are else is the affair of BND-5."""
    signs = np.where((np.arange(2)[:, None] + np.arange(len(subject.levels))) % 2, -1.0, 1.0)
    z = (signs * np.inf).astype(subject.precision.dtype)
    try:
        reply = subject.ask(z)
    except TargetRaisedError:
        return
    levels = subject.exact_levels(z)
    right = (subject.read(reply.codes) == levels).all(axis=1)
    found, expected = indices_given(reply.indices)[right], subject.codebook.pack(levels)[right]
    comparators.same_integers(found, expected, "the indices of vectors of infinities of both signs")


@clause(
    "IDX-6",
    MUST,
    "Codebooks at and above 2^22, 2^24 and 2^31 codes have exact indices, whatever the dtype of the input, in either mode and "
    "with gradients recorded, or are refused at construction.",
    title="large codebooks",
    source="vector-quantize-pytorch sums indices in float32 and its basis in int32 (docs/rules.md, indices)",
    meaning="Different codes get the same token, and tokens wrap around: information is lost where nobody looks.",
    over=Span(levels="large", dtypes=ALL_DTYPES),
)
def test_large_codebooks_are_exact_or_refused(subject: Subject) -> None:
    subject.needs_any(Capability.ENCODE, Capability.INDICES, Capability.DECODE)
    try:
        quantizer = subject.quantizer()
    except RefusedError:
        return
    subject.must_settle()
    settled = probes.settled(subject.rule, subject.levels, subject.case.dtype, 4000)
    exact = subject.exact_indices(settled)
    # Codes and indices that are given do not know the dtype of an input: all of them once, else those of the vectors.
    indices = some_indices(subject.codebook.size) if subject.case.dtype == "float32" else np.unique(exact)
    indices = indices[:: 1 + len(subject.levels) // 32]  # of twice as many channels half as many
    numbered_exactly(subject, quantizer, settled, exact, indices)
    if subject.has(Capability.DECODE):
        levels = subject.read(decoded(subject, quantizer, indices))
        probe = Probe("indices_to_codes", indices[-1:])
        comparators.same_integers(levels, subject.codebook.unpack(indices), "the levels of decoded indices", probe)
    if subject.trains_quietly:
        quantizer.train(True)
        numbered_exactly(subject, quantizer, settled[:1000], exact[:1000], indices[::20], "in training mode")


@clause(
    "IDX-7",
    MUST,
    "With 26 and more levels a channel, every index is exact: integers are rounded, not cut.",
    title="many levels a channel",
    source="vector-quantize-pytorch ≤ 1.22.15 and diffusers cut instead of rounding (docs/rules.md, indices)",
    meaning="Some codes get the token of their neighbour, depending on rounding errors of the last bit.",
    over=Span(levels="fine", dtypes=("float32", "float64")),
)
def test_many_levels_have_exact_indices(subject: Subject) -> None:
    subject.needs_any(Capability.ENCODE, Capability.INDICES)
    z = probes.every_code(subject.rule, subject.levels, subject.case.dtype)
    exact = subject.exact_indices(z)
    quantizer = subject.quantizer()
    reply = subject.ask(z, quantizer)
    if reply.indices is not None:
        same_indices(subject, reply.indices, exact, z, "forward", "quantizing the vector of")
    if subject.has(Capability.ENCODE):
        encoded = quantizer.codes_to_indices(reply.codes)
        same_indices(subject, encoded, exact, reply.codes, "codes_to_indices", "encoding the codes of")


@clause(
    "IDX-8",
    MUST,
    "Codes that a forward call gives in float16 or bfloat16 have the same indices as the call itself, as they are and read in "
    "float32.",
    title="low-precision codes",
    source="vector-quantize-pytorch 1.32.0: codes_to_indices sums bfloat16 codes in bfloat16",
    meaning="Tokens that are computed from half-precision codes are wrong, or outside the codebook.",
    needs=[Capability.ENCODE],
    over=Span(levels="stored", dtypes=HALF_DTYPES),
)
def test_low_precision_codes_have_thesame_indices(subject: Subject) -> None:
    subject.must_settle()
    settled = probes.settled(subject.rule, subject.levels, subject.case.dtype, 4000)
    ends = np.full((1, len(subject.levels)), 9.0, dtype=subject.precision.dtype)
    z = np.concatenate([ends, -ends, settled])
    quantizer = subject.quantizer()
    reply = subject.ask(z, quantizer)
    levels = subject.read(reply.codes)
    comparators.same_integers(levels, subject.exact_levels(z), "the levels of the codes")
    exact = subject.codebook.pack(levels)
    codes = reply.codes.astype(subject.precision.dtype)
    encoded = quantizer.codes_to_indices(codes)
    # Those that float32 codes do not get either are the affair of IDX-6.
    whole = quantizer.codes_to_indices(codes_of(subject, exact))
    if whole.shape == exact.shape == encoded.shape:
        if not (alike := whole == exact).any():
            raise NotJudgedError("codes of float32 have other indices too")
        encoded, exact, codes = encoded[alike], exact[alike], codes[alike]
    same_indices(subject, encoded, exact, codes, "codes_to_indices", "encoding the codes of")
    read = codes.astype(np.float32)  # as they come back from a file
    encoded = quantizer.codes_to_indices(read)
    same_indices(
        subject, encoded, exact, read, "codes_to_indices", f"encoding the {subject.case.dtype} codes in float32 of"
    )


@clause(
    "IDX-9",
    SHOULD,
    "Indices outside 0 … ΠL-1 are refused, wherever they stand among others.",
    title="bad indices refused",
    source="vector-quantize-pytorch 1.32.0 decodes -1 and ΠL to valid codes",
    meaning="Padding tokens, off-by-one errors and a wrong vocabulary decode to plausible codes without a word.",
    needs=[Capability.DECODE],
    over=Span(levels="mixed", variants=("minus one", "size", "far below", "far above", "2^32")),
)
def test_bad_indices_are_refused(subject: Subject) -> None:
    size = subject.codebook.size
    far = 2**31 - 1 if size < 2**31 else 2**63 - 1
    index = {"minus one": -1, "size": size, "far below": -(2**31), "far above": far, "2^32": 2**32}[
        str(subject.case.variant)
    ]
    if 0 <= index < size:
        raise NotJudgedError(f"it is an index of a codebook of {size}")
    quantizer = subject.quantizer()
    # Alone, and as the last, the first and one in the middle of several that are valid, and in the last sample of a batch.
    placed: list[tuple[Array, int, str]] = []
    for before, after in ((0, 0), (4, 0), (0, 4), (2, 2)) if subject.layout.long_axis is not None else ((0, 0),):
        valid = np.arange(before + after, dtype=np.int64)
        among = f" behind {before} valid ones" if before else f" before {after} valid ones" if after else ""
        placed.append((subject.laid_out(np.insert(valid, before, index)), before, among))
    if (many := subject.layout.positions(subject.layout.shape(len(subject.levels), **MANY)))[:1] == (MANY["B"],):
        batch = np.zeros(many, dtype=np.int64)
        batch.reshape(-1)[-1] = index
        placed.append((batch, batch.size - 1, f" in the last of {MANY['B']} samples"))
    if -(2**31) <= index < 2**31:
        placed.append((subject.laid_out(np.array([index])).astype(np.int32), 0, " in int32"))
    for bad, place, among in placed:
        try:
            codes = quantizer.indices_to_codes(bad)
        except TargetRaisedError:
            continue
        seen = decoded_at(subject, codes, bad, place)
        if np.isnan(seen.astype(np.float64)).all():
            continue
        raise NonConformanceError(
            Finding(
                f"the index {index} of a codebook of {size} decodes{among} to {seen.tolist()}",
                f"codes {seen.tolist()}",
                "an exception (or NaN)",
                probe=Probe("indices_to_codes", bad),
                setup=subject.setup,
            )
        )


@clause(
    "IDX-10",
    MUST,
    "Decoding indices gives codes in the layout of the input that they came from.",
    title="decode keeps the layout",
    source="the calling convention that FSQ libraries share (docs/adapters.md)",
    meaning="Codes that are decoded from stored tokens have their axes swapped.",
    needs=[Capability.INDICES, Capability.DECODE],
    over=Span(levels="mixed", variants="layouts"),
)
def test_decoding_keeps_the_layout(subject: Subject) -> None:
    shape = subject.layout.shape(len(subject.levels))
    vectors = probes.settled(subject.rule, subject.levels, "float32", prod(subject.layout.positions(shape)))
    z = np.ascontiguousarray(subject.layout.unflatten(vectors, shape))
    quantizer = subject.quantizer()
    with subject.must_answer(f"codes of shape {shape} from the indices of an input of that shape"):
        answer = quantizer.quantize(z)
        decoded = quantizer.indices_to_codes(indices_given(answer.indices))
    comparators.same_shape(decoded, shape, "the decoded codes")
    tolerance = max(subject.grid_tolerance(channel) for channel in range(len(subject.levels)))
    comparators.within(decoded, answer.codes, 2 * tolerance, "the decoded codes")
