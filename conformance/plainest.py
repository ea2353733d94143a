"""How the habits of a target are found out: by its plainest calls, of quantizers that nothing was done to."""

from __future__ import annotations

import math
from collections.abc import Callable
from contextlib import suppress
from functools import partial
from typing import TypeVar

import numpy as np

from ..adapters import Adapter, Capability
from ..reference import RESIDUAL_RULES, Codebook, Order
from .case import Case
from .findings import Array, NonConformanceError, NotJudgedError, TargetRaisedError, UnsupportedError, WrongAnswerError
from .habits import Habits, Stages
from .judging import judge_levels
from .plan import plain_rule
from .probes import SATURATED, sizes
from .staged import STAGES, Staged
from .subject import Subject
from .surrogate import judge_gradient

#: What is asked where nobody chose a list; the first that the rule allows and the target takes.
LISTS = ((4, 3, 5), (3, 5, 7), (3, 3, 3))
_ORDERS: tuple[Order, ...] = ("F", "C")
_SILENT = (TargetRaisedError, WrongAnswerError, NonConformanceError, UnsupportedError, NotJudgedError)
_T = TypeVar("_T")


def habits_of(adapter: Adapter, rule: str, lists: tuple[tuple[int, ...], ...], device: str) -> Habits:
    """The habits of a target under a rule; where it gives no answer to any of the lists, those that are published."""
    first = partial(_first, adapter, rule, lists or LISTS, device)
    return Habits(
        lambda: first(_order) or "F",
        lambda: first(_stages) or Stages(),
        lambda dtype: math.inf if (found := first(partial(_reach, dtype))) is None else found,
        lambda: first(_slopes) is not False,
        lambda: first(_levels) is not False,
    )


def _first(
    adapter: Adapter, rule: str, lists: tuple[tuple[int, ...], ...], device: str, ask: Callable[[Subject], _T | None]
) -> _T | None:
    """What the first list says that the target answers."""
    for levels in lists:
        if all(plain_rule(rule).levels_allowed(L) for L in levels):
            case = Case(adapter.identity.name, "", rule, levels, adapter.dtypes[0], device, "eval")
            with suppress(*_SILENT), adapter.guard():
                if (found := ask(Subject(case, adapter))) is not None:
                    return found
    return None


def _order(subject: Subject) -> Order | None:
    """By one channel at a time at its highest level, all others at their lowest; None where it is neither order."""
    exact = np.eye(len(subject.levels), dtype=np.int64) * (np.array(subject.levels) - 1)
    indices = _indices(subject, exact)
    for order in _ORDERS:
        if indices is not None and np.array_equal(indices, Codebook(subject.levels, order).pack(exact)):
            return order
    return None


def _indices(subject: Subject, exact: Array) -> Array | None:
    """The indices of lowest and highest levels: of a forward call, or of the codes where it gives none; (N,)."""
    z = np.where(exact > 0, SATURATED, -SATURATED).astype(subject.precision.dtype)
    if subject.case.rule in RESIDUAL_RULES:
        found = subject.quantizer(stages=1).quantize(subject.layout.arrange(z)).indices
        return None if found is None else found.reshape(-1)
    if subject.has(Capability.INDICES):
        return subject.ask(z).indices
    if subject.has(Capability.ENCODE):
        codes = np.stack([subject.grid(exact[:, i], i) for i in range(len(subject.levels))], axis=-1)
        return subject.quantizer().codes_to_indices(codes.astype(np.float32))
    return None


def _stages(subject: Subject) -> Stages:
    """By the vectors that the clauses use too."""
    staged = Staged(subject)
    quantizer, vectors = staged.quantizer(), staged.vectors()
    reply = staged.ask(vectors, quantizer)
    vectors = vectors[: len(reply.codes)]
    judged = [partial(staged.judge_levels, vectors, reply.indices, [stage], quantizer.setup) for stage in range(STAGES)]
    wrong = next((stage for stage, judge in enumerate(judged) if _fails(judge)), None)
    return Stages(wrong, not _fails(partial(staged.judge_sum, vectors, reply, "")))


def _reach(dtype: str, subject: Subject) -> float:
    """By inputs that are large in all channels, as BND-5 asks them; none where it fails from the smallest size on."""
    subject, reached = subject.in_dtype(dtype), 0.0
    for size in sizes(subject.precision):
        vectors = np.array([[-size], [size]]).astype(subject.precision.dtype).repeat(len(subject.levels), axis=1)
        if _fails(partial(judge_levels, subject, vectors, subject.ask(vectors), subject.held)):
            return reached * max(subject.levels) or math.inf
        reached = size
    return math.inf


def _levels(subject: Subject) -> bool:
    """By the inputs of BND-3 that are no larger than where it saturates."""
    vectors = subject.probes()
    vectors = vectors[(np.abs(vectors.astype(np.float64)) <= SATURATED).all(axis=1)]
    return not _fails(partial(judge_levels, subject, vectors, subject.ask(vectors), subject.held))


def _slopes(subject: Subject) -> bool | None:
    """By the inputs of GRD-1."""
    return not _fails(partial(judge_gradient, subject, subject.held)) if subject.has(Capability.GRADIENT) else None


def _fails(judge: Callable[[], None]) -> bool:
    with suppress(NotJudgedError):
        try:
            judge()
        except NonConformanceError:
            return True
    return False
