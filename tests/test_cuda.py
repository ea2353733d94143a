"""The suite on a CUDA device: needs one, and is skipped with its reason elsewhere."""

from __future__ import annotations

from pathlib import Path

import pytest
import torch

from fsqcheck.reports import read

from .commands import fsqcheck

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
