"""The record of a sweep: published, gone on with after a kill, and the same however the work was divided."""

from __future__ import annotations

import json
import os
import shutil
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from jsonschema import Draft202012Validator

from fsqcheck.reports import BadReport, NotARecord, UnexpectedLine
from fsqcheck.sweeping import Question, SweepRecord, read_sweep, sweep_schema
from fsqcheck.sweeping.schema import FIELDS

from .commands import Said, fsqcheck
from .sweep_miniatures import content, options, spoilt
from .test_history_cluster import address_in

#: A target with a fault of each kind in ranges of their own, and a pause so that a sweep can be killed between them.
SPOIL = """codes = torch.where(at(z, 0x3A00), codes - 0.25, codes)
        codes = torch.where(at(z, 0x7E01), 0.5, codes)
        codes = torch.where(at(z, 0x9000), codes + 1e-2, codes)
        indices = torch.where(at(z, 0xC001)[..., 0], 1, indices)
        time.sleep(float(os.environ.get('FSQ_PAUSE', 0)))"""


@pytest.fixture(scope="module")
def home(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder with the target, and the record of an unbroken sweep through it."""
    folder = tmp_path_factory.mktemp("sweep")
    (folder / "spoilt.py").write_text(spoilt(SPOIL), encoding="utf-8")
    swept(Question(f"{folder / 'spoilt.py'}:FSQ", "widened", (8, 5), "float16"), folder, "unbroken.jsonl")
    return folder


@pytest.fixture
def asked(home: Path) -> Question:
    return Question(f"{home / 'spoilt.py'}:FSQ", "widened", (8, 5), "float16")


@pytest.fixture
def unbroken(home: Path, tmp_path: Path) -> SweepRecord:
    """An unbroken sweep, whose record is in the test's own folder."""
    shutil.copy(home / "unbroken.jsonl", tmp_path)
    return read_sweep(tmp_path / "unbroken.jsonl")


def swept(asked: Question, folder: Path, name: str, *more: str) -> SweepRecord:
    said = fsqcheck("sweep", *options(asked), "--report", name, *more, cwd=folder)
    assert said.status == 1, said
    return read_sweep(folder / name)


def test_every_line_is_valid_and_reads_back(unbroken: SweepRecord, tmp_path: Path) -> None:
    validator = Draft202012Validator(sweep_schema())
    lines = [json.loads(line) for line in (tmp_path / "unbroken.jsonl").read_text(encoding="utf-8").splitlines()]
    for line in lines:
        validator.validate(line)
    assert [line["type"] for line in lines] == ["sweep", "sweep-target", *["range"] * 4, "sweep-result"]
    assert {fault.kind for fault in unbroken.result.faults} == {"level", "index", "grid", "nan code"}  # type: ignore[union-attr]


def test_the_schema_says_what_every_field_means(tmp_path: Path) -> None:
    said = fsqcheck("schema", "--kind", "sweep", cwd=tmp_path)
    assert json.loads(said.out) == sweep_schema()
    definitions = sweep_schema()["$defs"]
    assert definitions.keys() == FIELDS.keys()
    for name, definition in definitions.items():
        assert definition["properties"].keys() == FIELDS[name].keys()


def killed(asked: Question, folder: Path, how: signal.Signals, *more: str) -> Said:
    """A sweep that was sent a signal when it had kept one range at least, and not all."""
    command = [sys.executable, "-m", "fsqcheck", "sweep", *options(asked), "--report", "killed.jsonl", *more]
    environment = {**os.environ, "FSQ_PAUSE": "0.5", "OMP_NUM_THREADS": "1"}
    pipes: dict[str, Any] = {"stdout": subprocess.PIPE, "stderr": subprocess.PIPE, "text": True}
    with subprocess.Popen(command, cwd=folder, env=environment, start_new_session=True, **pipes) as run:
        end = time.monotonic() + 120
        file = folder / "killed.jsonl"
        while not file.exists() or b'"type":"range"' not in file.read_bytes():
            assert time.monotonic() < end
            assert run.poll() is None, run.communicate()
            time.sleep(0.02)
        os.kill(run.pid, how)
        out, err = run.communicate(timeout=60)
    kept = read_sweep(file)
    assert kept.result is None
    assert 1 <= len(kept.ranges) < 4
    return Said(run.returncode, out, err)


@pytest.mark.parametrize("more", [("-n", "1"), ("-n", "2")])
def test_a_sweep_that_was_killed_goes_on_and_says_the_same(
    more: tuple[str, ...], asked: Question, unbroken: SweepRecord, tmp_path: Path
) -> None:
    killed(asked, tmp_path, signal.SIGKILL, *more)
    before = read_sweep(tmp_path / "killed.jsonl").ranges
    found = swept(asked, tmp_path, "killed.jsonl", *more)
    assert content(found) == content(unbroken)
    assert before.items() <= found.ranges.items()  # not tried again: their times are the old ones


def test_ctrl_c_keeps_what_has_ended_and_says_how_to_go_on(
    asked: Question, unbroken: SweepRecord, tmp_path: Path
) -> None:
    said = killed(asked, tmp_path, signal.SIGINT)
    assert said.status == 3
    assert said.err.splitlines()[-1] == (
        "fsqcheck: interrupted; the ranges that had ended are kept in killed.jsonl, and the same command goes on with the others"
    )
    assert content(swept(asked, tmp_path, "killed.jsonl")) == content(unbroken)


def test_a_record_cut_anywhere_is_gone_on_with(asked: Question, unbroken: SweepRecord, tmp_path: Path) -> None:
    whole = (tmp_path / "unbroken.jsonl").read_bytes()
    second = whole.index(b'"type":"range"', whole.index(b'"type":"range"') + 1)
    (tmp_path / "cut.jsonl").write_bytes(whole[: second + 40])
    assert len(read_sweep(tmp_path / "cut.jsonl").ranges) == 1
    assert content(swept(asked, tmp_path, "cut.jsonl")) == content(unbroken)


def test_two_processes_say_the_same_as_one(asked: Question, unbroken: SweepRecord, tmp_path: Path) -> None:
    assert content(swept(asked, tmp_path, "two.jsonl", "-n", "2")) == content(unbroken)


@pytest.fixture
def cluster(tmp_path: Path) -> Iterator[str]:
    """The address of a scheduler with two workers."""
    log = tmp_path / "scheduler.log"
    started: list[subprocess.Popen[bytes]] = []
    with log.open("wb") as opened:
        command = [sys.executable, "-m", "distributed.cli.dask_scheduler", "--host", "127.0.0.1", "--port", "0"]
        started.append(subprocess.Popen([*command, "--no-dashboard"], stderr=opened, stdout=opened, cwd=tmp_path))
        address = address_in(log)
        for number in range(2):
            more = ["--no-nanny", "--nthreads", "1", "--name", f"worker-{number}", "--no-dashboard"]
            command = [sys.executable, "-m", "distributed.cli.dask_worker", address, *more]
            started.append(subprocess.Popen(command, stderr=opened, stdout=opened, cwd=tmp_path))
        try:
            yield address
        finally:
            for process in started:
                process.kill()
                process.wait()


def test_a_cluster_of_two_workers_says_the_same_as_one_process(
    asked: Question, unbroken: SweepRecord, cluster: str, tmp_path: Path
) -> None:
    assert content(swept(asked, tmp_path, "cluster.jsonl", "--cluster", cluster)) == content(unbroken)


def test_what_has_ended_is_not_tried_again_unless_asked(asked: Question, unbroken: SweepRecord, tmp_path: Path) -> None:
    assert swept(asked, tmp_path, "unbroken.jsonl").ranges == unbroken.ranges
    again = swept(asked, tmp_path, "unbroken.jsonl", "--again")
    assert content(again) == content(unbroken)
    assert again.header.started >= unbroken.header.started


def test_another_question_does_not_overwrite_a_record(asked: Question, unbroken: SweepRecord, tmp_path: Path) -> None:
    other = Question(asked.target, "widened", (8,), "float16")
    said = fsqcheck("sweep", *options(other), "--report", "unbroken.jsonl", cwd=tmp_path)
    assert said.status == 2
    assert "it holds a sweep by another question" in said.err
    assert "--again" in said.err
    assert read_sweep(tmp_path / "unbroken.jsonl") == unbroken


def test_another_release_of_the_target_does_not_go_on(tmp_path: Path) -> None:
    asked = Question("vector-quantize-pytorch", "widened", (8,), "float16")
    said = fsqcheck("sweep", *options(asked), "--report", "r.jsonl", cwd=tmp_path)
    assert said.status == 0, said
    file = tmp_path / "r.jsonl"
    lines = [line for line in file.read_text().splitlines(keepends=True) if "sweep-result" not in line][:-1]
    file.write_text("".join(lines).replace('"version":"1.', '"version":"0.'))
    said = fsqcheck("sweep", *options(asked), "--report", "r.jsonl", cwd=tmp_path)
    assert said.status == 2
    assert "its ranges are those of vector-quantize-pytorch 0." in said.err


@pytest.mark.parametrize(
    ("change", "kind", "says"),
    [
        (lambda text: text.split("\n", 1)[1], NotARecord, "is not the record of a sweep"),
        (lambda text: "x" + text, NotARecord, "not the record of a sweep"),
        (lambda text: text + text.splitlines()[2] + "\n", UnexpectedLine, "is told of twice"),
        (lambda text: text.replace('"tried":', '"tries":'), BadReport, "not a line of a sweep"),
    ],
)
def test_a_file_that_is_no_record_is_said_in_one_line(
    change: Any, kind: type[BadReport], says: str, home: Path, tmp_path: Path
) -> None:
    file = tmp_path / "changed.jsonl"
    file.write_text(change((home / "unbroken.jsonl").read_text(encoding="utf-8")), encoding="utf-8")
    with pytest.raises(kind, match=says):
        read_sweep(file)
