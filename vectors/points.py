"""An adapter over answers to single vectors: whatever a clause asks is put together from them."""

from __future__ import annotations

from collections.abc import Callable
from contextlib import AbstractContextManager, nullcontext
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from ..adapters import Answer, Capability, Identity, Probe, Quantizer, Setup
from ..reference import Array


class RefusedVectorError(Exception):
    """The port refused a vector, as it may refuse NaN."""


@dataclass(frozen=True)
class Points:
    """Answers to N vectors: codes (N, d), indices (N,), gradients (N, d) for an upstream of ones; None: none are given."""

    codes: NDArray[np.float64]
    indices: NDArray[np.int64] | None
    gradients: NDArray[np.float64] | None


#: (N, d) inputs → their answers; `RefusedVectorError`.
Ask = Callable[[Array], Points]


@dataclass(frozen=True)
class PointAdapter:
    """A target of which nothing is known but its answers to vectors: one build, one layout, one dtype."""

    identity: Identity
    rules: tuple[str, ...]
    dtypes: tuple[str, ...]
    capabilities: frozenset[Capability]
    ask: Ask
    layouts: tuple[str, ...] = ("Bd",)

    def devices(self) -> tuple[str, ...]:
        """Where the port ran is its own affair."""
        return ("cpu",)

    def refusal(self, setup: Setup) -> str | None:  # noqa: ARG002
        """Nothing is built, so nothing is refused."""
        return None

    def build(self, setup: Setup) -> Quantizer:
        """A quantizer that has its answers already."""
        return PointQuantizer(setup, self.ask)

    def guard(self) -> AbstractContextManager[None]:
        """There is no state to put back."""
        return nullcontext()

    def script(self, setup: Setup, probe: Probe) -> str | None:  # noqa: ARG002
        """None: the port is not in Python."""
        return None


@dataclass
class PointQuantizer:
    """The forward call and its gradient for an upstream of ones; points answer nothing else."""

    setup: Setup
    ask: Ask

    def quantize(
        self, z: Array, *, tracked: bool = False, autocast: str | None = None, inference: bool = False
    ) -> Answer:
        """The answers to the rows of (N, d)."""
        if tracked or autocast or inference:
            raise NotImplementedError("points are asked in one way only")
        return self._answer(z, self.ask(z))

    def vjp(self, z: Array, upstream: Array, *, way: str | None = None) -> tuple[Answer, Array]:
        """The answers with their gradients."""
        if way or not (upstream == 1).all():
            raise NotImplementedError("gradients are asked for an upstream of ones only")
        points = self.ask(z)
        if points.gradients is None:
            raise NotImplementedError("there are no gradients")
        return self._answer(z, points), points.gradients

    def codes_to_indices(self, codes: Array, *, tracked: bool = False, autocast: str | None = None) -> Array:
        """Not to be asked of points."""
        raise NotImplementedError("a port encodes nothing: its capabilities say so")

    def indices_to_codes(self, indices: Array, *, autocast: str | None = None) -> Array:
        """Not to be asked of points."""
        raise NotImplementedError("a port decodes nothing: its capabilities say so")

    def train(self, mode: bool) -> None:
        """Not to be asked of points."""
        raise NotImplementedError("a port has no training: its capabilities say so")

    def copied(self, how: str) -> Quantizer:
        """Not to be asked of points."""
        raise NotImplementedError("a port cannot be copied: its capabilities say so")

    def cast(self, dtype: str) -> Quantizer:
        """Not to be asked of points."""
        raise NotImplementedError("a port has one dtype: its capabilities say so")

    def weights(self, z: Array, upstream: Array) -> dict[str, str]:
        """Not to be asked of points."""
        raise NotImplementedError("the weights of a port are unknown: its capabilities say so")

    def weights_behind(self, z: Array) -> dict[str, str]:
        """Not to be asked of points."""
        raise NotImplementedError("nothing learns behind a port: its capabilities say so")

    def held_bytes(self) -> int:
        """Not to be asked of points."""
        raise NotImplementedError("a port holds no memory here: its capabilities say so")

    @staticmethod
    def _answer(z: Array, points: Points) -> Answer:
        index_device = None if points.indices is None else "cpu"
        return Answer(points.codes, points.indices, "cpu", index_device, z)


def keys(vectors: Array) -> list[bytes]:
    """What tells (N, d) vectors apart: their bits, all NaNs alike; +0 and -0 are two."""
    plain = np.where(np.isnan(vectors.astype(np.float64)), np.array(np.nan, dtype=vectors.dtype), vectors)
    return [row.tobytes() for row in np.ascontiguousarray(plain)]
