"""Runs the real command, as a user would, and small targets to point it at."""

from __future__ import annotations

import os
import tempfile
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from .forked import forks

TESTS = Path(__file__).parent


@dataclass(frozen=True)
class Said:
    """What a command printed, and its exit status."""

    status: int
    out: str
    err: str

    @property
    def complaint(self) -> str:
        """What it said on stderr, without the lines that tell how far it is."""
        lines = [line for line in self.err.splitlines() if not line.startswith("fsqcheck: checking")]
        return "\n".join(lines)


def fsqcheck(*arguments: str, cwd: Path | None = None, columns: int = 100, **environment: str) -> Said:
    """`python -m fsqcheck …` in a folder, with a terminal's width, and its output."""
    return _said(None, arguments, cwd, {"COLUMNS": str(columns), **environment})


def python(code: str, *arguments: str, cwd: Path | None = None, **environment: str) -> Said:
    """`python -c CODE …` in a folder, and its output."""
    return _said(code, arguments, cwd, environment)


def _said(code: str | None, arguments: Sequence[str], cwd: Path | None, environment: Mapping[str, str]) -> Said:
    variables = {**os.environ, "OMP_NUM_THREADS": "1", **environment}
    with tempfile.TemporaryDirectory(prefix="fsqcheck-") as folder:
        out, err = Path(folder) / "out", Path(folder) / "err"
        status = forks().run(code, arguments, cwd, variables, out, err, 600)
        return Said(status, out.read_text(encoding="utf-8"), err.read_text(encoding="utf-8"))


def written(folder: Path, name: str, source: Sequence[str] | str) -> Path:
    """A file with this text."""
    file = folder / name
    file.parent.mkdir(parents=True, exist_ok=True)
    file.write_text(source if isinstance(source, str) else "\n".join(source) + "\n", encoding="utf-8")
    return file


#: A right FSQ in NumPy that follows the convention, for targets to go wrong from.
RIGHT = """
from fsqcheck.reference import FSQ as Reference

class FSQ(Reference):
    def __init__(self, levels):
        super().__init__(levels, "widened")
"""
