"""Devices that were lost: after a device-side assertion nothing works on them any more, until another process begins.

An index out of range is enough. CUDA says so at the next question, whoever asks it, so each case is waited for, and the loss
is a crash of the case that caused it. A worker of pytest-xdist then ends, as does the child of `--isolate`: others start and
go on. In a process that nobody replaces the cases that are left are not run.
"""

from __future__ import annotations

import os
from typing import TYPE_CHECKING

import pytest

if TYPE_CHECKING:
    from .subject import Subject

#: Set where another process takes the place of this one when it ends.
REPLACED = pytest.StashKey[bool]()

#: The exit status of a process that has lost a device: EX_SOFTWARE.
STATUS = 70


class Losses:
    """The devices that this process has lost: device → in which case."""

    def __init__(self, config: pytest.Config) -> None:
        self._replaced = hasattr(config, "workerinput") or config.stash.get(REPLACED, False)
        self._lost: dict[str, str] = {}

    def before(self, device: str) -> str | None:
        """Why nothing can be judged on a device any more; None where it can."""
        if device not in self._lost:
            return None
        return (
            f"the {device} device was lost in {self._lost[device]}; with --isolate what comes after is run all the same"
        )

    def after(self, subject: Subject) -> str | None:
        """What the device of a case that has ended says, if it is lost."""
        from ..adapters import loss_of

        device = subject.case.device
        said = None if device == "cpu" or device in self._lost else loss_of(subject.adapter, device)
        if said is not None:
            self._lost[device] = subject.case.id
        return said

    @pytest.hookimpl(trylast=True)
    def pytest_runtest_logreport(self, report: pytest.TestReport) -> None:
        """Ends a process that is replaced, as soon as the result of its last case is away."""
        if self._replaced and self._lost and report.when == "call":
            os._exit(STATUS)
