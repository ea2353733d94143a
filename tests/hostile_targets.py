"""Right quantizers that do harm to their process where there is one channel of two levels, one kind of harm each."""

from __future__ import annotations

import contextlib
import ctypes
import os
import signal
import stat
import subprocess
import sys
import time
from collections.abc import Callable

import torch
from torch import Tensor

from fsqcheck.adapters.torch_fsq import TorchFSQ

_HELD: list[Tensor] = []


def _segfaults() -> None:
    ctypes.string_at(0)


def _exits() -> None:
    print("I am leaving", flush=True)
    os._exit(3)


def _hangs() -> None:
    while True:
        time.sleep(1)


def _spins() -> None:
    while True:
        pass


def _wants_too_much_memory() -> None:
    _HELD.append(torch.empty(1 << 36, dtype=torch.uint8))


def _floods() -> None:
    for _ in range(20_000):
        sys.stdout.write("x" * 10_000 + "\n")
    os.write(2, b"the last line")
    os._exit(4)


def _kills_the_process_above() -> None:
    os.kill(os.getppid(), signal.SIGKILL)
    time.sleep(60)


def _leaves_a_process_behind() -> None:
    subprocess.Popen(["sleep", "98765"])
    os._exit(5)


def _raises_at_the_end() -> None:
    sys.exit("somebody called sys.exit")


def _closes_every_file() -> None:
    os.closerange(0, 1024)


def _holds_three_gib() -> None:
    _HELD.append(torch.empty(3 << 30, dtype=torch.uint8))
    _HELD.clear()


def _writes_into_every_pipe() -> None:
    for number in range(3, 64):
        with contextlib.suppress(OSError):
            if stat.S_ISFIFO(os.fstat(number).st_mode):
                os.write(number, b"hello\n")


def harmful(harm: Callable[[], None]) -> type[TorchFSQ]:
    """A quantizer that does its harm in the forward call."""

    def forward(self: TorchFSQ, z: Tensor) -> tuple[Tensor, Tensor]:
        if tuple(self.levels) == (2,):
            harm()
        return TorchFSQ.forward(self, z)

    return type("Harmful", (TorchFSQ,), {"forward": forward})


Segfaults = harmful(_segfaults)
Exits = harmful(_exits)
Hangs = harmful(_hangs)
Spins = harmful(_spins)
WantsTooMuchMemory = harmful(_wants_too_much_memory)
Floods = harmful(_floods)
KillsTheProcessAbove = harmful(_kills_the_process_above)
LeavesAProcessBehind = harmful(_leaves_a_process_behind)
RaisesSystemExit = harmful(_raises_at_the_end)
ClosesEveryFile = harmful(_closes_every_file)
HoldsThreeGib = harmful(_holds_three_gib)
WritesIntoEveryPipe = harmful(_writes_into_every_pipe)
