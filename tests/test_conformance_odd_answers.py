"""Answers of the wrong shape are a target's fault, whatever clause reads them; none makes the suite itself fail."""

from __future__ import annotations

from pathlib import Path

import pytest

import fsqcheck

from .commands import written

ODD = """
from fsqcheck.adapters.torch_fsq import TorchFSQ

def spoilt(change):
    class Odd(TorchFSQ):
        def __init__(self, levels):
            super().__init__(levels)
        def forward(self, z):
            return change(*super().forward(z))
    return Odd

Squeezes = spoilt(lambda codes, indices: (codes.squeeze(), indices.squeeze()))
AddsAnAxis = spoilt(lambda codes, indices: (codes[None], indices[None]))
SumsUp = spoilt(lambda codes, indices: (codes.sum(), indices.sum()))
GivesTheFirst = spoilt(lambda codes, indices: (codes[:1], indices[:1]))
GivesNone = spoilt(lambda codes, indices: (codes[:0], indices[:0]))
"""


@pytest.mark.parametrize("name", ["Squeezes", "AddsAnAxis", "SumsUp", "GivesTheFirst", "GivesNone"])
def test_no_answer_breaks_the_run(name: str, tmp_path: Path) -> None:
    record = fsqcheck.check(
        f"{written(tmp_path, 'odd.py', ODD)}:{name}", rules=["widened"], clauses=["SHP", "SYM", "GRD", "TRN"]
    )
    assert record.footer is not None
    assert record.footer.broke is None
    assert {one.outcome for one in record.results} > {"fail"}


SILENT = """
from fsqcheck.adapters.torch_fsq import TorchFSQ

class Silent(TorchFSQ):
    def train(self, mode=True):
        super().train(mode)
"""


def test_a_switch_of_the_mode_that_gives_nothing_back_is_named(tmp_path: Path) -> None:
    record = fsqcheck.check(f"{written(tmp_path, 'silent.py', SILENT)}:Silent", rules=["widened"])
    (target,) = record.targets
    assert "its eval() gives NoneType; nn.Module's gives the module itself" in str(target)
