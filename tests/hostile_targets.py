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


class _Harmful(TorchFSQ):
    """A quantizer that does its harm in the forward call."""

    harm: Callable[[], None]

    def forward(self, z: Tensor) -> tuple[Tensor, Tensor]:
        if tuple(self.levels) == (2,):
            type(self).harm()
        return super().forward(z)


class Segfaults(_Harmful):
    harm = staticmethod(_segfaults)


class Exits(_Harmful):
    harm = staticmethod(_exits)


class Hangs(_Harmful):
    harm = staticmethod(_hangs)


class Spins(_Harmful):
    harm = staticmethod(_spins)


class WantsTooMuchMemory(_Harmful):
    harm = staticmethod(_wants_too_much_memory)


class Floods(_Harmful):
    harm = staticmethod(_floods)


class KillsTheProcessAbove(_Harmful):
    harm = staticmethod(_kills_the_process_above)


class LeavesAProcessBehind(_Harmful):
    harm = staticmethod(_leaves_a_process_behind)


class RaisesSystemExit(_Harmful):
    harm = staticmethod(_raises_at_the_end)


class ClosesEveryFile(_Harmful):
    harm = staticmethod(_closes_every_file)


def _holds_three_gib() -> None:
    _HELD.append(torch.empty(3 << 30, dtype=torch.uint8))
    _HELD.clear()


class HoldsThreeGib(_Harmful):
    harm = staticmethod(_holds_three_gib)


def _writes_into_every_pipe() -> None:
    for number in range(3, 64):
        with contextlib.suppress(OSError):
            if stat.S_ISFIFO(os.fstat(number).st_mode):
                os.write(number, b"hello\n")


class WritesIntoEveryPipe(_Harmful):
    harm = staticmethod(_writes_into_every_pipe)
