"""The baseline: failures that are known, in a TOML file that people read, review and edit.

schema = 1
tier = "quick"                      # how thorough the run was that it was made from

[[known]]
cases = ["IDX-6/widened/*/float32/cpu/eval"]      # case ids; * stands for any part, /** at the end for the rest
fingerprint = "fail: encoding the codes of the index # becomes #; # of those tried are wrong"
wrong = 0.96                        # at most twice this share of the answers may be wrong
reason = "float32 index arithmetic"
issue = "https://…"                 # optional, as all that follows
expires = 2026-12-31
versions = ">=1.30,<2"              # only for these releases of the target
targets = ["vector-quantize-*"]
dtypes = ["float32"]
devices = ["cpu"]
"""

from __future__ import annotations

import difflib
import re
import tomllib
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from fnmatch import translate
from functools import cached_property
from pathlib import Path
from typing import Any

from packaging.specifiers import InvalidSpecifier, SpecifierSet
from packaging.version import InvalidVersion, Version

from . import plain

SCHEMA_VERSION = 1
#: A baseline that is larger, in bytes, is none.
_LARGEST = 16 * 2**20


# Named for what is wrong, like the ways in which a report can be bad.
class BadBaseline(Exception):  # noqa: N818
    """A file that was given as a baseline cannot be used as one."""

    def __init__(self, path: Path, problem: str, line: int | None = None) -> None:
        place = plain.line(str(path)) if line is None else f"{plain.line(str(path))}, line {line}"
        super().__init__(f"{place}: {problem}")
        self.path = path
        self.line = line


class UnreadableBaseline(BadBaseline):
    """The operating system does not let us read the file."""


class NotToml(BadBaseline):
    """The file is not TOML."""


class NewerBaseline(BadBaseline):
    """The baseline was written for a newer fsqcheck than this one."""


class UnknownKey(BadBaseline):
    """A key that no baseline has."""


class MissingKey(BadBaseline):
    """An entry lacks what every entry must have."""


class WrongValue(BadBaseline):
    """A key holds what it cannot hold."""


class CasePattern:
    """Case ids as a baseline writes them: `*` is any part of an id, or of a part; `/**` at the end is whatever follows."""

    def __init__(self, text: str) -> None:
        parts = text.split("/")
        self._open = parts[-1] == "**"
        self._parts = [_literal(part) or _pattern(part) for part in (parts[:-1] if self._open else parts)]

    def matches(self, parts: Sequence[str]) -> bool:
        """Whether the parts of a case id are those of the pattern."""
        if len(parts) < len(self._parts) or (len(parts) > len(self._parts) and not self._open):
            return False
        return all(
            one == part if isinstance(one, str) else one.match(part) is not None
            for one, part in zip(self._parts, parts, strict=False)
        )


@dataclass(frozen=True)
class Entry:
    """Known failures of one kind: the cases, the fingerprint that tells them from other failures, and why they are accepted.

    Empty `targets`, `dtypes`, `devices` mean all. `line` is where the entry starts in its file, None if that is not known.
    """

    line: int | None
    cases: tuple[str, ...]
    fingerprint: str
    reason: str
    wrong: float | None = None
    issue: str | None = None
    expires: date | None = None
    versions: str | None = None
    targets: tuple[str, ...] = ()
    dtypes: tuple[str, ...] = ()
    devices: tuple[str, ...] = ()

    def covers(self, id: str) -> bool:
        """Whether the entry is about the case with this id."""
        parts = id.split("/")
        return any(pattern.matches(parts) for pattern in self._patterns)

    def applies(self, target: str, version: str | None, dtype: str, device: str) -> bool:
        """Whether the conditions of the entry hold."""
        return (
            (not self.targets or any(one.match(plain.encodable(target)) for one in self._targets))
            and (not self.dtypes or dtype in self.dtypes)
            and (not self.devices or device in self.devices)
            and (self.versions is None or _within(version, self.versions))
        )

    def expired(self, today: date) -> bool:
        """Whether the day is over until which the failures were accepted."""
        return self.expires is not None and self.expires < today

    @cached_property
    def _patterns(self) -> tuple[CasePattern, ...]:
        return tuple(map(CasePattern, self.cases))

    @cached_property
    def _targets(self) -> tuple[re.Pattern[str], ...]:
        return tuple(map(_pattern, self.targets))


