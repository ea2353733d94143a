"""GRD: the straight-through gradient is that of the smooth part, channel by channel, and leaves the codes alone."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
from numpy.typing import NDArray

from fsqcheck.adapters import Capability, Probe
from fsqcheck.conformance import comparators, probes
from fsqcheck.conformance.clause import ALL_DTYPES, MUST, SHOULD, Span, clause
from fsqcheck.conformance.findings import Array, Finding, NonConformanceError
from fsqcheck.conformance.judging import judge_grid, same_codes
from fsqcheck.conformance.subject import Subject
from fsqcheck.reference import PRECISIONS

STE = "arXiv 2309.15505 §3.1 (straight-through); docs/rules.md, gradient"
GRADIENT = [Capability.GRADIENT]
BOTH = ("eval", "train")

#: A correct gradient is within this many eps of the surrogate's: tanh, square, difference and two products round.
GRADIENT_EPS = 4.0
#: The largest |tanh''|, by which an error of the shift becomes one of the slope.
_STEEPEST = 0.77


def _inputs(subject: Subject) -> Array:
    """Inputs over the whole active range and into saturation, kinks of the activation left out."""
    random = np.random.default_rng(5)
    spread = np.concatenate([np.linspace(-6, 6, 241), random.normal(size=300), [-30.0, 30.0, 0.0]])
    columns = []
    for L in subject.levels:
        z = random.permutation(spread)
        shift = subject.rule.constants(L).rounded.shift
        for kink in subject.rule.activation.kinks:
            near = np.abs(z + shift - kink) < 64 * subject.precision.eps
            z = np.where(near, 0.0, z)
        columns.append(z)
    return np.stack(columns, axis=-1).astype(subject.precision.dtype)


def _surrogate(subject: Subject, vectors: Array, upstream: Array) -> NDArray[np.float64]:
    """The exact gradient of the smooth part: (N, d) float64."""
    columns = [subject.rule.slope(vectors[:, i], L) for i, L in enumerate(subject.levels)]
    result: NDArray[np.float64] = np.stack(columns, axis=-1) * upstream.astype(np.float64)
    return result


def _tolerance(subject: Subject, upstream: Array, held: str) -> NDArray[np.float64]:
    """How far each gradient may be off: rounding, and the error that a shift computed in `held` carries."""
    eps = PRECISIONS[held].eps
    rows = []
    for L in subject.levels:
        constants = subject.rule.constants(L)
        gain = constants.rounded.amplitude / subject.rule.grid.half(L)
        shift = abs(float(constants.shift_slope)) * _STEEPEST if subject.rule.shift.name in ("atanh", "tan") else 0.0
        rows.append(max(gain, 1.0) * max(GRADIENT_EPS, shift + GRADIENT_EPS / 2) * eps)
    result: NDArray[np.float64] = np.array(rows) * np.maximum(np.abs(upstream.astype(np.float64)), 1.0)
    return result


def _compare(subject: Subject, held: str) -> None:
    vectors = _inputs(subject)
    random = np.random.default_rng(6)
    upstream = random.choice([-2.0, -1.0, -0.5, 0.5, 1.0, 2.0], size=vectors.shape).astype(vectors.dtype)
    _, gradient = subject.vjp(vectors, upstream)
    expected = _surrogate(subject, vectors, upstream)
    tolerance = _tolerance(subject, upstream, held)
    seen = gradient.astype(np.float64)
    error = np.where(np.isnan(seen), np.inf, np.abs(seen - expected)) / tolerance
    if (error <= 1.0).all():
        return
    row, channel = (int(i) for i in np.unravel_index(int(np.argmax(error)), error.shape))
    L, z, weight = subject.levels[channel], float(vectors[row, channel]), float(upstream[row, channel])
    single = subject.alone(vectors, row, channel)
    one = np.zeros_like(single)
    one[0, channel] = upstream[row, channel]
    raise NonConformanceError(
        Finding(
            message=f"L = {L}: the gradient at z = {z!r} is {seen[row, channel]:.8g} for the upstream {weight:g}; "
            f"the smooth part's is {expected[row, channel]:.8g}",
            observed=f"{float(seen[row, channel])!r}",
            expected=f"{float(expected[row, channel])!r} ± {tolerance[row, channel]:.2g}",
            input=vectors[row, channel : channel + 1],
            units=float(error[row, channel]) if np.isfinite(error[row, channel]) else None,
            wrong=int((error > 1.0).sum()),
            tried=int(error.size),
            probe=Probe("vjp", subject.layout.arrange(single), subject.layout.arrange(one)),
            setup=subject.setup,
            details={"channel": f"{channel} (L = {L})"},
        )
    )


@clause(
    "GRD-1",
    MUST,
    "The gradient is that of the smooth part: h·a'(z+s) on the scale of the codes.",
    title="surrogate gradient",
    source=STE,
    meaning="Training follows another gradient than the paper's: scaled, clipped, or that of another function.",
    needs=GRADIENT,
    over=Span(levels="channels", dtypes=ALL_DTYPES, modes=BOTH),
)
def test_the_gradient_is_that_of_the_smooth_part(subject: Subject) -> None:
    _compare(subject, subject.held)


@clause(
    "GRD-2",
    MUST,
    "The Jacobian is diagonal: a gradient into one channel of one position reaches that channel alone.",
    title="diagonal",
    source=STE,
    meaning="Channels or positions learn from each other's errors.",
    needs=GRADIENT,
    over=Span(levels="few", modes=BOTH),
)
def test_the_jacobian_is_diagonal(subject: Subject) -> None:
    quantizer, layout = subject.quantizer(), subject.layout
    d = len(subject.levels)
    shape = layout.shape(d, **{letter: 2 for letter in layout.name if letter != "d"})
    rows = int(np.prod(layout.positions(shape)))
    vectors = np.linspace(-0.9, 0.8, rows * d).reshape(rows, d).astype(subject.precision.dtype)
    z = np.ascontiguousarray(layout.unflatten(vectors, shape))
    for row in range(rows):
        for channel in range(d):
            upstream = np.zeros_like(vectors)
            upstream[row, channel] = 1.0
            weights = np.ascontiguousarray(layout.unflatten(upstream, shape))
            _, answered = quantizer.vjp(z, weights)
            comparators.same_shape(answered, shape, "the gradient")
            gradient = layout.flatten(answered)
            own, expected = gradient[row, channel], _surrogate(subject, vectors, upstream)[row, channel]
            tolerance = float(_tolerance(subject, upstream, subject.held)[row, channel])
            where = f"the gradient at (position, channel) ({row}, {channel}) of an input of shape {shape}"
            comparators.within(own, expected, tolerance, where, are="is", probe=Probe("vjp", z, weights))
            others = gradient.astype(np.float64).copy()
            others[row, channel] = 0.0
            if not np.any(others):  # NaN is true
                continue
            at = tuple(int(i) for i in np.argwhere(others)[0])
            raise NonConformanceError(
                Finding(
                    f"an upstream into channel {channel} of position {row} reaches channel {at[1]} of position {at[0]}",
                    f"gradient {float(others[at])!r} there",
                    "0.0",
                    input=vectors[row],
                    wrong=int(np.count_nonzero(others)),
                    tried=int(others.size - 1),
                    probe=Probe("vjp", z, weights),
                    setup=subject.setup,
                )
            )


@clause(
    "GRD-3",
    MUST,
    "The gradient is linear in the upstream: no clipping, no sign, no normalization.",
    title="linear in the upstream",
    source="design: a vector-Jacobian product is linear",
    meaning="Large or small gradients are changed behind the optimizer's back.",
    needs=GRADIENT,
    over=Span(levels="few", dtypes=("float32", "float64"), modes=BOTH),
)
def test_the_gradient_is_linear(subject: Subject) -> None:
    quantizer = subject.quantizer()
    vectors = np.random.default_rng(7).normal(size=(40, len(subject.levels))).astype(subject.precision.dtype)
    if subject.layout.long_axis is None:
        vectors = vectors[:1]
    one = np.ones_like(vectors)
    _, unit = subject.vjp(vectors, one, quantizer)
    for scale in (-3.0, 2.0**-20, 2.0**20, 0.0):
        _, scaled = subject.vjp(vectors, one * vectors.dtype.type(scale), quantizer)
        tolerance = np.maximum(4 * PRECISIONS[subject.held].eps * np.abs(unit.astype(np.float64)) * abs(scale), 1e-30)
        comparators.within(
            scaled, unit.astype(np.float64) * scale, tolerance, f"the gradients for {scale:g} times the upstream"
        )


@clause(
    "GRD-4",
    MUST,
    "Far into saturation the gradient is zero, and finite for every finite input.",
    title="zero at saturation",
    source=f"{STE}: tanh' is 0 from |z| ≥ 9.011 in float32, from 19.06 in float64",
    meaning="Outliers push the encoder around, or turn its weights into NaN.",
    needs=GRADIENT,
    over=Span(levels="channels", dtypes=ALL_DTYPES, modes=BOTH),
)
def test_the_gradient_vanishes_at_saturation(subject: Subject) -> None:
    sizes = [30.0, 100.0, 1e4, 6e4, 1e10, subject.precision.largest]
    column = np.array([sign * size for size in sizes if size <= subject.precision.largest for sign in (-1, 1)])
    vectors = np.repeat(column.astype(subject.precision.dtype)[:, None], len(subject.levels), axis=1)
    if subject.layout.long_axis is None:
        vectors = vectors[-1:]
    _, gradient = subject.vjp(vectors, np.ones_like(vectors))
    tolerance = GRADIENT_EPS * PRECISIONS[subject.held].eps
    probe = Probe("vjp", subject.layout.arrange(vectors[-1:]), subject.layout.arrange(np.ones_like(vectors[-1:])))
    comparators.within(gradient, np.zeros(vectors.shape), tolerance, "the gradients at saturation", probe=probe)


@clause(
    "GRD-5",
    MUST,
    "Before saturation the gradient is not zero, in any channel, nor behind a projection.",
    title="no dead gradient",
    source=f"{STE}; diffusers' ACE-Step FSQ has an input gradient of exactly 0",
    meaning="The encoder does not learn through the quantizer.",
    needs=GRADIENT,
    over=Span(levels="channels", dtypes=ALL_DTYPES, modes=BOTH),
)
def test_the_gradient_is_alive(subject: Subject) -> None:
    column = np.linspace(-0.75, 0.75, 31)
    vectors = np.repeat(column.astype(subject.precision.dtype)[:, None], len(subject.levels), axis=1)
    if subject.layout.long_axis is None:
        vectors = vectors[15:16]
    upstream = np.ones_like(vectors)
    _, gradient = subject.vjp(vectors, upstream)
    expected = _surrogate(subject, vectors, upstream)
    dead = (expected > 1e-3) & ~(gradient.astype(np.float64) > expected / 2)
    if not dead.any():
        _alive_behind_a_projection(subject)
        return
    row, channel = (int(i) for i in np.argwhere(dead)[0])
    single, one = subject.alone(vectors, row, channel), subject.alone(upstream, row, channel)
    raise NonConformanceError(
        Finding(
            f"channel {channel} (L = {subject.levels[channel]}) gets the gradient {float(gradient[row, channel])!r} "
            f"at z = {float(vectors[row, channel])!r}",
            f"{float(gradient[row, channel])!r}",
            f"about {expected[row, channel]:.4g}",
            input=vectors[row, channel : channel + 1],
            wrong=int(dead.sum()),
            tried=int((expected > 1e-3).sum()),
            probe=Probe("vjp", subject.layout.arrange(single), subject.layout.arrange(one)),
            setup=subject.setup,
        )
    )


def _alive_behind_a_projection(subject: Subject) -> None:
    """With linear maps before and after, a gradient reaches the input; in float32, as the maps are."""
    if not subject.has(Capability.PROJECTION) or subject.case.dtype != "float32":
        return
    width = len(subject.levels) + 5
    z = np.random.default_rng(13).normal(scale=0.3, size=subject.layout.shape(width)).astype(np.float32)
    _, gradient = subject.quantizer(width=width).vjp(z, np.ones_like(z))
    if not np.isfinite(gradient).all() or not gradient.any():
        raise NonConformanceError(
            Finding(
                "behind a projection no gradient reaches the input",
                f"gradient {float(gradient.min())!r} to {float(gradient.max())!r}",
                "a gradient that is finite and not 0 everywhere",
                setup=replace(subject.setup, width=width),
            )
        )


@clause(
    "GRD-6",
    MUST,
    "Recording gradients does not change the codes, at any size of input.",
    title="forward untouched",
    source="docs/rules.md: z + (code - z).detach() corrupts large |z|; centred on the bounded value it does not",
    meaning="The decoder sees other values in training than in inference.",
    needs=GRADIENT,
    over=Span(levels="channels", dtypes=ALL_DTYPES, modes=BOTH),
)
def test_recording_gradients_does_not_change_the_codes(subject: Subject) -> None:
    random = np.random.default_rng(8)
    shape = (60, len(subject.levels))
    sizes = (0.5, 10.0, 100.0, 1e4)
    vectors = np.concatenate([scale * random.normal(size=shape) for scale in sizes]).astype(subject.precision.dtype)
    if subject.layout.long_axis is None:
        vectors = vectors[-4:]
    quantizer = subject.quantizer()
    plain = subject.ask(vectors, quantizer)
    tracked = subject.ask(vectors, quantizer, tracked=True)
    same_codes(subject, tracked.codes, plain.codes, "with gradients recorded")
    if plain.indices is not None and tracked.indices is not None:
        comparators.same_bits(tracked.indices, plain.indices, "the indices with gradients recorded", "those without")
    judge_grid(subject, vectors, tracked, subject.held)


@clause(
    "GRD-7",
    MUST,
    "Without noise, training mode gives the codes, indices and gradients of evaluation mode.",
    title="train equals eval",
    source="arXiv 2309.15505 §3.1: nothing is learned or updated in FSQ; vector-quantize-pytorch issue 200",
    meaning="What a model is trained on is not what it is run on.",
    needs=[Capability.TRAIN],
    over=Span(levels="few", dtypes=ALL_DTYPES),
)
def test_training_equals_evaluation(subject: Subject) -> None:
    vectors = probes.vectors(subject.rule, subject.levels, subject.case.dtype, subject.held)[:2000]
    quantizer = subject.quantizer()
    evaluated = subject.ask(vectors, quantizer)
    quantizer.train(True)
    trained = subject.ask(vectors, quantizer)
    same_codes(subject, trained.codes, evaluated.codes, "in training mode")
    if evaluated.indices is not None and trained.indices is not None:
        comparators.same_bits(trained.indices, evaluated.indices, "the indices in training mode", "those in evaluation")
    if subject.has(Capability.GRADIENT):
        few = vectors[:200]
        gradients = []
        for mode in (True, False):
            quantizer.train(mode)
            gradients.append(subject.vjp(few, np.ones_like(few), quantizer)[1])
        tolerance = _tolerance(subject, np.ones_like(few), subject.held)
        comparators.within(gradients[0], gradients[1], tolerance, "the gradients in training mode")


@clause(
    "GRD-8",
    MUST,
    "In every layout the gradient has the shape and the dtype of the input, and its own value in every place.",
    title="gradient's shape and dtype",
    source="design: the gradient lives in the input's space",
    meaning="Mixed-precision training stops, or its optimizer state changes type.",
    needs=GRADIENT,
    over=Span(levels="mixed", dtypes=ALL_DTYPES, modes=BOTH, variants="layouts"),
)
def test_the_gradient_has_the_inputs_shape_and_dtype(subject: Subject) -> None:
    shape = subject.layout.shape(len(subject.levels))
    z = np.linspace(-0.3, 0.3, int(np.prod(shape))).reshape(shape).astype(subject.precision.dtype)
    with subject.must_answer(f"a gradient of shape {shape}"):
        _, gradient = subject.quantizer().vjp(z, np.ones_like(z))
    comparators.same_shape(gradient, shape, "the gradient")
    comparators.same_dtype(gradient, subject.case.dtype, "the gradient")
    vectors = subject.layout.flatten(z)
    one = np.ones_like(vectors)
    tolerance = _tolerance(subject, one, subject.held)
    where = f"the gradients of an input of shape {shape} in the layout {subject.layout.name}"
    comparators.within(subject.layout.flatten(gradient), _surrogate(subject, vectors, one), tolerance, where)


@clause(
    "GRD-9",
    SHOULD,
    "Float64 gradients are accurate to float64.",
    title="float64 gradient",
    source=f"{STE}; constants that are kept in float32 miss it",
    meaning="gradcheck and second-order methods see float32 noise in a float64 model.",
    needs=GRADIENT,
    over=Span(levels="channels", dtypes=("float64",)),
)
def test_float64_gradients_are_accurate(subject: Subject) -> None:
    _compare(subject, "float64")
