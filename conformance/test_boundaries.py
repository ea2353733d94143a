"""BND: where a channel steps, and what it gives between the steps."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
from numpy.typing import NDArray

from fsqcheck.adapters import Capability, Probe
from fsqcheck.conformance import probes
from fsqcheck.conformance.clause import ALL_DTYPES, MUST, Span, clause
from fsqcheck.conformance.findings import Array, Finding, NonConformanceError
from fsqcheck.conformance.judging import channels_with_bands, distinct, in_words, judge_grid, judge_levels
from fsqcheck.conformance.subject import Reply, Subject

PAPER = "arXiv 2309.15505 §3.1"
BOTH = ("eval", "train")
EVERYWHERE = Span(levels="channels", dtypes=ALL_DTYPES, modes=BOTH)


def _probed(subject: Subject) -> tuple[np.ndarray, Reply]:
    vectors = subject.probes()
    return vectors, subject.ask(vectors)


@clause(
    "BND-1",
    MUST,
    "Every code is one of the L values of the rule's grid.",
    title="codes on the grid",
    source=PAPER,
    meaning="Decoders are trained on values that are not in the codebook; the same token decodes to something else later.",
    needs=[Capability.CODES],
    over=EVERYWHERE,
)
def test_codes_on_the_grid(subject: Subject) -> None:
    vectors, reply = _probed(subject)
    judge_grid(subject, vectors, reply, subject.held)


@clause(
    "BND-2",
    MUST,
    "Every level that the rule can reach is reached, and no other.",
    title="every level reached",
    source="arXiv 2309.15505 §3.1; vector-quantize-pytorch issues 194, 200 and PR 215",
    meaning="Codes that are never used are capacity that you pay for and do not get: the codebook is smaller than it says.",
    over=EVERYWHERE,
)
def test_every_reachable_level_is_reached(subject: Subject) -> None:
    vectors, reply = _probed(subject)
    found = [_unreached(subject, vectors, reply, channel) for channel in channels_with_bands(subject, subject.held)]
    faults = [fault for fault in found if fault is not None]
    if faults:
        # The channel that lost most is shown; the message counts every channel.
        worst = max(faults, key=lambda fault: (fault.wrong or 0) / (fault.tried or 1))
        message = "; ".join(fault.message for fault in faults)
        raise NonConformanceError(replace(worst, message=f"{message}; the codes are {worst.observed}"))


def _unreached(subject: Subject, vectors: Array, reply: Reply, channel: int) -> Finding | None:
    """What a channel fails to reach, or reaches and should not; None when all is well."""
    L = subject.levels[channel]
    level = subject.read(reply.codes)[:, channel]
    lowest, highest = subject.stair(channel).allowed(vectors[:, channel])
    codes = distinct(reply.codes[:, channel], subject.rule.grid.step(L) / 8)
    wanted = np.unique(lowest[lowest == highest])
    missing, extra = np.setdiff1d(wanted, level), np.setdiff1d(level, np.arange(lowest.min(), highest.max() + 1))
    if not len(missing) and not len(extra) and len(codes) >= len(wanted):
        return None
    if len(extra) and not len(missing):
        return _astray(subject, vectors, reply, channel, extra)
    return Finding(
        message=f"{len(codes)} of {L} levels reached (L = {L})",
        observed=in_words(codes),
        expected=f"{len(wanted)} codes, {in_words(subject.grid(wanted, channel))}",
        wrong=max(len(missing) + len(extra), len(wanted) - len(codes)),
        tried=L,
        probe=Probe("forward", _ladder(subject, channel)),
        setup=subject.setup,
        input=probes.level_centres(subject.rule, L, subject.case.dtype),
        input_note=f"the middle of every level of channel {channel}",
        details={"channel": f"{channel} (L = {L})"},
    )


def _astray(subject: Subject, vectors: Array, reply: Reply, channel: int, extra: Array) -> Finding:
    """A channel that takes levels which the rule does not reach, shown by the smallest input that does."""
    L, taken = subject.levels[channel], np.isin(subject.read(reply.codes)[:, channel], extra)
    rows = np.flatnonzero(taken)
    row = int(rows[np.argmin(np.abs(vectors[rows, channel].astype(np.float64)))])
    z, code = float(vectors[row, channel]), float(reply.codes[row, channel])
    return Finding(
        message=f"L = {L}: z = {z!r} takes the code {code!r}, which the rule does not reach",
        observed=f"code {code!r}",
        expected=f"one of {in_words(subject.grid(np.arange(L), channel))}",
        wrong=len(extra),
        tried=L,
        probe=Probe("forward", subject.layout.arrange(subject.alone(vectors, row, channel))),
        setup=subject.setup,
        input=vectors[row],
        input_note=f"channel {channel} is wrong",
        details={"channel": f"{channel} (L = {L})"},
    )


def _ladder(subject: Subject, channel: int) -> np.ndarray:
    """The middle of every level of one channel, all other channels 0, in the target's layout."""
    centres = probes.level_centres(subject.rule, subject.levels[channel], subject.case.dtype)
    vectors = np.zeros((len(centres), len(subject.levels)), dtype=centres.dtype)
    vectors[:, channel] = centres
    if subject.layout.long_axis is None:
        vectors = vectors[-1:]
    return subject.layout.arrange(vectors)


