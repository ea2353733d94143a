"""The noise of training: the samples that show it, how it is spread, what it shares, and the gradient below it."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
from numpy.typing import NDArray

from ..adapters import Capability, Probe
from ..reference import PRECISIONS
from . import comparators, probes
from .clause import HALF_DTYPES
from .findings import Array, Finding, NonConformanceError
from .subject import Subject
from .surrogate import judge_alive
from .using import further_answers
from .witness import WitnessedQuantizer

#: Samples of a noise test; a library may draw one mask a sample, so that only samples count.
SAMPLES = 4096
#: How many standard deviations a share may be off: less than once in 10^10 runs, and the runs are seeded.
SIGMAS = 7.0
#: Samples that each of the other layouts and another list of levels get.
_FEWER = 1024
#: Samples of many positions each.
_LONG = 16
#: In so many cells over half a step noise is told apart: 4096 draws fill 97 % as many, and twice 2048 equal ones half.
_CELLS = 2**15
#: More than so much of a codebook without noise is no chance where the noise probability is 0.9.
_MOSTLY_QUIET = 0.5
#: More levels than a list of the suite has else in training.
_FINER = (16, 6)


def quiet_inputs(subject: Subject) -> Array:
    """(B, 1, d)-like vectors, a sample each, whose bounded values stay inside the outermost codes.

    Their noise too, but at L = 2, where half a step leads from 0 to a code.
    """
    ends = [1 - subject.rule.grid.step(L) / 2 for L in subject.levels]
    reach = np.array([max(0.3, 0.95 * float(np.arctanh(end))) for end in ends])
    drawn = np.random.default_rng(9).uniform(-1.0, 1.0, size=(SAMPLES, len(subject.levels)))
    vectors: Array = (drawn * reach).astype(subject.precision.dtype)
    return vectors


def _shown(subject: Subject) -> Probe:
    """The question of a script: many draws for one number, far from the outermost codes."""
    return Probe("noise", np.full((1, len(subject.levels)), 0.22, dtype=subject.precision.dtype))


def samples(subject: Subject, vectors: Array, quantizer: WitnessedQuantizer) -> tuple[Array, Array | None]:
    """Quantizes every vector as a sample of its own along the batch: codes (B, d), indices (B,)."""
    z = _as_samples(subject, vectors)
    reply = subject.reply(quantizer.quantize(z), z.shape)
    return reply.codes, reply.indices


def _as_samples(subject: Subject, vectors: Array) -> Array:
    shape = [1] * len(subject.layout.name)
    shape[0], shape[subject.layout.channel_axis] = vectors.shape
    return np.ascontiguousarray(vectors.reshape(shape))


def noise_in(subject: Subject, vectors: Array, codes: Array, channel: int) -> NDArray[np.float64]:
    """The noise in the codes of a channel, and NaN where there is none."""
    L, z = subject.levels[channel], vectors[:, channel]
    clean = subject.grid(subject.rule.level(z, L), channel)
    seen = codes[:, channel].astype(np.float64)
    noisy = np.abs(seen - clean) > 8 * subject.precision.eps
    return np.where(noisy, seen - subject.rule.bounded(z, L), np.nan)


def shared_fault(columns: list[NDArray[np.float64]], what: str) -> str | None:
    """What the last column of noise shares with one before it, which are channels or positions; None when nothing."""
    for before, other in enumerate(columns[:-1]):
        both = ~np.isnan(other) & ~np.isnan(columns[-1])
        if both.sum() > 100 and abs(np.corrcoef(other[both], columns[-1][both])[0, 1]) > SIGMAS / both.sum() ** 0.5:
            return f"the noise of {what} {len(columns) - 1} follows that of {what} {before}"
    return None


def amplitude_fault(noise: NDArray[np.float64], half: float) -> str | None:
    """What is wrong with a sample of noise that should be uniform over ±half; None when nothing is."""
    if len(noise) < 100:
        return f"only {len(noise)} elements are noisy"
    if np.abs(noise).max() > half * (1 + 1e-5) + 4 * PRECISIONS["float32"].eps:
        return f"noise of up to {np.abs(noise).max():.4f}, half a step is {half:.4f}"
    if np.abs(noise).max() < 0.95 * half:
        return f"noise of no more than {np.abs(noise).max():.4f}, half a step is {half:.4f}"
    slack = SIGMAS / 2 / len(noise) ** 0.5
    for quantile in (0.1, 0.25, 0.5, 0.75, 0.9):
        place = (2 * quantile - 1) * half
        if abs(float((noise <= place).mean()) - quantile) > slack:
            return f"the noise is not uniform: {float((noise <= place).mean()):.1%} of it lies below {place:+.4f}"
    return None


def _dependent_fault(noise: NDArray[np.float64], z: NDArray[np.float64], half: float) -> str | None:
    """What the noise owes to its input, or to noise before it; None when nothing."""
    known = ~np.isnan(noise)
    if known.sum() < 100:
        return None
    follows = np.corrcoef(noise[known], z[known].astype(np.float64))[0, 1]
    if abs(follows) > SIGMAS / known.sum() ** 0.5:
        return f"the noise follows the input, with a correlation of {follows:+.2f}"
    return _repeated_fault(noise[known], half)


def _repeated_fault(noise: NDArray[np.float64], half: float) -> str | None:
    different = len(np.unique(np.rint(noise / half * _CELLS)))
    return f"{len(noise)} noisy elements share {different} values" if different < 0.75 * len(noise) else None


def _along_positions(subject: Subject) -> str | None:
    """What the noise of many positions of a sample has in common; None where a sample has only one."""
    if subject.layout.long_axis in (None, 0):
        return None
    vectors = quiet_inputs(subject)
    shape = subject.layout.shape(vectors.shape[1], **{**dict.fromkeys("BTHW", 1), "B": _LONG})
    long = len(vectors) // _LONG
    shape = tuple(long if axis == subject.layout.long_axis else size for axis, size in enumerate(shape))
    z = np.ascontiguousarray(subject.layout.unflatten(vectors, shape))
    codes = subject.reply(subject.quantizer(noise=0.9).quantize(z), shape).codes
    noise = noise_in(subject, vectors, codes, 0)
    half = subject.rule.grid.step(subject.levels[0]) / 2
    return shared_fault([noise[0::2], noise[1::2]], "position") or _repeated_fault(noise[~np.isnan(noise)], half)


def judge_noise(subject: Subject) -> None:
    """The noise of samples in the case's layout, in each other one, and of channels with more levels."""
    _judge_uniform(subject, quiet_inputs(subject))
    _judge_uniform(subject, _saturating(subject), " where inputs saturate")
    if fault := _along_positions(subject):
        raise NonConformanceError(
            Finding(
                f"L = {subject.levels[0]}: {fault}",
                fault,
                "noise of its own at every position",
                setup=subject.quantizer(noise=0.9).setup,
            )
        )
    others = [(subject.in_layout(name), f" in the layout {name}") for name in subject.adapter.layouts]
    others = [(other, where) for other, where in others if other.layout.name != subject.layout.name]
    for other, where in [*others, (subject.with_levels(_FINER), "")]:
        refused = subject.adapter.refusal(replace(other.setup, noise=0.9))
        if (
            other.layout.long_axis is not None
            and refused is None
            and all(map(subject.rule.levels_allowed, other.levels))
        ):
            _judge_uniform(other, quiet_inputs(other)[:_FEWER], where)


