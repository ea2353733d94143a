"""What a target is good for: uses as rows, each with the cases that must all have passed."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Literal

from .record import BAD, Outcome, Record, ResultLine
from .verdict import judge
from .words import listed

State = Literal["safe", "unsafe", "unknown"]


def _ids(family: str, *numbers: int) -> tuple[str, ...]:
    return tuple(f"{family}-{number}" for number in numbers)


#: What every use needs: codes on the grid, all levels, right thresholds.
BASE = _ids("BND", 1, 2, 3)


@dataclass(frozen=True)
class Use:
    """One thing that people do with an FSQ, and the cases that it rests on.

    Its cases are those of `clauses` with one of `dtypes` and `modes`, on any device or (`accelerator`) elsewhere than on
    the CPU; empty means any. A use rests on `base` in float32 too: without right thresholds nothing is safe.
    """

    words: str
    clauses: tuple[str, ...]
    dtypes: tuple[str, ...] = ()
    modes: tuple[str, ...] = ()
    accelerator: bool = False
    base: tuple[str, ...] = BASE

    def rests_on(self, result: ResultLine) -> bool:
        """Whether a case is one of those that must have passed."""
        if result.clause in self.base and (result.dtype, result.mode) == ("float32", "eval"):
            return True
        return (
            result.clause in self.clauses
            and (not self.dtypes or result.dtype in self.dtypes)
            and (not self.modes or result.mode in self.modes)
            and (result.device != "cpu" or not self.accelerator)
        )


_STEPS = (*_ids("BND", 1, 2, 3, 4, 5, 6), *_ids("SYM", 1, 2, 3, 4, 5))
_TOKENS = _ids("IDX", 1, 2, 3, 4, 5, 10)
_ARRAYS = _ids("SHP", 1, 2, 4, 5, 6, 7, 12)

USES: tuple[Use, ...] = (
    Use("encoding and decoding in float32", (*_STEPS, *_TOKENS, *_ARRAYS), ("float32",), ("eval",)),
    Use("half precision", (*_STEPS, "NUM-2", "IDX-8", "IDX-12", "SHP-12"), ("float16", "bfloat16"), ("eval",)),
    Use("float64 accuracy", (*_STEPS, "NUM-1", "GRD-9"), ("float64",), ("eval",)),
    Use("training", (*_STEPS, *_ids("GRD", 1, 2, 3, 4, 5, 6, 7, 8), "SHP-1", "TRN-6"), ("float32",)),
    Use("training with noise", _ids("TRN", 2, 3, 4, 5, 7)),
    Use("autocast", ("DEV-4",)),
    Use("codebooks above 2²² codes", _ids("IDX", 6, 11)),
    Use("hundreds of levels a channel", ("NUM-7", "IDX-7")),
    Use("several codebooks and projections", ("SHP-8", "SHP-11")),
    Use("input that nobody checks (NaN, wrong indices)", ("IDX-9", "NUM-5", "NUM-6", "SHP-9")),
    Use("residual stages", _ids("RES", 1, 2, 3, 4, 5, 11, 13), ("float32",), base=()),
    Use("accelerators", _ids("DEV", 1, 2), accelerator=True),
)


@dataclass(frozen=True)
class Fitness:
    """What a record says about one use of one target.

    A use is safe under a rule if each of its clauses has a case there that passed, and none that did not conform: what
    could not be judged neither helps nor harms. `rules` are those under which it is safe where that is not all of
    them, `against` the clauses that speak against it, or (`unknown`) those of which nothing was judged.
    """

    use: Use
    state: State
    rules: tuple[str, ...] = ()
    against: tuple[str, ...] = ()

    @property
    def words(self) -> str:
        """The use, with the rules if it is safe under some only: `training (symmetric only)`."""
        return f"{self.use.words} ({listed(self.rules)} only)" if self.rules else self.use.words


def fitness(record: Record, target: str) -> tuple[Fitness, ...]:
    """Every use of one target, in the order of `USES`; none for a run that is not complete or judged nothing."""
    if judge(record, target).status > 1:
        return ()
    results = record.of(target)
    return tuple(_fitness(use, [result for result in results if use.rests_on(result)]) for use in USES)


def fitness_by_rule(record: Record, target: str, uses: Sequence[Use] = USES) -> Mapping[str, tuple[Fitness, ...]]:
    """Every use under each rule that was tried, by itself; nothing for a run that is not complete or judged nothing."""
    if judge(record, target).status > 1:
        return {}
    results = record.of(target)
    return {
        rule: tuple(_alone(use, (one for one in results if one.rule == rule and use.rests_on(one))) for use in uses)
        for rule in dict.fromkeys(result.rule for result in results)
    }


def _alone(use: Use, results: Iterable[ResultLine]) -> Fitness:
    state, against = _under(use, results)
    return Fitness(use, state, against=against)


def _fitness(use: Use, results: list[ResultLine]) -> Fitness:
    rules = tuple(dict.fromkeys(result.rule for result in results))
    states = {rule: _under(use, [result for result in results if result.rule == rule]) for rule in rules}
    safe = tuple(rule for rule, (state, _) in states.items() if state == "safe")
    bad = _against(states.values(), "unsafe")
    if safe:
        return Fitness(use, "safe", rules=() if len(safe) == len(rules) else safe, against=bad)
    if bad:
        return Fitness(use, "unsafe", against=bad)
    return Fitness(use, "unknown", against=_against(states.values(), "unknown") or use.clauses)


#: Clauses that have no case under some rules, or for some parities of L: their absence says nothing.
_OPTIONAL = frozenset(_ids("SYM", 1, 2, 3, 4, 5))


def _under(use: Use, results: Iterable[ResultLine]) -> tuple[State, tuple[str, ...]]:
    """The state under one rule, and the clauses that are to blame for it."""
    outcomes: dict[str, set[Outcome]] = {id: set() for id in (*use.base, *use.clauses)}
    for result in results:
        outcomes[result.clause].add(result.outcome)
    bad = tuple(id for id, seen in outcomes.items() if seen & (BAD | {"xfail"}))
    if bad:
        return "unsafe", bad
    idle = tuple(id for id, seen in outcomes.items() if not seen & {"pass", "xpass"} and (seen or id not in _OPTIONAL))
    return ("unknown", idle) if idle else ("safe", ())


def _against(states: Iterable[tuple[State, tuple[str, ...]]], wanted: State) -> tuple[str, ...]:
    return tuple(dict.fromkeys(id for state, ids in states if state == wanted for id in ids))
