"""GRD: the straight-through gradient is that of the smooth part, channel by channel, and leaves the codes alone."""

from __future__ import annotations

from dataclasses import replace

import numpy as np

from fsqcheck.adapters import Capability, Probe, main_layout
from fsqcheck.conformance import comparators
from fsqcheck.conformance.clause import ALL_DTYPES, HALF_DTYPES, MUST, SHOULD, Span, clause
from fsqcheck.conformance.findings import Array, Finding, NonConformanceError
from fsqcheck.conformance.judging import same_codes
from fsqcheck.conformance.placing import MANY
from fsqcheck.conformance.repeating import same_gradients_at_length
from fsqcheck.conformance.subject import Subject
from fsqcheck.conformance.surrogate import (
    GRADIENT_EPS,
    active_inputs,
    gradient_tolerance,
    judge_gradient,
    same_slopes,
    surrogate,
)
from fsqcheck.conformance.views import same_gradients_through_strides
from fsqcheck.conformance.witness import WitnessedQuantizer
from fsqcheck.reference import PRECISIONS

STE = "arXiv 2309.15505 §3.1 (straight-through); docs/rules.md, gradient"
GRADIENT = [Capability.GRADIENT]
BOTH = ("eval", "train")


@clause(
    "GRD-1",
    MUST,
    "The gradient is that of the smooth part: h·a'(z+s) on the scale of the codes.",
    title="surrogate gradient",
    source=STE,
    meaning="Training follows another gradient than the paper's: scaled, clipped, or that of another function.",
    needs=GRADIENT,
    over=Span(levels="channels, wide and together", dtypes=ALL_DTYPES, modes=BOTH),
)
def test_the_gradient_is_that_of_the_smooth_part(subject: Subject) -> None:
    judge_gradient(subject, subject.held)


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
    # What its value is by the rule is the affair of GRD-1: here it is that of another call, with all upstreams at once.
    _, whole = subject.vjp(vectors, np.ones_like(vectors), quantizer)
    for row in range(rows):
        for channel in range(d):
            upstream = np.zeros_like(vectors)
            upstream[row, channel] = 1.0
            weights = np.ascontiguousarray(layout.unflatten(upstream, shape))
            _, answered = quantizer.vjp(z, weights)
            comparators.same_shape(answered, shape, "the gradient")
            gradient = layout.flatten(answered)
            own, expected = gradient[row, channel], whole[row, channel]
            size = max(1.0, abs(float(expected)))
            tolerance = size * float(gradient_tolerance(subject, upstream, subject.held)[row, channel])
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
    "The gradient is linear in the upstream: no clipping, no sign, no normalization, and no NaN or infinity is hidden.",
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
    # What rounds on the way back rounds once more: as far off as each of the two gradients may be, however large it is.
    off = gradient_tolerance(subject, one, subject.held) * np.maximum(1.0, np.abs(unit.astype(np.float64)))
    for scale in (-3.0, 2.0**-20, 2.0**20, 0.0, 2.0**-90, 2.0**90):
        _, scaled = subject.vjp(vectors, one * vectors.dtype.type(scale), quantizer)
        tolerance = np.maximum(off * abs(scale), 1e-37)
        comparators.within(
            scaled, unit.astype(np.float64) * scale, tolerance, f"the gradients for {scale:g} times the upstream"
        )
    _unhidden(subject, quantizer)
    for dtype in HALF_DTYPES if subject.case.dtype == "float32" else ():
        if dtype in subject.adapter.dtypes:
            other = subject.in_dtype(dtype)
            _unhidden(other, other.quantizer())


