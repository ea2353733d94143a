"""A baseline from a record: every failure of a run, written down as known.

Written by hand and not by a TOML library: it is one flat table of strings, numbers and dates, a library that keeps comments
would be a dependency for it, and a test reads back whatever is written.
"""

from __future__ import annotations

import json
import math
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, replace
from datetime import date

from . import plain
from .baseline import SCHEMA_VERSION, Baseline, Entry
from .expecting import wrong_share
from .fingerprint import fingerprint
from .record import BAD, Record, ResultLine
from .verdict import gap
from .words import counted

#: What of a case id may become `*`: the level list, the dtype, the mode and the variant. Another rule or device is
#: another failure.
_MAY_WIDEN = (6, 2, 3, 5)

_FIRST_REASON = "not looked into yet"


# Named for what is wrong, like the ways in which a report can be bad.
class NothingToKnow(Exception):  # noqa: N818
    """A record that says too little to make a baseline from it."""


@dataclass(frozen=True)
class Acceptance:
    """Why the failures are accepted: what new entries get. Entries of an older baseline keep theirs."""

    reason: str = _FIRST_REASON
    issue: str | None = None
    expires: date | None = None


def baseline_of(record: Record, acceptance: Acceptance, older: Baseline | None = None) -> tuple[Entry, ...]:
    """One entry for each failure of each clause, with patterns that match no case which the run did not see fail.

    Of an `older` baseline an entry of the same clause and fingerprint hands on its reason, issue, date and conditions.
    Raises `NothingToKnow` for a record that is incomplete: what it lacks would be unknown failures tomorrow.
    """
    if (missing := gap(record)) is not None:
        raise NothingToKnow(f"the record is incomplete ({missing}); run again")
    if not any(line.loaded for line in record.targets):
        raise NothingToKnow("no target could be loaded, so that no failure is known; run again")
    several = len(record.targets) > 1
    entries: list[Entry] = []
    for line in record.targets:
        groups: dict[tuple[str, str], list[ResultLine]] = {}
        others: dict[str, set[tuple[str, ...]]] = {}
        for result in record.of(line.name):
            if result.outcome in BAD or result.outcome == "xfail":
                groups.setdefault((result.clause, fingerprint(result)), []).append(_light(result))
            else:
                others.setdefault(result.clause, set()).add(_parts(result.id))
        for (clause, print_), results in groups.items():
            failing = {_parts(one.id) for one in results}
            rest = set(others.get(clause, ()))
            for (other_clause, other), more in groups.items():
                if other_clause == clause and other != print_:
                    rest |= {_parts(one.id) for one in more}
            entry = Entry(
                line=None,
                cases=tuple(sorted(_patterns(failing, rest))),
                fingerprint=print_,
                reason=acceptance.reason,
                wrong=_known_share(results),
                issue=acceptance.issue,
                expires=acceptance.expires,
                targets=(line.name,) if several else (),
            )
            entries.append(_inherited(entry, clause, older))
    return tuple(entries)


def render(entries: Sequence[Entry], record: Record) -> str:
    """The entries as TOML."""
    targets = ", ".join(
        plain.line(f"{line.name} {line.version}" if line.version else line.name, 100) for line in record.targets[:5]
    )
    lines = [
        f"# Known failures of {targets}: {counted(len(entries), 'entry').replace('entrys', 'entries')}.",
        f"# Made by `fsqcheck baseline` (fsqcheck {plain.line(record.header.fsqcheck, 40)}) from the run of "
        f"{plain.line(record.header.started, 40)}.",
        "# Say why each is accepted. A failure with another fingerprint, and an entry that is no longer true, are errors.",
        f"schema = {SCHEMA_VERSION}",
        f"tier = {_string(record.header.tier)}",
    ]
    for entry in entries:
        lines += ["", "[[known]]", *_entry(entry)]
    return "\n".join(lines) + "\n"


def _entry(entry: Entry) -> Iterator[str]:
    cases = [_string(pattern) for pattern in entry.cases]
    if len(cases) == 1:
        yield f"cases = [{cases[0]}]"
    else:
        yield "cases = ["
        yield from (f"    {pattern}," for pattern in cases)
        yield "]"
    yield f"fingerprint = {_string(entry.fingerprint)}"
    if entry.wrong is not None:
        yield f"wrong = {entry.wrong!r}"
    yield f"reason = {_string(entry.reason)}"
    if entry.issue is not None:
        yield f"issue = {_string(entry.issue)}"
    if entry.expires is not None:
        yield f"expires = {entry.expires.isoformat()}"
    if entry.versions is not None:
        yield f"versions = {_string(entry.versions)}"
    for key, values in (("targets", entry.targets), ("dtypes", entry.dtypes), ("devices", entry.devices)):
        if values:
            yield f"{key} = [{', '.join(map(_string, values))}]"


def _string(text: str) -> str:
    """A TOML basic string: JSON's escapes are TOML's, but for DEL, which TOML wants escaped too."""
    return json.dumps(plain.encodable(text), ensure_ascii=False).replace("\x7f", "\\u007f")


def _light(result: ResultLine) -> ResultLine:
    """What of a failure is needed: a record of many keeps no script of each."""
    import msgspec

    if result.evidence is None:
        return result
    return msgspec.structs.replace(
        result, evidence=msgspec.structs.replace(result.evidence, script=None, rerun=None, input=(), details={})
    )


def _known_share(results: Iterable[ResultLine]) -> float | None:
    """The largest share of wrong answers, rounded up to three digits."""
    shares = [share for share in map(wrong_share, results) if share is not None]
    if not shares:
        return None
    worst = max(shares)
    digits: int = 2 - math.floor(math.log10(worst))
    rounded: float = round(math.ceil(worst * 10**digits) / 10**digits, digits + 1)
    return min(1.0, rounded)


def _parts(id: str) -> tuple[str, ...]:
    return tuple(id.split("/"))


def _patterns(failing: set[tuple[str, ...]], rest: set[tuple[str, ...]]) -> Iterator[str]:
    """Patterns that match all of `failing` and none of `rest`: what differs in one part only is gathered under a `*`."""
    patterns = failing
    of_the_rest: dict[tuple[int, ...], set[tuple[str, ...]]] = {}
    for position in _MAY_WIDEN:
        groups: dict[tuple[str, ...], set[tuple[str, ...]]] = {}
        for pattern in patterns:
            groups.setdefault(_starred(pattern, (position,)), set()).add(pattern)
        patterns = set()
        for wider, members in groups.items():
            stars = tuple(number for number, part in enumerate(wider) if part == "*")
            if stars not in of_the_rest:
                of_the_rest[stars] = {_starred(one, stars) for one in rest}
            patterns |= {wider} if len(members) > 1 and wider not in of_the_rest[stars] else members
    for pattern in patterns:
        yield "/".join(map(_escaped, pattern))


def _starred(parts: tuple[str, ...], positions: Sequence[int]) -> tuple[str, ...]:
    return tuple("*" if number in positions else part for number, part in enumerate(parts))


def _escaped(part: str) -> str:
    """A literal `*` of an id cannot be told from the sign; `?` matches it."""
    return part if part == "*" else part.replace("*", "?")


def _inherited(entry: Entry, clause: str, older: Baseline | None) -> Entry:
    if older is None:
        return entry
    for one in older.known:
        if one.fingerprint == entry.fingerprint and any(case.partition("/")[0] == clause for case in one.cases):
            return replace(
                entry,
                reason=one.reason,
                issue=one.issue,
                expires=one.expires,
                versions=one.versions,
                targets=one.targets or entry.targets,
                dtypes=one.dtypes,
                devices=one.devices,
            )
    return entry
