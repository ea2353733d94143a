"""Inputs that hold nothing: their codes, indices and gradients, and what encoding and decoding make of nothing."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np

from ..adapters import Capability, Probe
from . import comparators
from .findings import Array, RefusedError, TargetRaisedError, UnsupportedError
from .subject import Subject
from .witness import WitnessedQuantizer


def judge_nothing(subject: Subject) -> None:
    """Of every axis but the channels' that is 0 long: with one codebook and with two, and behind a projection."""
    d, letters = len(subject.levels), subject.layout.name.replace("d", "")
    quantizer = subject.quantizer()
    for letter in letters:
        shape = subject.layout.shape(d, **{letter: 0})
        _nothing_is_quantized(subject, quantizer, shape, subject.layout.positions(shape))
        _nothing_is_coded(subject, quantizer, shape)
        if subject.has(Capability.GRADIENT):
            z = np.zeros(shape, dtype=subject.precision.dtype)
            with subject.must_answer(f"a gradient of shape {shape}"):
                _, gradient = quantizer.vjp(z, np.ones_like(z))
            comparators.same_shape(gradient, shape, "the gradient of nothing")
    built: tuple[tuple[Capability, dict[str, int], int, tuple[int, ...]], ...] = (
        (Capability.CODEBOOKS, {"num_codebooks": 2}, 2 * d, (2,)),
        (Capability.PROJECTION, {"width": d + 5}, d + 5, ()),
    )
    for capability, how, channels, last in built:
        if letters and subject.has(capability):
            try:
                other = subject.quantizer(**how)
            except (RefusedError, TargetRaisedError, UnsupportedError):
                continue  # that it can be built is the affair of SHP-8 and SHP-11
            for letter in letters:
                shape = subject.layout.shape(channels, **{letter: 0})
                _nothing_is_quantized(subject, other, shape, (*subject.layout.positions(shape), *last))


def _nothing_is_quantized(
    subject: Subject, quantizer: WitnessedQuantizer, shape: tuple[int, ...], numbered: tuple[int, ...]
) -> None:
    """An input of this shape has codes of it, and indices of the shape `numbered`."""
    z = np.zeros(shape, dtype=subject.precision.dtype)
    with subject.must_answer(f"codes of shape {shape} and indices of shape {numbered}"):
        answer = quantizer.quantize(z)
    comparators.same_shape(answer.codes, shape, "the codes", Probe("forward", z))
    if answer.indices is not None:
        comparators.same_shape(answer.indices, numbered, "the indices", Probe("forward", z))
        comparators.integer_dtype(answer.indices, "the indices of no vectors", Probe("forward", z))


def _nothing_is_coded(subject: Subject, quantizer: WitnessedQuantizer, shape: tuple[int, ...]) -> None:
    """No codes are encoded to no indices, and no indices decoded to no codes of this shape."""
    codes = np.zeros((0, len(subject.levels)), dtype=np.float32)
    indices = np.zeros(subject.layout.positions(shape), dtype=np.int64)
    calls: tuple[tuple[str, Capability, Callable[[Array], Array], Array, tuple[int, ...]], ...] = (
        ("the indices of no codes", Capability.ENCODE, quantizer.codes_to_indices, codes, (0,)),
        ("the codes of no indices", Capability.DECODE, quantizer.indices_to_codes, indices, shape),
    )
    for what, capability, call, nothing, expected in calls:
        if subject.has(capability):
            with subject.must_answer("an empty array"):
                found = call(nothing)
            comparators.same_shape(found, expected, what)
            if capability is Capability.ENCODE:
                comparators.integer_dtype(found, what)
