"""Copies of what is no torch module: by slots, by TorchScript's own file, and none where an object cannot be pickled."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
import torch

from fsqcheck.adapters import Setup, resolve
from fsqcheck.adapters.bridge_torch import TorchBridge
from fsqcheck.reports import ResultLine

from .commands import RIGHT, written
from .test_conformance_catches import ran

PLAIN = f"""
from dataclasses import dataclass
{RIGHT}

@dataclass(frozen=True, slots=True)
class Frozen:
    levels: list
    def __call__(self, z):
        return FSQ(self.levels)(z)

class Slotted:
    __slots__ = ("right",)
    def __init__(self, levels):
        self.right = FSQ(levels)
    def __call__(self, z):
        return self.right(z)

class Stateless:
    __slots__ = ()
    def __init__(self, levels):
        assert levels == [5, 4]
    def __call__(self, z):
        return FSQ([5, 4])(z)

class HoldsAClosure(FSQ):
    def __init__(self, levels):
        super().__init__(levels)
        self.again = lambda z: z

class Unpickles(FSQ):
    def __setstate__(self, state):
        raise OSError("no such disk")
"""


class Doubling(torch.nn.Module):
    def forward(self, z: torch.Tensor) -> torch.Tensor:
        return z * 2


@pytest.mark.parametrize("how", ["deepcopy", "pickle", "state"])
@pytest.mark.parametrize("name", ["Frozen", "Slotted", "Stateless"])
def test_an_object_with_slots_is_copied(name: str, how: str, tmp_path: Path) -> None:
    quantizer = resolve(f"{written(tmp_path, 'slots.py', PLAIN)}:{name}(levels=[5, 4])").build(Setup((5, 4), "widened"))
    copied = quantizer.copied(how)
    z = np.linspace(-2, 2, 8, dtype=np.float32).reshape(1, 4, 2)
    assert copied.quantize(z).codes.tobytes() == quantizer.quantize(z).codes.tobytes()


@pytest.mark.filterwarnings("ignore:`torch.jit:DeprecationWarning")
@pytest.mark.parametrize("training", [True, False])
def test_a_scripted_module_is_saved_as_torchscript(training: bool) -> None:
    scripted = torch.jit.script(Doubling()).train(training)
    copied = TorchBridge().copied(scripted, "pickle", None)
    assert copied is not scripted
    assert (copied.training, copied(torch.ones(1)).item()) == (training, 2.0)


def pickled(folder: Path, name: str) -> ResultLine:
    """What TRN-6 says of a pickled copy of a class above."""
    record = ran(folder, f"{written(folder, 'plain.py', PLAIN)}:{name}", "widened", "TRN-6")
    (found,) = (line for line in record.results if line.variant == "pickle")
    return found


def test_a_plain_object_that_cannot_be_pickled_never_said_that_it_could(tmp_path: Path) -> None:
    found = pickled(tmp_path, "HoldsAClosure")
    assert found.outcome == "unsupported"
    assert str(found.message).startswith("it is a plain object that cannot be pickled: ")


def test_a_plain_object_that_is_pickled_comes_back(tmp_path: Path) -> None:
    found = pickled(tmp_path, "Unpickles")
    assert (found.outcome, found.message) == ("fail", "pickling raises")
