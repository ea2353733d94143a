"""Small histories: a release is the digest of a small record, and a test says only what its clauses come to."""

from __future__ import annotations

from collections.abc import Mapping
from io import StringIO
from typing import Any

from rich.console import Console

from fsqcheck.history import Entry, History, HistoryHeader, ReleaseLine, digest, history
from fsqcheck.reports import ClauseLine, Outcome, Record
from fsqcheck.reports.uses import BASE, USES

from .reports_miniatures import clause, evidence, footer, record, result, target

#: How each clause stands, under each rule: `{"symmetric": {"BND-1": "fail"}}`.
Standings = Mapping[str, Mapping[str, Outcome]]


def run(standings: Standings, *, values: str = "a", message: str = "level 3", **changes: Any) -> Record:
    """A record with one case for each rule and clause; `values` are the answers of those that pass."""
    results = tuple(
        result(
            outcome,
            id,
            id=f"{id}/{rule}/8x5/float32",
            rule=rule,
            message=None if outcome == "pass" else message,
            evidence=evidence() if outcome == "fail" else None,
            digest=values if outcome == "pass" else None,
            severity="should" if id.startswith("NUM") else "must",
        )
        for rule, clauses in standings.items()
        for id, outcome in clauses.items()
    )
    line = target(results, "tiny", rules=tuple(standings))
    return record(*results, targets=(line,), footer=footer(results), **changes)


def release(version: str, standings: Standings | Record, **changes: Any) -> ReleaseLine:
    """A release that was run."""
    made = standings if isinstance(standings, Record) else run(standings)
    return digest(Entry(version, record=made, **changes))


def lost(version: str, reason: str = "it has no wheel") -> ReleaseLine:
    """A release that could not be run."""
    return digest(Entry(version, reason=reason))


def head(*versions: str, **changes: Any) -> HistoryHeader:
    fields: dict[str, Any] = {
        "package": "tiny",
        "fsqcheck": "0.1.0",
        "started": "2025-11-24T14:00:00Z",
        "command": ("fsqcheck", "history", "tiny"),
        "tier": "quick",
        "seed": 0,
        "releases": versions,
    }
    return HistoryHeader(**fields | changes)


def clauses_of(*releases: ReleaseLine) -> tuple[ClauseLine, ...]:
    ids = dict.fromkeys(id for one in releases for held in one.clauses.values() for id in held)
    return tuple(clause(id, "should" if id.startswith("NUM") else "must") for id in ids)


def made(*releases: ReleaseLine, **changes: Any) -> History:
    """The history of these releases."""
    return history(head(*(one.version for one in releases), **changes), clauses_of(*releases), releases)


def simply(*outcomes: Outcome | None) -> History:
    """One clause, BND-1, under one rule, in the releases 1.0, 1.1, …; None could not be run."""
    return made(
        *(
            lost(f"1.{number}") if outcome is None else release(f"1.{number}", {"widened": {"BND-1": outcome}})
            for number, outcome in enumerate(outcomes)
        )
    )


def everything(outcomes: Mapping[str, Outcome], rule: str = "symmetric") -> Record:
    """A case of each clause that any use rests on, in all dtypes, elsewhere than on the CPU where the use asks for it."""
    ids = dict.fromkeys([*BASE, *(id for use in USES for id in use.clauses)])
    results = tuple(
        result(
            outcomes.get(id, "pass"),
            id,
            id=f"{id}/{rule}/{dtype}",
            rule=rule,
            dtype=dtype,
            device="cuda" if id in ("DEV-1", "DEV-2") else "cpu",
        )
        for id in ids
        for dtype in ("float32", "float16", "float64")
    )
    return record(*results)


OLD: Standings = {
    "widened": {"BND-1": "pass", "BND-2": "pass", "IDX-1": "fail", "NUM-1": "fail", "DEV-1": "not-run"},
}
WRONG: Standings = {**OLD, "symmetric": {"BND-1": "fail", "BND-2": "fail", "IDX-1": "error", "NUM-1": "fail"}}
GOOD: Standings = {
    "widened": {"BND-1": "pass", "BND-2": "pass", "IDX-1": "pass", "NUM-1": "fail", "DEV-1": "not-run"},
    "symmetric": {"BND-1": "pass", "BND-2": "pass", "IDX-1": "pass", "NUM-1": "fail"},
}


def typical() -> History:
    """What a user sees: a second rule, wrong for a while, a release that cannot be run, one withdrawn, other values."""
    return made(
        release("1.20.0", OLD, date="2024-01-05"),
        release("1.21.0", WRONG, date="2024-11-20"),
        lost("1.21.1", "could not be loaded: ImportError: no module named einx"),
        release("1.22.2", WRONG, date="2025-01-30", yanked=True),
        release("1.22.16", GOOD, date="2025-03-01"),
        release("1.32.0", run(GOOD, values="b"), date="2025-10-01"),
    )


def attacked(text: str) -> History:
    """This text in every place that a package, an index or a target can write to."""
    failing = result(
        "fail", text, id=text, rule=text, message=text, evidence=evidence(observed=text, script=text, rerun=text)
    )
    raising = result("error", text, 1, id=f"{text}2", rule=text, message=text)
    records = [record(failing, raising), record(result("pass", text, id=text, rule=text, digest="a"))]
    releases = (
        digest(Entry(text, text, True, records[0])),
        digest(Entry(f"1.0{text}", text, False, records[1])),
        digest(Entry("2.0", text, True, records[0])),
        digest(Entry("3.0", text, reason=text)),
    )
    told = clause(text, title=text, meaning=text, sentence=text, source=text)
    header = head(
        *(one.version for one in releases), package=text, fsqcheck=text, tier=text, started=text, rules=(text,)
    )
    return history(header, (told,), releases)


def shown(render: Any, *arguments: Any, width: int = 80) -> str:
    """What a function prints on a terminal."""
    file = StringIO()
    render(*arguments, Console(file=file, width=width, highlight=False, emoji=False))
    return file.getvalue()
