"""One target under one rule, asked for tokens, gradients and codes; all through its adapter, in float32."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from ..adapters import Adapter, Capability
from ..conformance.case import Case
from ..conformance.findings import NonConformanceError, TargetRaisedError, UnsupportedError, WrongAnswerError
from ..conformance.subject import Subject
from ..conformance.witness import WitnessedQuantizer
from ..reference import Codebook
from ..reference.holding import GRID_EPS
from ..reports import plain
from .refusing import CannotCompareError

Array = NDArray[Any]
Integers = NDArray[np.int64]

DTYPE = "float32"


@dataclass(frozen=True)
class Tokens:
    """What a target makes of (N, d) vectors: level indices (N, d), -1 where unreadable; indices (N,) or, of a residual
    quantizer, (N, stages); codes (N, d)."""

    level: Integers
    index: Array
    codes: Array


class Party:
    """A target that takes part in a comparison; `name` is the target and its rule."""

    def __init__(self, name: str, adapter: Adapter, rule: str, levels: tuple[int, ...]) -> None:
        self.name = name
        self.adapter = adapter
        self.subject = Subject(Case(name, "", rule, levels, DTYPE, "cpu", "eval"), adapter)
        known = self.subject.has(Capability.GRADIENT)
        self.no_gradient = None if known else f"{name} declares no gradient"
        with self._named():
            self._quantizer = self._built()

    def _built(self) -> WitnessedQuantizer:
        return self.subject.quantizer()

    @property
    def has_thresholds(self) -> bool:
        """Whether its channels step at the thresholds of its rule."""
        return True

    @property
    def rounding(self) -> float:
        """How far its codes may be off, in eps."""
        return GRID_EPS

    @property
    def decodes_any(self) -> bool:
        """Whether all indices of the codebook can be put to it."""
        return self.decodes

    @property
    def decodes(self) -> bool:
        """Whether it turns indices into codes."""
        return self.subject.has(Capability.DECODE) and self.subject.layout.long_axis is not None

    @property
    def has_codes(self) -> bool:
        """Whether its forward call gives codes of its own, and not digits read off an index."""
        return self.subject.has(Capability.CODES)

    def tokens(self, vectors: Array) -> Tokens:
        """Its tokens. The indices are those of its forward call; else those of its codes; else packed from its levels."""
        with self._named():
            reply = self.subject.ask(vectors, self._quantizer)
            level = self.subject.read(reply.codes)
            if reply.indices is not None:
                index = reply.indices
            elif self.subject.has(Capability.ENCODE):
                index = self._quantizer.codes_to_indices(reply.codes).reshape(-1)
            else:
                known = np.all((level >= 0) & (level < np.array(self.subject.levels)), axis=-1)
                index = np.where(
                    known, Codebook(self.subject.levels).pack(np.where(known[:, np.newaxis], level, 0)), -1
                )
        if index.shape != (len(vectors),):
            raise CannotCompareError(f"{self.name}: {index.size} indices for {len(vectors)} vectors")
        return Tokens(level, index, reply.codes)

    def gradient(self, vectors: Array) -> Array | None:
        """d Σ codes / d z, (N, d): as the Jacobian is diagonal, the slope of each channel; None where there is none."""
        if self.no_gradient is not None:
            return None
        try:
            return self._slopes(vectors).astype(np.float64)
        except (TargetRaisedError, WrongAnswerError, NonConformanceError) as error:
            self.no_gradient = plain.line(f"{self.name}: {error}")
            return None

    def _slopes(self, vectors: Array) -> Array:
        return self.subject.vjp(vectors, np.ones_like(vectors), self._quantizer)[1]

    def decoded(self, indices: Array) -> Array:
        """The codes (N, d) of (N,) indices; `TargetRaisedError` or `WrongAnswerError` where it gives none."""
        arranged = self.subject.laid_out(indices)
        codes = self.subject.layout.flatten(self._quantizer.indices_to_codes(arranged))
        if codes.shape != (len(indices), len(self.subject.levels)):
            raise WrongAnswerError(f"codes of shape {codes.shape} for {len(indices)} indices")
        return codes

    @contextmanager
    def _named(self) -> Iterator[None]:
        try:
            yield
        except (TargetRaisedError, UnsupportedError, WrongAnswerError) as error:
            raise CannotCompareError(plain.line(f"{self.name}: {error}")) from error