def _saturating(subject: Subject) -> Array:
    """Samples whose bounded values are ±1."""
    signs = np.random.default_rng(19).choice([-1.0, 1.0], size=(_FEWER, len(subject.levels)))
    vectors: Array = (signs * probes.SATURATED).astype(subject.precision.dtype)
    return vectors


def _judge_uniform(subject: Subject, vectors: Array, where: str = "") -> None:
    codes, _ = samples(subject, vectors, subject.quantizer(noise=0.9))
    columns: list[NDArray[np.float64]] = []
    for channel, L in enumerate(subject.levels):
        columns.append(noise_in(subject, vectors, codes, channel))
        noise = columns[-1][~np.isnan(columns[-1])]
        half = subject.rule.grid.step(L) / 2
        fault = amplitude_fault(noise, half) or shared_fault(columns, "channel")
        fault = fault or _dependent_fault(columns[-1], vectors[:, channel], half)
        if fault:
            raise NonConformanceError(
                Finding(
                    f"L = {L}: {fault}{where}",
                    f"noise from {noise.min():.4f} to {noise.max():.4f}, mean {noise.mean():+.4f}"
                    if len(noise)
                    else "no noise at all",
                    f"uniform from {-half:.4f} to {half:.4f}, half a step of L = {L}",
                    units=float(np.abs(noise).max() / half) if len(noise) else None,
                    wrong=int((np.abs(noise) > half * 1.001).sum()),
                    tried=len(noise),
                    probe=_shown(subject),
                    setup=subject.quantizer(noise=0.9).setup,
                    details={"channel": f"{channel} (L = {L})"},
                )
            )


