"""Adapters as rows: what is passed to the class, and what is refused before it is tried."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from fsqcheck.adapters import Capability, NativeAdapter, Setup, TargetUnavailableError, adapter_of

SOURCE = """
import numpy as np

class Said:
    # Keeps what it was given, and a table of all codes where it is asked to.
    def __init__(self, levels, groups=4, table=False):
        self.levels, self.groups = list(levels), groups
        self.table = np.zeros((int(np.prod(levels)), len(levels)), dtype=np.float32) if table else None

    def __call__(self, z):
        return z, None
"""


def described(folder: Path, **rows: Any) -> NativeAdapter:
    (folder / "said.py").write_text(SOURCE, encoding="utf-8")
    return adapter_of(str(folder / "said.py") + ":Said", framework="numpy", **rows)


@pytest.mark.parametrize("count", [1, 2])
def test_the_number_of_codebooks_is_always_said(count: int, tmp_path: Path) -> None:
    adapter = described(tmp_path, num_codebooks="groups")
    built: Any = adapter.build(Setup((8, 5), "widened", num_codebooks=count))
    assert built._module.groups == count


def test_a_class_without_codebooks_is_not_told_their_number(tmp_path: Path) -> None:
    built: Any = described(tmp_path).build(Setup((8, 5), "widened"))
    assert built._module.groups == 4


def test_a_codebook_that_does_not_fit_into_memory_is_refused_before_it_is_built(tmp_path: Path) -> None:
    adapter = described(tmp_path, arguments={"table": True})
    refusal = adapter.refusal(Setup((8,) * 12, "widened"))
    assert refusal is not None
    assert refusal.startswith("it builds its whole codebook, about ")
    assert adapter.refusal(Setup((8,) * 6, "widened")) is None


def test_a_class_without_a_codebook_is_not_refused_a_large_one(tmp_path: Path) -> None:
    assert described(tmp_path).refusal(Setup((8,) * 12, "widened")) is None


def test_noise_that_no_row_is_about_is_refused(tmp_path: Path) -> None:
    with pytest.raises(TargetUnavailableError, match=r'offers=\["noise"\]: no row says which argument .*NativeAdapter'):
        described(tmp_path, offers=["noise"])


def test_what_else_it_offers_and_lacks_is_its_own_to_say(tmp_path: Path) -> None:
    adapter = described(tmp_path, offers=["gradient"], lacks=["indices"])
    assert Capability.GRADIENT in adapter.capabilities
    assert Capability.INDICES not in adapter.capabilities
