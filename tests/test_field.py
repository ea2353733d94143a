"""Releases of other libraries, each as a pin: exactly the faults that they have are found. Skipped where no index answers."""

from __future__ import annotations

import functools
from dataclasses import dataclass
from pathlib import Path

import pytest

from fsqcheck.reports import BAD, Record, read

from .commands import fsqcheck
from .installed import installed


@dataclass(frozen=True)
class Fault:
    """Clauses that fail for one reason, and the case and the message by which it is known."""

    clauses: frozenset[str]
    case: str
    says: str


def fault(clauses: str, case: str, says: str) -> Fault:
    return Fault(frozenset(clauses.split()), case, says)


#: Codes or constants are float32, whatever the input's dtype.
_FLOAT32 = "GRD-9 NUM-1"
_CUT = "IDX-1 IDX-2 IDX-4 IDX-5 IDX-7"
#: All that a quick run says of each release, by cause.
FIELD: dict[str, tuple[Fault, ...]] = {
    "diffusers==0.42.1": (
        fault(_CUT, "IDX-1/widened/26x26x26/float32/cpu/eval", "the index 6 becomes 5"),
        fault("IDX-8", "IDX-8/widened/8x8x8x6x5/bfloat16/cpu/eval", "15359 becomes 15360"),
        fault("IDX-9 NUM-5", "IDX-9/widened/4x3x5/float32/cpu/eval/minus one", "decodes to [0.5, 1.0, 1.0]"),
        fault("IDX-11", "IDX-11/widened/8x8x8x8x8/float32/cpu/eval", "for each of its codes"),
        fault("NUM-7", "NUM-7/widened/1001/float32/cpu/eval", "z = -60.0 takes level -1"),
        fault("SHP-3", "SHP-3/widened/4x3x5/float32/cpu/eval/BTd", "shape (0, 7, 3)"),
        fault("SHP-8", "SHP-8/widened/4x3x5/float32/cpu/eval/BdHW", "shape (2, 6, 9, 11)"),
        fault("SHP-9", "SHP-9/widened/4x3x5/float32/cpu/eval/one only", "1 channels passes through a quantizer of 3"),
        fault("SHP-11", "SHP-11/widened/4x3x5/float32/cpu/eval/BTd", "raises in bfloat16"),
        fault(_FLOAT32, "NUM-1/widened/3x4x5x7x8x16/float64/cpu/eval", "not level 1"),
        # ACE-Step's.
        fault("RES-11 RES-12", "RES-11/residual/8x5x3/float32/cpu/train/stages=1", "is 0 for the upstream"),
        fault("RES-18", "RES-18/residual/16x9x5/float32/cpu/eval", "gives level 8, not level 7 under autocast"),
        fault(
            "RES-19", "RES-19/residual/8x5x3/float64/cpu/eval/there and back", "once it was moved to float16 and back"
        ),
        fault(
            "RES-22", "RES-22/residual/8x5x3/float32/cpu/eval/indices", "the index 120 of a stage of 120 codes decodes"
        ),
    ),
    "transformers==5.23.0": (
        fault("IDX-5", "IDX-5/widened/26x26x26/float32/cpu/eval", "index 6 gets the index 5"),
        fault("IDX-7", "IDX-7/widened/26x26x26/float32/cpu/eval", "quantizing the vector of the index 6 becomes 5"),
        fault("IDX-9", "IDX-9/widened/4x3x5/float32/cpu/eval/minus one", "decodes to [0.5, 1.0, 1.0]"),
        fault("IDX-11", "IDX-11/widened/8x8x8x8x8/float32/cpu/eval", "for each of its codes"),
        fault("DEV-6", "DEV-6/widened/7x5x9x8/float32/cpu/eval/moved", "the codes that it decodes after a move"),
        fault("NUM-7", "NUM-7/widened/1001/float32/cpu/eval", "z = -60.0 takes level -1"),
        fault("SHP-9", "SHP-9/widened/4x3x5/float32/cpu/eval/one only", "1 channels passes through a quantizer of 3"),
        fault(_FLOAT32, "NUM-1/widened/3x4x5x7x8x16/float64/cpu/eval", "not level 1"),
    ),
    "stable-audio-tools==0.0.19": (
        fault("DEV-6", "DEV-6/symmetric-even/7x5x9x8/float32/cpu/eval/moved", "after a move to bfloat16 and back"),
        fault("IDX-9 NUM-5", "IDX-9/symmetric-even/4x3x5/float32/cpu/eval/minus one", "decodes to [1.0, 1.0, 1.0]"),
        fault("NUM-1", "NUM-1/symmetric-even/3x4x5x7x8x16/float64/cpu/eval", "not level 2"),
        fault("SHP-10", "SHP-10/symmetric-even/4x3x5/float32/cpu/eval/Bd", "EinopsError"),
        fault("SYM-3", "SYM-3/symmetric-even/4x8x16x6x10/float32/cpu/eval", "L = 8: z = 0.0 gives the code -0.142857"),
        fault("TRN-3 TRN-4", "TRN-3/symmetric-even/4x3x5/float32/cpu/train/p=0", "100.0% of the elements are noisy"),
    ),
    "nemo-toolkit==3.0.0": (
        fault(_CUT, "IDX-1/paper/26x26x26/float32/cpu/eval", "the index 6 becomes 5"),
        fault("NUM-7", "NUM-7/paper/1001/float32/cpu/eval", "the indices are wrong"),
        fault("IDX-6", "IDX-6/paper/16x16x16x16x16x16x16x16/float32/cpu/eval", "16777217 becomes 16777216"),
        fault("IDX-8", "IDX-8/paper/8x8x8x6x5/bfloat16/cpu/eval", "15359 becomes 15360"),
        fault("IDX-9 NUM-5", "IDX-9/paper/4x3x5/float32/cpu/eval/minus one", "decodes to [0.5, 1.0, 1.0]"),
        fault("SHP-10", "SHP-10/paper/4x3x5/float32/cpu/eval/Bd", "RuntimeError"),
        fault("SHP-12", "SHP-12/paper/4x3x5/float16/cpu/eval/BdT", "wrong dtype"),
        fault(_FLOAT32, "NUM-1/paper/3x4x5x7x8x16/float64/cpu/eval", "not level 1"),
    ),
    "s3tokenizer==0.3.0": (
        fault("NUM-1", "NUM-1/s3/3/float64/cpu/eval", "takes level 1, not level 0"),
        fault("SHP-10", "SHP-10/s3/3x3x3/float32/cpu/eval/Bd", "RuntimeError"),
    ),
}


