"""How far a run is, on a terminal: a bar that tests' captured output cannot disturb; plain lines elsewhere."""

from __future__ import annotations

import os
import sys
import time
from types import TracebackType
from typing import Self

from rich.console import Console
from rich.progress import (
    BarColumn,
    MofNCompleteColumn,
    ProgressColumn,
    TextColumn,
    TimeElapsedColumn,
    TimeRemainingColumn,
)
from rich.progress import Progress as Bar

#: Where there is no bar, a line says so often how far a run is, in seconds.
EVERY_S = 60.0
_BAD = ("fail", "error", "crash", "timeout")


def _bar(console: Console, *counts: ProgressColumn) -> Bar:
    """A bar with these columns between it and the time; nothing where there is no terminal."""
    return Bar(
        TextColumn("{task.description}", markup=False),
        BarColumn(bar_width=24),
        *counts,
        TimeElapsedColumn(),
        TextColumn("left"),
        TimeRemainingColumn(),
        TextColumn("{task.fields[bad]}", markup=False),
        console=console,
        transient=True,
        disable=not console.is_terminal,
    )


class Passing:
    """A watcher of a sweep: how many inputs have gone through, how many a second, and how long the rest will take."""

    def __init__(self) -> None:
        self._console = Console(stderr=True, highlight=False, emoji=False)
        self._bar = _bar(
            self._console, TextColumn("{task.percentage:>3.0f}%"), TextColumn("{task.fields[rate]}", markup=False)
        )
        self._task = self._bar.add_task("loading", total=None, rate="", bad="")
        self._bad = 0

    def __enter__(self) -> Self:
        self._bar.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, traceback: TracebackType | None
    ) -> None:
        self._bar.stop()

    def planned(self, inputs: int, done: int) -> None:
        """So many inputs, of which so many were tried before."""
        self._bar.update(self._task, description="sweeping", total=inputs, completed=done)
        if not self._console.is_terminal:
            before = f", {done:,} of them were tried before" if done else ""
            self._console.print(f"fsqcheck: sweeping {inputs:,} inputs{before}", markup=False, soft_wrap=True)

    def tried(self, inputs: int, faults: int) -> None:
        """So many more, in a range with so many kinds of faults."""
        self._bad += faults > 0
        self._bar.update(self._task, advance=inputs, bad=f"{self._bad} ranges not right" if self._bad else "")
        if (speed := self._bar.tasks[0].speed) is not None:
            self._bar.update(self._task, rate=f"{speed / 1e6:,.0f} million/s")


class Progress:
    """A watcher of a run. It writes to a copy of stderr, as pytest redirects the original while tests run."""

    def __init__(self) -> None:
        self._stream = os.fdopen(os.dup(sys.stderr.fileno()), "w", encoding="utf-8", errors="replace")
        self._console = Console(file=self._stream, highlight=False, emoji=False)
        self._bar = _bar(self._console, MofNCompleteColumn())
        self._task = self._bar.add_task("loading", total=None, bad="")
        self._bad = 0
        self._started = self._said = time.monotonic()

    def __enter__(self) -> Self:
        self._bar.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, traceback: TracebackType | None
    ) -> None:
        self.close()

    def close(self) -> None:
        """Takes the bar away; once is enough."""
        if not self._stream.closed:
            self._bar.stop()
            self._stream.close()

    def say(self, text: str) -> None:
        """What is being done, before there is anything to count."""
        self._bar.update(self._task, description=text[:60])

    def complain(self, text: str) -> None:
        """One line that stays."""
        self._console.print(f"fsqcheck: {text}", markup=False, soft_wrap=True)

    def planned(self, number: int, of: str = "cases") -> None:
        """So many will be run."""
        self._bar.update(self._task, description="checking", total=number)
        if not self._console.is_terminal:
            self._console.print(f"fsqcheck: checking {number} {of}", markup=False, soft_wrap=True)
            self._stream.flush()

    def ended(self, outcome: str, id: str) -> None:
        """A case has ended, or a release."""
        self._bad += outcome in _BAD
        self._bar.update(
            self._task, advance=1, description=id.partition("/")[0], bad=f"{self._bad} not right" if self._bad else ""
        )
        now = time.monotonic()
        if not self._console.is_terminal and now - self._said >= EVERY_S:
            self._said, task = now, self._bar.tasks[0]
            of = f" of {task.total:.0f}" if task.total else ""
            line = f"fsqcheck: {task.completed:.0f}{of} after {now - self._started:.0f} s; the last is {id}"
            self._console.print(line, markup=False, soft_wrap=True)
            self._stream.flush()
