"""What changed from a release to the next one of which something is known."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from itertools import pairwise

from ..reports import SEVERITIES, ClauseLine, Environment
from ..reports.comparing import became
from ..reports.comparison import KINDS, Kind
from .lines import Example, Held, History, ReleaseLine
from .standing import BROKEN, KEPT, Standing, of_held


@dataclass(frozen=True)
class Turn:
    """One clause that is not as it was, under these rules, and how it stands now; `example` where it fails now."""

    kind: Kind
    clause: ClauseLine
    rules: tuple[str, ...]
    before: Standing
    now: Standing
    example: Example | None = None


@dataclass(frozen=True)
class Step:
    """What one release changed since `previous`, the worst first.

    `skipped` lie between the two and could not be run, so that the change may be theirs. `new_rules` and `gone_rules` were
    tried in one of the two only; of a new rule the clauses that fail from the start are among the turns.
    """

    release: ReleaseLine
    previous: ReleaseLine
    skipped: tuple[str, ...]
    new_rules: tuple[str, ...]
    gone_rules: tuple[str, ...]
    turns: tuple[Turn, ...]


def changes(history: History) -> tuple[Step, ...]:
    """Every release that changed something, in ascending order."""
    places = {release.version: place for place, release in enumerate(history.releases)}
    found = []
    for one, two in pairwise(history.known):
        between = history.releases[places[one.version] + 1 : places[two.version]]
        step = Step(
            release=two,
            previous=one,
            skipped=tuple(release.version for release in between),
            new_rules=tuple(rule for rule in two.clauses if rule not in one.clauses),
            gone_rules=tuple(rule for rule in one.clauses if rule not in two.clauses),
            turns=_turns(history, one, two),
        )
        if step.turns or step.new_rules or step.gone_rules:
            found.append(step)
    return tuple(found)


def _turns(history: History, one: ReleaseLine, two: ReleaseLine) -> tuple[Turn, ...]:
    turns = [turn for clause in history.clauses for turn in _of_clause(clause, one, two)]
    order = list(KINDS)
    return tuple(sorted(turns, key=lambda turn: (order.index(turn.kind), SEVERITIES.index(turn.clause.severity))))


def _of_clause(clause: ClauseLine, one: ReleaseLine, two: ReleaseLine) -> Iterator[Turn]:
    """The turns of one clause; rules under which it turned alike share one."""
    alike: dict[tuple[Kind, Standing, Standing], list[str]] = {}
    comparable = _same_machine(one.environment, two.environment)
    for rule in dict.fromkeys((*one.clauses, *two.clauses)):
        old, new = one.clauses.get(rule), two.clauses.get(rule)
        before = old.get(clause.id) if old is not None else None
        now = new.get(clause.id) if new is not None else None
        kind = _kind(before, now, comparable)
        if kind is None or new is None or (old is None and (now is None or of_held(now) not in BROKEN)):
            continue  # a rule that is new or gone is said once, not for each clause
        key = kind, _stands(before), _stands(now)
        alike.setdefault(key, []).append(rule)
    for (kind, was, stands), rules in alike.items():
        held = two.clauses[rules[0]].get(clause.id)
        yield Turn(kind, clause, tuple(rules), was, stands, held.example if held is not None else None)


def _stands(held: Held | None) -> Standing:
    return "absent" if held is None else of_held(held)


def _kind(before: Held | None, now: Held | None, comparable: bool) -> Kind | None:
    if before is None:
        return None if now is None else "new"
    if now is None:
        return "removed"
    was, stands = of_held(before), of_held(now)
    if (kind := became(was, stands)) is not None:
        return kind
    if stands in BROKEN and _otherwise(before, now):
        return "fails-differently"
    same = comparable and before.plan == now.plan
    if stands in KEPT and same and None is not before.answers != now.answers is not None:
        return "values-changed"
    return None


def _otherwise(before: Held, now: Held) -> bool:
    """Whether a clause that failed before fails in another way: the same case says another thing."""
    old, new = before.example, now.example
    return old is not None and new is not None and old.id == new.id and old.fingerprint != new.fingerprint


def _same_machine(one: Environment | None, two: Environment | None) -> bool:
    """Whether answers may be compared bit by bit; the packages of a release differ, and torch decides."""
    if one is None or two is None:
        return False
    return _machine(one) == _machine(two)


def _machine(one: Environment) -> tuple[object, ...]:
    return one.python, one.platform, one.processor, *map(one.packages.get, ("torch", "jax", "numpy"))
