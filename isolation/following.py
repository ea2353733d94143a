"""Following a child that runs the suite: what it says, line by line, until it has ended or is ended."""

from __future__ import annotations

import os
import selectors
import time
from collections.abc import Iterator
from enum import Enum

from .channel import Said, heard
from .child import Order
from .handle import Keeper
from .watching import Watched


class Stray(Enum):
    """A line on the channel that the suite did not write."""

    LINE = "a line that is none of the record's"


class Followed(Watched):
    """A child and what it says. `deadline`: when it is ended by force, on the monotonic clock."""

    def __init__(self, keeper: Keeper, order: Order, deadline: float) -> None:
        super().__init__(keeper, order)
        self.deadline = deadline
        self._rest = b""

    def said(self) -> Iterator[Said | Stray]:
        """What the child says, in order, until it has ended."""
        child = self.child
        try:
            with selectors.DefaultSelector() as waiting:
                for source in (child.channel, child.output):
                    os.set_blocking(source, False)
                    waiting.register(source, selectors.EVENT_READ)
                waiting.register(self.keeper.socket, selectors.EVENT_READ)
                while not self.ended:
                    left = self.deadline - time.monotonic()
                    if left <= 0 and not self.expired:
                        self.expired = True
                        self.kill()
                    for key, _ in waiting.select(None if self.expired or left == float("inf") else left):
                        if key.fd == child.channel:
                            yield from self._lines(self.read(waiting, child.channel))
                        elif key.fd == child.output:
                            self.listen(waiting)
                        else:
                            self.reap()
                while part := self.read(None, child.channel):
                    yield from self._lines(part)
                self.rest()
        finally:
            self.kill()
            child.close()

    def _lines(self, data: bytes) -> Iterator[Said | Stray]:
        *lines, self._rest = (self._rest + data).split(b"\n")
        for line in lines:
            found = heard(line)
            yield Stray.LINE if found is None else found
