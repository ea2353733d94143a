"""Inputs of a shape whose levels are beyond dispute, and the judgement of every place of the answer to them."""

from __future__ import annotations

from contextlib import suppress

import numpy as np

from ..adapters import Capability, Probe
from . import comparators, probes
from .findings import Array, Finding, NonConformanceError, RefusedError, TargetRaisedError, UnsupportedError
from .numbering import codes_of
from .subject import Subject
from .witness import WitnessedQuantizer

#: A large batch, long enough for a path of its own, and square images that are cut into whole tiles.
MANY = {"B": 9, "H": 16, "W": 16}


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


def judge_one_channel(subject: Subject) -> None:
    """A quantizer of one channel, in the same layout."""
    one = subject.with_levels(subject.levels[:1]).in_layout(subject.layout.name)
    try:
        quantizer = one.quantizer()
    except (RefusedError, TargetRaisedError, UnsupportedError):
        return  # it need not take one channel
    for sizes in ({}, {"B": 1}) if "B" in one.layout.name else ({},):
        z = input_of(one, one.layout.shape(1, **sizes))
        with one.must_answer(f"codes of shape {z.shape} and indices of shape {one.layout.positions(z.shape)}"):
            judge_places(one, z, quantizer, f"an input of shape {z.shape} in the layout {one.layout.name}")


def judge_coded(subject: Subject, quantizer: WitnessedQuantizer, z: Array) -> None:
    """The codes of an input with axes of length 1 are encoded to as many axes, and their indices decoded to its shape."""
    positions, d = subject.layout.positions(z.shape), len(subject.levels)
    if not positions:
        return
    exact = subject.exact_indices(subject.layout.flatten(z))
    with suppress(TargetRaisedError):  # that it cannot is the affair of IDX
        if subject.has(Capability.ENCODE):
            encoded = quantizer.codes_to_indices(codes_of(subject, exact).reshape(*positions, d))
            comparators.same_shape(encoded, positions, f"the indices of codes of shape {(*positions, d)}")
        if subject.has(Capability.DECODE):
            decoded = quantizer.indices_to_codes(exact.reshape(positions))
            if decoded.shape != (*positions, d):  # channels last where others stand are the affair of IDX-10
                comparators.same_shape(decoded, z.shape, f"the codes of indices of shape {positions}")


def same_codes_in_axes(subject: Subject, quantizer: WitnessedQuantizer) -> None:
    """Codes with an axis for each of the layout's, channels last, get the indices that they have in a list."""
    shape = subject.layout.positions(subject.layout.shape(len(subject.levels), **MANY))
    if not subject.has(Capability.ENCODE) or len(shape) < 2:
        return
    vectors = probes.settled(subject.rule, subject.levels, "float32", int(np.prod(shape)))
    codes = codes_of(subject, subject.exact_indices(vectors))
    try:
        listed = quantizer.codes_to_indices(codes.copy())
        found = quantizer.codes_to_indices(codes.reshape(*shape, -1))
    except TargetRaisedError:
        return  # that it cannot is the affair of IDX, and it may refuse so many axes
    if listed.shape == codes.shape[:-1]:
        where = f"the indices of codes of shape {(*shape, codes.shape[-1])}"
        comparators.same_shape(found, shape, where)
        comparators.same_bits(found, listed.reshape(shape), where, "those of a list of them")


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
