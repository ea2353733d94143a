"""A conversation with a child that serves a target: a question, and its answer or the child's end."""

from __future__ import annotations

import os
import selectors
import socket
import time

from . import wire
from .child import Order
from .handle import Keeper
from .keeper import LENGTH
from .watching import Watched

#: Bytes that are sent or read at once.
_CHUNK = 1 << 20


class TargetDiedError(Exception):
    """The target's process is gone, or was ended; the message says how, and what it last printed."""


class Conversation(Watched):
    """A child that answers. `patience`: seconds for each answer; `memory`: bytes that an answer may have at most."""

    def __init__(self, keeper: Keeper, order: Order, patience: float, memory: int) -> None:
        super().__init__(keeper, order)
        self._patience = patience
        self._memory = memory
        self._line = socket.socket(fileno=self.child.channel)
        self._line.setblocking(False)
        os.set_blocking(self.child.output, False)
        self._dead: str | None = None

    def ask(self, question: wire.Asked | None) -> wire.Reply:
        """The answer to a question, or, to None, what the child says of itself first; `TargetDiedError`."""
        if self._dead is not None:
            raise TargetDiedError(self._dead)
        try:
            data = b"" if question is None else wire.encoded(question)
            sent = LENGTH.pack(len(data)) + data if question is not None else b""
            return wire.replied(self._turn(sent))
        except BaseException as error:
            stray = isinstance(error, wire.StrayMessageError)
            self._end("wrote into the suite's own line" if stray else None)
            if stray or isinstance(error, EOFError):
                raise TargetDiedError(self._dead) from None
            raise

    def close(self) -> None:
        """Ends the child; its keeper can take another order. Once is enough."""
        if self._dead is None:
            self._end("was ended")

    def _turn(self, sent: bytes) -> bytes:
        """Sends all, and gives the message that comes back; `EOFError` when none comes in time."""
        deadline = time.monotonic() + self._patience
        rest, got, length = memoryview(sent), bytearray(), None
        with selectors.DefaultSelector() as waiting:
            waiting.register(self._line, selectors.EVENT_READ | (selectors.EVENT_WRITE if sent else 0))
            waiting.register(self.child.output, selectors.EVENT_READ)
            waiting.register(self.keeper.socket, selectors.EVENT_READ)
            while length is None or len(got) < length:
                if (left := deadline - time.monotonic()) <= 0:
                    self.expired = True
                    raise EOFError
                for key, ready in waiting.select(left):
                    if key.fileobj is self._line:
                        if ready & selectors.EVENT_WRITE:
                            rest = rest[self._line.send(rest[:_CHUNK]) :]
                            if not rest:
                                waiting.modify(self._line, selectors.EVENT_READ)
                        if ready & selectors.EVENT_READ:
                            if not (part := self._line.recv(_CHUNK)):
                                raise EOFError
                            got += part
                    elif key.fd == self.child.output:
                        self.listen(waiting)
                    else:
                        self.reap()
                        raise EOFError
                if length is None and len(got) >= LENGTH.size:
                    (length,) = LENGTH.unpack(got[: LENGTH.size])
                    del got[: LENGTH.size]
                    if length > self._memory:
                        raise wire.StrayMessageError(f"an answer of {length} bytes")
        return bytes(got)

    def _end(self, how: str | None) -> None:
        """The end of the child, which has ended itself or is ended now, and in words how."""
        if self.expired:
            how = f"gave no answer within {self._patience:g} s and was ended"
        if how is not None:
            self.kill()
        if not self.ended:
            self.reap()
        self.rest()
        self._dead = f"the process {how or self.how()}{self.last_words()}"
        self.kill()
        self._line.close()
        os.close(self.child.output)
