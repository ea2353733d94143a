"""A package's releases through the suite: a job a release, and each answer as it comes."""

from __future__ import annotations

import zlib
from collections.abc import Iterator, Sequence
from concurrent.futures import Executor, Future, as_completed
from dataclasses import dataclass, replace
from pathlib import Path

from ..conformance.plan import Wanted
from ..releases.index import Release
from ..releases.pin import Pin, parse_pin
from ..reports import Record, read
from .executor import recorded
from .job import Job, Limits


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
        assert pin is not None
        return pin


@dataclass(frozen=True)
class Surveyed:
    """What came of one release: a record, or the reason why there is none. `broke`: the suite is at fault, not the release."""

    release: Release
    record: Record | None = None
    reason: str | None = None
    broke: bool = False


def survey(asked: Survey, releases: Sequence[Release], pool: Executor, folder: Path) -> Iterator[Surveyed]:
    """Runs the suite on releases, the newest first, and gives each as it ends; their records are left in `folder`."""
    running: dict[Future[bytes], Release] = {}
    for release in reversed(releases):
        running[pool.submit(recorded, asked.job(release.version))] = release
    for future in as_completed(running):
        yield _surveyed(running.pop(future), future, folder)


def _surveyed(release: Release, future: Future[bytes], folder: Path) -> Surveyed:
    try:
        data = zlib.decompress(future.result())
    except Exception as error:  # of the suite, of a process, or of a cluster's worker: told, and the others go on
        said = " ".join(str(error).split())[:300] or type(error).__name__
        return Surveyed(release, reason=f"the suite broke on it: {said}", broke=True)
    file = folder / f"{release.version}.jsonl"
    file.write_bytes(data)
    record = read(file)
    (target,) = record.targets
    return Surveyed(release, record if target.loaded else None, target.reason)
