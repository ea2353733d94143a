"""What a baseline makes of results: a known failure is expected, and a baseline that is no longer true is told."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterable
from dataclasses import dataclass, field
from datetime import date
from typing import Protocol

import msgspec

from . import plain
from .baseline import Baseline, Entry
from .fingerprint import fingerprint
from .record import BAD, BaselineLine, Outcome, ResultLine
from .words import counted

#: How many times its known share of wrong answers a failure may have on another machine.
_SLACK = 2.0


class PlannedCase(Protocol):
    """What is asked of a case of the plan."""

    @property
    def id(self) -> str:
        """The case's id."""
        ...

    @property
    def target(self) -> str:
        """The name of its target."""
        ...

    @property
    def dtype(self) -> str:
        """The dtype of its input."""
        ...

    @property
    def device(self) -> str:
        """The device that it runs on."""
        ...


def expected(baseline: Baseline, result: ResultLine, version: str | None, today: date) -> ResultLine:
    """The result as the baseline sees it; `version` is the target's.

    A failure with the fingerprint of an entry becomes `xfail`, and keeps how it ended in `ended`; a pass of a case that an
    entry knows to fail becomes `xpass`. What the baseline says is in `known`, also of a failure that it does not know.
    """
    if result.outcome not in BAD and result.outcome != "pass":
        return result
    entries = baseline.covering(result.id, result.target, version, result.dtype, result.device)
    if not entries:
        return result
    if result.outcome == "pass":
        known = f"{baseline.place(entries[0])} knows it to fail: {entries[0].reason}"
        return msgspec.structs.replace(result, outcome="xpass", known=known)
    why = ""
    for entry in entries:
        why = _differs(baseline, entry, result, today)
        if not why:
            known = "; ".join(part for part in (entry.reason, entry.issue) if part)
            return msgspec.structs.replace(result, outcome="xfail", ended=result.outcome, known=known)
    return msgspec.structs.replace(result, known=why)


def _differs(baseline: Baseline, entry: Entry, result: ResultLine, today: date) -> str:
    """Why a failure is not the one that an entry knows; nothing if it is."""
    if entry.fingerprint != fingerprint(result):
        return f"another failure than {baseline.place(entry)} knows ({plain.line(entry.fingerprint, 200)})"
    if entry.expired(today):
        return f"{baseline.place(entry)} knew it until {entry.expires}, which is over"
    share = wrong_share(result)
    if entry.wrong is not None and share is not None and share > _SLACK * entry.wrong:
        return f"more answers are wrong ({share:.1%}) than {baseline.place(entry)} knows ({entry.wrong:.1%})"
    return ""


def wrong_share(result: ResultLine) -> float | None:
    """The share of the answers of a case that were wrong, None if they were not counted."""
    evidence = result.evidence
    if evidence is None or not evidence.wrong or not evidence.tried:
        return None
    return min(1.0, evidence.wrong / evidence.tried)


@dataclass
class _Seen:
    """What was seen of the cases of one entry."""

    outcomes: Counter[Outcome] = field(default_factory=Counter)
    passing: int = 0
    first: str = ""


class Tally:
    """Keeps count of what a baseline came to in a run, result by result, for its last line.

    `version_of`: the release of a target, None where it is not known.
    """

    def __init__(self, baseline: Baseline, version_of: Callable[[str], str | None]) -> None:
        self._baseline = baseline
        self._version_of = version_of
        self._seen: dict[int, _Seen] = {number: _Seen() for number in range(len(baseline.known))}
        self._number = {id(entry): number for number, entry in enumerate(baseline.known)}

    def add(self, result: ResultLine) -> None:
        """Counts one result, as `expected` made it."""
        version = self._version_of(result.target)
        for entry in self._baseline.covering(result.id, result.target, version, result.dtype, result.device):
            seen = self._seen[self._number[id(entry)]]
            seen.outcomes[result.outcome] += 1
            if result.outcome == "xpass":
                seen.first = min(seen.first, result.id) if seen.passing else result.id
                seen.passing += 1

    def line(
        self, planned: Iterable[PlannedCase], outside: Callable[[Entry], bool], today: date, allow_stale: bool
    ) -> BaselineLine:
        """What is wrong with the baseline. `outside` says whether an entry is about cases that the run left out on purpose."""
        reached = set()
        for case in planned:
            version = self._version_of(case.target)
            found = self._baseline.covering(case.id, case.target, version, case.dtype, case.device)
            reached |= {self._number[id(entry)] for entry in found}
        problems: list[str] = []
        idle = 0
        for number, entry in enumerate(self._baseline.known):
            left_out = number not in reached and outside(entry)
            idle += left_out
            problems += [
                f"{self._baseline.place(entry)}: {words}"
                for words in self._wrong(number, entry, number in reached or left_out, today)
            ]
        return BaselineLine(
            file=str(self._baseline.path),
            entries=len(self._baseline.known),
            problems=tuple(problems),
            allow_stale=allow_stale,
            idle=idle,
        )

    def _wrong(self, number: int, entry: Entry, found: bool, today: date) -> Iterable[str]:
        seen = self._seen[number]
        if entry.expired(today):
            yield f"expired on {entry.expires} ({plain.line(entry.reason, 100)}): mend the failure, or renew the date"
        if seen.passing:
            cases = f"{counted(seen.passing, 'case')} that it knows to fail {'passes' if seen.passing == 1 else 'pass'}"
            yield f"{cases} ({plain.line(seen.first, 200)}): make the baseline again"
        elif not found:
            yield f"matches no case ({plain.line(entry.cases[0], 200)}): take the entry out, or correct it"
        elif set(seen.outcomes) == {"unsupported"}:
            yield f"what it knows to fail is unsupported now ({plain.line(entry.cases[0], 200)}): take the entry out"
