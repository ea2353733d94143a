"""What a run on a CUDA device does, on a bridge that stands for one: the plan, the judgement and the record."""

from __future__ import annotations

import importlib

import pytest

import fsqcheck
from fsqcheck.adapters import frameworks, resolve
from fsqcheck.reports import BAD

from .mutants.matrix import matrix, objections
from .mutants.offender import MUTANTS
from .mutants.table import OFFENDERS

TARGET = "fsqcheck.tests.mutants.making:adapted(bridge='AsIfOnCuda')"


def test_a_right_quantizer_passes_the_whole_suite_on_a_device() -> None:
    record = fsqcheck.check(TARGET, rules=["widened", "symmetric"], devices=["cuda"])
    assert [(one.id, one.message) for one in record.results if one.outcome in BAD] == []
    assert {one.device for one in record.results} == {"cuda"}
    assert {"DEV-1", "DEV-2", "DEV-3", "DEV-4"} <= {one.clause for one in record.results if one.outcome == "pass"}


#: Clauses that look at memory which the suite and the target share on a CPU, and do not on a device.
OF_MEMORY = ("SHP-6", "SHP-7")


@pytest.fixture
def as_if_on_cuda(monkeypatch: pytest.MonkeyPatch) -> None:
    """Every torch class is taken over the bridge that stands for a device."""
    making = importlib.import_module(f"{MUTANTS}.making")  # under the name by which targets are known
    monkeypatch.setattr(frameworks, "_torch", making.AsIfOnCuda)
    monkeypatch.setitem(frameworks.FRAMEWORKS, "torch", making.AsIfOnCuda)
    monkeypatch.setitem(making._BRIDGES, "TorchBridge", making.AsIfOnCuda)


@pytest.mark.usefixtures("as_if_on_cuda")
@pytest.mark.parametrize("clause", OF_MEMORY)
def test_what_is_wrong_with_memory_is_caught_on_a_device_too(clause: str) -> None:
    there = [one for one in OFFENDERS if one.clause == clause and "cuda" in resolve(one.target).devices()]
    assert len(there) >= 3
    assert [one.words for one in objections(matrix(there, [clause], device="cuda"), [])] == []


@pytest.mark.usefixtures("as_if_on_cuda")
@pytest.mark.parametrize("name", ["TanhIsNegated", "LosesItsTopLevel", "FloorsInsteadOfRounding"])
def test_a_level_that_is_wrong_on_the_cpu_too_is_no_disagreement(name: str) -> None:
    (found,) = matrix([one for one in OFFENDERS if one.name == name], ["DEV-2"], share=1, device="cuda").values()
    assert found == {}
