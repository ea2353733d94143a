"""vector-quantize-pytorch 1.32.0: each fault that is known of it is reported by the clause that names it, with evidence
that reproduces with nothing but the library; and what is right in it is reported right."""

from __future__ import annotations

import shlex
import subprocess
from dataclasses import dataclass
from functools import cache
from importlib.metadata import version
from pathlib import Path

import pytest

from fsqcheck.conformance.case import Case
from fsqcheck.conformance.evidence import rerun_command
from fsqcheck.reports import Record, ResultLine, read

from .commands import fsqcheck, python


@dataclass(frozen=True)
class Fault:
    """A known fault, the case that shows it, words of its message, and what its script prints."""

    name: str
    case: str
    says: str
    prints: str
    severity: str = "must"


FAULTS = (
    Fault(
        "noise_dropout is ignored",
        "TRN-3/symmetric/4x3x5/float32/cpu/train/p=0.1",
        "with the noise probability 0.1, 50",
        "tensor(0.49",
    ),
    Fault(
        "noise is ±½ whatever L is",
        "TRN-4/symmetric/4x3x5/float32/cpu/train",
        "half a step is 0.3333",
        "tensor(0.7",
    ),
    Fault(
        "symmetric indices are wrong below 2^24",
        "IDX-6/symmetric/8x8x8x8x8x8x8x8/float32/cpu/eval",
        "the index 3932209 becomes 3932208",
        "tensor([3932208], dtype=torch.int32)",
    ),
    Fault(
        "indices above 2^24 are lost",
        "IDX-6/widened/16x16x16x16x16x16x16x16/float32/cpu/eval",
        "the index 16777217 becomes 16777216",
        "tensor([16777216], dtype=torch.int32)",
    ),
    Fault(
        "bfloat16 codes give an index out of range",
        "IDX-8/widened/8x8x8x6x5/bfloat16/cpu/eval",
        "the index 15359 becomes 15360",
        "tensor([15360], dtype=torch.int32)",
    ),
    Fault(
        "float64 is only float32-accurate",
        "NUM-1/widened/3x4x5x7x8x16/float64/cpu/eval",
        "takes level 0, not level 1",
        "tensor([[[-1.",
        "should",
    ),
    Fault(
        "levels -1 and L appear from L = 1001 on",
        "NUM-7/widened/1001/float32/cpu/eval",
        "takes level -1",
        "tensor([[-1]], dtype=torch.int32)",
    ),
    Fault(
        "NaN decodes to a valid code",
        "NUM-5/widened/4x3x5/float32/cpu/eval",
        "gets the index -2147483648, which decodes to the valid code",
        "tensor([[[-1.,  0.,  1.]]])",
        "should",
    ),
    Fault(
        "bad indices are accepted",
        "IDX-9/widened/4x3x5/float32/cpu/eval/minus one",
        "the index -1 of a codebook of 60 decodes to",
        "tensor([[[0.5000, 1.0000, 1.0000]]])",
        "should",
    ),
    Fault(
        "the whole codebook is built",
        "IDX-11/widened/8x8x8x8x8/float32/cpu/eval",
        "holds 20.1 bytes for each of its codes",
        "FSQ(",
        "should",
    ),
    Fault(
        "(B, d) raises an einops error",
        "SHP-10/widened/4x3x5/float32/cpu/eval/Bd",
        "is refused with EinopsError",
        "EinopsError",
        "should",
    ),
    Fault(
        "channel-first residual indices cannot be decoded",
        "RES-6/residual/8x5x3/float32/cpu/eval/BdT",
        "of shape (2, 4, 7) and dtype int32 raises",
        "Failed to determine the size of all axes",
    ),
    Fault(
        "residual codes of half precision are float32",
        "RES-4/residual/8x5x3/float16/cpu/eval/stages=4",
        "the codes have the wrong dtype",
        "tensor([[[",
    ),
    Fault(
        "one channel is broadcast to all by the residual quantizer",
        "RES-21/residual/8x5x3/float32/cpu/eval/one only",
        "with 1 channels passes through",
        "tensor([[[",
    ),
    Fault(
        "residual indices below -1 are decoded",
        "RES-22/residual/8x5x3/float32/cpu/eval/indices",
        "the index -2 of a stage of 120 codes decodes to a code",
        "tensor([[",
        "should",
    ),
)

