"""A device that a target costs its process: the case that did it is a crash, and no other is blamed."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Any

import pytest

import fsqcheck
from fsqcheck.reports import BAD, ResultLine, read

from .commands import python
from .lost_devices import SAYS

TARGET = "fsqcheck.tests.lost_devices:adapter"
CLAUSES = ("IDX-4", "IDX-9", "IDX-10", "NUM-5", "TRN-5")
#: Those that decode an index out of range: a given one, or that of a NaN.
DARING = ("IDX-9", "NUM-5")


def outcomes(results: Sequence[ResultLine]) -> dict[str, str]:
    return {one.id: one.outcome for one in results}


@pytest.fixture(scope="module")
def on_the_cpu() -> dict[str, str]:
    """What a run says where indices out of range are refused in words, as if the device were the CPU."""
    record = fsqcheck.check("torch-fsq", rules=["widened"], clauses=CLAUSES, dtypes=["float32"])
    return {id.replace("/cpu/", "/cuda/"): outcome for id, outcome in outcomes(record.results).items()}


@pytest.mark.parametrize("how", [{}, {"processes": 2}, {"isolate": True}], ids=["one", "two", "isolated"])
def test_the_case_that_did_it_is_a_crash_and_no_other_is_blamed(
    how: dict[str, Any], on_the_cpu: dict[str, str]
) -> None:
    record = fsqcheck.check(TARGET, rules=["widened"], clauses=CLAUSES, dtypes=["float32"], devices=["cuda"], **how)
    assert record.footer is not None
    assert record.footer.broke is None
    crashed = [one for one in record.results if one.outcome in BAD]
    assert {(one.outcome, one.message) for one in crashed} == {
        ("crash", f"it costs the process its cuda device: {SAYS}")
    }
    assert {one.clause for one in crashed} == set(DARING)
    assert {id for id, outcome in on_the_cpu.items() if outcome != "pass"} <= {one.id for one in crashed}
    assert outcomes(record.results) == on_the_cpu | {one.id: "crash" for one in crashed}


def test_a_plain_pytest_run_leaves_out_what_comes_after(tmp_path: Path) -> None:
    arguments = ["--pyargs", "fsqcheck.conformance", f"--fsq={TARGET}", "--fsq-device=cuda", "--fsq-clause=IDX-9"]
    arguments += ["--fsq-clause=IDX-10", "--fsq-report=r.jsonl", "-q", "-p", "no:cacheprovider", "-p", "no:xdist"]
    python("import sys, pytest; sys.exit(pytest.main(sys.argv[1:]))", *arguments, cwd=tmp_path)
    results = read(tmp_path / "r.jsonl").results
    assert [one.outcome for one in results][:2] == ["crash", "not-run"]
    assert {one.outcome for one in results[1:]} == {"not-run"}
    assert {one.message for one in results[1:]} == {
        f"the cuda device was lost in {results[0].id}; with --isolate what comes after is run all the same"
    }
