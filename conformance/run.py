"""One run of the suite from a program: pytest, started with the suite's own settings and nobody else's."""

from __future__ import annotations

import gc
import os
import tempfile
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Protocol

import pytest
from hypothesis.configuration import set_hypothesis_home_dir

from ..reports import Footer, RecordWriter
from . import plugin
from .recording import header, now, target_lines
from .session import Session

HERE = Path(__file__).parent

#: What a user's environment may say to pytest, and what the suite says in its place.
_ENVIRONMENT = {"PYTEST_ADDOPTS": "", "PYTEST_DISABLE_PLUGIN_AUTOLOAD": "1", "PYTEST_PLUGINS": ""}

#: Where Hypothesis keeps what it notes of the modules that are loaded: not in the folder where the user stands.
_STORAGE = "HYPOTHESIS_STORAGE_DIRECTORY"

#: Plugins of pytest's own that a run has no use for; logging alone costs a fifth of a quick run.
_UNUSED = (
    "terminal",
    "cacheprovider",
    "logging",
    "doctest",
    "unittest",
    "stepwise",
    "unraisableexception",
    "threadexception",
)


#: How many workers of a run on an accelerator may lose their device before it is given up; xdist's own is four a process.
_RESTARTS = 256


class Watcher(Protocol):
    """Somebody who wants to know how far a run is."""

    def planned(self, cases: int) -> None:
        """So many cases will run."""
        ...

    def ended(self, outcome: str, id: str) -> None:
        """A case has ended."""
        ...


class Unwatched:
    """A watcher who does not look."""

    def planned(self, cases: int) -> None:
        """Not of interest."""

    def ended(self, outcome: str, id: str) -> None:
        """Not of interest."""


@dataclass(frozen=True)
class Ending:
    """How a run ended: `interrupted` by the user, or with pytest's own error in `broke`."""

    interrupted: bool = False
    broke: str | None = None


def run_suite(
    session: Session,
    report: Path,
    processes: int,
    watcher: Watcher,
    plugins: Sequence[object] = (),
    captured: bool = True,
    within: bool = False,
) -> Ending:
    """Runs every planned case and writes the record to `report`; `UnwritableReport` before anything runs.

    With `processes` above 1, pytest-xdist spreads the cases; the results are the same. On an accelerator there is a process
    beside this one in any case, as a target can cost it its device, unless `within` this one is asked for. `plugins`: more
    of pytest's. What a target prints is kept away from the terminal unless `captured` is false.
    """
    session.baseline  # noqa: B018  (a wrong one is told before anything runs: `UsageError`)
    if not session.adapters:
        _only_targets(session, report)
        return Ending()
    gc.freeze()  # what the libraries made while they loaded is not searched for garbage again and again
    watcher.planned(sum(len(session.cases(target)) for target in session.adapters))
    with tempfile.TemporaryDirectory(prefix="fsqcheck-") as folder, _environment(_ENVIRONMENT | {_STORAGE: folder}):
        set_hypothesis_home_dir(folder)
        beside = processes > 1 or (not within and _on_an_accelerator(session))
        arguments = _arguments(session, report, processes if beside else 0, captured)
        status = pytest.main(arguments, plugins=[_Steering(session, watcher), *plugins])
    if status == pytest.ExitCode.INTERRUPTED:
        return Ending(interrupted=True)
    if status in (pytest.ExitCode.INTERNAL_ERROR, pytest.ExitCode.USAGE_ERROR):
        return Ending(broke=f"pytest ended with {pytest.ExitCode(status).name}")
    return Ending()


def _on_an_accelerator(session: Session) -> bool:
    return any(device != "cpu" for device in session.wanted.devices)


def _only_targets(session: Session, report: Path) -> None:
    """The record of a run in which no target could be loaded."""
    with RecordWriter(report, header(session.wanted)) as writer:
        for line in target_lines(session):
            writer.write(line)
        writer.close(Footer(finished=now(), seconds=0.0, results=0, outcomes={}))


def _arguments(session: Session, report: Path, processes: int, captured: bool) -> list[str]:
    wanted = session.wanted
    arguments = ["-p", plugin.__name__, "--import-mode=importlib", f"--capture={'fd' if captured else 'no'}"]
    arguments += [part for name in _UNUSED for part in ("-p", f"no:{name}")]
    arguments += ["-c", os.devnull, "--rootdir", str(HERE)]
    arguments += ["-p", "xdist", "-n", str(processes), "--dist", "worksteal"] if processes else []
    arguments += [f"--max-worker-restart={_RESTARTS}"] if processes and _on_an_accelerator(session) else []
    lists: Mapping[str, tuple[str, ...]] = {
        "--fsq": wanted.targets,
        "--fsq-rule": wanted.rules,
        "--fsq-levels": tuple(",".join(map(str, levels)) for levels in wanted.levels),
        "--fsq-dtype": wanted.dtypes,
        "--fsq-device": wanted.devices,
        "--fsq-clause": wanted.clauses,
    }
    arguments += [f"{flag}={value}" for flag, values in lists.items() for value in values]
    arguments += [f"--fsq-tier={wanted.tier}", f"--fsq-seed={wanted.seed}", f"--fsq-report={report}"]
    arguments += [f"--fsq-case={wanted.case}"] if wanted.case else []
    arguments += [f"--fsq-baseline={wanted.baseline or ''}", *(["--fsq-allow-stale"] if wanted.allow_stale else [])]
    return [*arguments, str(HERE)]


class _Steering:
    """Gives pytest the session that was made already, and tells the watcher what happens."""

    def __init__(self, session: Session, watcher: Watcher) -> None:
        self._session = session
        self._watcher = watcher

    @pytest.hookimpl(tryfirst=True)
    def pytest_configure(self, config: pytest.Config) -> None:
        """The session is ready before any plugin asks for it."""
        config.stash[plugin.SESSION] = self._session

    @pytest.hookimpl(tryfirst=True)
    def pytest_runtest_setup(self, item: pytest.Item) -> None:
        """Nobody reads pytest's traceback of a failure here; drawing it would take longer than many a case."""
        vars(item)["repr_failure"] = lambda excinfo: str(excinfo.value)

    def pytest_runtest_logreport(self, report: pytest.TestReport) -> None:
        """A case has ended."""
        if result := plugin.result_in(report):
            self._watcher.ended(result.outcome, result.id)


@contextmanager
def _environment(changes: Mapping[str, str]) -> Iterator[None]:
    before = {name: os.environ.get(name) for name in changes}
    os.environ.update(changes)
    try:
        yield
    finally:
        for name, value in before.items():
            if value is None:
                os.environ.pop(name, None)
            else:
                os.environ[name] = value
