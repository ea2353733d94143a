"""A child in the eyes of the process that asked for it: what it prints last, its end by force, and how it ended."""

from __future__ import annotations

import contextlib
import os
import re
import selectors
import signal

from ..reports import plain
from .child import Order
from .handle import Keeper, KeeperDiedError

#: How much of what a target printed last is kept, in bytes; a fatal error with its stack fits.
_TAIL = 16384
#: How many lines of it are shown, and how much of each.
_LINES, _WIDTH = 12, 300
#: How Python begins to say that a signal ended it; the innermost call follows first.
_FATAL = "Fatal Python error"
_CURRENT = "Current thread"
_INNERMOST = re.compile(r'File "(.*)", line (\d+) in (.*)')
_CHUNK = 1 << 16


class Watched:
    """One child, from its fork to its end. `KeeperDiedError` where no child can be had."""

    def __init__(self, keeper: Keeper, order: Order) -> None:
        self.expired = False
        self.keeper_died = False
        self.keeper = keeper
        self.child = keeper.child(order)
        self._status: int | None = None
        self._printed = b""

    @property
    def ended(self) -> bool:
        """Whether it has ended, as far as is known."""
        return self._status is not None or self.keeper_died

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

    def last_words(self) -> str:
        """What it printed last, or where it was when a signal ended it, in words that follow `how`; "" where it said nothing."""
        text = self._printed.decode("utf-8", "replace").strip()
        if (fatal := text.rfind(_FATAL)) >= 0 and (call := _INNERMOST.search(text, max(fatal, text.rfind(_CURRENT)))):
            file, line, function = call.groups()
            return f"; it was in {plain.line(f'{function} at {file}:{line}', 200)}"
        return f"; it last printed {plain.line(text.splitlines()[-1], 200)!r}" if text else ""

    def listen(self, waiting: selectors.BaseSelector) -> None:
        """What it printed, without waiting for more."""
        self._printed = (self._printed + self.read(waiting, self.child.output))[-_TAIL:]

    def rest(self) -> None:
        """What it printed before its end."""
        while part := self.read(None, self.child.output):
            self._printed = (self._printed + part)[-_TAIL:]

    @staticmethod
    def read(waiting: selectors.BaseSelector | None, source: int) -> bytes:
        """What a pipe holds now; one that has ended is not waited for any more."""
        try:
            data = os.read(source, _CHUNK)
        except BlockingIOError:
            return b""
        if not data and waiting is not None:
            waiting.unregister(source)
        return data

    def reap(self) -> None:
        """Hears from the keeper how it ended."""
        try:
            self._status = self.keeper.status()
        except KeeperDiedError:
            self.keeper_died = True
            self.kill()

    def kill(self) -> None:
        """Ends the child, unless it has ended, and whatever it started and left behind."""
        for end in (os.killpg, os.kill) if self._status is None else (os.killpg,):
            with contextlib.suppress(ProcessLookupError, PermissionError):
                end(self.child.pid, signal.SIGKILL)


_MEANT: dict[int, str] = {
    signal.SIGSEGV: " (it touched memory that is not its own)",
    signal.SIGKILL: " (by itself, or because the machine had no memory left)",
    signal.SIGABRT: " (it gave itself up)",
}
