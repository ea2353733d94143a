"""A record is on disk as soon as it is written, and says early if it cannot be."""

from __future__ import annotations

import json
import math
import os
import signal
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from fsqcheck.reports import Distance, RecordWriter, UnwritableReport, read
from fsqcheck.reports.writing import encode

from .reports_miniatures import evidence, footer, gradient, header, record, result, staircase, target, written


def test_what_is_written_reads_back_as_it_was(tmp_path: Path) -> None:
    measured = {"staircases": (staircase(), staircase(4, reason="x")), "gradients": (gradient(),)}
    made = record(result("fail", evidence=evidence(), message="日本\n"), result("pass", n=1), **measured)
    assert read(written(made, tmp_path / "r.jsonl")) == made


def test_each_line_is_in_the_file_before_the_next_is_written(tmp_path: Path) -> None:
    path = tmp_path / "r.jsonl"
    with RecordWriter(path, header()) as writer:
        writer.write(result())
        assert path.read_bytes().count(b"\n") == 2


def test_the_folders_above_the_file_are_made(tmp_path: Path) -> None:
    RecordWriter(tmp_path / "a" / "b" / "r.jsonl", header()).close()
    assert (tmp_path / "a" / "b" / "r.jsonl").is_file()


def test_an_older_record_in_its_place_is_replaced(tmp_path: Path) -> None:
    written(record(result(), result(n=1)), tmp_path / "r.jsonl")
    assert len(read(written(record(result()), tmp_path / "r.jsonl")).results) == 1


def test_leaving_the_context_without_a_footer_leaves_the_record_incomplete(tmp_path: Path) -> None:
    with RecordWriter(tmp_path / "r.jsonl", header()):
        pass
    assert read(tmp_path / "r.jsonl").footer is None


def test_closing_twice_writes_one_footer(tmp_path: Path) -> None:
    with RecordWriter(tmp_path / "r.jsonl", header()) as writer:
        writer.close(footer())
        writer.close(footer())
    assert (tmp_path / "r.jsonl").read_bytes().count(b'"footer"') == 1


def test_writing_to_a_closed_record_is_refused(tmp_path: Path) -> None:
    writer = RecordWriter(tmp_path / "r.jsonl", header())
    writer.close()
    with pytest.raises(ValueError, match="is closed; open a new RecordWriter"):
        writer.write(result())


def test_a_killed_run_leaves_every_line_that_it_had_written(tmp_path: Path) -> None:
    script = """
import os, signal, sys
sys.path.insert(0, sys.argv[2])
from fsqcheck.reports import *
environment = Environment(python="3", platform="", processor="", cores=1, packages={})
writer = RecordWriter(sys.argv[1], Header(fsqcheck="0", started="", command=(), environment=environment, tier="", seed=0))
writer.write(TargetLine(name="tiny"))
for n in range(50):
    writer.write(ResultLine(id=str(n), clause="BND-1", severity="must", target="tiny", rule="", levels=(2,), dtype="",
                            device="", mode="", outcome="pass", seconds=0.0))
os.kill(os.getpid(), signal.SIGKILL)
"""
    import fsqcheck

    home = str(Path(fsqcheck.__file__).absolute().parent.parent)
    path = tmp_path / "r.jsonl"
    ended = subprocess.run([sys.executable, "-c", script, path, home], check=False, capture_output=True, text=True)
    assert ended.returncode == -signal.SIGKILL, ended.stderr
    assert len(read(path).results) == 50


def test_a_directory_in_the_files_place_is_named(tmp_path: Path) -> None:
    with pytest.raises(UnwritableReport, match=r"cannot write the report .*: it is a directory; name a file in it$"):
        RecordWriter(tmp_path, header())