@clause(
    "BND-3",
    MUST,
    "Every input outside the tolerance bands takes exactly the level of the rule's staircase.",
    title="thresholds",
    source="arXiv 2309.15505 §3.1 and its notebook; arXiv 2411.19842 §3.2; vector-quantize-pytorch issue 94",
    meaning="The same latent gives other tokens than every correct implementation of this rule: a swap changes your data.",
    over=replace(EVERYWHERE, levels="every and together"),
)
def test_thresholds_lie_within_their_bands(subject: Subject) -> None:
    vectors, reply = _probed(subject)
    judge_levels(subject, vectors, reply, subject.held)


@clause(
    "BND-4",
    MUST,
    "A larger input never takes a lower level (two inputs inside one tolerance band excepted).",
    title="monotone",
    source=PAPER,
    meaning="Neighbouring latents jump between far tokens; small noise in the encoder becomes large noise in the decoder.",
    over=EVERYWHERE,
)
def test_levels_rise_with_the_input(subject: Subject) -> None:
    vectors = subject.ramps()
    reply = subject.ask(vectors)
    for channel in channels_with_bands(subject, subject.held):
        z, codes = vectors[:, channel], reply.codes[:, channel].astype(np.float64)
        lowest, highest = subject.stair(channel).allowed(z)
        settled = np.flatnonzero(lowest == highest)
        order = settled[np.argsort(z[settled].astype(np.float64), kind="stable")]
        falls = np.diff(codes[order]) < -subject.rule.grid.step(subject.levels[channel]) / 2
        if falls.any():
            at = int(np.flatnonzero(falls)[0])
            pair = vectors[order[[at, at + 1]]]
            below, above = (float(z[order[i]]) for i in (at, at + 1))
            raise NonConformanceError(
                Finding(
                    message=f"L = {subject.levels[channel]}: the code falls from z = {below!r} to z = {above!r}",
                    observed=f"code {float(codes[order[at]])!r}, then {float(codes[order[at + 1]])!r}",
                    expected="a code that is not lower",
                    input=pair[:, channel],
                    wrong=int(falls.sum()),
                    tried=int(falls.size),
                    probe=Probe("forward", subject.layout.arrange(pair)) if subject.layout.long_axis else None,
                    setup=subject.setup,
                    details={"channel": f"{channel} (L = {subject.levels[channel]})"},
                )
            )


@clause(
    "BND-5",
    MUST,
    "Inputs of any size, up to the largest float and ±inf, saturate at the end levels with finite codes.",
    title="saturation and ±inf",
    source=PAPER,
    meaning="One outlier of the encoder gives a wrong token or a NaN that spreads through the decoder.",
    over=EVERYWHERE,
)
def test_large_inputs_saturate(subject: Subject) -> None:
    ends = np.array([sign * size for size in probes.sizes(subject.precision) for sign in (-1.0, 1.0)])
    ends = ends.astype(subject.precision.dtype)
    alike = np.repeat(ends[:, None], len(subject.levels), axis=1)
    turned = alike * np.where(np.arange(len(subject.levels)) % 2, -1.0, 1.0).astype(ends.dtype)
    vectors = np.concatenate([alike, turned])  # both ends in one vector, too
    reply = subject.ask(vectors)
    judge_grid(subject, vectors, reply, subject.held)
    judge_levels(subject, vectors, reply, subject.held)


@clause(
    "BND-6",
    MUST,
    "Rounding happens in units of levels: neighbouring codes, quantized or decoded, are one grid step apart.",
    title="scale, round, unscale",
    source="arXiv 2309.15505 §3.1; vector-quantize-pytorch issues 194 and 200",
    meaning="Rounding and scaling happen in the wrong order or twice; the quantizer collapses to a few codes.",
    needs=[Capability.CODES],
    over=EVERYWHERE,
)
def test_neighbouring_codes_are_one_step_apart(subject: Subject) -> None:
    _, reply = _probed(subject)
    for channel in channels_with_bands(subject, subject.held):
        step = subject.rule.grid.step(subject.levels[channel])
        codes = distinct(reply.codes[:, channel], step / 8)
        _one_step_apart(subject, channel, codes, "quantized", Probe("forward", _ladder(subject, channel)))
    decoded = subject.decoded_codebook()
    if decoded is None:
        return
    ends = np.array([0, subject.codebook.size - 1])
    for channel, L in enumerate(subject.levels):
        codes = distinct(decoded[:, channel], subject.rule.grid.step(L) / 8)
        _one_step_apart(subject, channel, codes, "decoded", Probe("indices_to_codes", subject.laid_out(ends)))


def _one_step_apart(subject: Subject, channel: int, codes: NDArray[np.float64], how: str, probe: Probe) -> None:
    """Codes of one channel, ascending: each a grid step above the one before."""
    L, step = subject.levels[channel], subject.rule.grid.step(subject.levels[channel])
    gaps = np.diff(codes)
    tolerance = 2 * subject.grid_tolerance(channel) + subject.precision.eps / 2
    wrong = ~(np.abs(gaps - step) <= tolerance)
    if len(codes) > 1 and not wrong.any():
        return
    found = float(gaps[wrong][0]) if wrong.any() else float("nan")
    raise NonConformanceError(
        Finding(
            message=f"L = {L}: neighbouring codes are {found:.6g} apart, a step is {step:.6g}; "
            f"the codes {in_words(codes)} were not {how} in units of levels",
            observed=f"codes {in_words(codes)}",
            expected=f"codes {step:.6g} ± {tolerance:.2g} apart",
            wrong=int(max(wrong.sum(), 1)),
            tried=L - 1,
            probe=probe,
            setup=subject.setup,
            details={"channel": f"{channel} (L = {L})"},
        )
    )
