"""The suite over targets that are kept apart: jobs side by side, and one record."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from pathlib import Path
from queue import SimpleQueue

import msgspec

from ..conformance.known import KnownFailures, expected_of
from ..conformance.plan import Wanted
from ..conformance.recording import header, now
from ..conformance.run import Ending, Watcher
from ..conformance.session import Claim, known_failures
from ..releases.pin import Pin
from ..reports import RecordWriter
from ..reports.baseline import Baseline
from ..reports.record import BaselineLine, ClauseLine, Footer, ResultLine, TargetLine, tally
from .guard import BrokenJobError, Found
from .handle import KeeperDiedError
from .job import Job, Limits
from .keepers import KEEPERS
from .pool import run_job


def jobs_of(wanted: Wanted, pins: Mapping[str, Pin], limits: Limits, processes: int, allow_build: bool) -> list[Job]:
    """A job a target; where there are fewer targets than processes, the cases of each are shared out."""
    targets = list(dict.fromkeys(wanted.targets))
    parts = max(1, processes // len(targets))
    return [
        Job(
            replace(wanted, targets=(target,), baseline=None),
            limits,
            pins.get(target),
            allow_build,
            None,
            (part, parts),
        )
        for target in targets
        for part in range(parts)
    ]


def run_isolated(
    jobs: Sequence[Job],
    wanted: Wanted,
    report: Path,
    processes: int,
    watcher: Watcher,
    complain: Callable[[str], None],
) -> Ending:
    """Runs jobs side by side and writes one record to `report`; `UnwritableReport`, `UsageError` for a bad baseline.

    Every line is written as it comes, so that a killed run leaves what it had found. `complain` is told why a target
    cannot be loaded.
    """
    merged = _Merged(wanted, known_failures(wanted.baseline), watcher, complain)
    lines: SimpleQueue[tuple[Job, Found | BaseException | None]] = SimpleQueue()

    def run(job: Job) -> None:
        try:
            for line in run_job(job):
                lines.put((job, line))
        except BaseException as error:  # told in the record, whatever it is
            lines.put((job, error))
        finally:
            lines.put((job, None))

    with RecordWriter(report, header(wanted)) as writer, ThreadPoolExecutor(processes) as pool:
        try:
            for job in jobs:
                pool.submit(run, job)
            left = len(jobs)
            while left:
                job, said = lines.get()
                left -= said is None
                if isinstance(said, BaseException):
                    merged.broken(job, said)
                elif said is not None and (line := merged.added(said)) is not None:
                    writer.write(line)
        except BaseException as error:
            pool.shutdown(wait=False, cancel_futures=True)
            KEEPERS.close()
            if isinstance(error, KeyboardInterrupt):
                return Ending(interrupted=True)
            raise
        for last in merged.last():
            writer.write(last)
        writer.close(merged.footer())
    return Ending(broke=merged.broke)


class _Merged:
    """The lines of several jobs as those of one record: each target and clause once, results as the baseline sees them."""

    def __init__(
        self, wanted: Wanted, baseline: Baseline | None, watcher: Watcher, complain: Callable[[str], None]
    ) -> None:
        self.broke: str | None = None
        self._wanted = wanted
        self._baseline = baseline
        self._watcher = watcher
        self._complain = complain
        self._started = time.monotonic()
        self._waiting = set(wanted.targets)
        self._cases = 0
        self._clauses: set[str] = set()
        self._claims: dict[str, Claim] = {}
        self._results: list[ResultLine] = []
        self._known = KnownFailures(wanted, baseline, self._claims) if baseline else None

    def broken(self, job: Job, error: BaseException) -> None:
        """A job that did not come to its end."""
        words = (
            str(error) if isinstance(error, BrokenJobError | KeeperDiedError) else f"{type(error).__name__}: {error}"
        )
        self.broke = self.broke or f"{job.target}: {words}"

    def added(self, line: Found) -> Found | None:
        """The line as the record shall hold it; None for one that it holds already."""
        match line:
            case TargetLine():
                return self._target(line)
            case ClauseLine():
                new = line.id not in self._clauses
                self._clauses.add(line.id)
                return line if new else None
            case ResultLine():
                return self._result(line)
            case _:
                return line

    def last(self) -> Iterator[BaselineLine]:
        """What there is to say when all has ended."""
        if self._known is not None:
            yield self._known.line(self._results)

    def footer(self) -> Footer:
        """The last line."""
        return Footer(
            finished=now(),
            seconds=round(time.monotonic() - self._started, 3),
            results=len(self._results),
            outcomes={str(outcome): count for outcome, count in tally(self._results).items()},
            broke=self.broke,
        )

    def _target(self, line: TargetLine) -> TargetLine | None:
        if line.name not in self._waiting:
            return None
        self._waiting.discard(line.name)
        if line.loaded:
            self._claims[line.name] = Claim(line.version, line.rules)
        else:
            self._complain(line.reason or f"{line.name} cannot be loaded")
        self._cases += sum(line.planned.values())
        if not self._waiting and self._cases:
            self._watcher.planned(self._cases)
        return line

    def _result(self, line: ResultLine) -> ResultLine:
        found = expected_of(self._baseline, self._claims, line)
        self._results.append(msgspec.structs.replace(found, evidence=None))  # pages of it are not held
        if self._known is not None:
            self._known.add(found)
        self._watcher.ended(found.outcome, found.id)
        return found