def test_a_folder_that_cannot_be_made_is_named_with_the_reason(tmp_path: Path) -> None:
    (tmp_path / "file").touch()
    with pytest.raises(
        UnwritableReport, match=r"its directory .*file cannot be made \((file exists|not a directory)\)$"
    ):
        RecordWriter(tmp_path / "file" / "r.jsonl", header())


@pytest.fixture
def closed_folder(tmp_path: Path) -> Iterator[Path]:
    """A folder in which this process may not write, even if it runs as root."""
    folder = tmp_path / "closed"
    folder.mkdir(mode=0o500)
    me = os.geteuid()
    if me == 0:
        os.seteuid(65534)
    yield folder
    os.seteuid(me)
    folder.chmod(0o700)


def test_a_missing_permission_is_named(closed_folder: Path) -> None:
    with pytest.raises(UnwritableReport, match="permission denied"):
        RecordWriter(closed_folder / "r.jsonl", header())


def test_a_name_that_no_file_can_have_is_named(tmp_path: Path) -> None:
    with pytest.raises(UnwritableReport, match="that is not a file name"):
        RecordWriter(tmp_path / "a\0b", header())


@pytest.mark.skipif(not Path("/dev/full").exists(), reason="this system has no /dev/full")
def test_a_full_disk_is_named() -> None:
    with pytest.raises(UnwritableReport, match="no space left on device"):
        RecordWriter("/dev/full", header())


@pytest.mark.skipif(sys.platform == "win32", reason="file size limits are POSIX")
def test_a_line_that_did_not_fit_does_not_spoil_the_next_one(tmp_path: Path) -> None:
    import resource

    path = tmp_path / "r.jsonl"
    soft, hard = resource.getrlimit(resource.RLIMIT_FSIZE)
    before = signal.signal(signal.SIGXFSZ, signal.SIG_IGN)
    try:
        with RecordWriter(path, header()) as writer:
            resource.setrlimit(resource.RLIMIT_FSIZE, (2_000, hard))
            with pytest.raises(UnwritableReport, match="file too large"):
                writer.write(result(message="x" * 10_000))
            resource.setrlimit(resource.RLIMIT_FSIZE, (soft, hard))
            writer.write(target())
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, (soft, hard))
        signal.signal(signal.SIGXFSZ, before)
    assert path.read_bytes() == encode(header()) + b"\n" + encode(target()) + b"\n"


def test_a_lone_surrogate_is_replaced_wherever_it_is(tmp_path: Path) -> None:
    hostile = result("error", message="bad \ud800 text", evidence=evidence(details={"\udcff": "\udcff"}))
    read_back = read(written(record(hostile), tmp_path / "r.jsonl")).results[0]
    assert read_back.message == "bad \ufffd text"
    assert read_back.evidence is not None
    assert read_back.evidence.details == {"\ufffd": "\ufffd"}


@pytest.mark.parametrize("value", [math.nan, math.inf, -math.inf])
def test_a_distance_that_is_not_finite_is_written_as_null(value: float) -> None:
    line = result("fail", evidence=evidence(distance=Distance(tolerance_units=value, ulps=value)))
    assert json.loads(encode(line))["evidence"]["distance"] == {"tolerance_units": None, "ulps": None}


@pytest.mark.parametrize("value", [math.nan, math.inf, -math.inf])
def test_a_measured_number_that_is_not_finite_is_written_as_null(value: float) -> None:
    assert json.loads(encode(staircase(observed=(0.5, value))))["observed"] == [0.5, None]
    assert json.loads(encode(gradient(observed=(value,))))["observed"] == [None]


def test_a_time_that_is_not_finite_still_reads_back(tmp_path: Path) -> None:
    assert read(written(record(result(seconds=math.nan)), tmp_path / "r.jsonl")).results[0].seconds == 0.0


def test_a_line_break_in_a_string_does_not_break_the_line(tmp_path: Path) -> None:
    made = record(result("error", message="one\ntwo\r\n\u2028three"))
    assert read(written(made, tmp_path / "r.jsonl")) == made
