"""The keeper: a process that has loaded what all targets need, and forks a child of itself for each order.

It runs no code of a target's. It speaks over one Unix socket: an order with the two file descriptors of the child, then
the child's process id, then, when it has ended, how. When the socket closes, so does it, and its child with it.
"""

from __future__ import annotations

import contextlib
import gc
import importlib
import os
import pickle
import select
import signal
import socket
import struct
import sys
from typing import TYPE_CHECKING, NoReturn

if TYPE_CHECKING:
    from .child import Order

#: What is loaded once: torch with what most libraries need of it, and what the suite itself needs.
PRELOADED = ("torch", "torch._dynamo", "sympy", "hypothesis", "mpmath", "ml_dtypes", "pytest")
#: The header of a message: its length in bytes.
LENGTH = struct.Struct("!Q")
#: The answers: a process id, and a wait status.
NUMBER = struct.Struct("!q")


def preload() -> None:
    """Loads what all children share; a machine without torch has keepers too."""
    for name in PRELOADED:
        with contextlib.suppress(ImportError):
            importlib.import_module(name)
    from ..conformance.session import checks
    from . import child  # noqa: F401

    list(checks())
    gc.freeze()  # what is shared with the children is not searched for garbage, and so stays shared


def keep(line: socket.socket) -> None:
    """Takes orders until the socket closes."""
    reading, writing = os.pipe()
    os.set_blocking(writing, False)
    signal.set_wakeup_fd(writing, warn_on_full_buffer=False)
    signal.signal(signal.SIGCHLD, lambda *_: None)
    signal.signal(signal.SIGINT, signal.SIG_IGN)  # Ctrl-C is for the one who gives the orders
    warmed: set[tuple[str, str]] = set()
    while (received := _received(line)) is not None:
        data, channel, output = received
        order = pickle.loads(data)  # from the process that started this one
        _warm(order, warmed)
        child = os.fork()
        if child == 0:
            signal.set_wakeup_fd(-1)
            for number in (reading, writing, line.fileno()):
                os.close(number)
            _become(order, channel, output)
        os.close(channel)
        os.close(output)
        line.sendall(NUMBER.pack(child))
        status = _waited(line, reading, child)
        if status is None:
            return
        line.sendall(NUMBER.pack(status))


def _warm(order: Order, warmed: set[tuple[str, str]]) -> None:
    """Computes what the children under these rules would each compute anew."""
    from ..conformance.warming import warm

    tier = order.job.wanted.tier
    new = [] if order.job.wanted.levels else [rule for rule in order.rules if (rule, tier) not in warmed]
    if new:
        warm(new, tier)
        warmed |= {(rule, tier) for rule in new}
        gc.freeze()


def _become(order: Order, channel: int, output: int) -> NoReturn:
    from .child import live

    try:
        live(order, channel, output)
    finally:
        os._exit(70)


def _received(line: socket.socket) -> tuple[bytes, int, int] | None:
    """An order, and the file descriptors that came with it; None when the socket has closed."""
    head, descriptors, _, _ = socket.recv_fds(line, LENGTH.size, 2)
    if not head:
        return None
    head += exactly(line, LENGTH.size - len(head))
    (length,) = LENGTH.unpack(head)
    channel, output = descriptors
    return exactly(line, length), channel, output


def exactly(line: socket.socket, length: int) -> bytes:
    """So many bytes; `EOFError` when the other end closes before."""
    parts = bytearray()
    while len(parts) < length:
        part = line.recv(min(1 << 20, length - len(parts)))
        if not part:
            raise EOFError("the other end closed the socket within a message")
        parts += part
    return bytes(parts)


def _waited(line: socket.socket, wakes: int, child: int) -> int | None:
    """The wait status of a child when it has ended; None when the socket closed before, and the child was ended."""
    while True:
        found, status = os.waitpid(child, os.WNOHANG)
        if found:
            return status
        ready, _, _ = select.select([line.fileno(), wakes], [], [])
        if wakes in ready:
            os.read(wakes, 4096)
        if line.fileno() in ready and not line.recv(1, socket.MSG_PEEK):
            with contextlib.suppress(ProcessLookupError, PermissionError):
                os.killpg(child, signal.SIGKILL)
            with contextlib.suppress(ProcessLookupError):
                os.kill(child, signal.SIGKILL)
            os.waitpid(child, 0)
            return None


def main() -> None:
    """`python -m fsqcheck.isolation.keeper SOCKET [FOLDER]`: the folder goes before all others before anything loads."""
    line = socket.socket(fileno=int(sys.argv[1]))
    sys.path[:0] = sys.argv[2:]
    preload()
    line.sendall(NUMBER.pack(os.getpid()))
    with contextlib.suppress(EOFError, BrokenPipeError, ConnectionResetError):
        keep(line)


if __name__ == "__main__":
    # Under its own name, so that what it unpickles is made of the same classes.
    importlib.import_module("fsqcheck.isolation.keeper").main()
