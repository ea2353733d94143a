"""`fsqcheck history`, as a user runs it, on a package of five releases that was made by hand."""

from __future__ import annotations

import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest

from fsqcheck.history import read_history
from fsqcheck.history.lines import ReleaseLine

from .commands import Said, fsqcheck
from .wheels import only_from, wheel

#: A right quantizer whose even levels are shifted the wrong way in some releases.
SOURCE = """
import torch
from fsqcheck.adapters.torch_fsq import TorchFSQ

class FSQ(TorchFSQ):
    def __init__(self, levels):
        super().__init__(levels, "widened")

    def forward(self, z):
        {body}
        return super().forward(z)
"""
BODIES = {
    "1.0": "z = z * 0.5",
    "1.1": "z = z * 0.5",
    "1.2": "pass",
    "1.3": "raise RuntimeError('never mind') if not self.training else None",
    "2.0": "pass",
}
BROKEN = "raise ImportError('made for another torch')\n"
QUESTION = ("--target", "tiny_fsq:FSQ", "--rule", "widened", "--clause", "BND", "-n", "2")


@pytest.fixture
def home(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """An index of tiny-fsq, and an empty cache."""
    for version, body in BODIES.items():
        wheel(tmp_path / "links", "tiny-fsq", version, source=SOURCE.format(body=body))
    wheel(tmp_path / "links", "tiny-fsq", "1.4", source=BROKEN)
    only_from(monkeypatch, tmp_path / "links")
    monkeypatch.setenv("FSQCHECK_CACHE", str(tmp_path / "cache"))
    return tmp_path


def history(home: Path, *more: str) -> Said:
    return fsqcheck("history", "tiny-fsq", *QUESTION, *more, cwd=home, columns=80)


def releases(home: Path) -> dict[str, ReleaseLine]:
    return {one.version: one for one in read_history(home / "tiny-fsq.history.jsonl").releases}


def test_a_history_says_which_releases_are_right_and_asks_nothing_twice(home: Path) -> None:
    said = history(home, "--html", "h.html", "--markdown", "h.md")
    assert said.status == 0, said.err
    assert "checking 6 releases" in said.err
    found = releases(home)
    assert [version for version, line in found.items() if line.reason] == ["1.4"]
    assert "made for another torch" in (found["1.4"].reason or "")
    thresholds = {v: line.clauses["widened"]["BND-3"].outcomes for v, line in found.items() if not line.reason}
    assert {v for v, outcomes in thresholds.items() if "fail" in outcomes} == {"1.0", "1.1"}
    assert {v for v, outcomes in thresholds.items() if "error" in outcomes} == {"1.3"}
    assert "2.0, the newest release, conforms" in said.out
    assert all(len(line) <= 80 for line in said.out.splitlines())
    assert "<html" in (home / "h.html").read_text(encoding="utf-8")
    assert "tiny-fsq" in (home / "h.md").read_text(encoding="utf-8")

    again = history(home)
    assert again.status == 0
    assert "checking 0 releases" in again.err
    assert again.out == said.out

    asked = history(home, "--ask", "1.1")
    assert asked.status == 1
    assert "BND-3" in asked.out
    assert "1.2" in asked.out
    assert "checking 0 releases" in asked.err
    narrow = ("--target", "tiny_fsq:FSQ", "--suggest", "--clause", "BND-3", "--rule", "widened")
    suggested = fsqcheck("history", "tiny-fsq", *narrow, cwd=home)
    assert suggested.status == 0
    assert "take 2.0" in suggested.out
    assert "checking 0 releases" in suggested.err
    unknown = history(home, "--ask", "7.7")
    assert unknown.status == 2
    assert "no release 7.7" in unknown.err


def test_bisecting_asks_few_releases_and_finds_the_one_that_changed_it(home: Path) -> None:
    said = fsqcheck("history", "tiny-fsq", *QUESTION[:4], "--bisect", "BND-3", "--versions", "<1.3", cwd=home)
    assert said.status == 0, said.err
    assert "1.1" in said.out
    assert "1.2" in said.out
    assert not (home / "tiny-fsq.history.jsonl").exists()


def test_an_interrupted_history_goes_on(home: Path) -> None:
    command = [sys.executable, "-m", "fsqcheck", "history", "tiny-fsq", *QUESTION[:-1], "1"]
    file = home / "tiny-fsq.history.jsonl"
    with subprocess.Popen(command, cwd=home, stderr=subprocess.PIPE, stdout=subprocess.PIPE, text=True) as run:
        end = time.monotonic() + 120
        while not file.exists() or b'"release"' not in file.read_bytes():
            assert time.monotonic() < end
            time.sleep(0.05)
        run.send_signal(signal.SIGINT)
        out, err = run.communicate(timeout=60)
    assert run.returncode == 3
    assert "interrupted" in err
    assert "Traceback" not in out + err
    done = 6 - len(read_history(file).missing)
    assert 0 < done < 6
    said = history(home)
    assert said.status == 0
    assert f"checking {6 - done} release" in said.err
    assert not read_history(file).missing


def test_two_histories_at_once_are_both_whole(home: Path) -> None:
    commands = [[sys.executable, "-m", "fsqcheck", "history", "tiny-fsq", *QUESTION[:-1], "1"] for _ in range(2)]
    runs = [
        subprocess.Popen(
            [*one, "--report", f"{number}.jsonl"], cwd=home, stderr=subprocess.PIPE, stdout=subprocess.PIPE
        )
        for number, one in enumerate(commands)
    ]
    for number, run in enumerate(runs):
        run.communicate(timeout=300)
        assert run.returncode == 0
        assert not read_history(home / f"{number}.jsonl").missing


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        (("--versions", ">=9"), "no release"),
        (("--versions", "newest"), "newest"),
        (("--rule", "wide"), "unknown rule 'wide'"),
        (("--clause", "XYZ-1"), "there is no clause or family 'XYZ-1'"),
        (("--report", "/dev/full"), "it is there and is no file"),
        (("--report", "."), "is a directory"),
        (("--html", "/dev/full"), "no space left"),
        (("--cluster", "tcp://127.0.0.1:1"), "no Dask scheduler answers at tcp://127.0.0.1:1"),
    ],
)
def test_what_makes_no_sense_is_one_line(home: Path, arguments: tuple[str, ...], words: str) -> None:
    said = history(home, *arguments)
    assert said.status == 2
    assert words in said.err.lower() or words in said.err
    assert "Traceback" not in said.err
    assert len(said.complaint.splitlines()) == 1


