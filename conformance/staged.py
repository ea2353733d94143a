"""A residual quantizer in the hands of a test: asked in vectors, read as the levels of its stages, judged by its rule."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from typing import Any

import numpy as np
from numpy.typing import NDArray

from ..adapters import Capability, Probe
from ..reference import PRECISIONS, Followed, residual_rule_named
from . import comparators
from .findings import Array, Finding, NonConformanceError, NotJudgedError, WrongAnswerError
from .subject import Subject
from .witness import WitnessedQuantizer

Floats = NDArray[np.float64]
Integers = NDArray[np.int64]

#: The stages of a case that does not name their number.
STAGES = 4
#: A variant of a case, and the number of stages that it names.
COUNTS = ("stages=4", "stages=1", "stages=8")
#: The same, and more stages than there are powers of 8 in 32 bits.
MANY_COUNTS = (*COUNTS, "stages=12")
#: What each stage adds to the rounding of a sum, in eps of its scale: reference/residual.py, and once more for a second way.
_TERM = 4.0
_NUMBERS = 4096
#: The share of indices that rounding changes at most, where the borders of the stages are not known.
_ROUNDED = 1e-3


@dataclass(frozen=True)
class StagedReply:
    """An answer to (N, d) vectors: codes (N, d), indices (N, stages), and the indices in the shape in which they came."""

    codes: Array
    indices: Array
    given: Array


class Staged:
    """The subject of a case as a residual quantizer."""

    def __init__(self, subject: Subject, held: str | None = None, stages: int | None = None) -> None:
        self.subject = subject
        #: The dtype whose rounding is allowed for.
        self.held = held or subject.held
        self.rule = residual_rule_named(subject.case.rule)
        variant = subject.case.variant
        named = int(variant.removeprefix("stages=")) if variant in MANY_COUNTS else STAGES
        self.count = named if stages is None else stages

    def quantizer(self, **changes: Any) -> WitnessedQuantizer:
        """A new quantizer of the case's setup with `changes`."""
        return self.subject.quantizer(**{"stages": self.count, **changes})

    # Asking

    def vectors(self, groups: int = 1) -> Array:
        """(N, groups·d) inputs: normal ones of three sizes, and the whole range of the codes."""
        random = np.random.default_rng(21)
        shape = (_NUMBERS // 4, groups * len(self.subject.levels))
        parts = [random.normal(scale=scale, size=shape) for scale in (0.3, 1.0, 3.0)]
        spread = np.concatenate([*parts, random.uniform(-1.3, 1.3, size=shape)])
        return spread.astype(self.subject.precision.dtype)

    def in_dtype(self, dtype: str, seed: int = 0) -> Array:
        """A small array of the layout, of normal numbers."""
        shape = self.subject.layout.shape(len(self.subject.levels))
        return np.random.default_rng(seed).normal(size=shape).astype(PRECISIONS[dtype].dtype)

    def input(self, seed: int = 0) -> Array:
        """The same in the case's dtype."""
        return self.in_dtype(self.subject.case.dtype, seed)

    def placed(self, vectors: Array, shape: tuple[int, ...]) -> Array:
        """The first of (N, d) vectors in an array of the layout with the sizes of this shape; of channels there are d."""
        axis, d = self.subject.layout.channel_axis, len(self.subject.levels)
        full = (*shape[:axis], d, *shape[axis + 1 :])
        return np.ascontiguousarray(self.subject.layout.unflatten(vectors[: int(np.prod(full)) // d], full))

    def ask(self, vectors: Array, quantizer: WitnessedQuantizer, **how: Any) -> StagedReply:
        """Quantizes (N, d) vectors; `WrongAnswerError` for codes or indices of another shape."""
        if self.subject.layout.long_axis is None:
            replies = [self._asked(vector[None], quantizer, **how) for vector in vectors[:64]]
            parts = zip(*((one.codes, one.indices, one.given[None]) for one in replies), strict=True)
            return StagedReply(*(np.concatenate(part) for part in parts))
        return self._asked(vectors, quantizer, **how)

    def _asked(self, vectors: Array, quantizer: WitnessedQuantizer, **how: Any) -> StagedReply:
        z = np.ascontiguousarray(self.subject.layout.arrange(vectors)).copy()
        return self.reply(quantizer, z, **how)

    def reply(self, quantizer: WitnessedQuantizer, z: Array, **how: Any) -> StagedReply:
        """The answer to an array of the layout."""
        answer = quantizer.quantize(z, **how)
        if answer.codes.shape != z.shape:
            raise WrongAnswerError(f"codes of shape {answer.codes.shape} for an input of shape {z.shape}")
        if answer.indices is None:
            raise WrongAnswerError("no indices, although it declares that it gives them")
        stages = quantizer.setup.stages or 1
        indices = self._by_stage(answer.indices, z.shape, stages)
        return StagedReply(self.subject.layout.flatten(answer.codes), indices, answer.indices)

    def _by_stage(self, indices: Array, shape: tuple[int, ...], stages: int) -> Array:
        """Indices of an input of this shape as (N, stages): their axis is the last one, or where the channels were."""
        layout = self.subject.layout
        if indices.shape == (*layout.positions(shape), stages):
            return indices.reshape(-1, stages)
        axis = layout.channel_axis
        if indices.shape == (*shape[:axis], stages, *shape[axis + 1 :]):
            return layout.flatten(indices)
        raise WrongAnswerError(f"indices of shape {indices.shape} for {stages} stages and an input of shape {shape}")

    def laid_out(self, indices: Array, given: Array, shape: tuple[int, ...]) -> Array:
        """(N, s) indices with their stages on the axis that they have in those `given` for an input of this shape."""
        positions = self.subject.layout.positions(shape)
        last = indices.reshape((*positions, indices.shape[-1]))
        axis = -1 if given.shape[:-1] == positions else self.subject.layout.channel_axis
        return np.ascontiguousarray(np.moveaxis(last, -1, axis))

    def decoded(self, quantizer: WitnessedQuantizer, indices: Array, shape: tuple[int, ...]) -> Array:
        """The codes of indices as they were given, as (N, d); `WrongAnswerError` for any shape but the input's."""
        codes = quantizer.indices_to_codes(indices)
        if codes.shape != shape:
            raise WrongAnswerError(f"decoded codes of shape {codes.shape} for indices of an input of shape {shape}")
        return self.subject.layout.flatten(codes)

    def few(self, at: int = 0) -> Array:
        """A small array of the layout, of several batches: the vectors from this place on."""
        return self.placed(self.vectors()[at:], self.subject.layout.shape(len(self.subject.levels)))

    def drawn(self, draws: int, quantizer: WitnessedQuantizer | None = None) -> list[StagedReply]:
        """Answers to few vectors in training with stage dropout, by a quantizer that is in training, or a new one."""
        quantizer = quantizer or self.quantizer(stage_dropout=True, training=True)
        vectors = self.vectors()[:64]
        return [self.ask(vectors, quantizer, **self.recorded()) for _ in range(draws)]

    def elsewhere(self, **changes: Any) -> Iterator[Staged]:
        """The same in each other layout of many vectors, where the target can be built so with these changes."""
        for name in self.subject.adapter.layouts:
            other = Staged(self.subject.in_layout(name), self.held)
            setup = replace(other.subject.setup, **{"stages": other.count, **changes})
            many = other.subject.layout.long_axis is not None
            if name != self.subject.layout.name and many and not self.subject.adapter.refusal(setup):
                yield other

    def recorded(self) -> dict[str, bool]:
        """How a call in training is made: with its gradients recorded, where there are any."""
        return {"tracked": True} if self.subject.has(Capability.GRADIENT) else {}

    def taken_whole(self, L: int) -> Floats:
        """Inputs to L levels of which the first stage takes all, rounding apart."""
        grid = self.rule.stage.grid.code(np.arange(L), L)
        reach = L / (L - 1)
        x = np.concatenate([np.zeros(1), grid, reach * np.arctanh(grid / reach)])
        first = self.rule.first_residual(x, L)
        left = first - self.rule.stage.grid.code(self.rule.stage.level(first, L), L)
        whole: Floats = x[(np.abs(left) < 1e-12) | (np.arange(x.size) == 0)]
        return whole

    def largest_errors(self) -> list[Floats]:
        """How far codes are from the first residual at most, by channel, for inputs from -1 to 1 and 1 … `STAGES` stages."""
        subject, random = self.subject, np.random.default_rng(24)
        line = np.linspace(-1.0, 1.0, 2001)
        vectors = np.stack([random.permutation(line) for _ in subject.levels], axis=-1).astype(subject.precision.dtype)
        vectors = vectors[: 1 if subject.layout.long_axis is None else None]
        target = np.stack([self.rule.first_residual(vectors[:, i], L) for i, L in enumerate(subject.levels)], axis=-1)
        z = np.ascontiguousarray(subject.layout.arrange(vectors))
        left = []
        for stages in range(1, STAGES + 1):
            codes = subject.layout.flatten(self.quantizer(stages=stages).quantize(z.copy()).codes)
            left.append(np.abs(codes.astype(np.float64) - target).max(axis=0))
        return left

    # Reading

    def levels(self, indices: Array) -> Integers:
        """The level indices of (N, s) indices: (N, s, d); -1 in every channel where an index is outside the codebook."""
        inside = (indices >= 0) & (indices < self.subject.codebook.size)
        level = self.subject.codebook.unpack(np.where(inside, indices, 0).astype(np.int64))
        return np.where(inside[..., None], level, -1)

    def terms(self, indices: Array) -> Floats:
        """What each stage adds by its index: (N, s, d); 0 for an index that marks a stage left out."""
        return self.worth(self.levels(indices))

    def worth(self, level: Integers) -> Floats:
        """What the level indices of the stages add: (N, s, d); 0 for -1."""
        terms = np.zeros(level.shape)
        for channel, L in enumerate(self.subject.levels):
            scales = np.array([self.rule.scale(L, stage) for stage in range(level.shape[1])])
            codes = self.rule.stage.grid.code(level[..., channel], L) * scales
            terms[..., channel] = np.where(level[..., channel] < 0, 0.0, codes)
        return terms

    def tolerance(self) -> Floats:
        """How far a sum of codes may be off, by channel: (d,)."""
        sums = [
            sum(self.rule.scale(L, stage) for stage in range(self.count)) + self.rule.first.rounding(self.rule.stage, L)
            for L in self.subject.levels
        ]
        return np.array(sums) * _TERM * PRECISIONS[self.held].eps

    # Judging

    def followed(self, vectors: Array, stages: int | None = None) -> list[Followed]:
        """The reference's stages, all or so many first ones, by channel."""
        held = PRECISIONS[self.held]
        return [
            self.rule.followed(vectors[:, i].astype(np.float64), L, stages or self.count, held)
            for i, L in enumerate(self.subject.levels)
        ]

    def judge(self, vectors: Array, reply: StagedReply, setup: Any, where: str) -> None:
        """The levels of all stages, and the codes as their sum; what is wrong in any call is the affair of RES-2 to RES-4."""
        self.judge_stages(vectors, reply.indices, setup, where)
        if self.subject.habits.stages.summed:
            self.judge_sum(vectors, reply, f"the codes{where}, as the sum of what the indices stand for,")

    def judge_stages(self, vectors: Array, indices: Array, setup: Any, where: str) -> None:
        """The levels of the stages: the rule's, where other calls have them so; else those of another call, but for rounding."""
        right = range(self.count)[: self.subject.habits.stages.right]
        if right:
            self.judge_levels(vectors, indices, right, setup, where)
        if len(right) == self.count:
            return
        many = self.subject.layout.long_axis is not None
        company = self.vectors(vectors.shape[1] // len(self.subject.levels))[: None if many else 0]
        own = self.ask(np.concatenate([company, vectors]), self.quantizer()).indices[len(company) :]
        differ = (indices != own).mean()
        if self.held == self.subject.held and differ > _ROUNDED:
            raise NonConformanceError(
                Finding(
                    f"{differ:.1%} of the indices are others{where} than among other vectors",
                    f"indices {indices[(indices != own).any(axis=1)][0].tolist()}",
                    f"indices {own[(indices != own).any(axis=1)][0].tolist()}",
                    input=vectors[(indices != own).any(axis=1)][0],
                    setup=setup,
                )
            )

    def judge_sum(self, vectors: Array, reply: StagedReply, words: str) -> None:
        """The codes must be the sum of what the reply's own indices stand for."""
        expected = self.terms(reply.indices).sum(axis=1)
        probe = Probe("forward", self.subject.layout.arrange(vectors[:1]))
        comparators.within(reply.codes, expected, self.tolerance(), words, probe=probe)

    def judge_levels(self, vectors: Array, indices: Array, stages: Sequence[int], setup: Any, where: str = "") -> None:
        """The levels of some stages must be the rule's, wherever rounding leaves no doubt; else the smallest is shown."""
        level = self.levels(indices)
        followed = self.followed(vectors)
        settled = np.stack([one.settled for one in followed], axis=-1)
        if not settled[:, list(stages)].any():
            raise NotJudgedError(f"at {self.held} no level of these stages is beyond the doubt of rounding")
        expected = np.stack([one.level for one in followed], axis=-1)
        for stage in stages:
            wrong = settled[:, stage] & (level[:, stage] != expected[:, stage])
            if not wrong.any():
                continue
            channel = int(np.flatnonzero(wrong.any(axis=0))[0])
            rows = np.flatnonzero(wrong[:, channel])
            row = int(rows[np.argmin(np.abs(vectors[rows, channel].astype(np.float64)))])
            L, x = self.subject.levels[channel], float(vectors[row, channel])
            seen, right = int(level[row, stage, channel]), int(expected[row, stage, channel])
            given = float(followed[channel].given[row, stage])
            said = f"level {seen}" if seen >= 0 else f"the index {int(indices[row, stage])}"
            raise NonConformanceError(
                Finding(
                    f"L = {L}: for x = {x!r} stage {stage + 1} of {self.count} gives {said}, not level {right}{where}",
                    said,
                    f"level {right}, as by the rule this stage is given {given:.6g}",
                    input=vectors[row],
                    input_note=f"channel {channel} is wrong",
                    wrong=int(wrong.sum()),
                    tried=int(settled[:, stage].sum()),
                    probe=Probe("forward", self.subject.layout.arrange(vectors[row : row + 1])),
                    setup=setup,
                    details={"channel": f"{channel} (L = {L})", "first residual": self.rule.first.name},
                )
            )