def checked(target: str, packages: Path, folder: Path, *arguments: str) -> Record:
    """The record of a run on a release; skips where it can be had from nowhere."""
    installed(target, packages)
    said = fsqcheck("run", target, *arguments, "--report", "r.jsonl", "-q", cwd=folder, FSQCHECK_CACHE=str(packages))
    assert said.status in (0, 1), said
    return read(folder / "r.jsonl")


@pytest.fixture(scope="module", params=FIELD)
def release(
    request: pytest.FixtureRequest, packages: Path, tmp_path_factory: pytest.TempPathFactory
) -> tuple[str, Record]:
    """A pin, and the record of a quick run on it."""
    return request.param, checked(request.param, packages, tmp_path_factory.mktemp("run"))


def test_exactly_the_clauses_that_it_breaks_fail(release: tuple[str, Record]) -> None:
    target, record = release
    broken = {one.clause for one in record.results if one.outcome in BAD}
    assert broken == functools.reduce(frozenset.union, (one.clauses for one in FIELD[target]))


def test_each_fault_is_seen_where_it_is_and_as_what_it_is(release: tuple[str, Record]) -> None:
    target, record = release
    messages = {one.id: one.message or "" for one in record.results if one.outcome == "fail"}
    for one in FIELD[target]:
        assert one.says in messages[one.case]


def test_the_record_says_which_file_was_loaded_alone(release: tuple[str, Record]) -> None:
    target, record = release
    alone = target.startswith(("stable-audio-tools", "nemo-toolkit", "s3tokenizer"))
    assert ("this file alone" in str(record.targets[0].origin)) == alone


# Faults that a quick run has no list of levels for


@pytest.mark.parametrize(
    ("target", "levels", "case", "says"),
    [
        ("diffusers==0.42.1", "26,27,39", "IDX-4/widened/26x27x39/float32/cpu/eval", "of those tried are wrong"),
        (
            "stable-audio-tools==0.0.17",
            "17,17,17,17,17,17",
            "IDX-1/symmetric-even/17x17x17x17x17x17/float32/cpu/eval",
            "the index 16777217 becomes 16777216; 23.1% of those tried",
        ),
        (
            "stable-audio-tools==0.0.19",
            "17,17,17,17,17,17",
            "IDX-1/symmetric-even/17x17x17x17x17x17/float32/cpu/eval",
            "",
        ),
        ("stable-audio-tools==0.0.19", "7", "DEV-6/symmetric-even/7/float32/cpu/eval/moved", "bfloat16"),
    ],
)
def test_levels_that_are_asked_for(
    target: str, levels: str, case: str, says: str, packages: Path, tmp_path: Path
) -> None:
    record = checked(target, packages, tmp_path, "--levels", levels, "--clause", case.split("/")[0])
    found = next(one for one in record.results if one.id == case)
    assert (found.outcome == "fail") == bool(says)
    assert says in (found.message or "")