def test_a_package_without_an_adapter_needs_to_be_told_what_to_check(home: Path) -> None:
    said = fsqcheck("history", "tiny-fsq", cwd=home)
    assert said.status == 2
    assert said.complaint == (
        "fsqcheck: no adapter is named tiny-fsq; say what to check in its releases: --target module:Class"
    )


@pytest.mark.parametrize("package", ["reference", "torch-fsq"])
def test_what_is_part_of_fsqcheck_has_no_history(home: Path, package: str) -> None:
    said = fsqcheck("history", package, cwd=home)
    assert said.status == 2
    assert said.complaint == f"fsqcheck: {package} is no package with releases of its own"


@pytest.mark.parametrize("package", ["a b", "x[y]", "torch", "-x", "", "../x"])
def test_what_is_no_package_is_one_line(home: Path, package: str) -> None:
    said = fsqcheck("history", "--target", "a:B", "--", package, cwd=home)
    assert said.status == 2
    assert len(said.complaint.splitlines()) == 1
    assert "Traceback" not in said.err


def test_another_question_does_not_overwrite_a_history(home: Path) -> None:
    assert history(home, "--versions", "==1.2").status == 0
    said = fsqcheck("history", "tiny-fsq", "--target", "tiny_fsq:FSQ", "--clause", "IDX", cwd=home)
    assert said.status == 2
    assert "--again" in said.err


def test_without_an_index_what_is_cached_still_runs(home: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    target = "tiny-fsq==1.2#tiny_fsq:FSQ"
    options = ("--rule", "widened", "--clause", "BND-2")
    assert fsqcheck("run", target, *options, cwd=home).status == 0
    monkeypatch.delenv("PIP_FIND_LINKS")
    said = fsqcheck("run", target, "tiny-fsq==1.1#tiny_fsq:FSQ", *options, cwd=home)
    assert said.status == 2
    assert "tiny-fsq==1.2#tiny_fsq:FSQ: conforms" in said.out
    assert "tiny-fsq==1.1" in said.err
