"""The suite on a CUDA device: needs one, and is skipped with its reason elsewhere."""

from __future__ import annotations

from pathlib import Path

import pytest
import torch

from fsqcheck.adapters import resolve
from fsqcheck.reports import read
from fsqcheck.sweeping import read_sweep

from .commands import fsqcheck
from .mutants.matrix import matrix, objections
from .mutants.table import OFFENDERS
from .sweep_miniatures import spoilt

pytestmark = pytest.mark.skipif(not torch.cuda.is_available(), reason="needs a CUDA device")


def test_the_whole_suite_runs_there_and_torch_fsq_conforms(tmp_path: Path) -> None:
    said = fsqcheck("run", "torch-fsq", "--device", "cuda", "--report", "r.jsonl", "-q", cwd=tmp_path)
    record = read(tmp_path / "r.jsonl")
    assert said.status == 0, said
    assert {result.device for result in record.results} == {"cuda"}
    judged = {result.clause for result in record.results if result.outcome == "pass"}
    assert {"DEV-1", "DEV-2", "DEV-3", "DEV-4"} <= judged


def test_agreement_with_the_cpu_is_judged_when_both_devices_are_asked_for(tmp_path: Path) -> None:
    devices = ("--device", "cpu", "--device", "cuda")
    said = fsqcheck("run", "torch-fsq", *devices, "--rule", "widened", "--clause", "DEV", "-q", cwd=tmp_path)
    assert said.status == 0, said


#: Among how many runs the mutants are spread, so that processes can share them.
RUNS = 32


@pytest.mark.parametrize("run", range(RUNS))
def test_mutants_are_caught_there_too_and_nothing_else_is_blamed(run: int) -> None:
    """But for those that stand for a device, as there is one."""
    there = [one for one in OFFENDERS[run::RUNS] if one.door in ("class", "adapter", "rules")]
    there = [one for one in there if "cuda" in resolve(one.target).devices()]
    assert there
    assert [one.words for one in objections(matrix(there, device="cuda"), [])] == []


def test_every_float32_takes_on_the_device_a_level_that_the_exact_staircase_allows(tmp_path: Path) -> None:
    """As on a CPU: so both agree outside the bands, input by input."""
    options = ("--rule", "widened", "--levels", "8", "--device", "cuda", "--report", "s.jsonl", "-q")
    said = fsqcheck("sweep", "torch-fsq", *options, cwd=tmp_path)
    assert said.status == 0, said
    found = read_sweep(tmp_path / "s.jsonl").result
    assert found is not None
    assert (found.tried, found.misclassified, found.monotone) == (2**32, 0, True)
    assert found.device_mib > 0


@pytest.mark.parametrize("dtype", ["float16", "bfloat16", "float64"])
@pytest.mark.parametrize("mode", ["eval", "train", "autocast", "tf32"])
def test_other_dtypes_and_modes_are_swept_there(dtype: str, mode: str, tmp_path: Path) -> None:
    options = ("--rule", "symmetric", "--levels", "8,5", "--device", "cuda", "--dtype", dtype, "--mode", mode, "-q")
    said = fsqcheck("sweep", "torch-fsq", *options, cwd=tmp_path)
    assert said.status == 0, said


def test_one_wrong_float32_is_found_there(tmp_path: Path) -> None:
    spoil = "codes = torch.where(at(z, 0x3F41234F), codes - 0.25, codes)"
    (tmp_path / "spoilt.py").write_text(spoilt(spoil), encoding="utf-8")
    options = ("--rule", "widened", "--levels", "8", "--device", "cuda", "--report", "s.jsonl", "-q")
    said = fsqcheck("sweep", "spoilt.py:FSQ", *options, cwd=tmp_path)
    assert said.status == 1, said
    found = read_sweep(tmp_path / "s.jsonl").result
    assert found is not None
    assert {(fault.kind, fault.count, fault.worst.bits) for fault in found.faults} == {
        ("level", 1, "0x3f41234f"),
        ("index", 1, "0x3f41234f"),
    }


@pytest.mark.parametrize("target", ["torch-fsq", "vector-quantize-pytorch"])
@pytest.mark.parametrize("dtype", ["float16", "bfloat16"])
def test_levels_differ_from_those_on_a_cpu_inside_the_bands_at_most(target: str, dtype: str, tmp_path: Path) -> None:
    for device in ("cpu", "cuda"):
        options = ("--rule", "symmetric", "--levels", "8,5", "--dtype", dtype, "--device", device, "-q")
        said = fsqcheck("sweep", target, *options, "--report", f"{device}.jsonl", cwd=tmp_path)
        assert said.status == 0, said
    said = fsqcheck("compare", "cpu.jsonl", "cuda.jsonl", cwd=tmp_path)
    assert said.status == 0, said
