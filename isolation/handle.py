"""A keeper in the hands of the one who gives it orders: started, asked for children, closed."""

from __future__ import annotations

import contextlib
import os
import pickle
import socket
import subprocess
import sys
import tempfile
import threading
from dataclasses import dataclass
from pathlib import Path
from typing import IO, Self

from .child import Order
from .keeper import LENGTH, NUMBER, PRELOADED

#: One thread a process: targets run side by side.
_THREADS = {"OMP_NUM_THREADS": "1", "MKL_NUM_THREADS": "1", "OPENBLAS_NUM_THREADS": "1"}
#: The modules that a keeper has loaded before a child's own packages can be seen.
SHARED = frozenset({name.partition(".")[0] for name in PRELOADED} | {"numpy", "msgspec", "fsqcheck"})
#: Seconds that a closed keeper gets to end its child and itself.
_GRACE = 5.0


class KeeperDiedError(Exception):
    """The keeper is gone; the message says what it printed last."""


@dataclass
class Child:
    """A process that was forked for an order: its id, and the ends of its pipes that are read."""

    pid: int
    channel: int
    output: int

    def close(self) -> None:
        """Closes the pipes."""
        os.close(self.channel)
        os.close(self.output)


class Keeper:
    """A running keeper. `first`: a folder of packages that it loads before all others.

    Raises `KeeperDiedError` where it cannot start.
    """

    def __init__(self, first: Path | None = None) -> None:
        self.first = first
        self._complaints: IO[bytes] = tempfile.TemporaryFile()  # noqa: SIM115  (closed by close)
        ours, its = socket.socketpair()
        with its:
            os.set_inheritable(its.fileno(), True)
            command = [sys.executable, "-m", "fsqcheck.isolation.keeper", str(its.fileno())]
            self._process = subprocess.Popen(
                [*command, *([str(first)] if first else [])],
                pass_fds=[its.fileno()],
                env={**_THREADS, **os.environ, "PYTHONPATH": _path_of_this_process()},
                stdin=subprocess.DEVNULL,
                stdout=subprocess.DEVNULL,
                stderr=self._complaints,
                start_new_session=True,
            )
        self.socket = ours
        self._lock = threading.Lock()
        self._busy = False
        try:
            self._number()
        except KeeperDiedError:
            self.close()
            raise

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def child(self, order: Order) -> Child:
        """Forks a child; `KeeperDiedError`."""
        data = pickle.dumps(order)
        channel, its_channel = (one.detach() for one in socket.socketpair()) if order.serves else os.pipe()
        output, its_output = os.pipe()
        child = Child(0, channel, output)
        try:
            try:
                socket.send_fds(self.socket, [LENGTH.pack(len(data))], [its_channel, its_output])
                self.socket.sendall(data)
            except OSError as error:
                raise KeeperDiedError(self._last_words()) from error
            finally:
                os.close(its_channel)
                os.close(its_output)
            child.pid = self._number()
        except BaseException:
            child.close()
            raise
        self._busy = True
        return child

    def status(self) -> int:
        """The wait status of the child; waits for its end. `KeeperDiedError`."""
        found = self._number()
        self._busy = False
        return found

    def idle(self) -> bool:
        """Whether it lives and can take an order."""
        return not self._busy and not self._complaints.closed and self._process.poll() is None

    def _number(self) -> int:
        data = b""
        while len(data) < NUMBER.size:
            try:
                part = self.socket.recv(NUMBER.size - len(data))
            except OSError:
                part = b""
            if not part:
                raise KeeperDiedError(self._last_words())
            data += part
        (number,) = NUMBER.unpack(data)
        return int(number)

    def stop(self) -> None:
        """Ends it and its child; whoever waits for an answer gets `KeeperDiedError`."""
        with contextlib.suppress(OSError):
            self.socket.shutdown(socket.SHUT_RDWR)
        with self._lock:
            try:
                self._process.wait(_GRACE)
            except subprocess.TimeoutExpired:
                self._process.kill()
                self._process.wait()

    def close(self) -> None:
        """Ends it and lets go of it; nobody may wait for an answer. Once is enough."""
        self.stop()
        self.socket.close()
        self._complaints.close()

    def _last_words(self) -> str:
        with contextlib.suppress(subprocess.TimeoutExpired):
            self._process.wait(_GRACE)
        self._complaints.seek(0)
        lines = self._complaints.read().decode(errors="replace").strip().splitlines()
        return lines[-1] if lines else f"it ended with status {self._process.returncode} and said nothing"


def _path_of_this_process() -> str:
    """The folders in which this process finds fsqcheck, for one that may be started elsewhere."""
    home = str(Path(__file__).parents[2]) if Path(__file__).parents[1].name == "fsqcheck" else ""
    given = os.environ.get("PYTHONPATH", "")
    return os.pathsep.join(part for part in (given, home) if part)