def judge_noise_of_codebooks(subject: Subject) -> None:
    """The noise of a second codebook is its own."""
    if subject.adapter.refusal(replace(subject.setup, num_codebooks=2, noise=0.9)) is not None:
        return
    doubled = subject.with_levels(subject.levels * 2)
    vectors = quiet_inputs(doubled)
    quantizer = subject.quantizer(num_codebooks=2, noise=0.9)
    z = _as_samples(subject, vectors)
    codes = quantizer.quantize(z).codes
    if codes.shape != z.shape:
        return  # that is the affair of SHP
    flat, d = subject.layout.flatten(codes), len(subject.levels)
    for channel in range(d):
        columns = [noise_in(doubled, vectors, flat, place) for place in (channel, channel + d)]
        for book, column in enumerate(columns):
            if np.isnan(column).mean() > _MOSTLY_QUIET:
                raise NonConformanceError(
                    Finding(
                        f"L = {subject.levels[channel]}: {(~np.isnan(column)).mean():.1%} of codebook {book} are noisy",
                        f"{(~np.isnan(column)).mean():.1%}",
                        "about 90%, the noise probability",
                        setup=quantizer.setup,
                        details={"channel": f"{channel} (L = {subject.levels[channel]})"},
                    )
                )
        if shared_fault(columns, "codebook"):
            raise NonConformanceError(
                Finding(
                    f"L = {subject.levels[channel]}: the noise of codebook 1 follows that of codebook 0",
                    "the same noise in both",
                    "a noise of its own in each",
                    setup=quantizer.setup,
                    details={"channel": f"{channel} (L = {subject.levels[channel]})"},
                )
            )


def judge_share(subject: Subject, p: float) -> None:
    """The share of noisy elements, before and after evaluation and with gradients recorded, in every channel.

    Which ones they are is drawn anew, and none changes its dtype or its gradient.
    """
    vectors, quantizer = quiet_inputs(subject), subject.quantizer(noise=p)
    once, _ = samples(subject, vectors, quantizer)
    drawn = [_noisy(subject, vectors, once, p, "")]
    quantizer.train(False)
    plain, _ = samples(subject, vectors[:1], quantizer)
    comparators.same_dtype(once, plain.dtype.name, "the noisy codes", setup=quantizer.setup)
    quantizer.train(True)
    further_answers(subject, quantizer)  # to encode and to decode changes no mode
    again, gradient = _recorded(subject, vectors, quantizer)
    when = " after evaluation, and encoding and decoding" + (
        ", with gradients recorded" if gradient is not None else ""
    )
    drawn.append(_noisy(subject, vectors, again, p, when))
    # Where rounding moves elements across steps, they would count as noisy in every call.
    if (
        0 < p < 1
        and subject.case.dtype not in HALF_DTYPES
        and np.corrcoef(drawn[0].ravel(), drawn[1].ravel())[0, 1] > _MOSTLY_ONE
    ):
        raise NonConformanceError(
            Finding(
                f"with the noise probability {p:g}, the same elements are noisy in two calls",
                f"{(drawn[0] == drawn[1]).mean():.1%} of the elements agree",
                f"about {p**2 + (1 - p) ** 2:.1%}",
                setup=quantizer.setup,
            )
        )
    if gradient is not None:
        judge_alive(subject, vectors, gradient, f"with the noise probability {p:g}", quantizer.setup)


