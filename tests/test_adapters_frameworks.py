"""A class whose arrays are of no framework that there is a bridge to."""

from __future__ import annotations

from pathlib import Path

import pytest

from fsqcheck.adapters import TargetUnavailableError, resolve

from .commands import written

FOREIGN = """
class FSQ:
    def __init__(self, levels):
        self.levels = levels
    def __call__(self, z):
        raise TypeError("mlx only")
"""


def test_a_class_over_arrays_of_another_framework_is_refused_in_one_line(tmp_path: Path) -> None:
    file = written(tmp_path, "foreign.py", FOREIGN)
    wanted = (
        r"^no call of .*:FSQ gives an answer, whatever the layout: the first, with arrays of \S+ \S+, raised TypeError: "
        "mlx only; expected a callable over arrays of one of numpy, jax, torch$"
    )
    with pytest.raises(TargetUnavailableError, match=wanted):
        resolve(f"{file}:FSQ")
