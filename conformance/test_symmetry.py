"""SYM: what a rule promises about -z, about zero, and about even and odd numbers of levels."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial

import numpy as np
from numpy.typing import NDArray

from fsqcheck.adapters import Probe
from fsqcheck.conformance import comparators
from fsqcheck.conformance.clause import ALL_DTYPES, MUST, Span, clause
from fsqcheck.conformance.findings import Array, Finding, NonConformanceError
from fsqcheck.conformance.judging import channels_with_bands, distinct, in_words
from fsqcheck.conformance.subject import Subject
from fsqcheck.reference import Rule

SYMMETRIC = "arXiv 2411.19842 §3.2"


def _even_symmetric(rule: Rule) -> bool:
    return not rule.lopsided and rule.levels_allowed(2)


@clause(
    "SYM-1",
    MUST,
    "With every code, quantized or decoded, its negative is a code too (the symmetric rules; odd L under every rule).",
    title="mirrored codes",
    source=f"{SYMMETRIC}; arXiv 2309.15505 §3.1 for odd L",
    meaning="The codebook leans to one side: sign flips of a latent no longer have a counterpart among the tokens.",
    over=Span(levels="mirrored", dtypes=ALL_DTYPES),
)
def test_codes_are_mirrored(subject: Subject) -> None:
    vectors = subject.probes()
    codes, decoded = subject.ask(vectors).codes, subject.decoded_codebook()
    for channel in _mirrored(subject):
        step = subject.rule.grid.step(subject.levels[channel])
        found = distinct(codes[:, channel], step / 8)
        _has_partners(subject, channel, found, partial(_giving, subject, vectors, codes, channel))
        if decoded is not None:
            ends = Probe("indices_to_codes", subject.laid_out(np.array([0, subject.codebook.size - 1])))
            _has_partners(subject, channel, distinct(decoded[:, channel], step / 8), _always(ends))


def _has_partners(subject: Subject, channel: int, codes: NDArray[np.float64], probe: Callable[[float], Probe]) -> None:
    """With every code of a channel, its mirror image about the middle of the grid is there; `probe`: what gives a code."""
    L = subject.levels[channel]
    middle = subject.rule.grid.code(np.array([0, L - 1]), L).mean()
    partners = np.abs(codes[:, None] + codes[None, :] - 2 * middle).min(axis=1, initial=np.inf)
    tolerance = 2 * subject.grid_tolerance(channel) + subject.precision.eps
    lonely = codes[~(partners <= tolerance)]
    if len(codes) and not len(lonely):
        return
    lonely_one = float(lonely[0]) if len(lonely) else float("nan")
    raise NonConformanceError(
        Finding(
            message=f"L = {L}: the code {lonely_one!r} has no mirrored code",
            observed=f"codes {in_words(codes)}",
            expected=f"codes that are symmetric about {middle:g}",
            wrong=max(len(lonely), 1),
            tried=L,
            setup=subject.setup,
            probe=probe(lonely_one),
            details={"channel": f"{channel} (L = {L})"},
        )
    )


@clause(
    "SYM-2",
    MUST,
    "Outside the tolerance bands the level of -z is L-1 minus the level of z, and the indices of both make ΠL-1.",
    title="mirrored levels",
    source=f"{SYMMETRIC}; arXiv 2309.15505 §3.1 for odd L",
    meaning="Positive and negative latents are treated differently: the steps on one side lie elsewhere than on the other.",
    over=Span(levels="mirrored", dtypes=ALL_DTYPES, modes=("eval", "train")),
)
def test_levels_are_mirrored(subject: Subject) -> None:
    vectors = subject.probes()
    quantizer = subject.quantizer()
    replies = [subject.ask(side, quantizer) for side in (vectors, -vectors)]
    level, mirror = (subject.read(reply.codes) for reply in replies)
    for channel in _mirrored(subject):
        L, z = subject.levels[channel], vectors[:, channel]
        lowest, highest = subject.stair(channel).allowed(z)
        wrong = (lowest == highest) & (mirror[:, channel] != L - 1 - level[:, channel])
        if not wrong.any():
            continue
        rows = np.flatnonzero(wrong)
        row = int(rows[np.argmin(np.abs(z[rows].astype(np.float64)))])
        value = float(z[row])
        pair = np.stack([vectors[row], -vectors[row]])
        raise NonConformanceError(
            Finding(
                message=f"L = {L}: z = {value!r} takes level {level[row, channel]} and -z takes {mirror[row, channel]}",
                observed=f"levels {level[row, channel]} and {mirror[row, channel]}",
                expected=f"two levels with the sum {L - 1}",
                input=z[row : row + 1],
                wrong=int(wrong.sum()),
                tried=int((lowest == highest).sum()),
                probe=Probe("forward", subject.layout.arrange(pair)) if subject.layout.long_axis is not None else None,
                setup=subject.setup,
                details={"channel": f"{channel} (L = {L})"},
            )
        )
    _indices_are_mirrored(subject, vectors, level, mirror, [reply.numbered for reply in replies])


def _indices_are_mirrored(
    subject: Subject, vectors: np.ndarray, level: np.ndarray, mirror: np.ndarray, indices: list[object]
) -> None:
    """Where all levels of a vector are mirrored, so is its index; indices that cannot be read are the affair of IDX."""
    plain, opposite = indices
    if not isinstance(plain, np.ndarray) or not isinstance(opposite, np.ndarray) or plain.dtype.kind not in "iu":
        return
    rows = np.flatnonzero((level + mirror == np.array(subject.levels) - 1).all(axis=1))
    total = plain[rows].astype(object) + opposite[rows].astype(object)
    wrong = np.asarray(total != subject.codebook.size - 1, dtype=bool)
    if wrong.any():
        row = int(rows[np.flatnonzero(wrong)[0]])
        pair = np.stack([vectors[row], -vectors[row]])
        raise NonConformanceError(
            Finding(
                message=f"the levels of z and -z are mirrored, their indices {plain[row]} and {opposite[row]} are not",
                observed=f"indices {plain[row]} and {opposite[row]}",
                expected=f"two indices with the sum {subject.codebook.size - 1}",
                input=vectors[row],
                wrong=int(wrong.sum()),
                tried=len(rows),
                probe=Probe("forward", subject.layout.arrange(pair)) if subject.layout.long_axis is not None else None,
                setup=subject.setup,
            )
        )


@clause(
    "SYM-3",
    MUST,
    "The one tie, z = ±0 with even L under a symmetric rule, goes where the rule's rounding says, and so does its index.",
    title="the tie at ±0",
    source=f"{SYMMETRIC}: ⌊u + ½⌋; stable-audio-tools: half to even",
    meaning="Exact zeros (padding, silence, a ReLU before the quantizer) get another token than under the stated rule.",
    over=Span(levels="even", rules=_even_symmetric, dtypes=ALL_DTYPES, modes=("eval", "train")),
)
def test_the_tie_at_zero(subject: Subject) -> None:
    _zeros_take(subject, [i for i, L in enumerate(subject.levels) if L % 2 == 0])


@clause(
    "SYM-4",
    MUST,
    "With odd L, z = ±0 takes the middle level, whose code is 0, and zeros have the middle index.",
    title="zero at odd L",
    source=f"arXiv 2309.15505 §3.1; {SYMMETRIC}",
    meaning="A latent of zero is not quantized to zero: an offset that belongs to even L is applied to odd L.",
    over=Span(levels="odd", dtypes=ALL_DTYPES, modes=("eval", "train")),
)
def test_zero_stays_zero_with_odd_levels(subject: Subject) -> None:
    _zeros_take(subject, [i for i, L in enumerate(subject.levels) if L % 2 == 1])


@clause(
    "SYM-5",
    MUST,
    "Even L is what the rule makes it: lopsided with codes -1 … 1-2/L and 0 → 0, or symmetric with codes ±1 and no 0.",
    title="even L",
    source=f"arXiv 2309.15505 §3.1 (offset ½ for even L); {SYMMETRIC} (codes ±1)",
    meaning="The codes are those of another rule: a decoder that was trained on the stated rule sees shifted values.",
    over=Span(levels="even", rules=lambda rule: rule.levels_allowed(4), dtypes=ALL_DTYPES),
)
def test_even_levels_are_as_promised(subject: Subject) -> None:
    largest = subject.precision.largest
    column = np.array([-largest, 0.0, largest]).astype(subject.precision.dtype)
    vectors = np.repeat(column[:, None], len(subject.levels), axis=1)
    codes = subject.ask(vectors).codes.astype(np.float64)
    for channel in [i for i, L in enumerate(subject.levels) if L % 2 == 0]:
        L = subject.levels[channel]
        lowest, highest = subject.stair(channel).allowed(column)
        for row, value in enumerate(column.astype(np.float64)):
            promised = subject.grid(np.arange(lowest[row], highest[row] + 1), channel)
            if (np.abs(codes[row, channel] - promised) <= subject.grid_tolerance(channel)).any():
                continue
            raise NonConformanceError(
                Finding(
                    message=f"L = {L}: z = {float(value)!r} gives the code {float(codes[row, channel])!r}",
                    observed=f"code {float(codes[row, channel])!r}",
                    expected=f"code {in_words(promised)}; the codes of {subject.rule.name} are "
                    f"{in_words(subject.grid(np.arange(L), channel))}",
                    input=column[row : row + 1],
                    probe=Probe("forward", subject.layout.arrange(vectors[row : row + 1])),
                    setup=subject.setup,
                    details={"channel": f"{channel} (L = {L})"},
                )
            )
    _decoded_ends(subject)


def _decoded_ends(subject: Subject) -> None:
    """The first and the last index decode to the end codes of even L."""
    ends = np.array([0, subject.codebook.size - 1])
    decoded = subject.decoded(ends)
    if decoded is None:
        return
    for channel in [i for i, L in enumerate(subject.levels) if L % 2 == 0]:
        L = subject.levels[channel]
        promised = subject.grid(np.array([0, L - 1]), channel)
        seen = decoded[:, channel].astype(np.float64)
        if (np.abs(seen - promised) <= subject.grid_tolerance(channel)).all():
            continue
        raise NonConformanceError(
            Finding(
                message=f"L = {L}: the end levels are decoded to the codes {in_words(seen)}",
                observed=f"codes {in_words(seen)} of the indices {ends[0]} and {ends[1]}",
                expected=f"codes {in_words(promised)}, as {subject.rule.name} promises",
                probe=Probe("indices_to_codes", subject.laid_out(ends)),
                setup=subject.setup,
                details={"channel": f"{channel} (L = {L})"},
            )
        )


def _mirrored(subject: Subject) -> list[int]:
    """The channels that the rule mirrors and that can be judged at this dtype."""
    return subject.judged(
        [i for i in channels_with_bands(subject, subject.held) if subject.rule.is_mirrored(subject.levels[i])],
        "no channel whose levels the rule mirrors can be judged at this dtype",
    )


def _always(probe: Probe) -> Callable[[float], Probe]:
    return lambda _: probe


def _giving(subject: Subject, vectors: Array, codes: Array, channel: int, code: float) -> Probe:
    """The smallest input that gives this code in a channel, and its negative."""
    far = np.nan_to_num(np.abs(codes[:, channel].astype(np.float64) - code), nan=np.inf)
    far[far <= subject.rule.grid.step(subject.levels[channel]) / 8] = 0.0
    row = int(np.lexsort((np.abs(vectors[:, channel].astype(np.float64)), far))[0])
    one = subject.alone(vectors, row, channel)
    return Probe("forward", subject.layout.arrange(one if subject.layout.long_axis is None else np.vstack([one, -one])))


def _zeros_take(subject: Subject, channels: list[int]) -> None:
    """+0.0 and -0.0 take the level of the rule's own rounding, its code, and the index of these levels."""
    column = np.array([0.0, -0.0]).astype(subject.precision.dtype)
    vectors = np.repeat(column[:, None], len(subject.levels), axis=1)
    reply = subject.ask(vectors)
    codes = reply.codes.astype(np.float64)
    legible = subject.judged([i for i in channels if subject.legible(i)], "codes cannot be told apart at this dtype")
    for channel in legible:
        L = subject.levels[channel]
        level = int(subject.rule.level(np.zeros(1), L)[0])
        code = float(subject.grid(np.array(level), channel))
        wrong = ~(np.abs(codes[:, channel] - code) <= subject.grid_tolerance(channel))
        if wrong.any():
            row = int(np.flatnonzero(wrong)[0])
            raise NonConformanceError(
                Finding(
                    message=f"L = {L}: z = {float(column[row])!r} gives the code {float(codes[row, channel])!r}",
                    observed=f"code {float(codes[row, channel])!r}",
                    expected=f"code {code!r}, level {level} ({subject.rule.rounding})",
                    input=column[row : row + 1],
                    probe=Probe("forward", subject.layout.arrange(vectors[row : row + 1])),
                    setup=subject.setup,
                    details={"channel": f"{channel} (L = {L})"},
                )
            )
    if isinstance(reply.numbered, np.ndarray) and reply.numbered.dtype.kind in "iu":
        exact = subject.exact_indices(np.zeros(vectors.shape))
        probe = Probe("forward", subject.layout.arrange(vectors[:1]))
        comparators.same_integers(reply.numbered, exact, "the indices of zeros", probe)
