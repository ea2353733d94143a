"""Inputs of a shape whose levels are beyond dispute, and the judgement of every place of the answer to them."""

from __future__ import annotations

import numpy as np

from ..adapters import Probe
from . import comparators, probes
from .findings import Array, Finding, NonConformanceError, TargetRaisedError
from .subject import Subject, indices_given
from .witness import WitnessedQuantizer


def input_of(subject: Subject, shape: tuple[int, ...], seed: int = 0) -> Array:
    """An input of this shape in the case's layout, all numbers far from every band."""
    count = int(np.prod(subject.layout.positions(shape)))
    channels = shape[subject.layout.channel_axis]
    levels = subject.levels * (channels // len(subject.levels))
    vectors = probes.settled(subject.rule, levels, subject.case.dtype, count, seed)
    return np.ascontiguousarray(subject.layout.unflatten(vectors, shape))


def judge_places(subject: Subject, z: Array, quantizer: WitnessedQuantizer, where: str) -> None:
    """Codes with the shape of `z`, indices with its positions, and in every place the right level."""
    subject.must_settle()
    probe = Probe("forward", z, ramp=z.size > 64)
    answer = quantizer.quantize(z)
    comparators.same_shape(answer.codes, z.shape, f"the codes of {where}", probe)
    vectors = subject.layout.flatten(z)
    expected = subject.exact_levels(vectors)
    levels = subject.read(subject.layout.flatten(answer.codes))
    comparators.same_integers(levels, expected, f"the levels of {where}, as (position, channel),", probe)
    if answer.indices is not None:
        exact = subject.codebook.pack(expected).reshape(subject.layout.positions(z.shape))
        comparators.same_integers(answer.indices, exact, f"the indices of {where}", probe)


def judge_refused(
    subject: Subject, quantizer: WitnessedQuantizer, channels: int, shape: tuple[int, ...], what: str
) -> None:
    """An input of this shape, whose number of channels is not the quantizer's, raises."""
    z = np.zeros(shape, dtype=subject.precision.dtype)
    try:
        answer = quantizer.quantize(z)
    except TargetRaisedError:
        return
    raise NonConformanceError(
        Finding(
            f"an input with {shape[subject.layout.channel_axis]} channels passes through {what} of {channels}",
            f"codes of shape {answer.codes.shape}",
            "an exception",
            probe=Probe("forward", z, ramp=True),
            setup=quantizer.setup,
        )
    )


#: So many positions are asked alone behind a projection, and of these so many may change: a sum of another length rounds
#: otherwise, which moves one in a million over a threshold.
_ALONE, _MOVED = 6, 1


def same_when_alone(subject: Subject, quantizer: WitnessedQuantizer, z: Array, indices: Array) -> None:
    """A vector that is projected and quantized alone gets the index that it has among others."""
    vectors, among = subject.layout.flatten(z), indices.reshape(-1)
    rows = np.random.default_rng(15).permutation(len(vectors))[:_ALONE]
    shape = tuple(1 if axis != subject.layout.channel_axis else size for axis, size in enumerate(z.shape))
    pieces = (np.ascontiguousarray(subject.layout.unflatten(vectors[row : row + 1], shape)) for row in rows)
    alone = np.array([indices_given(quantizer.quantize(piece).indices).item() for piece in pieces])
    wrong = alone != among[rows]
    if wrong.sum() > _MOVED:
        row = int(np.flatnonzero(wrong)[0])
        raise NonConformanceError(
            Finding(
                "behind a projection a vector alone gets another index than among others",
                f"index {alone[row]} alone, {among[rows[row]]} at position {rows[row]} of {len(vectors)}",
                "the same index",
                wrong=int(wrong.sum()),
                tried=len(rows),
                setup=quantizer.setup,
            )
        )
