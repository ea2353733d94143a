"""The noise of training: the samples that show it, how it is spread, what it shares, and the gradient below it."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
from numpy.typing import NDArray

from .findings import Array, Finding, NonConformanceError
from .subject import Subject
from .surrogate import surrogate
from .witness import WitnessedQuantizer

#: Samples of a noise test; a library may draw one mask a sample, so that only samples count.
SAMPLES = 4096
#: How many standard deviations a share may be off: less than once in 10^8 runs, and the runs are seeded.
SIGMAS = 6.0


def quiet_inputs(subject: Subject) -> Array:
    """(B, 1, d)-like vectors, a sample each, whose bounded values stay inside the outermost codes."""
    size = (SAMPLES, len(subject.levels))
    return np.random.default_rng(9).uniform(-0.3, 0.3, size=size).astype(subject.precision.dtype)


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
    if np.abs(noise).max() > half * (1 + 1e-5):
        return f"noise of up to {np.abs(noise).max():.4f}, half a step is {half:.4f}"
    if np.abs(noise).max() < 0.95 * half:
        return f"noise of no more than {np.abs(noise).max():.4f}, half a step is {half:.4f}"
    slack = SIGMAS / (len(noise) / len(noise) ** 0.5)
    for quantile in (0.1, 0.25, 0.5, 0.75, 0.9):
        place = (2 * quantile - 1) * half
        if abs(float((noise <= place).mean()) - quantile) > slack:
            return f"the noise is not uniform: {float((noise <= place).mean()):.1%} of it lies below {place:+.4f}"
    return None


def noise_along_positions(subject: Subject, quantizer: WitnessedQuantizer) -> str | None:
    """What the noise of a sample's second position shares with that of its first; None where a sample has only one."""
    if subject.layout.long_axis in (None, 0):
        return None
    vectors = quiet_inputs(subject)
    shape = subject.layout.shape(vectors.shape[1], **{**dict.fromkeys("BTHW", 1), "B": len(vectors) // 2})
    shape = tuple(2 if axis == subject.layout.long_axis else size for axis, size in enumerate(shape))
    z = np.ascontiguousarray(subject.layout.unflatten(vectors, shape))
    codes = subject.reply(quantizer.quantize(z), shape).codes
    noise = noise_in(subject, vectors, codes, 0)
    return shared_fault([noise[0::2], noise[1::2]], "position")


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


def judge_noisy_gradient(subject: Subject, vectors: Array, p: float) -> None:
    """Noise takes the gradient from no element."""
    z = _as_samples(subject, vectors)
    upstream = np.ones_like(vectors)
    _, gradient = subject.quantizer(noise=p).vjp(z, np.ones_like(z))
    expected = surrogate(subject, vectors, upstream)
    dead = ~(subject.layout.flatten(gradient).astype(np.float64) > expected / 2) & (expected > 1e-3)
    if dead.any():
        row, channel = (int(i) for i in np.argwhere(dead)[0])
        raise NonConformanceError(
            Finding(
                f"with the noise probability {p:g}, {dead.mean():.1%} of the elements get no gradient",
                f"{float(subject.layout.flatten(gradient)[row, channel])!r}",
                f"about {expected[row, channel]:.4g}",
                input=vectors[row, channel : channel + 1],
                wrong=int(dead.sum()),
                tried=int(dead.size),
                setup=subject.quantizer(noise=p).setup,
            )
        )