RIGHT = (
    "BND",
    "SYM",
    "GRD-1",
    "GRD-2",
    "GRD-3",
    "GRD-4",
    "GRD-5",
    "GRD-6",
    "GRD-7",
    "GRD-8",
    "SHP-1",
    "SHP-2",
    "SHP-4",
    "TRN-9",
    *(f"RES-{number}" for number in range(1, 21) if number not in (4, 6, 19)),
)


@cache
def record() -> Record:
    """One quick run over the installed release."""
    import tempfile

    with tempfile.TemporaryDirectory() as folder:
        said = fsqcheck("run", "vector-quantize-pytorch", "--report", "r.jsonl", "-q", cwd=Path(folder))
        assert said.status == 1, said
        return read(Path(folder) / "r.jsonl")


def result(id: str) -> ResultLine:
    return next(one for one in record().results if one.id == id)


def test_the_release_is_the_one_that_the_table_is_about() -> None:
    assert version("vector-quantize-pytorch") == "1.32.0"


@pytest.mark.parametrize("fault", FAULTS, ids=lambda fault: fault.name)
def test_a_known_fault_is_reported(fault: Fault) -> None:
    found = result(fault.case)
    assert found.outcome == "fail"
    assert found.severity == fault.severity
    assert fault.says in (found.message or "")
    assert found.evidence is not None
    assert found.evidence.observed != found.evidence.expected


@pytest.mark.parametrize("fault", FAULTS, ids=lambda fault: fault.name)
def test_its_script_reproduces_it(fault: Fault, tmp_path: Path) -> None:
    evidence = result(fault.case).evidence
    assert evidence is not None
    assert evidence.script is not None
    assert "fsqcheck" not in evidence.script
    said = python(evidence.script, cwd=tmp_path)
    assert fault.prints in said.out + said.err


def test_what_is_right_is_reported_right() -> None:
    wrong = [
        one.id
        for one in record().results
        if one.outcome not in ("pass", "unsupported") and (one.clause in RIGHT or one.clause.partition("-")[0] in RIGHT)
    ]
    assert not wrong
    passed = {(one.clause, one.rule) for one in record().results if one.outcome == "pass"}
    assert {("BND-3", "widened"), ("BND-3", "symmetric"), ("GRD-1", "widened"), ("SHP-1", "widened")} <= passed


def test_no_case_ends_in_an_error() -> None:
    assert not [one.id for one in record().results if one.outcome == "error"]


@pytest.mark.parametrize(
    ("target", "said"),
    [
        ("lib==1.0", "lib==1.0"),
        ("my_file.py:FSQ(eps=1e-3)", "'my_file.py:FSQ(eps=1e-3)'"),
        ("m:make(rule='widened')", "\"m:make(rule='widened')\""),
        ("m:make(\"it's\", '$HOME')", None),
        ("m:make('`id`')", None),
        ("m:make('!!')", None),
        ("m:make('\\n')", None),
    ],
)
def test_a_shell_reads_the_target_of_a_rerun_command_as_it_is(target: str, said: str | None) -> None:
    command = rerun_command(Case(target, "BND-3", "widened", (8, 5), "float32", "cpu", "eval"), 0)
    assert shlex.split(command)[2] == target
    ran = subprocess.run(["sh", "-c", command.replace("fsqcheck run", "printf %s")], capture_output=True, text=True)
    assert ran.stdout.startswith(f"{target}--case")
    assert said is None or command.startswith(f"fsqcheck run {said} --case ")


def test_the_rerun_command_of_a_failure_shows_it_again(tmp_path: Path) -> None:
    evidence = result("IDX-6/symmetric/8x8x8x8x8x8x8x8/float32/cpu/eval").evidence
    assert evidence is not None
    assert evidence.rerun is not None
    said = fsqcheck(*shlex.split(evidence.rerun)[1:], cwd=tmp_path)
    assert said.status == 1
    assert evidence.observed in said.out
