"""`fsqcheck run` on real targets: what it finds, what it keeps, and its exit status."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import time
from functools import partial
from pathlib import Path

import pytest

from fsqcheck.reports import BAD, Record, read, verdicts

from .commands import RIGHT, fsqcheck, written


def outcomes(record: Record) -> dict[tuple[str, str], tuple[str, str | None]]:
    """Outcome and digest of every case."""
    return {(result.target, result.id): (result.outcome, result.digest) for result in record.results}


def test_the_reference_conforms(tmp_path: Path) -> None:
    said = fsqcheck("run", "reference", "--rule", "paper", "--rule", "s3", "-q", cwd=tmp_path)
    assert said.out.startswith("reference: conforms")
    assert said.status == 0


def test_several_processes_give_the_same_results(tmp_path: Path) -> None:
    wanted = ("run", "reference", "torch-fsq", "--rule", "symmetric", "--clause", "BND", "--clause", "TRN", "-q")
    for processes, name in (("1", "one.jsonl"), ("2", "two.jsonl")):
        assert fsqcheck(*wanted, "-n", processes, "--report", name, cwd=tmp_path).status == 0
    one, two = (read(tmp_path / name) for name in ("one.jsonl", "two.jsonl"))
    assert outcomes(one) == outcomes(two)
    assert len(one.results) > 100


def test_another_seed_draws_other_cases_and_changes_nothing_else(tmp_path: Path) -> None:
    for seed in ("0", "7"):
        wanted = ("run", "reference", "--rule", "widened", "--clause", "SHP-4", "--seed", seed, "-q")
        assert fsqcheck(*wanted, "--report", f"{seed}.jsonl", cwd=tmp_path).status == 0
    before, after = (outcomes(read(tmp_path / f"{seed}.jsonl")) for seed in ("0", "7"))
    changed = {id for (_, id), found in before.items() if after["reference", id] != found}
    assert changed
    assert all(id.endswith("hypothesis") for id in changed)


def test_a_class_of_ones_own_needs_no_adapter(tmp_path: Path) -> None:
    written(tmp_path, "mine.py", RIGHT)
    said = fsqcheck("run", "mine.py:FSQ", "--rule", "widened", "--levels", "8,5,5,5", "-q", cwd=tmp_path)
    assert said.out.startswith("mine.py:FSQ: conforms")
    assert said.status == 0


def test_a_class_in_a_package_of_the_current_folder_is_found(tmp_path: Path) -> None:
    written(tmp_path, "pack/__init__.py", RIGHT)
    wanted = ("run", "pack:FSQ", "--rule", "widened", "--clause", "IDX", "-q")
    assert fsqcheck(*wanted, "-n", "2", cwd=tmp_path).status == 0


def test_without_a_cuda_device_nothing_passes_and_the_report_says_why(tmp_path: Path) -> None:
    import torch

    if torch.cuda.is_available():
        pytest.skip("this machine has a CUDA device: tests/test_cuda.py runs there")
    wanted = ("run", "torch-fsq", "--device", "cuda", "--rule", "widened", "--report", "r.jsonl")
    said = fsqcheck(*wanted, cwd=tmp_path)
    record = read(tmp_path / "r.jsonl")
    assert said.status == 3
    assert "no CUDA device" in said.out
    assert {result.outcome for result in record.results} == {"not-run"}
    assert len(record.results) > 100
    assert {"DEV-1", "DEV-2"} <= {result.clause for result in record.results}


def test_a_case_runs_alone_by_its_id(tmp_path: Path) -> None:
    id = "BND-3/symmetric/8x5x5x5/float64/cpu/eval"
    said = fsqcheck("run", "reference", "--case", id, "--report", "r.jsonl", cwd=tmp_path)
    assert said.status == 0
    assert [result.id for result in read(tmp_path / "r.jsonl").results] == [id]


def test_defaults_come_from_pyproject(tmp_path: Path) -> None:
    written(tmp_path, "mine.py", RIGHT)
    written(
        tmp_path,
        "pyproject.toml",
        "[tool.fsqcheck]\ntargets = ['mine.py:FSQ']\nrules = ['widened']\nlevels = [[7, 5]]\nclauses = ['BND']\n",
    )
    said = fsqcheck("run", "--report", "r.jsonl", cwd=tmp_path)
    assert said.status == 0, said
    results = read(tmp_path / "r.jsonl").results
    assert {result.levels for result in results} <= {(7, 5), ()}
    assert {result.clause.partition("-")[0] for result in results} == {"BND"}


def test_a_must_that_fails_gives_status_1_and_a_should_alone_gives_0(tmp_path: Path) -> None:
    lenient = (
        f"{RIGHT}\n    def indices_to_codes(self, indices):\n"
        "        return super().indices_to_codes(indices % self.codebook.size)\n"
    )
    wrong = RIGHT + "\n    def codes_to_indices(self, codes):\n        return super().codes_to_indices(codes) + 1\n"
    written(tmp_path, "lenient.py", lenient)
    written(tmp_path, "wrong.py", wrong)
    options = ("--rule", "widened", "--clause", "IDX")
    should, must = (fsqcheck("run", f"{name}.py:FSQ", *options, cwd=tmp_path) for name in ("lenient", "wrong"))
    assert should.status == 0
    assert "SHOULD  IDX-9" in should.out
    assert must.status == 1
    assert "MUST  IDX-1" in must.out


@pytest.mark.parametrize("more", [(), ("-n", "2"), ("--isolate",)])
def test_a_run_leaves_nothing_where_the_user_stands(tmp_path: Path, more: tuple[str, ...]) -> None:
    written(tmp_path, "mine.py", RIGHT)
    said = fsqcheck(
        "run", "mine.py:FSQ", "--rule", "widened", "--clause", "GRD-7", "--clause", "IDX-4", *more, cwd=tmp_path
    )
    assert said.status == 0
    assert {file.name for file in tmp_path.iterdir()} <= {"mine.py", "__pycache__"}


def test_a_target_that_raises_in_one_call_costs_that_case_only(tmp_path: Path) -> None:
    written(
        tmp_path,
        "mine.py",
        RIGHT + "\n    def __call__(self, z):\n"
        "        if z.dtype.name == 'bfloat16' and z.any():\n            raise RuntimeError('no bfloat16')\n"
        "        return super().__call__(z)\n",
    )
    said = fsqcheck("run", "mine.py:FSQ", "--rule", "widened", "--clause", "BND", "--report", "r.jsonl", cwd=tmp_path)
    found = {(result.dtype, result.outcome) for result in read(tmp_path / "r.jsonl").results}
    assert said.status == 1
    assert found == {("float32", "pass"), ("float64", "pass"), ("float16", "pass"), ("bfloat16", "error")}
    assert "no bfloat16" in said.out


NOISY = """
import os, random, sys, warnings
import numpy as np
import torch
from fsqcheck.adapters.torch_fsq import TorchFSQ

