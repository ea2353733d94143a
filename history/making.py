"""Making a history: the releases that are not in its file yet are run, and each is kept as it ends."""

from __future__ import annotations

import sys
import tempfile
from collections.abc import Mapping, Sequence
from concurrent.futures import Executor
from contextlib import ExitStack
from dataclasses import dataclass
from pathlib import Path
from typing import Protocol

import msgspec

from .. import __version__
from ..conformance.recording import now
from ..isolation.surveying import Survey, Surveyed, survey
from ..releases.index import Release
from ..reports import BadReport, UnwritableReport
from .bisect import Bisection, bisect
from .digest import Entry, copied, digest
from .lines import History, HistoryHeader, ReleaseLine
from .reading import read_history
from .standing import Standing, standing
from .status import status_of
from .writing import HistoryWriter, goes_on


class Watcher(Protocol):
    """Somebody who wants to know how far a history is."""

    def planned(self, number: int, of: str) -> None:
        """So many will be run."""
        ...

    def ended(self, outcome: str, name: str) -> None:
        """One has ended: `pass`, `fail` where a MUST does not hold, `error` where nothing is known."""
        ...

    def complain(self, text: str) -> None:
        """One line that stays."""
        ...


@dataclass(frozen=True)
class Made:
    """A history, and how many runs the suite itself broke."""

    history: History
    broken: int


def header_of(asked: Survey, releases: Sequence[Release]) -> HistoryHeader:
    """The first line of the history that asks this of these releases."""
    wanted = asked.wanted
    return HistoryHeader(
        package=asked.package,
        fsqcheck=__version__,
        started=now(),
        command=(Path(sys.argv[0]).name, *sys.argv[1:]),
        tier=wanted.tier,
        seed=wanted.seed,
        rules=wanted.rules,
        clauses=wanted.clauses,
        releases=tuple(release.version for release in releases),
    )


def make(
    asked: Survey,
    releases: Sequence[Release],
    path: Path,
    pool: Executor,
    watcher: Watcher,
    *,
    again: bool = False,
    every: bool = False,
    records: Path | None = None,
) -> Made:
    """The history in `path`, with every release that it does not hold; `again`: with all of them.

    Of releases whose quantizers are written in the same bytes one is run; `every`: each is. A file that asked something
    else is not overwritten: `UnwritableReport`. `records`: where the record of each run is kept. Raises what `read_history`
    does. Left by an exception, the file holds all that has ended.
    """
    header = header_of(asked, releases)
    kept = None if again else _kept(path, header, every)
    had = {line.version for line in kept.releases if line.version not in kept.missing} if kept else set()
    left = [release for release in releases if release.version not in had]
    lines = {line.version: line for line in kept.known if line.as_in is None} if kept else {}
    sources = None if every else {line.source: version for version, line in lines.items() if line.source is not None}
    broken = 0
    with ExitStack() as stack:
        folder = records or Path(stack.enter_context(tempfile.TemporaryDirectory(prefix="fsqcheck-")))
        _made(folder)
        writer = stack.enter_context(HistoryWriter(path, header, kept))
        watcher.planned(len(left), "releases")
        for one in survey(asked, left, pool, folder, sources):
            line = lines[one.release.version] = _line(asked, one, lines)
            broken += one.broke
            if one.broke:  # not kept: the next run tries it again
                watcher.complain(f"{asked.package} {one.release.version}: {one.reason}")
            else:
                if one.record is not None:
                    writer.describe(one.record.clauses)
                writer.write(line)
            watcher.ended(_outcome(line), one.release.version)
            if records is None:
                (folder / f"{one.release.version}.jsonl").unlink(missing_ok=True)
    return Made(read_history(path), broken)


def _kept(path: Path, header: HistoryHeader, every: bool) -> History | None:
    """What the file holds; `every`: but for the releases that were not run themselves."""
    if not path.exists() or path.stat().st_size == 0:
        return None
    old = read_history(path)
    if not goes_on(old.header, header):
        raise UnwritableReport(
            path,
            f"it holds the history of {old.header.package} by another question ({_question(old.header)}); "
            "name another file with --report, or say --again",
        )
    copies = [line.version for line in old.releases if line.as_in is not None] if every else []
    return msgspec.structs.replace(old, missing=(*old.missing, *copies))


def _question(header: HistoryHeader) -> str:
    parts = [f"fsqcheck {header.fsqcheck}", f"{header.tier} tier"]
    parts += [f"rules {', '.join(header.rules)}"] if header.rules else []
    parts += [f"clauses {', '.join(header.clauses)}"] if header.clauses else []
    return ", ".join(parts)


def _made(folder: Path) -> None:
    try:
        folder.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise UnwritableReport(folder, (error.strerror or str(error)).lower()) from error


def _line(asked: Survey, one: Surveyed, lines: Mapping[str, ReleaseLine]) -> ReleaseLine:
    release = one.release
    entry = Entry(release.version, release.date, release.yanked, one.record, one.reason, one.source)
    if one.as_in is None:
        return digest(entry)
    old, new = (asked.pin(version).label for version in (one.as_in, release.version))
    return copied(lines[one.as_in], entry, old, new)


def _outcome(line: ReleaseLine) -> str:
    return {0: "pass", 1: "fail"}.get(status_of(line), "error")


def bisected(
    asked: Survey, releases: Sequence[Release], clause: str, path: Path, pool: Executor, watcher: Watcher
) -> Bisection:
    """The release that changed a clause; only the clause is run, on as few releases as that takes.

    What a history in `path` knows of it already is not run again.
    """
    by_version = {release.version: release for release in releases}
    known = _known(path, header_of(asked, releases), clause)

    def ask(version: str) -> Standing:
        if (found := known.get(version)) is not None:
            return found
        watcher.planned(1, "release")
        with tempfile.TemporaryDirectory(prefix="fsqcheck-") as folder:
            (one,) = survey(asked, [by_version[version]], pool, Path(folder))
        line = _line(asked, one, {})
        watcher.ended(_outcome(line), version)
        return standing(line, clause)

    return bisect(list(by_version), ask)


def _known(path: Path, header: HistoryHeader, clause: str) -> Mapping[str, Standing]:
    """What a history of all clauses says of one; nothing where there is none, or one of another question."""
    try:
        old = read_history(path)
    except BadReport:
        return {}
    if not goes_on(old.header, msgspec.structs.replace(header, clauses=())):
        return {}
    return {line.version: standing(line, clause) for line in old.known}
