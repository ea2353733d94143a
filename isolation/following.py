"""Following a child: what it says, what it prints last, when it is ended, and how it ended."""

from __future__ import annotations

import contextlib
import os
import selectors
import signal
import time
from collections.abc import Iterator
from enum import Enum

from .channel import Said, heard
from .child import Order
from .handle import Keeper, KeeperDiedError

#: How much of what a target printed last is kept, in bytes; a fatal error with its stack fits.
_TAIL = 16384
#: How many lines of it are shown, and how much of each.
_LINES, _WIDTH = 12, 300
#: How Python begins to say that a signal ended it; the innermost call follows first.
_FATAL = "Fatal Python error"
_CHUNK = 1 << 16


class Stray(Enum):
    """A line on the channel that the suite did not write."""

    LINE = "a line that is none of the record's"


class Followed:
    """One child, from its fork to its end. `deadline`: when it is ended by force, on the monotonic clock.

    `KeeperDiedError` where no child can be had.
    """

    def __init__(self, keeper: Keeper, order: Order, deadline: float) -> None:
        self.deadline = deadline
        self.expired = False
        self.keeper_died = False
        self._keeper = keeper
        self._status: int | None = None
        self._printed = b""
        self._rest = b""
        self._child = keeper.child(order)

    def said(self) -> Iterator[Said | Stray]:
        """What the child says, in order, until it has ended."""
        child = self._child
        try:
            with selectors.DefaultSelector() as waiting:
                for source in (child.channel, child.output):
                    os.set_blocking(source, False)
                    waiting.register(source, selectors.EVENT_READ)
                waiting.register(self._keeper.socket, selectors.EVENT_READ)
                while self._status is None and not self.keeper_died:
                    left = self.deadline - time.monotonic()
                    if left <= 0 and not self.expired:
                        self.expired = True
                        self._kill()
                    for key, _ in waiting.select(None if self.expired or left == float("inf") else left):
                        if key.fd == child.channel:
                            yield from self._lines(self._read(waiting, child.channel))
                        elif key.fd == child.output:
                            self._printed = (self._printed + self._read(waiting, child.output))[-_TAIL:]
                        else:
                            self._ended()
                while part := self._read(None, child.channel):
                    yield from self._lines(part)
                while part := self._read(None, child.output):
                    self._printed = (self._printed + part)[-_TAIL:]
        finally:
            self._kill()
            child.close()

    def how(self) -> str:
        """How it ended, in words that follow “the process”."""
        if self.keeper_died or self._status is None:
            return "was killed together with the one that started it"
        code = os.waitstatus_to_exitcode(self._status)
        if code >= 0:
            return f"ended itself with exit status {code}"
        with contextlib.suppress(ValueError):
            return f"was ended by {signal.Signals(-code).name}{_MEANT.get(-code, '')}"
        return f"was ended by signal {-code}"

    def last_output(self) -> str:
        """The last lines that it printed, or the first that Python itself did when a signal ended it."""
        text = self._printed.decode("utf-8", "replace").strip()
        fatal = text.rfind(_FATAL)
        lines = text[fatal:].splitlines()[:_LINES] if fatal >= 0 else text.splitlines()[-_LINES:]
        return "\n".join(line[:_WIDTH] for line in lines)

    def _lines(self, data: bytes) -> Iterator[Said | Stray]:
        *lines, self._rest = (self._rest + data).split(b"\n")
        for line in lines:
            found = heard(line)
            yield Stray.LINE if found is None else found

    @staticmethod
    def _read(waiting: selectors.BaseSelector | None, source: int) -> bytes:
        try:
            data = os.read(source, _CHUNK)
        except BlockingIOError:
            return b""
        if not data and waiting is not None:
            waiting.unregister(source)
        return data

    def _ended(self) -> None:
        try:
            self._status = self._keeper.status()
        except KeeperDiedError:
            self.keeper_died = True
            self._kill()

    def _kill(self) -> None:
        """The child, unless it has ended, and whatever it started and left behind."""
        for end in (os.killpg, os.kill) if self._status is None else (os.killpg,):
            with contextlib.suppress(ProcessLookupError, PermissionError):
                end(self._child.pid, signal.SIGKILL)


_MEANT: dict[int, str] = {
    signal.SIGSEGV: " (it touched memory that is not its own)",
    signal.SIGKILL: " (by itself, or because the machine had no memory left)",
    signal.SIGABRT: " (it gave itself up)",
}
