"""A baseline from a record: every failure of a run, written down as known.

Written by hand and not by a TOML library: it is one flat table of strings, numbers and dates, a library that keeps comments
would be a dependency for it, and a test reads back whatever is written.
"""

from __future__ import annotations

import json
import math
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import date
from itertools import combinations

from . import plain
from .baseline import SCHEMA_VERSION, Baseline, Entry
from .expecting import wrong_share
from .fingerprint import fingerprint
from .record import BAD, Record
from .verdict import gap
from .words import counted

#: What of a case id may become `*`: the level list, the dtype, the mode and the variant. Another rule or device is
#: another failure.
_MAY_WIDEN = (6, 2, 3, 5)
_SUBSETS = tuple(positions for size in range(1, 5) for positions in combinations(_MAY_WIDEN, size))

#: More failing cases of one target than this make no baseline.
_MOST = 50_000

#: A case id, taken apart at its slashes.
Parts = tuple[str, ...]

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
        groups = _failures(record, line.name)
        owners = _owners(record, line.name, groups)
        for (clause, known), group in groups.items():
            entry = Entry(
                line=None,
                cases=tuple(sorted(_patterns(group.ids, known, owners[clause]))),
                fingerprint=known,
                reason=acceptance.reason,
                wrong=_rounded_up(group.share),
                issue=acceptance.issue,
                expires=acceptance.expires,
                targets=(line.name,) if several else (),
            )
            entries.append(_inherited(entry, clause, older))
    return tuple(entries)


@dataclass
class _Failures:
    """The cases of one clause that fail in one way, and the largest share of their answers that was wrong."""

    ids: set[Parts]
    share: float = 0.0


def _failures(record: Record, target: str) -> dict[tuple[str, str], _Failures]:
    groups: dict[tuple[str, str], _Failures] = {}
    cases = 0
    for result in record.of(target):
        if result.outcome not in BAD and result.outcome != "xfail":
            continue
        cases += 1
        if cases > _MOST:
            raise NothingToKnow(
                f"more than {_MOST:,} cases fail; a baseline of so many knows nothing: mend the worst first"
            )
        group = groups.setdefault((result.clause, fingerprint(result)), _Failures(set()))
        group.ids.add(_parts(result.id))
        group.share = max(group.share, wrong_share(result) or 0.0)
    return groups


def _owners(
    record: Record, target: str, groups: Mapping[tuple[str, str], _Failures]
) -> dict[str, dict[Parts, str | None]]:
    """Of each clause the patterns that failing cases fit, and the one fingerprint that all which fit it have, or None."""
    owners: dict[str, dict[Parts, str | None]] = {clause: {} for clause, _ in groups}
    for (clause, known), group in groups.items():
        for id in group.ids:
            for pattern in _all_patterns(id):
                owners[clause][pattern] = known if owners[clause].get(pattern, known) == known else None
    for result in record.of(target):
        if result.clause in owners and result.outcome not in BAD and result.outcome != "xfail":
            own = owners[result.clause]
            for pattern in _all_patterns(_parts(result.id)):
                if pattern in own:
                    own[pattern] = None
    return owners


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


def _rounded_up(share: float) -> float | None:
    """A share of wrong answers to three digits, None for none."""
    if not share:
        return None
    digits: int = 2 - math.floor(math.log10(share))
    rounded: float = round(math.ceil(share * 10**digits) / 10**digits, digits + 1)
    return min(1.0, rounded)


def _parts(id: str) -> Parts:
    return tuple(id.split("/"))


def _patterns(ids: set[Parts], known: str, owners: Mapping[Parts, str | None]) -> Iterator[str]:
    """Patterns that match these cases and no other: what differs in one part only is gathered under a `*`."""
    patterns = ids
    for position in _MAY_WIDEN:
        groups: dict[Parts, set[Parts]] = {}
        for pattern in patterns:
            groups.setdefault(_starred(pattern, (position,)), set()).add(pattern)
        patterns = set()
        for wider, members in groups.items():
            patterns |= {wider} if len(members) > 1 and owners.get(wider) == known else members
    for pattern in patterns:
        yield "/".join(map(_escaped, pattern))


def _all_patterns(id: Parts) -> Iterator[Parts]:
    for positions in _SUBSETS:
        yield _starred(id, positions)


def _starred(parts: Parts, positions: Sequence[int]) -> Parts:
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
