"""What a run on a CUDA device does, on a bridge that stands for one: the plan, the judgement and the record."""

from __future__ import annotations

import fsqcheck
from fsqcheck.reports import BAD

TARGET = "fsqcheck.tests.mutants.making:adapted(bridge='AsIfOnCuda')"


def test_a_right_quantizer_passes_the_whole_suite_on_a_device() -> None:
    record = fsqcheck.check(TARGET, rules=["widened", "symmetric"], devices=["cuda"])
    assert [(one.id, one.message) for one in record.results if one.outcome in BAD] == []
    assert {one.device for one in record.results} == {"cuda"}
    assert {"DEV-1", "DEV-2", "DEV-3", "DEV-4"} <= {one.clause for one in record.results if one.outcome == "pass"}