@dataclass(frozen=True)
class Baseline:
    """The known failures of a project. `tier` is that of the run which the baseline was made from, None if it does not say."""

    path: Path
    tier: str | None
    known: tuple[Entry, ...]

    @cached_property
    def by_clause(self) -> Mapping[str | None, tuple[Entry, ...]]:
        """The entries by the clause of their cases; None: those whose clause is a pattern."""
        found: dict[str | None, list[Entry]] = {}
        for entry in self.known:
            for clause in {_literal(pattern.partition("/")[0]) for pattern in entry.cases}:
                found.setdefault(clause, []).append(entry)
        return {clause: tuple(entries) for clause, entries in found.items()}

    def covering(self, id: str, target: str, version: str | None, dtype: str, device: str) -> tuple[Entry, ...]:
        """The entries that are about a case and whose conditions hold, in the order of the file."""
        among = (*self.by_clause.get(id.partition("/")[0], ()), *self.by_clause.get(None, ()))
        found = [one for one in among if one.covers(id) and one.applies(target, version, dtype, device)]
        return tuple(sorted(dict.fromkeys(found), key=self.known.index)) if len(found) > 1 else tuple(found)

    def place(self, entry: Entry) -> str:
        """Where an entry stands, for a message: `fsqcheck-baseline.toml, line 12`."""
        where = f"line {entry.line}" if entry.line is not None else f"entry {self.known.index(entry) + 1}"
        return f"{plain.line(str(self.path))}, {where}"


def read_baseline(path: str | Path) -> Baseline:
    """The baseline in a TOML file; `BadBaseline` names the file, the line and what to do."""
    path = Path(path)
    text = _text(path)
    try:
        table = tomllib.loads(text)
    except RecursionError:
        raise NotToml(path, "not TOML that can be read: nested too deeply") from None
    except ValueError as error:
        line = re.search(r"\(at line (\d+), ", str(error))
        problem = f"not valid TOML: {plain.line(str(error), 200)}"
        raise NotToml(path, problem, int(line[1]) if line else None) from None
    lines = _Lines(path, text)
    schema = table.get("schema", SCHEMA_VERSION)
    if type(schema) is not int:
        raise WrongValue(path, f"schema must be a whole number, got {_shown(schema)}", lines.of_key("schema"))
    if schema > SCHEMA_VERSION:
        raise NewerBaseline(
            path, f"made by a newer fsqcheck (schema {schema}); upgrade fsqcheck", lines.of_key("schema")
        )
    for key in table:
        if key not in ("schema", "tier", "known"):
            raise UnknownKey(path, _unknown(key, ("schema", "tier", "known")), lines.of_key(key))
    tier = table.get("tier")
    if tier is not None and not isinstance(tier, str):
        raise WrongValue(path, f"tier must be a string, got {_shown(tier)}", lines.of_key("tier"))
    entries = table.get("known", [])
    if not isinstance(entries, list) or not all(isinstance(one, dict) for one in entries):
        raise WrongValue(path, "known must be entries that start with [[known]]", lines.of_key("known"))
    starts = lines.starts(len(entries))
    return Baseline(
        path,
        tier,
        tuple(
            _entry(path, lines, number, start, one)
            for number, (start, one) in enumerate(zip(starts, entries, strict=True), 1)
        ),
    )


def _text(path: Path) -> str:
    try:
        with path.open("rb") as file:
            content = file.read(_LARGEST + 1)
        if len(content) > _LARGEST:
            raise NotToml(path, f"longer than {_LARGEST:,} bytes, which no baseline is")
        return content.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        line = content[: error.start].count(b"\n") + 1
        raise NotToml(path, "not UTF-8 text", line) from None
    except FileNotFoundError:
        raise UnreadableBaseline(
            path, "there is no such baseline; make it with `fsqcheck baseline REPORT.jsonl -o FILE`"
        ) from None
    except (OSError, ValueError) as error:  # ValueError: a NUL in the name
        why = ((error.strerror if isinstance(error, OSError) else None) or str(error)).lower()
        raise UnreadableBaseline(path, f"cannot read the baseline: {why}; check the path") from error


#: Every key of an entry, what it must hold, and how that is checked.
KEYS: dict[str, tuple[str, Callable[[Any], Any]]] = {}


