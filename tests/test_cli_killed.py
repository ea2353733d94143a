"""A run that is killed at any moment leaves a record that renders, marked incomplete, and is never a success."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest

from fsqcheck.reports import exit_status, read

from .commands import fsqcheck

RUN = ("run", "reference", "--rule", "widened", "--clause", "BND", "--clause", "IDX")


@pytest.fixture(scope="module")
def whole(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The record of the same run, not killed."""
    folder = tmp_path_factory.mktemp("whole")
    assert fsqcheck(*RUN, "--report", "whole.jsonl", "-q", cwd=folder).status == 0
    return folder / "whole.jsonl"


def killed(folder: Path, lines: int, *arguments: str) -> Path:
    """The record of a run that got SIGKILL when it had so many lines; -1: before it could have any."""
    record = folder / "r.jsonl"
    command = [sys.executable, "-m", "fsqcheck", *RUN, *arguments, "--report", str(record)]
    quiet = subprocess.DEVNULL
    process = subprocess.Popen(command, cwd=folder, stdout=quiet, stderr=quiet, start_new_session=True)
    deadline = time.monotonic() + 120
    while process.poll() is None and time.monotonic() < deadline:
        if lines < 0 or (record.exists() and record.read_bytes().count(b"\n") >= lines):
            break
        time.sleep(0.001)
    os.killpg(process.pid, signal.SIGKILL)
    assert process.wait() == -signal.SIGKILL
    return record


# Not later: what is measured for pictures comes in one go at the end, and a footer may be there before the signal.
@pytest.mark.parametrize("part", [0.0, 0.03, 0.2, 0.5, 0.8])
def test_a_killed_run_renders_as_incomplete(part: float, whole: Path, tmp_path: Path) -> None:
    lines = int(part * whole.read_bytes().count(b"\n"))
    record = killed(tmp_path, lines)
    if not record.read_bytes():  # killed between opening the file and writing its first line
        assert fsqcheck("render", "r.jsonl", cwd=tmp_path).status == 2
        return
    assert read(record).footer is None
    said = fsqcheck("render", "r.jsonl", "--markdown", "p.md", "--junit", "j.xml", "--badge", "b.svg", cwd=tmp_path)
    assert said.status == 3
    assert "r.jsonl: incomplete: " in said.err
    for page in ("p.md", "j.xml", "b.svg"):
        assert "incomplete" in (tmp_path / page).read_text(encoding="utf-8"), page
    compared = fsqcheck("compare", str(whole), "r.jsonl", "-q", cwd=tmp_path)
    assert compared.status == 3
    assert compared.out.startswith("incomplete: the new run is incomplete: ")
    assert fsqcheck("baseline", "r.jsonl", "-o", "b.toml", cwd=tmp_path).status == 3


def test_a_run_of_several_processes_that_is_killed_renders_as_incomplete(whole: Path, tmp_path: Path) -> None:
    killed(tmp_path, whole.read_bytes().count(b"\n") // 2, "-n", "2")
    assert fsqcheck("render", "r.jsonl", cwd=tmp_path).status == 3


def test_a_run_that_is_killed_while_it_loads_leaves_nothing_to_mistake_for_a_success(tmp_path: Path) -> None:
    killed(tmp_path, -1)
    assert fsqcheck("render", "r.jsonl", cwd=tmp_path).status == 2


@pytest.mark.parametrize("line", [-1, -2])
def test_a_record_cut_at_any_byte_of_its_last_lines_is_incomplete(line: int, whole: Path, tmp_path: Path) -> None:
    content = whole.read_bytes()
    lines = content.splitlines(keepends=True)
    start = len(content) - sum(map(len, lines[line:]))
    for end in range(start, start + len(lines[line]) - 1):
        (tmp_path / "cut.jsonl").write_bytes(content[:end])
        assert exit_status(read(tmp_path / "cut.jsonl")) == 3, f"cut after {end} bytes"
