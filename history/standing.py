"""How a clause stands in a release: one outcome for all of its cases, the worst first."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Literal

from ..reports import BAD, Outcome
from ..reports.finding import WORST
from .lines import Held, ReleaseLine

#: `absent`: the clause has no case there. `unknown`: nothing is known of the release.
Standing = Outcome | Literal["absent", "unknown"]

#: The one that says most about a release first; a case that passed says more than one that was not run.
_ORDER: tuple[Outcome, ...] = (*WORST, "xfail", "xpass", "pass", "not-run", "unsupported")

#: Standings in which the clause is known not to hold.
BROKEN: frozenset[Standing] = frozenset({*BAD, "xfail"})
#: Standings in which the clause is known to hold.
KEPT: frozenset[Standing] = frozenset({"pass", "xpass"})


def worst(outcomes: Iterable[Outcome]) -> Outcome:
    """The outcome that speaks for all; there must be one."""
    return min(outcomes, key=_ORDER.index)


def of_held(held: Held) -> Outcome:
    """How a clause stands under one rule, or, where it has no cases at all, `not-run`."""
    return worst(held.outcomes) if held.outcomes else "not-run"


def standing(release: ReleaseLine, clause: str, rule: str | None = None) -> Standing:
    """How a clause stands in a release, under one rule or (None) under all of them together."""
    if release.reason is not None:
        return "unknown"
    rules = release.clauses if rule is None else (rule,)
    found = [held for one in rules if (held := release.clauses.get(one, {}).get(clause)) is not None]
    return worst(map(of_held, found)) if found else "absent"