def _entry(path: Path, lines: _Lines, number: int, start: int | None, table: Mapping[str, Any]) -> Entry:
    name = "" if start is not None else f"entry {number}: "

    def line(key: str) -> int | None:
        return lines.of_key(key, start) if start is not None else None

    for key in table:
        if key not in KEYS:
            raise UnknownKey(path, name + _unknown(key, tuple(KEYS)), line(key))
    for key in ("cases", "fingerprint", "reason"):
        if key not in table:
            raise MissingKey(path, f"{name}the entry has no {key}: {KEYS[key][0]}", start)
    fields = {}
    for key, value in table.items():
        words, checked = KEYS[key]
        try:
            fields[key] = checked(value)
        except (TypeError, ValueError):
            raise WrongValue(path, f"{name}{key} must be {words}, got {_shown(value)}", line(key)) from None
    return Entry(line=start, **fields)


def _words(value: Any) -> str:
    if not isinstance(value, str) or not value.strip():
        raise ValueError
    return value


def _several(value: Any) -> tuple[str, ...]:
    if not isinstance(value, list) or not value:
        raise ValueError
    return tuple(map(_words, value))


def _patterns(value: Any) -> tuple[str, ...]:
    return (_words(value),) if isinstance(value, str) else _several(value)


def _link(value: Any) -> str:
    if not re.match(r"https?://\S+$", _words(value)):
        raise ValueError
    return str(value)


def _day(value: Any) -> date:
    if not isinstance(value, date) or isinstance(value, datetime):
        raise ValueError
    return value


def _share(value: Any) -> float:
    if isinstance(value, bool) or not isinstance(value, int | float) or not 0 < value <= 1:
        raise ValueError
    return float(value)


def _range(value: Any) -> str:
    try:
        SpecifierSet(_words(value))
    except InvalidSpecifier:
        raise ValueError from None
    return str(value)


KEYS |= {
    "cases": ("a list of case ids, in which * stands for any part and /** at the end for the rest", _patterns),
    "fingerprint": ("the text by which `fsqcheck baseline` knows the failure", _words),
    "reason": ("a sentence that says why the failure is accepted", _words),
    "wrong": ("a share of wrong answers above 0 and up to 1", _share),
    "issue": ("a link, https://…", _link),
    "expires": ("a day without quotes, e.g. 2026-12-31", _day),
    "versions": ('a range of releases, e.g. ">=1.30,<2"', _range),
    "targets": ('a list of targets, e.g. ["vector-quantize-*"]', _several),
    "dtypes": ('a list of dtypes, e.g. ["float32"]', _several),
    "devices": ('a list of devices, e.g. ["cpu"]', _several),
}


class _Lines:
    """Where the entries and keys of a TOML file stand, which its parser does not say."""

    def __init__(self, path: Path, text: str) -> None:
        self._path = path
        self._lines = text.split("\n")
        self._starts = [
            number for number, line in enumerate(self._lines, 1) if re.match(r"\s*\[\[\s*known\s*\]\]", line)
        ]

    def starts(self, entries: int) -> list[int | None]:
        """The line of each entry; None for all if they are not written one under the other with [[known]]."""
        return list(self._starts) if len(self._starts) == entries else [None] * entries

    def of_key(self, key: str, start: int | None = None) -> int | None:
        """The line of a key of the entry that starts there, or of a key of the file; else that of the entry."""
        following = [one for one in self._starts if one > (start or 0)]
        end = following[0] - 1 if following else len(self._lines)
        for number in range(start or 0, end):
            if re.match(rf"\s*(?:\[\s*)?[\"']?{re.escape(key)}[\"']?\s*[=.\]]", self._lines[number]):
                return number + 1
        return start


def _pattern(text: str) -> re.Pattern[str]:
    return re.compile(translate(text.replace("[", "[[]")))


def _literal(pattern: str) -> str | None:
    return None if set(pattern) & set("*?") else pattern


def _within(version: str | None, range_: str) -> bool:
    try:
        return version is not None and SpecifierSet(range_).contains(Version(version), prereleases=True)
    except InvalidVersion:
        return False


def _unknown(key: str, known: tuple[str, ...]) -> str:
    near = difflib.get_close_matches(key, known, 1)
    hint = f" (did you mean {near[0]}?)" if near else ""
    return f"there is no key {plain.line(key, 60)!r}{hint}; the keys are {', '.join(known)}"


def _shown(value: Any) -> str:
    return plain.line(repr(value), 100)
