"""Small targets for sweeps: right ones that are wrong at one float, or do something else that only a sweep would see."""

from __future__ import annotations

from fsqcheck.sweeping import Question, SweepRecord

#: A right torch FSQ whose forward call a line of Python can spoil; `at(z, bits)` is true at one bit pattern.
TORCH = """
import os, signal, time
import torch
from fsqcheck.adapters.torch_fsq import TorchFSQ

def at(z, bits):
    integer = {{2: torch.int16, 4: torch.int32, 8: torch.int64}}[z.element_size()]
    turn = 1 << (8 * z.element_size() - 1)
    return z.contiguous().view(integer) == (bits - 2 * turn if bits >= turn else bits)

class FSQ(TorchFSQ):
    def __init__(self, levels, rule="{rule}"):
        super().__init__(levels, rule)

    def forward(self, z):
        codes, indices = super().forward(z)
        {spoil}
        return codes, indices
"""

#: The same in NumPy.
NUMPY = """
import numpy as np
from fsqcheck.reference import FSQ as Reference

class FSQ(Reference):
    def __init__(self, levels):
        super().__init__(levels, "{rule}")

    def __call__(self, z):
        codes, indices = super().__call__(z)
        at = lambda z, bits: z.view(f"u{{z.dtype.itemsize}}") == bits
        {spoil}
        return codes, indices
"""


def spoilt(spoil: str = "pass", rule: str = "widened", base: str = TORCH) -> str:
    """The source of a file with such a class."""
    return base.format(spoil=spoil, rule=rule)


def options(asked: Question) -> tuple[str, ...]:
    """The command line of a question."""
    found = ["--rule", asked.rule, "--levels", ",".join(map(str, asked.levels))]
    found += ["--dtype", asked.dtype, "--mode", asked.mode]
    for name, bits in (("--from", asked.first), ("--to", asked.end)):
        found += [] if bits is None else [name, hex(bits)]
    return (asked.target, *found)


def content(record: SweepRecord) -> object:
    """All of a record but times and memory, which differ from one run to the next."""
    import msgspec

    def plain(value: object) -> object:
        if isinstance(value, dict):
            return {name: plain(item) for name, item in value.items() if name not in _LOOSE}
        return [plain(item) for item in value] if isinstance(value, list) else value

    lines = [record.header, record.target, *record.ranges.values(), record.result]
    return [plain(msgspec.to_builtins(line, str_keys=True)) for line in lines]


_LOOSE = {"started", "finished", "seconds", "peak_mib", "device_mib", "command"}
