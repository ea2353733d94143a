"""Linear maps before and behind a quantizer: its codes and what its indices decode to, in each way in which it is built."""

from __future__ import annotations

from dataclasses import replace

import numpy as np

from ..adapters import Capability
from ..reference import PRECISIONS
from . import comparators
from .findings import Array, Finding, NonConformanceError, RefusedError, TargetRaisedError
from .subject import Subject, indices_given
from .witness import WitnessedQuantizer


def judge_projections(subject: Subject) -> None:
    """Quantizers of wider and of narrower inputs; of wider ones with two codebooks too, and moved to bfloat16."""
    wide, narrow = len(subject.levels) + 5, max(len(subject.levels) - 1, 2)
    for width in (wide, narrow):
        _judge_projected(subject, width)
    _with_codebooks(subject, wide + len(subject.levels))
    _in_half_precision(subject, wide)


def _judge_projected(subject: Subject, width: int) -> None:
    """A quantizer of inputs of this width."""
    z = _input(subject, width, subject.case.dtype)
    quantizer = subject.quantizer(width=width)
    with subject.must_answer(f"codes of shape {z.shape}"):
        answer = quantizer.quantize(z)
    indices = indices_given(answer.indices)
    _decoded_alike(subject, quantizer, z, answer.codes, indices, subject.layout.positions(z.shape))
    _same_when_alone(subject, quantizer, z, indices)


def _input(subject: Subject, width: int, dtype: str) -> Array:
    z = np.random.default_rng(11).normal(size=subject.layout.shape(width))
    return z.astype(PRECISIONS[dtype].dtype)


def _decoded_alike(
    subject: Subject,
    quantizer: WitnessedQuantizer,
    z: Array,
    codes: Array,
    indices: Array,
    positions: tuple[int, ...],
    when: str = "",
) -> None:
    """Codes as wide as the input, indices of these positions, and the same codes decoded from them."""
    comparators.same_shape(codes, z.shape, f"the codes{when}")
    comparators.same_shape(indices, positions, f"the indices{when}")
    with subject.must_answer(f"codes of shape {z.shape}", when.strip()):
        decoded = quantizer.indices_to_codes(indices)
    eps = PRECISIONS[quantizer.setup.dtype].eps
    wide = codes.astype(np.float64)
    tolerance = 32 * eps * (1 + float(np.abs(wide).max()))
    comparators.within(decoded, wide, tolerance, f"the codes decoded from the indices{when}")


def _with_codebooks(subject: Subject, width: int) -> None:
    """Two codebooks behind one projection; a target may refuse them together, and what it quantizes is the affair of SHP-8."""
    setup = replace(subject.setup, width=width, num_codebooks=2)
    if not subject.has(Capability.CODEBOOKS) or subject.adapter.refusal(setup) is not None:
        return
    z = _input(subject, width, subject.case.dtype)
    try:
        quantizer = subject.quantizer(width=width, num_codebooks=2)
        answer = quantizer.quantize(z)
    except (RefusedError, TargetRaisedError):
        return
    indices = indices_given(answer.indices)
    positions = (*subject.layout.positions(z.shape), 2)
    if answer.codes.shape == z.shape and indices.shape == positions:
        _decoded_alike(subject, quantizer, z, answer.codes, indices, positions, " of two codebooks")


def _in_half_precision(subject: Subject, width: int) -> None:
    """Moved to bfloat16, what takes such inputs decodes their indices too."""
    if not subject.has(Capability.CAST) or "bfloat16" not in subject.adapter.dtypes:
        return
    z = _input(subject, width, "bfloat16")
    try:
        quantizer = subject.quantizer(width=width).cast("bfloat16")
        answer = quantizer.quantize(z)
    except TargetRaisedError:
        return  # not every module can be moved
    indices = indices_given(answer.indices)
    positions = subject.layout.positions(z.shape)
    _decoded_alike(subject, quantizer, z, answer.codes, indices, positions, " in bfloat16")


#: So many positions are asked alone behind a projection, and of these so many may change: a sum of another length rounds
#: otherwise, which moves one in a million over a threshold.
_ALONE, _MOVED = 6, 1


def _same_when_alone(subject: Subject, quantizer: WitnessedQuantizer, z: Array, indices: Array) -> None:
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
