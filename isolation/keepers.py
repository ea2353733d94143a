"""Keepers that are lent to jobs, and go on to the next one."""

from __future__ import annotations

import atexit
import threading
from collections.abc import Iterable
from pathlib import Path
from typing import Self

from .handle import Keeper, KeeperDiedError


class Keepers:
    """The keepers of this process. One that has no folder of its own goes on to the next job.

    `rules`: those by which targets were judged so far; the next ones are most likely judged by them too.
    """

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._idle: list[Keeper] = []
        self._all: set[Keeper] = set()
        self.closings = 0
        self.rules: frozenset[str] = frozenset()

    def take(self, first: Path | None, closings: int) -> Keeper:
        """A keeper, an idle one if there is one; `KeeperDiedError`, also when all were closed since it was planned."""
        with self._lock:
            if closings != self.closings:
                raise KeeperDiedError("the run was ended")
            while first is None and self._idle:
                if (found := self._idle.pop()).idle():
                    return found
        keeper = Keeper(first)
        with self._lock:
            if closings == self.closings:
                self._all.add(keeper)
                return keeper
        keeper.close()
        raise KeeperDiedError("the run was ended")

    def give(self, keeper: Keeper) -> None:
        """Back from a job: kept for the next one if it can go on."""
        with self._lock:
            if keeper.first is None and keeper.idle():
                self._idle.append(keeper)
                return
            self._all.discard(keeper)
        keeper.close()

    def close(self) -> None:
        """Ends them all, and the children that they have."""
        with self._lock:
            lent = self._all - set(self._idle)
            idle, self._all, self._idle = self._idle, set(), []
            self.closings += 1
        for keeper in lent:  # its job lets go of it
            keeper.stop()
        for keeper in idle:
            keeper.close()


class Lease:
    """The keeper of one job, replaced when it has died."""

    def __init__(self, keepers: Keepers, first: Path | None) -> None:
        self._keepers = keepers
        self._first = first
        self._closings = keepers.closings
        self._keeper: Keeper | None = None

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        if self._keeper is not None:
            self._keepers.give(self._keeper)

    @property
    def rules(self) -> tuple[str, ...]:
        """The rules by which targets were judged so far."""
        return tuple(sorted(self._keepers.rules))

    def judged_by(self, rules: Iterable[str]) -> None:
        """The job's target is judged by these rules."""
        self._keepers.rules |= frozenset(rules)

    def keeper(self) -> Keeper:
        """A keeper that can take an order. `KeeperDiedError`."""
        if self._keeper is not None and not self._keeper.idle():
            self._keepers.give(self._keeper)
            self._keeper = None
        if self._keeper is None:
            self._keeper = self._keepers.take(self._first, self._closings)
        return self._keeper


KEEPERS = Keepers()
atexit.register(KEEPERS.close)
