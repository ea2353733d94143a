"""A target as a black box of one list of levels: numbers of one channel go in, a code or an index comes out."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np

from ..adapters import LAYOUTS, Adapter, Capability, Setup, main_layout
from ..conformance.findings import RefusedError, TargetRaisedError, UnsupportedError, WrongAnswerError
from ..conformance.witness import Witness, WitnessedQuantizer
from ..reference import PRECISIONS, Array, Precision

#: What a target may answer a question with.
TROUBLE = (RefusedError, TargetRaisedError, UnsupportedError, WrongAnswerError)
#: Where the other channels stand while one is asked.
REST = 0.05

#: (N,) numbers of one channel → (N,) values, float64, NaN for what is no number.
Ask = Callable[[Array], Array]


@dataclass(frozen=True)
class Reading:
    """What N vectors were answered with: codes (N, d), indices (N,), or one of them."""

    codes: Array | None
    indices: Array | None


class BlackBox:
    """One quantizer, asked in (N, d) vectors of one dtype."""

    def __init__(self, adapter: Adapter, rule: str, levels: tuple[int, ...], dtype: str) -> None:
        self.levels = levels
        self.precision: Precision = PRECISIONS[dtype]
        self._layout = LAYOUTS[main_layout(adapter.layouts)]
        self._numbers_only = Capability.CODES not in adapter.capabilities
        setup = Setup(levels=levels, rule=rule, dtype=dtype, layout=self._layout.name)
        self.quantizer: WitnessedQuantizer = Witness(adapter).build(setup)
        self.seen = "codes" if self.read(self.vectors(0, np.zeros(1))).codes is not None else "indices"

    def vectors(self, channel: int, z: Array) -> Array:
        """(N,) numbers in one channel, the others at rest: (N, d)."""
        made = np.full((len(z), len(self.levels)), REST, dtype=self.precision.dtype)
        made[:, channel] = z
        return made

    def read(self, vectors: Array) -> Reading:
        """The answer to (N, d) vectors; `WrongAnswerError` for one that is neither codes nor indices of them."""
        if self._layout.long_axis is None:
            parts = [self._read(vector[None]) for vector in vectors]
            codes = [one.codes for one in parts if one.codes is not None]
            indices = [one.indices for one in parts if one.indices is not None]
            return Reading(np.concatenate(codes) if codes else None, np.concatenate(indices) if indices else None)
        return self._read(vectors)

    def _read(self, vectors: Array) -> Reading:
        z = np.ascontiguousarray(self._layout.arrange(vectors)).copy()
        answer = self.quantizer.quantize(z)
        positions = self._layout.positions(z.shape)
        indices = (
            answer.indices.reshape(-1) if answer.indices is not None and answer.indices.shape == positions else None
        )
        if answer.codes.shape == z.shape and not (self._numbers_only and indices is not None):
            return Reading(self._layout.flatten(answer.codes), indices)
        if indices is not None:
            return Reading(None, indices)
        if answer.codes.shape == positions:  # it gives nothing but indices
            return Reading(None, answer.codes.reshape(-1))
        raise WrongAnswerError(f"an answer of shape {answer.codes.shape} to an input of shape {z.shape}")

    def along(self, channel: int) -> Ask:
        """What is seen of one channel: its code, or the index of the whole vector."""

        def ask(z: Array) -> Array:
            reading = self.read(self.vectors(channel, z))
            if self.seen == "codes" and reading.codes is not None:
                return np.asarray(reading.codes[:, channel]).astype(np.float64)
            return np.asarray(reading.indices).astype(np.float64)

        return ask

    def slopes(self, channel: int, z: Array) -> Array:
        """The gradient of the channel's code at (N,) numbers of it: (N,) float64."""
        vectors = self.vectors(channel, z)
        upstream = np.zeros_like(vectors)
        upstream[:, channel] = 1
        if self._layout.long_axis is None:
            rows = [self._vjp(vectors[i : i + 1], upstream[i : i + 1]) for i in range(len(vectors))]
            return np.concatenate(rows)[:, channel]
        return self._vjp(vectors, upstream)[:, channel]

    def _vjp(self, vectors: Array, upstream: Array) -> Array:
        z, weights = (np.ascontiguousarray(self._layout.arrange(part)).copy() for part in (vectors, upstream))
        _, gradient = self.quantizer.vjp(z, weights)
        if gradient.shape != z.shape:
            raise WrongAnswerError(f"a gradient of shape {gradient.shape} for an input of shape {z.shape}")
        return self._layout.flatten(gradient).astype(np.float64)
