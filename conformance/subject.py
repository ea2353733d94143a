"""What a test holds in its hands: one case, its target, and the reference that it is judged by."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, replace
from functools import cached_property
from typing import Any

import numpy as np
from numpy.typing import NDArray

from ..adapters import LAYOUTS, Adapter, Answer, Capability, Layout, Setup, main_layout
from ..reference import FSQ, PRECISIONS, Codebook, Order, Precision, Rule, Staircase, rule_named, staircase
from ..reference.holding import MUST_HOLD, grid_tolerance, legible
from . import probes
from .asking import AT_LENGTH, Asking
from .case import Case
from .findings import (
    Array,
    Finding,
    NonConformanceError,
    NotJudgedError,
    TargetRaisedError,
    UnsupportedError,
    WrongAnswerError,
)
from .habits import PUBLISHED, Habits
from .levels import LARGEST_PRODUCT
from .witness import Witness, WitnessedQuantizer

Integers = NDArray[np.int64]


@dataclass(frozen=True)
class Reply:
    """An answer as vectors: codes (N, d), and indices (N,) or None.

    `numbered` holds the indices, or why they cannot be read: indices of a wrong shape concern only who asks for them.
    """

    codes: Array
    numbered: Array | WrongAnswerError | None
    answer: Answer

    @property
    def indices(self) -> Array | None:
        """The indices; `WrongAnswerError` for indices of another shape than the input's positions."""
        if isinstance(self.numbered, WrongAnswerError):
            raise self.numbered
        return self.numbered


def indices_given(indices: Array | None) -> Array:
    """Indices that a target declares to give; `WrongAnswerError` where it gives none."""
    if indices is None:
        raise WrongAnswerError("no indices, although it declares that it gives them")
    return indices


def joined(replies: Sequence[Reply]) -> Reply:
    """Answers to one vector each, together."""
    indices = [reply.indices for reply in replies if reply.indices is not None]
    codes = np.concatenate([reply.codes for reply in replies])
    return Reply(codes, np.concatenate(indices) if indices else None, replies[0].answer)


