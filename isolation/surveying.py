"""A package's releases through the suite: a job for each quantizer that differs, and each answer as it comes."""

from __future__ import annotations

import zlib
from collections.abc import Callable, Iterator, Mapping, Sequence
from concurrent.futures import Executor, Future
from dataclasses import dataclass, replace
from pathlib import Path
from queue import SimpleQueue
from typing import Any

from ..conformance.plan import Wanted
from ..releases.index import Release
from ..releases.pin import Pin, PinError, parse_pin
from ..reports import Record, plain, read
from .executor import recorded
from .job import Job, Limits
from .recognizing import source_of

#: So many releases at most are being recognized at a time; what runs stands in the same queue.
AHEAD = 64


@dataclass(frozen=True)
class Survey:
    """What to ask of every release. `wanted`: without a target; `spelled`: what to check in each, the adapter that is
    called like the package when it is None; the rest as in `Job`."""

    package: str
    wanted: Wanted
    spelled: str | None = None
    limits: Limits = Limits()  # noqa: RUF009  (frozen)
    allow_build: bool = False
    cache: Path | None = None

    def job(self, version: str) -> Job:
        """The job of one release."""
        pin = self.pin(version)
        wanted = replace(self.wanted, targets=(pin.label,), baseline=None)
        return Job(wanted, self.limits, pin, self.allow_build, self.cache)

    def pin(self, version: str) -> Pin:
        """One release as a target; `PinError`."""
        pin = parse_pin(f"{self.package}=={version}" + (f"#{self.spelled}" if self.spelled else ""))
        if pin is None:
            raise PinError(f"{plain.line(self.package, 100)} is no package with releases of its own")
        return pin


@dataclass(frozen=True)
class Surveyed:
    """What came of one release: a record, or the reason why there is none. `broke`: the suite is at fault, not the release.

    source: the hash of what its quantizer is written in, where that is known. as_in: the release that has the same, and was
    run in its place; there is no record then.
    """

    release: Release
    record: Record | None = None
    reason: str | None = None
    broke: bool = False
    source: str | None = None
    as_in: str | None = None


def survey(
    asked: Survey,
    releases: Sequence[Release],
    pool: Executor,
    folder: Path,
    known: Mapping[str, str] | None = None,
) -> Iterator[Surveyed]:
    """Runs the suite on releases, the newest first, and gives each as it ends; their records are left in `folder`.

    Of those whose quantizers are written in the same bytes one is run, and given before the others. known: the releases
    that were run already, by these bytes' hash; None: each is run, whatever it is written in.
    """
    yield from _Surveying(asked, pool, folder, known).of(releases)


class _Surveying:
    """A survey under way: which release was run for which bytes, and which wait for one that is running."""

    def __init__(self, asked: Survey, pool: Executor, folder: Path, known: Mapping[str, str] | None) -> None:
        self._asked = asked
        self._pool = pool
        self._folder = folder
        self._every = known is None
        self._told = dict(known or {})
        self._left: list[Release] = []
        self._waiting: dict[str, list[Release]] = {}
        self._ended: SimpleQueue[Callable[[], Iterator[Surveyed]]] = SimpleQueue()
        self._going = 0

    def of(self, releases: Sequence[Release]) -> Iterator[Surveyed]:
        """All of them, as they end."""
        self._left = list(releases)
        for _ in range(AHEAD):
            self._recognize_next()
        while self._going:
            then = self._ended.get()
            self._going -= 1
            yield from then()

    def _recognize_next(self) -> None:
        if self._left:
            release = self._left.pop()
            self._submit(source_of, release, lambda future: self._recognized(release, future))

    def _recognized(self, release: Release, future: Future[str | None]) -> Iterator[Surveyed]:
        """It is run, unless one with the same source is or was."""
        self._recognize_next()
        try:
            source = future.result()
        except Exception:  # whatever it was: the run on the release meets it again, and says so
            source = None
        if source is None or self._every:
            self._run(release, source)
        elif source in self._told:
            yield Surveyed(release, source=source, as_in=self._told[source])
        elif source in self._waiting:
            self._waiting[source].append(release)
        else:
            self._waiting[source] = []
            self._run(release, source)

    def _run(self, release: Release, source: str | None) -> None:
        self._submit(recorded, release, lambda future: self._was_run(_surveyed(release, future, self._folder, source)))

    def _was_run(self, one: Surveyed) -> Iterator[Surveyed]:
        """What came of it goes for those that waited, unless nothing did: then the next of them is run."""
        yield one
        if one.source is None or self._every:
            return
        waiting = self._waiting.pop(one.source)
        if one.record is not None:
            self._told[one.source] = one.release.version
            yield from (Surveyed(release, source=one.source, as_in=one.release.version) for release in waiting)
        elif waiting:
            self._waiting[one.source] = waiting[1:]
            self._run(waiting[0], one.source)

    def _submit(
        self, work: Callable[[Job], Any], release: Release, then: Callable[[Future[Any]], Iterator[Surveyed]]
    ) -> None:
        self._going += 1
        future = self._pool.submit(work, self._asked.job(release.version))
        future.add_done_callback(lambda ended: self._ended.put(lambda: then(ended)))


def _surveyed(release: Release, future: Future[bytes], folder: Path, source: str | None) -> Surveyed:
    try:
        data = zlib.decompress(future.result())
    except Exception as error:  # of the suite, of a process, or of a cluster's worker: told, and the others go on
        said = " ".join(str(error).split())[:300] or type(error).__name__
        return Surveyed(release, reason=f"the suite broke on it: {said}", broke=True, source=source)
    file = folder / f"{release.version}.jsonl"
    file.write_bytes(data)
    record = read(file)
    (target,) = record.targets
    return Surveyed(release, record if target.loaded else None, target.reason, source=source)
