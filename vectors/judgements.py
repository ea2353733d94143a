"""Which clauses can be judged from answers to single vectors, and the tests that judge them: the suite's own."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import numpy as np

from ..adapters import Probe
from ..conformance import test_boundaries as boundaries
from ..conformance import test_gradients as gradients
from ..conformance import test_numerics as numerics
from ..conformance import test_symmetry as symmetry
from ..conformance.clause import Clause, catalogue, clause_of
from ..conformance.findings import Finding, NonConformanceError
from ..conformance.levels import level_lists
from ..conformance.subject import Subject
from ..conformance.surrogate import judge_slopes
from ..reference import Array, Codebook, Rule, rule_named
from .questions import settled, slope_inputs

#: What a port can tell of a vector.
CODES, LEVELS, INDEX, GRADIENT = "codes", "levels", "index", "gradient"


@dataclass(frozen=True)
class Judgement:
    """One clause. needs: of each group, the port must tell one. concerns: for which levels there is anything to judge."""

    clause: str
    check: Callable[[Subject], None]
    needs: tuple[tuple[str, ...], ...] = ()
    concerns: Callable[[Codebook], bool] = lambda _: True

    def lacks(self, told: frozenset[str]) -> str | None:
        """What is missing for it, in words; None when nothing is."""
        missing = [" or ".join(group) for group in self.needs if not told & set(group)]
        return f"the answers hold no {', no '.join(missing)}" if missing else None


def judgements(rule: str, levels: tuple[int, ...], dtype: str) -> tuple[Judgement, ...]:
    """Those that have anything to do with these vectors, in the order of the catalogue."""
    order = list(catalogue())
    found = [one for one in TABLE if _planned(catalogue()[one.clause], one, rule_named(rule), levels, dtype)]
    return tuple(sorted(found, key=lambda one: order.index(one.clause)))


def _planned(clause: Clause, one: Judgement, rule: Rule, levels: tuple[int, ...], dtype: str) -> bool:
    if not one.concerns(Codebook(levels)):
        return False
    if one.check in _OWN:  # asked in another way than the suite does, and so for all dtypes and levels
        return True
    span = clause.over
    return span.rules(rule) and dtype in span.dtypes and bool(level_lists(span.levels, rule, "quick", (levels,)))


def _gradients_of_the_smooth_part(subject: Subject) -> None:
    vectors = slope_inputs(subject.rule, subject.levels, subject.case.dtype, subject.held)
    upstream = np.ones_like(vectors)
    _, gradient = subject.vjp(vectors, upstream)
    judge_slopes(subject, vectors, upstream, gradient, subject.held)


def _packing(subject: Subject) -> None:
    """Whatever levels were taken, the index is theirs."""
    vectors = np.concatenate([settled(subject.rule, subject.levels, subject.case.dtype), subject.probes()])
    channels = range(len(subject.levels))
    subject.judged(
        [] if not all(map(subject.legible, channels)) else [0], "codes of neighbouring levels cannot be told apart"
    )
    reply = subject.ask(vectors)
    level = subject.read(reply.codes)
    known = ((level >= 0) & (level < np.array(subject.levels))).all(axis=1)
    assert reply.indices is not None
    rows = np.flatnonzero(known)
    _same_indices(subject, vectors[rows], reply.indices[rows], subject.codebook.pack(level[rows]))


def _numbering(subject: Subject) -> None:
    """Where levels are beyond dispute, so are indices."""
    subject.must_settle()
    vectors = settled(subject.rule, subject.levels, subject.case.dtype)
    reply = subject.ask(vectors)
    assert reply.indices is not None
    _same_indices(subject, vectors, reply.indices, subject.exact_indices(vectors))


def _same_indices(subject: Subject, vectors: Array, observed: Array, expected: Array) -> None:
    wrong = observed != expected
    if not wrong.any():
        return
    row = int(np.flatnonzero(wrong)[np.argmin(np.abs(expected[wrong]))])
    index, level = int(observed[row]), subject.codebook.unpack(expected[row : row + 1])[0].tolist()
    outside = "" if 0 <= index < subject.codebook.size else f", outside the codebook of {subject.codebook.size} codes"
    raise NonConformanceError(
        Finding(
            message=f"the vector of index {expected[row]} gets the index {index}{outside}; "
            f"{wrong.mean():.1%} of those tried are wrong",
            observed=f"index {index}",
            expected=f"index {expected[row]}, level indices {level}",
            input=vectors[row],
            wrong=int(wrong.sum()),
            tried=int(wrong.size),
            probe=Probe("forward", vectors[row : row + 1]),
            setup=subject.setup,
        )
    )


_OWN: frozenset[Callable[[Subject], None]] = frozenset({_packing, _numbering})


def _of(test: Any, *needs: tuple[str, ...]) -> Judgement:
    """The judgement that is a test of the suite."""
    carried = clause_of(test)
    assert carried is not None
    return Judgement(carried[0].id, test, needs)


#: Every clause that answers to single vectors can show to be broken.
TABLE: tuple[Judgement, ...] = (
    _of(boundaries.test_codes_on_the_grid, (CODES,)),
    _of(boundaries.test_every_reachable_level_is_reached),
    _of(boundaries.test_thresholds_lie_within_their_bands),
    _of(boundaries.test_levels_rise_with_the_input),
    _of(boundaries.test_large_inputs_saturate),
    _of(boundaries.test_neighbouring_codes_are_one_step_apart, (CODES,)),
    _of(symmetry.test_codes_are_mirrored, (CODES,)),
    _of(symmetry.test_levels_are_mirrored),
    _of(symmetry.test_the_tie_at_zero),
    _of(symmetry.test_zero_stays_zero_with_odd_levels),
    _of(symmetry.test_even_levels_are_as_promised, (CODES,)),
    Judgement("IDX-4", _packing, ((INDEX,), (CODES, LEVELS))),
    Judgement("IDX-5", _numbering, ((INDEX,),)),
    Judgement("IDX-6", _numbering, ((INDEX,),), lambda codebook: codebook.size >= 2**22),
    Judgement("IDX-7", _numbering, ((INDEX,),), lambda codebook: max(codebook.levels) >= 26),
    Judgement("GRD-1", _gradients_of_the_smooth_part, ((GRADIENT,),)),
    _of(gradients.test_the_gradient_vanishes_at_saturation, (GRADIENT,)),
    _of(gradients.test_the_gradient_is_alive, (GRADIENT,)),
    _of(numerics.test_float64_is_float64_accurate, (CODES,)),
    _of(numerics.test_tiny_inputs_are_like_zero),
    _of(numerics.test_nan_stays_visible, (CODES,)),
    _of(numerics.test_nan_does_not_spread, (CODES,)),
)
