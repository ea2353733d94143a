"""Several codebooks: every group of channels on its own, in its codes, its index, its gradient, and with NaN in another."""

from __future__ import annotations

import numpy as np

from ..adapters import Capability, Probe
from . import comparators
from .findings import Array, TargetRaisedError
from .judging import same_codes
from .placing import input_of
from .subject import Subject, joined
from .surrogate import gradient_tolerance
from .witness import WitnessedQuantizer


def judge_groups(subject: Subject, z: Array, groups: int) -> None:
    """The codes and the indices of every group, and what they are decoded to; with axes of length 1 too."""
    subject.must_settle()
    with subject.must_answer(f"a quantizer of {groups} codebooks"):
        quantizer = subject.quantizer(num_codebooks=groups)
    _each_on_its_own(subject, quantizer, z, groups)
    _as_with_one_codebook(subject, quantizer, groups)
    if subject.case.dtype == "float32":
        letters = subject.layout.name.replace("d", "")
        for ones in [*letters, letters] if len(letters) > 1 else [letters]:
            shape = subject.layout.shape(groups * len(subject.levels), **dict.fromkeys(ones, 1))
            _each_on_its_own(subject, quantizer, input_of(subject, shape), groups)
        _nan_stays_in_its_group(subject, quantizer, z)
        if subject.has(Capability.GRADIENT):
            _every_group_learns(subject, quantizer, z.shape)


def _each_on_its_own(subject: Subject, quantizer: WitnessedQuantizer, z: Array, groups: int) -> None:
    """Every group has the levels and the index of its channels, and is decoded from it."""
    d = len(subject.levels)
    with subject.must_answer(f"codes of shape {z.shape} and {groups} indices for each position"):
        answer = quantizer.quantize(z)
    probe = Probe("forward", z, ramp=True)
    comparators.same_shape(answer.codes, z.shape, "the codes", probe)
    exact = subject.exact_levels(_by_group(subject, z))
    levels = subject.read(_by_group(subject, answer.codes))
    comparators.same_integers(levels, exact, "the levels, as (position, group, channel),", probe)
    if answer.indices is not None:
        expected = subject.codebook.pack(exact).reshape((*subject.layout.positions(z.shape), groups))
        comparators.same_integers(answer.indices, expected, "the indices, as (position, group),", probe)
        if subject.has(Capability.DECODE):
            with subject.must_answer(f"codes of shape {z.shape} from the indices of an input of that shape"):
                decoded = quantizer.indices_to_codes(answer.indices)
            tolerance = max(subject.grid_tolerance(channel) for channel in range(d))
            comparators.within(decoded, answer.codes, 2 * tolerance, "the decoded codes")


def _by_group(subject: Subject, values: Array) -> Array:
    """Channels in groups: (N, groups, d)."""
    vectors = subject.layout.flatten(values)
    return vectors.reshape(len(vectors), -1, len(subject.levels))


def _as_with_one_codebook(subject: Subject, quantizer: WitnessedQuantizer, groups: int) -> None:
    """Beside the thresholds too, a group takes the levels that its channels take alone."""
    d, count = len(subject.levels), 1 if subject.layout.long_axis is None else 128
    vectors = subject.probes()[: groups * count]
    answer = quantizer.quantize(np.ascontiguousarray(subject.layout.arrange(vectors.reshape(-1, groups * d))))
    alone = joined([subject.ask(part) for part in np.split(vectors, groups if count == 1 else 1)])
    same_codes(subject, _by_group(subject, answer.codes).reshape(-1, d), alone.codes, "with several codebooks")


def _nan_stays_in_its_group(subject: Subject, quantizer: WitnessedQuantizer, z: Array) -> None:
    """A NaN at the first position changes only the group that it is in; a target may refuse it: NUM-5."""
    poisoned = subject.layout.flatten(z).copy()
    poisoned[0, 0] = np.nan
    clean = quantizer.quantize(z)
    try:
        answer = quantizer.quantize(np.ascontiguousarray(subject.layout.unflatten(poisoned, z.shape)))
    except TargetRaisedError:
        return
    codes, expected = (_by_group(subject, one.codes).copy() for one in (answer, clean))
    codes[0, 0] = expected[0, 0]
    comparators.same_bits(codes, expected, "the codes of groups without NaN", "those where no group has one")
    if answer.indices is not None and clean.indices is not None:
        indices = answer.indices.copy()
        indices.reshape(-1)[0] = clean.indices.reshape(-1)[0]
        comparators.same_bits(
            indices, clean.indices, "the indices of groups without NaN", "those where no group has one"
        )


def _every_group_learns(subject: Subject, quantizer: WitnessedQuantizer, shape: tuple[int, ...]) -> None:
    """The gradient of each group is that of its channels alone."""
    z = np.linspace(-0.3, 0.3, int(np.prod(shape))).reshape(shape).astype(subject.precision.dtype)
    with subject.must_answer(f"a gradient of shape {shape}"):
        _, gradient = quantizer.vjp(z, np.ones_like(z))
    comparators.same_shape(gradient, shape, "the gradient")
    vectors, found = (_by_group(subject, one).reshape(-1, len(subject.levels)) for one in (z, gradient))
    one = np.ones_like(vectors)
    _, alone = subject.vjp(vectors, one)
    tolerance = gradient_tolerance(subject, one, subject.held) * np.maximum(1.0, np.abs(alone.astype(np.float64)))
    comparators.within(found, alone.astype(np.float64), tolerance, "the gradients of several codebooks")