class FSQ(TorchFSQ):
    def forward(self, z):
        print("flood" * 1000)
        print("flood" * 1000, file=sys.stderr)
        os.write(1, b"raw flood")
        np.seterr(all="raise")
        warnings.warn("noise")
        answer = super().forward(z)
        torch.set_default_dtype(torch.float64)
        torch.manual_seed(1)
        torch.set_num_threads(2)
        torch.set_grad_enabled(False)
        random.seed(1)
        np.random.seed(1)
        os.environ["FSQCHECK_NOISE"] = "1"
        return answer
"""


def test_a_target_that_changes_global_state_disturbs_nothing(tmp_path: Path) -> None:
    written(tmp_path, "noisy.py", NOISY)
    clauses = [part for name in ("BND", "TRN", "GRD", "IDX") for part in ("--clause", name)]
    options = ("--rule", "widened", "--levels", "8,5,5", *clauses)
    said = fsqcheck("run", "noisy.py:FSQ", "torch-fsq", *options, "--report", "both.jsonl", cwd=tmp_path)
    assert said.status == 1, said.out
    assert "flood" not in said.out + said.err
    assert {one.clause for one in read(tmp_path / "both.jsonl").results if one.outcome in BAD} == {"TRN-9"}
    fsqcheck("run", "torch-fsq", *options, "--report", "alone.jsonl", cwd=tmp_path)
    both, alone = (outcomes(read(tmp_path / name)) for name in ("both.jsonl", "alone.jsonl"))
    assert len(alone) > 100
    assert {key: both[key] for key in alone} == alone


def test_an_interrupted_run_keeps_what_had_ended_and_is_never_a_success(tmp_path: Path) -> None:
    command = [sys.executable, "-m", "fsqcheck", "run", "reference", "--report", "r.jsonl"]
    listening = partial(signal.signal, signal.SIGINT, signal.default_int_handler)  # a background job ignores Ctrl-C
    process = subprocess.Popen(
        command, cwd=tmp_path, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True, preexec_fn=listening
    )
    record = tmp_path / "r.jsonl"
    deadline = time.monotonic() + 60
    while time.monotonic() < deadline and not (record.exists() and record.read_bytes().count(b"\n") > 120):
        time.sleep(0.02)
    process.send_signal(signal.SIGINT)
    out, err = process.communicate(timeout=60)
    assert process.returncode == 3
    assert "Traceback" not in out + err
    assert "interrupted" in err
    kept = read(record)
    assert kept.results
    assert kept.footer is None
    assert "incomplete" in verdicts(kept)[0].words


def test_a_killed_run_leaves_a_record_that_reads(tmp_path: Path) -> None:
    command = [sys.executable, "-m", "fsqcheck", "run", "reference", "--report", "r.jsonl"]
    process = subprocess.Popen(command, cwd=tmp_path, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    record = tmp_path / "r.jsonl"
    deadline = time.monotonic() + 60
    while time.monotonic() < deadline and not (record.exists() and record.read_bytes().count(b"\n") > 120):
        time.sleep(0.02)
    os.kill(process.pid, signal.SIGKILL)
    process.wait()
    kept = read(record)
    assert kept.results
    assert "incomplete" in verdicts(kept)[0].words


def test_the_markdown_page_and_the_record_say_the_same(tmp_path: Path) -> None:
    wanted = (
        "run",
        "reference",
        "--rule",
        "widened",
        "--clause",
        "BND",
        "--report",
        "a/r.jsonl",
        "--markdown",
        "b/p.md",
    )
    assert fsqcheck(*wanted, cwd=tmp_path).status == 0
    assert verdicts(read(tmp_path / "a/r.jsonl"))[0].words in (tmp_path / "b/p.md").read_text(encoding="utf-8")


def test_what_is_printed_fits_80_columns(tmp_path: Path) -> None:
    said = fsqcheck("run", "vector-quantize-pytorch", "--clause", "IDX", columns=80, cwd=tmp_path)
    assert said.status == 1
    script, long = False, []
    for line in said.out.splitlines():
        script = line == "  script" or (script and line.startswith("    "))
        if not script and len(line) > 80:
            long.append(line)
    assert not long


def test_list_explain_and_schema_print_what_they_know(tmp_path: Path) -> None:
    listed = fsqcheck("list", cwd=tmp_path)
    assert listed.status == 0
    for word in ("torch-fsq", "symmetric-even", "BND-3", "DEV-5"):
        assert word in listed.out
    explained = fsqcheck("explain", "bnd-3", cwd=tmp_path)
    assert "a failure means" in explained.out
    assert json.loads(fsqcheck("schema", cwd=tmp_path).out)["$id"] == "urn:fsqcheck:record:1"


@pytest.mark.parametrize("command", [["--help"], ["list"], ["explain", "BND-1"], ["run", "--help"], ["schema"]])
def test_torch_is_not_imported_until_a_target_needs_it(command: list[str]) -> None:
    source = (
        "import sys\nsys.argv = ['fsqcheck', *sys.argv[1:]]\nfrom fsqcheck.cli import main\n"
        "try:\n    main()\nexcept SystemExit:\n    pass\n"
        "sys.exit('torch' in sys.modules or 'hypothesis' in sys.modules)"
    )
    done = subprocess.run([sys.executable, "-c", source, *command], capture_output=True, check=False)
    assert done.returncode == 0


def test_a_dtype_that_a_target_refuses_is_unsupported_and_no_failure(tmp_path: Path) -> None:
    written(
        tmp_path,
        "mine.py",
        RIGHT
        + "\n    def __call__(self, z):\n        if z.dtype.name == 'bfloat16':\n            raise TypeError('float32 only')\n"
        "        return super().__call__(z)\n",
    )
    said = fsqcheck("run", "mine.py:FSQ", "--rule", "widened", "--clause", "BND", "--report", "r.jsonl", cwd=tmp_path)
    found = {result.outcome for result in read(tmp_path / "r.jsonl").results if result.dtype == "bfloat16"}
    assert said.status == 0
    assert found == {"unsupported"}
    assert "it takes no bfloat16 input" in said.out


def test_levels_that_a_constructor_refuses_in_words_are_unsupported(tmp_path: Path) -> None:
    wanted = ("run", "vector_quantize_pytorch:FSQ", "--rule", "widened", "--clause", "BND", "--report", "r.jsonl")
    said = fsqcheck(*wanted, cwd=tmp_path)
    found = {(2 in result.levels, result.outcome) for result in read(tmp_path / "r.jsonl").results}
    assert said.status == 0
    assert found == {(True, "unsupported"), (False, "pass")}
    assert "its constructor refuses levels [2]" in said.out


def test_a_drawn_failure_of_the_standard_tier_is_drawn_again_alone(tmp_path: Path) -> None:
    wrong = RIGHT + (
        "\n    def __call__(self, z):\n        return super().__call__(z + 0.25 if {31, 37} <= set(self.levels) else z)\n"
    )
    written(tmp_path, "mine.py", wrong)
    options = ("--rule", "widened", "--clause", "SHP-4", "--clause", "IDX-4", "--tier", "standard", "--seed", "3")
    fsqcheck("run", "mine.py:FSQ", *options, "--report", "r.jsonl", "-q", cwd=tmp_path)
    drawn = next(one for one in read(tmp_path / "r.jsonl").results if one.id.startswith("IDX-4") and one.variant)
    assert drawn.outcome == "fail"
    assert drawn.evidence is not None
    assert drawn.evidence.rerun is not None
    again = fsqcheck(*drawn.evidence.rerun.split()[1:], "--report", "again.jsonl", "-q", cwd=tmp_path)
    assert again.status == 1
    assert read(tmp_path / "again.jsonl").results[0].message == drawn.message


def test_a_target_with_colons_in_its_name_is_printed_as_it_is(tmp_path: Path) -> None:
    written(tmp_path, "mine.py", RIGHT.replace("FSQ(Reference)", "book(Reference)"))
    options = ("--rule", "widened", "--clause", "BND-1", "-q")
    assert fsqcheck("run", "mine.py:book", *options, cwd=tmp_path).out.startswith("mine.py:book: conforms")
