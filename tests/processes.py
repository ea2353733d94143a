"""Other processes of this machine, as /proc shows them: a bare machine has no pgrep."""

from __future__ import annotations

import contextlib
import time
from collections.abc import Iterator
from pathlib import Path


def _all() -> Iterator[tuple[int, int, bytes]]:
    """The id, the parent's id and the command line of each process that lives."""
    for folder in Path("/proc").iterdir():
        if folder.name.isdigit():
            with contextlib.suppress(OSError):
                # The name in parentheses may hold anything; state and parent follow the last of them.
                state, parent = (folder / "stat").read_text().rpartition(")")[2].split()[:2]
                if state != "Z":
                    yield int(folder.name), int(parent), (folder / "cmdline").read_bytes()


def children_of(pid: int) -> list[int]:
    """The processes that this one started."""
    return [child for child, parent, _ in _all() if parent == pid]


def running(words: bytes) -> list[int]:
    """The processes whose arguments, joined by spaces, are these words."""
    return [pid for pid, _, line in _all() if line.replace(b"\0", b" ").strip() == words]


def wait_until_gone(*pids: int, seconds: float = 30) -> None:
    """Waits; `AssertionError` when one is still there in the end."""
    end = time.monotonic() + seconds
    while left := {pid for pid, _, _ in _all()} & set(pids):
        assert time.monotonic() < end, f"{left} are still there"
        time.sleep(0.1)