class Subject:
    """One case. Tests build quantizers, ask them in (N, d) vectors, and read the answers as levels."""

    def __init__(
        self,
        case: Case,
        adapter: Adapter,
        seed: int = 0,
        asking: Asking = AT_LENGTH,
        habits: Habits = PUBLISHED,
    ) -> None:
        self.case = case
        self.adapter = adapter
        self.seed = seed
        self.asking = asking
        self.habits = habits
        self.witness = Witness(adapter)

    # What the case is about

    @cached_property
    def rule(self) -> Rule:
        """The rule by which the target is judged."""
        return rule_named(self.case.rule)

    @property
    def levels(self) -> tuple[int, ...]:
        """The number of levels of each channel."""
        return self.case.levels

    @cached_property
    def precision(self) -> Precision:
        """The dtype of the inputs."""
        return PRECISIONS[self.case.dtype]

    @property
    def held(self) -> str:
        """The dtype whose band a MUST holds against the target."""
        return MUST_HOLD[self.case.dtype]

    @cached_property
    def codebook(self) -> Codebook:
        """The exact codebook, in the target's own order: that of the papers is the affair of IDX-4."""
        return Codebook(self.levels, self.habits.order)

    @cached_property
    def layout(self) -> Layout:
        """The layout in which vectors are put to the target: the case's own, or the target's main one."""
        name = self.case.variant if self.case.variant in LAYOUTS else main_layout(self.adapter.layouts)
        return LAYOUTS[name]

    @cached_property
    def setup(self) -> Setup:
        """What the case builds unless it says otherwise."""
        return Setup(
            levels=self.levels,
            rule=self.case.rule,
            dtype=self.case.dtype,
            device=self.case.device,
            layout=self.layout.name,
            training=self.case.mode == "train",
            compiled=self.case.mode == "compiled",
        )

    def with_levels(self, levels: tuple[int, ...], rule: str | None = None) -> Subject:
        """The same case with other levels, or another rule too, heard by the same witness: for cases that draw their own."""
        return self._other(replace(self.case, levels=levels, rule=rule or self.case.rule, variant=None))

    def in_layout(self, name: str) -> Subject:
        """The same case in another layout, heard by the same witness."""
        return self._other(replace(self.case, variant=name))

    def in_dtype(self, dtype: str) -> Subject:
        """The same case for inputs of another dtype, heard by the same witness."""
        return self._other(replace(self.case, dtype=dtype))

    def in_order(self, order: Order) -> Subject:
        """The same case with the exact codebook in this order, heard by the same witness."""
        return self._other(self.case, self.habits.in_order(order))

    def _other(self, case: Case, habits: Habits | None = None) -> Subject:
        other = Subject(case, self.adapter, self.seed, self.asking, habits or self.habits)
        other.witness = self.witness
        return other

    def has(self, capability: Capability) -> bool:
        """Whether the target can do this."""
        return capability in self.adapter.capabilities

    def stair(self, channel: int, held: str | None = None, dtype: str | None = None) -> Staircase:
        """The exact staircase of a channel, by the band that a MUST holds or by another."""
        return staircase(self.rule, self.levels[channel], dtype or self.case.dtype, held or self.held)

    # Asking

    def probes(self, held: str | None = None) -> Array:
        """(N, d) finite inputs around every threshold, by the band that a MUST holds or by another, and everywhere else."""
        return self._within(self.asking.probes(self.rule, self.levels, self.case.dtype, held or self.held))

    def ramps(self) -> Array:
        """(N, d) finite inputs without regard to any threshold."""
        return self._within(self.asking.ramps(self.rule, self.levels, self.case.dtype, self.held))

    def _within(self, vectors: Array) -> Array:
        """No larger than what the target saturates at: beyond, it is the affair of BND-5."""
        reach = max(self.habits.reach(self.case.dtype) / max(self.levels), probes.SATURATED)
        return vectors if reach == np.inf else np.clip(vectors, -reach, reach).astype(vectors.dtype)

    def quantizer(self, **changes: Any) -> WitnessedQuantizer:
        """A new quantizer of the case's setup with `changes`."""
        return self.witness.build(replace(self.setup, **changes))

    def ask(self, vectors: Array, quantizer: WitnessedQuantizer | None = None, **how: Any) -> Reply:
        """Quantizes (N, d) vectors in the layout; `WrongAnswerError` for codes of another shape."""
        quantizer = quantizer or self.quantizer()
        if self.layout.long_axis is None:
            return joined([self._asked(vector[None], quantizer, **how) for vector in vectors])
        return self._asked(vectors, quantizer, **how)

    def _asked(self, vectors: Array, quantizer: WitnessedQuantizer, **how: Any) -> Reply:
        z = np.ascontiguousarray(self.layout.arrange(vectors)).copy()
        return self.reply(quantizer.quantize(z, **how), z.shape)

    def reply(self, answer: Answer, shape: tuple[int, ...]) -> Reply:
        """An answer to an input of this shape as vectors."""
        if answer.codes.shape != shape:
            raise WrongAnswerError(f"codes of shape {answer.codes.shape} for an input of shape {shape}")
        numbered = self.numbered(answer, shape)
        flat = numbered.reshape(-1) if isinstance(numbered, np.ndarray) else numbered
        return Reply(self.layout.flatten(answer.codes), flat, answer)

    def numbered(self, answer: Answer, shape: tuple[int, ...]) -> Array | WrongAnswerError | None:
        """The indices of an answer to an input of this shape, or what is wrong with their shape.

        Axes of length 1 that are too many or too few are the affair of the clauses on shapes alone.
        """
        positions, indices = self.layout.positions(shape), answer.indices
        if indices is None or indices.shape == positions:
            return indices
        if [size for size in indices.shape if size != 1] == [size for size in positions if size != 1]:
            return indices.reshape(positions)
        return WrongAnswerError(f"indices of shape {indices.shape} for an input of shape {shape}")

    def vjp(
        self, vectors: Array, upstream: Array, quantizer: WitnessedQuantizer | None = None, **how: Any
    ) -> tuple[Reply, Array]:
        """The gradient of Σ codes·upstream at (N, d) vectors, as (N, d)."""
        quantizer = quantizer or self.quantizer()
        if self.layout.long_axis is None and len(vectors) != 1:
            pairs = zip(vectors, upstream, strict=True)
            parts = [self.vjp(vector[None], weight[None], quantizer, **how) for vector, weight in pairs]
            return joined([reply for reply, _ in parts]), np.concatenate([gradient for _, gradient in parts])
        arranged = (np.ascontiguousarray(self.layout.arrange(part)).copy() for part in (vectors, upstream))
        z, weights = arranged
        answer, gradient = quantizer.vjp(z, weights, **how)
        if gradient.shape != z.shape:
            raise NonConformanceError(
                Finding("the gradient has the wrong shape", f"shape {gradient.shape}", f"shape {z.shape}")
            )
        return self.reply(answer, z.shape), self.layout.flatten(gradient)

    def laid_out(self, indices: NDArray[np.int64]) -> NDArray[np.int64]:
        """(N,) indices in the shape that those of N vectors have in the layout."""
        shape = self.layout.arrange(np.zeros((len(indices), len(self.levels)))).shape
        return indices.reshape(self.layout.positions(shape))

    def decoded(self, indices: NDArray[np.int64]) -> Array | None:
        """The codes that (N,) indices decode to, as (N, d); None where the target cannot or fails: IDX tells of that."""
        if self.layout.long_axis is None or not self.has(Capability.DECODE):
            return None
        shape = self.layout.arrange(np.zeros((len(indices), len(self.levels)))).shape
        try:
            codes = self.quantizer().indices_to_codes(self.laid_out(indices))
        except TargetRaisedError:
            return None
        return self.layout.flatten(codes) if codes.shape == shape else None

    def decoded_codebook(self) -> Array | None:
        """The codes that every index decodes to, whatever the order; None where that fails or the codebook is large."""
        if self.codebook.size > LARGEST_PRODUCT:
            return None
        return self.decoded(np.arange(self.codebook.size))

    # Reading

    def grid(self, level: NDArray[Any], channel: int) -> NDArray[np.float64]:
        """The exact codes of level indices."""
        return self.rule.grid.code(level, self.levels[channel])

    def read(self, codes: Array) -> Integers:
        """The level indices that (…, d) codes are nearest to; -1 for NaN. Levels outside 0 … L-1 are seen as such."""
        columns = []
        for channel, levels in enumerate(self.levels):
            near = np.rint(self.rule.grid.coordinate(codes[..., channel], levels))
            known = np.isfinite(near) & (np.abs(near) < 2**31)
            columns.append(np.where(known, np.where(known, near, 0), -1).astype(np.int64))
        return np.stack(columns, axis=-1)

    def grid_tolerance(self, channel: int, held: str | None = None) -> float:
        """How far a code may lie from the grid, in codes."""
        return grid_tolerance(self.rule, self.levels[channel], held or self.held)

    def legible(self, channel: int, held: str | None = None) -> bool:
        """Whether levels can be read off codes of the case's dtype: rounding stays well below half a step."""
        return legible(self.rule, self.levels[channel], held or self.held, self.case.dtype)

    def must_settle(self) -> None:
        """`NotJudgedError` unless levels can be read off codes, and every level has inputs far from every band."""
        for channel, levels in enumerate(self.levels):
            if not self.legible(channel) or self.stair(channel).half_width > 0.25:
                raise NotJudgedError(f"at {self.case.dtype} {levels} levels are too fine to be told apart for certain")

    def exact_levels(self, vectors: Array) -> Integers:
        """The level indices of the reference, (N, d); of a target that never has these, its own in a plain call."""
        if not self.habits.levels and (own := self._own_levels(vectors)) is not None:
            return own
        columns = [self.rule.level(vectors[..., i], levels) for i, levels in enumerate(self.levels)]
        return np.stack(columns, axis=-1)

    def _own_levels(self, vectors: Array) -> Integers | None:
        """Those that a new quantizer gives in the target's main layout; None where they are none."""
        plain = self._other(replace(self.case, mode="eval", variant=main_layout(self.adapter.layouts)))
        try:
            codes = plain.ask(vectors.reshape(-1, len(self.levels)), plain.quantizer(training=False)).codes
        except (TargetRaisedError, WrongAnswerError, UnsupportedError):
            return None
        own = self.read(codes.reshape(vectors.shape))
        return own if ((own >= 0) & (own < np.array(self.levels))).all() else None

    def exact_indices(self, vectors: Array) -> Integers:
        """The indices of the reference: (N,)."""
        return self.codebook.pack(self.exact_levels(vectors))

    def reference(self) -> FSQ:
        """The reference's own quantizer."""
        return FSQ(self.levels, self.rule)

    # Judging

    def alone(self, vectors: Array, row: int, channel: int) -> Array:
        """One vector with all other channels at a level's centre: the smallest input that can show a fault there.

        The vector as it is where only whole ones can be asked.
        """
        if not self.asking.alone:
            return vectors[row : row + 1]
        single = np.zeros((1, len(self.levels)), dtype=vectors.dtype)
        single[0, channel] = vectors[row, channel]
        return single

    @contextmanager
    def must_answer(self, clause_says: str, when: str = "") -> Iterator[None]:
        """Where an answer is the clause itself: what the target raises is a failure and no mere error.

        when: after what, for the message.
        """
        try:
            yield
        except TargetRaisedError as raised:
            raise NonConformanceError(
                Finding(
                    f"{raised.asked} raises {when}".rstrip(),
                    raised.what(),
                    clause_says,
                    probe=raised.probe,
                    setup=raised.setup,
                )
            ) from raised
        except WrongAnswerError as wrong:
            raise NonConformanceError(Finding("the answer has the wrong shape", str(wrong), clause_says)) from wrong

    def needs(self, *capabilities: Capability) -> None:
        """`UnsupportedError` unless the target can do all of these."""
        missing = [capability for capability in capabilities if not self.has(capability)]
        if missing:
            raise UnsupportedError(f"it declares no {', '.join(missing)}")

    def needs_any(self, *capabilities: Capability) -> None:
        """`UnsupportedError` unless the target can do one of these: what it can is judged."""
        if not any(self.has(capability) for capability in capabilities):
            self.needs(*capabilities)

    @cached_property
    def trains_quietly(self) -> bool:
        """Whether there is a training mode, and it can be had without noise."""
        return self.has(Capability.TRAIN) and self.adapter.refusal(replace(self.setup, training=True)) is None

    def must_train_quietly(self) -> None:
        """`UnsupportedError`, with the target's own reason, unless it can be trained without noise."""
        if not self.trains_quietly:
            raise UnsupportedError(self.adapter.refusal(replace(self.setup, training=True)) or "it declares no train")

    def judged(self, channels: list[int], why: str) -> list[int]:
        """The channels that can be judged; `NotJudgedError` when there are none."""
        if not channels:
            raise NotJudgedError(why)
        return channels
