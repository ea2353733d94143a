"""Which way a run goes: in this process, or with its targets kept apart."""

from __future__ import annotations

import importlib.util
from collections.abc import Callable
from dataclasses import dataclass, replace
from pathlib import Path

from ..conformance.plan import UsageError, Wanted
from ..conformance.run import Ending, Watcher, run_suite
from ..conformance.session import Session, sensible
from ..releases.pin import Pin, PinError, parse_pin
from .job import Limits


@dataclass(frozen=True)
class Apart:
    """How targets are kept apart. `allow_build`: whether the setup code of a release without a wheel may run."""

    limits: Limits = Limits()  # noqa: RUF009  (frozen)
    allow_build: bool = False


def unlimited() -> str | None:
    """Why no target can be kept apart on this machine, in one line; None where it can."""
    if importlib.util.find_spec("resource") is None:
        return "a target can be kept apart on Linux and macOS only; run it in this process, without --isolate"
    return None


def _pinned(wanted: Wanted) -> tuple[Wanted, dict[str, Pin]]:
    """What was asked for with its releases called by their labels, and these; `UsageError` for one spelled wrongly."""
    try:
        found = [(target, parse_pin(target)) for target in wanted.targets]
    except PinError as error:
        raise UsageError(str(error)) from None
    targets = tuple(pin.label if pin else target for target, pin in found)
    return replace(wanted, targets=targets), {pin.label: pin for _, pin in found if pin}


def run_wanted(
    wanted: Wanted,
    report: Path,
    processes: int,
    watcher: Watcher,
    apart: Apart | None = None,
    complain: Callable[[str], None] = lambda _: None,
) -> Ending:
    """Runs what was asked for and writes the record: in this process, unless targets are to be kept apart or pinned.

    `complain` is told why a target cannot be loaded. `UsageError` and `UnwritableReport` before anything runs.
    """
    wanted, pins = _pinned(sensible(wanted))
    if apart is not None or pins:
        if reason := unlimited():
            raise UsageError(reason)
        from .run import jobs_of, run_isolated

        apart = apart or Apart()
        jobs = jobs_of(wanted, pins, apart.limits, processes, apart.allow_build)
        return run_isolated(jobs, wanted, report, processes, watcher, complain)
    session = Session(wanted)
    session.baseline  # noqa: B018  (read here, so that a wrong one is told before anything is loaded)
    session.adapters  # noqa: B018  (loaded here, so that a target's fault is told before anything runs)
    for reason in session.unavailable.values():
        complain(reason)
    return run_suite(session, report, processes, watcher)