def _unhidden(subject: Subject, quantizer: WitnessedQuantizer) -> None:
    """Where the slope is not zero, an upstream that is NaN or infinite gives a gradient that is not finite."""
    vectors = np.full((1, len(subject.levels)), 0.25, dtype=subject.precision.dtype)
    alive = surrogate(subject, vectors, np.ones_like(vectors)) > 1e-3
    for bad in (np.nan, np.inf, -np.inf):
        upstream = np.full_like(vectors, bad)
        _, gradient = subject.vjp(vectors, upstream, quantizer)
        hidden = np.isfinite(gradient.astype(np.float64)) & alive
        if hidden.any():
            channel = int(np.argwhere(hidden)[0][1])
            raise NonConformanceError(
                Finding(
                    f"in {subject.case.dtype} an upstream of {bad!r} gives the finite gradient "
                    f"{float(gradient[0, channel])!r}",
                    f"{float(gradient[0, channel])!r} in channel {channel}",
                    "NaN or an infinity, by which a loss scaler knows an overflow",
                    input=vectors[0, channel : channel + 1],
                    wrong=int(hidden.sum()),
                    tried=int(hidden.size),
                    probe=Probe("vjp", subject.layout.arrange(vectors), subject.layout.arrange(upstream)),
                    setup=subject.setup,
                )
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
    expected = surrogate(subject, vectors, upstream)
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
    "Recording gradients changes neither the codes, at any size of input, nor the indices that codes are encoded to.",
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
    if subject.has(Capability.ENCODE) and subject.has(Capability.TAPE) and subject.case.dtype == "float32":
        encoded = quantizer.codes_to_indices(plain.codes.copy())
        with subject.must_answer("indices of codes whose gradient is recorded"):
            recorded = quantizer.codes_to_indices(plain.codes.copy(), tracked=True)
        comparators.same_bits(recorded, encoded, "the indices of codes whose gradient is recorded", "those of others")


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
    subject.must_train_quietly()
    vectors = subject.probes()[:2000]
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
        tolerance = gradient_tolerance(subject, np.ones_like(few), subject.held)
        comparators.within(gradients[0], gradients[1], tolerance, "the gradients in training mode")


@clause(
    "GRD-8",
    MUST,
    "In every layout, for all strides of input and upstream, at any length and in batches of any size, the gradient has the "
    "input's shape, dtype, and a value of its own in every place.",
    title="gradient's shape and dtype",
    source="design: the gradient lives in the input's space",
    meaning="Mixed-precision training stops, or its optimizer state changes type; parts of a long or transposed input do not "
    "learn, or learn from each other.",
    needs=GRADIENT,
    over=Span(levels="mixed", dtypes=ALL_DTYPES, modes=BOTH, variants="layouts"),
)
def test_the_gradient_has_the_inputs_shape_and_dtype(subject: Subject) -> None:
    quantizer, d = subject.quantizer(), len(subject.levels)
    z, tolerance = _learned_in_shape(subject, quantizer, subject.layout.shape(d))
    _learned_in_shape(subject, quantizer, subject.layout.shape(d, **MANY))
    if z.ndim > 1 and (subject.case.dtype, subject.case.mode) == ("float32", "eval"):
        same_gradients_through_strides(subject, quantizer, z, tolerance)
        same_gradients_at_length(subject, quantizer)
    elif z.ndim > 1 and subject.case.mode == "eval" and subject.layout.name == main_layout(subject.adapter.layouts):
        same_gradients_at_length(subject, quantizer)


def _learned_in_shape(subject: Subject, quantizer: WitnessedQuantizer, shape: tuple[int, ...]) -> tuple[Array, float]:
    """An input of this shape, every place of which got its gradient, and how far off one may be."""
    z = np.linspace(-0.3, 0.3, int(np.prod(shape))).reshape(shape).astype(subject.precision.dtype)
    with subject.must_answer(f"a gradient of shape {shape}"):
        _, gradient = quantizer.vjp(z, np.ones_like(z))
    comparators.same_shape(gradient, shape, "the gradient")
    comparators.same_dtype(gradient, subject.case.dtype, "the gradient")
    vectors = subject.layout.flatten(z)
    where = f"the gradients of an input of shape {shape} in the layout {subject.layout.name}"
    same_slopes(subject, subject.layout.flatten(gradient), vectors, where)
    return z, float(gradient_tolerance(subject, np.ones_like(vectors), subject.held).max())


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
    judge_gradient(subject, "float64")


@clause(
    "GRD-10",
    MUST,
    "The gradient is the same for an input that was itself computed or is a parameter, after another forward call or a switch "
    "of the mode, and under autocast, as far as its precision allows.",
    title="gradient of any graph",
    source="design: a vector-Jacobian product depends on the input and the upstream alone",
    meaning="The quantizer trains alone in a test, and not behind an encoder, twice in one step, or in mixed precision.",
    needs=[Capability.GRADIENT, Capability.TAPE],
    over=Span(levels="few", modes=BOTH, variants=("interleaved", "derived", "autocast")),
)
def test_the_gradient_is_the_same_in_any_graph(subject: Subject) -> None:
    way = str(subject.case.variant)
    if way == "autocast":
        subject.needs(Capability.AUTOCAST)
    _same_way_back(subject, way, "bfloat16" if way == "autocast" else subject.held)
    if way == "derived":
        _same_way_back(subject, "parameter", subject.held)
    if way == "interleaved" and subject.trains_quietly:
        _same_way_back(subject, "switched", subject.held)


@clause(
    "GRD-11",
    SHOULD,
    "The backward pass can be run twice over one graph, and gives the same gradient.",
    title="graph kept",
    source="design: a vector-Jacobian product depends on the input and the upstream alone",
    meaning="Two losses that are differentiated one after the other, or gradients by row, stop with an error.",
    needs=[Capability.GRADIENT, Capability.TAPE],
    over=Span(levels="few"),
)
def test_the_backward_pass_can_be_run_twice(subject: Subject) -> None:
    _same_way_back(subject, "twice", subject.held)


_IN_WORDS = {
    "interleaved": "after another forward call",
    "switched": "after a switch of the mode",
    "derived": "at an input that was itself computed",
    "parameter": "at an input that is a parameter",
    "autocast": "under autocast",
    "twice": "in a second backward pass",
}


def _same_way_back(subject: Subject, way: str, held: str) -> None:
    """The gradient got in this way is the one got in the plain way, to within the rounding of `held`."""
    vectors = active_inputs(subject, held)[: 200 if subject.layout.long_axis is not None else 1]
    upstream = np.ones_like(vectors)
    quantizer = subject.quantizer()
    _, plain = subject.vjp(vectors, upstream, quantizer)
    with subject.must_answer(f"a gradient {_IN_WORDS[way]}"):
        _, other = subject.vjp(vectors, upstream, quantizer, way=way)
    tolerance = gradient_tolerance(subject, upstream, held)
    comparators.within(other, plain, tolerance, f"the gradients {_IN_WORDS[way]}")