#: The correlation of the masks of two calls: about 0 where they are drawn, 1 where they are fixed.
_MOSTLY_ONE = 0.3


def _recorded(subject: Subject, vectors: Array, quantizer: WitnessedQuantizer) -> tuple[Array, Array | None]:
    """The codes of samples with gradients recorded, and the gradient of their sum, where there is one."""
    if not subject.has(Capability.GRADIENT):
        return samples(subject, vectors, quantizer)[0], None
    z = _as_samples(subject, vectors)
    answer, gradient = quantizer.vjp(z, np.ones_like(z))
    return subject.reply(answer, z.shape).codes, subject.layout.flatten(gradient)


def _noisy(subject: Subject, vectors: Array, codes: Array, p: float, when: str) -> NDArray[np.bool_]:
    """Which elements are noisy; their share must be p, of all and of each channel."""
    noisy = np.stack([~np.isnan(noise_in(subject, vectors, codes, i)) for i in range(len(subject.levels))], axis=-1)
    # Noise that happens to fall onto the grid is not seen: a share that grows with the number of levels.
    unseen = max(16 * subject.precision.eps / subject.rule.grid.step(L) for L in subject.levels)
    slack = SIGMAS * ((p * (1 - p) + unseen) / SAMPLES) ** 0.5 + unseen + 1e-3
    for what, part in (("", noisy), *((f" of channel {i}", column) for i, column in enumerate(noisy.T))):
        share = float(part.mean())
        if abs(share - p) > slack:
            raise NonConformanceError(
                Finding(
                    f"with the noise probability {p:g}, {share:.1%} of the elements{what} are noisy{when}",
                    f"{share:.1%}",
                    f"{p:.1%} ± {slack:.1%}",
                    units=abs(share - p) / slack,
                    wrong=int(part.sum()),
                    tried=int(part.size),
                    probe=_shown(subject),
                    setup=subject.quantizer(noise=p).setup,
                    details={"script": "prints the share of noisy elements, and the largest distance from tanh(z)"},
                )
            )
    return noisy


def judge_noise_behind_projections(subject: Subject, p: float) -> None:
    """Where the input has a width of its own, a share of the samples between p and 1 - (1-p)^2d changes from draw to draw."""
    width = len(subject.levels) + 5
    if p == 0 or not subject.has(Capability.PROJECTION):
        return
    if subject.adapter.refusal(replace(subject.setup, width=width, noise=p)) is not None:
        return
    vectors = np.random.default_rng(16).normal(size=(SAMPLES, width)).astype(subject.precision.dtype)
    quantizer, z = subject.quantizer(width=width, noise=p), _as_samples(subject, vectors)
    once, again = (subject.layout.flatten(quantizer.quantize(z).codes) for _ in range(2))
    changed = float((once != again).any(axis=-1).mean())
    slack = SIGMAS * (p * (1 - p) / SAMPLES) ** 0.5 + 1e-3
    if changed < p - slack:
        raise NonConformanceError(
            Finding(
                f"behind a projection, with the noise probability {p:g}, {changed:.1%} of the samples change between two calls",
                f"{changed:.1%}",
                f"at least {p - slack:.1%}",
                setup=quantizer.setup,
            )
        )


def judge_noise_of_a_copy(subject: Subject, how: str) -> None:
    """A copy of one that has noise in training has it too."""
    if subject.adapter.refusal(replace(subject.setup, noise=0.9)) is not None:
        return
    vectors, quantizer = quiet_inputs(subject)[:64], subject.quantizer(noise=0.9)
    codes, _ = samples(subject, vectors, quantizer.copied(how))
    if all(np.isnan(noise_in(subject, vectors, codes, channel)).all() for channel in range(len(subject.levels))):
        raise NonConformanceError(
            Finding("a copy has no noise in training", "no noisy element", "a share of 0.9", setup=quantizer.setup)
        )
