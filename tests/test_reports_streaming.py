"""A record of any size is read in bounded memory, and says the same as one that is held."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import msgspec
import pytest

from fsqcheck.reports import (
    Acceptance,
    BadReport,
    DuplicateCase,
    Line,
    Record,
    UnreadableReport,
    baseline_of,
    compare,
    exit_status,
    findings,
    plan_digest,
    read,
    reading,
    render_junit,
    render_markdown,
    sorting,
    stream,
    verdicts,
)
from fsqcheck.reports.writing import encode

from .commands import fsqcheck
from .reports_miniatures import evidence, footer, header, record, result, shown, target, typical, written
from .test_cli_render import BAD
from .test_reports_verdict import RECORDS


@pytest.fixture(autouse=True)
def everything_is_large(monkeypatch: pytest.MonkeyPatch) -> None:
    """Every file is streamed, and every sort puts something aside."""
    monkeypatch.setattr(reading, "STREAMED_FROM", -1)
    monkeypatch.setattr(sorting, "_RUN", 7)
    monkeypatch.setattr(sorting, "_BLOCK", 2)
    monkeypatch.setattr(sorting, "_HELD", 100)


SAME = {**{name: made for name, (made, _, _) in RECORDS.items()}, "typical": typical()}


@pytest.mark.parametrize("name", SAME)
def test_a_streamed_record_says_what_a_held_one_says(name: str, tmp_path: Path) -> None:
    path = written(SAME[name], tmp_path / "r.jsonl")
    held, streamed = read(path), stream(path)
    assert not isinstance(streamed.results, tuple)
    assert tuple(streamed.results) == held.results
    assert verdicts(streamed) == verdicts(held)
    assert exit_status(streamed) == exit_status(held)
    assert render_markdown(streamed) == render_markdown(held)
    assert render_junit([streamed]) == render_junit([held])
    assert shown(streamed) == shown(held)
    assert compare(streamed, streamed) == compare(held, held)


def test_a_streamed_record_makes_the_same_baseline(tmp_path: Path) -> None:
    path = written(typical(), tmp_path / "r.jsonl")
    assert baseline_of(stream(path), Acceptance()) == baseline_of(read(path), Acceptance())


def test_the_failing_cases_of_a_finding_are_read_again(tmp_path: Path) -> None:
    found = findings(stream(written(typical(), tmp_path / "r.jsonl")), typical().targets[0].name)
    assert [len(one.failing) for one in found] == [sum(one.outcomes.values()) for one in found]
    assert found[0].failing[0].clause == found[0].clause.id
    assert found[0].failing[-1:] == (tuple(found[0].failing)[-1],)


@pytest.mark.parametrize("name", BAD)
def test_a_bad_record_is_refused_as_when_it_is_held(name: str, tmp_path: Path) -> None:
    (tmp_path / "r.jsonl").write_bytes(BAD[name][0])
    messages = []
    for how in (read, stream):
        with pytest.raises(BadReport) as caught:
            how(tmp_path / "r.jsonl")
        messages.append((type(caught.value), str(caught.value)))
    assert messages[0] == messages[1]


def test_a_duplicate_far_away_is_found_with_both_lines(tmp_path: Path) -> None:
    lines: list[Line] = [header(), target(), *(result(n=n) for n in range(500)), result(n=250)]
    (tmp_path / "r.jsonl").write_bytes(b"".join(encode(line) + b"\n" for line in lines))
    with pytest.raises(DuplicateCase, match=r"line 503: .* already has a result on line 253"):
        stream(tmp_path / "r.jsonl")


def test_a_record_that_changes_while_it_is_read_is_refused(tmp_path: Path) -> None:
    path = written(typical(), tmp_path / "r.jsonl")
    streamed = stream(path)
    path.write_bytes(path.read_bytes() + b"\n")
    with pytest.raises(UnreadableReport, match="the report changed while it was read"):
        list(streamed.results)


def test_many_rows_come_in_order_though_few_are_held() -> None:
    rows = [(n * 7919 % 1000, str(n)) for n in range(1000)]
    assert list(sorting.in_order(rows)) == sorted(rows)


def large(path: Path, megabytes: int) -> Record:
    """A record of many results, one in ten thousand of them failing; what it must say."""
    filler = result(message="x", evidence=None)
    ids: list[str] = []
    with path.open("wb") as file:
        file.write(encode(header()) + b"\n")
        while file.tell() < megabytes * 10**6:
            n = len(ids)
            one = msgspec.structs.replace(
                filler,
                id=f"BND-1/w/{n}x{n}/float32/cpu/eval",
                variant=str(n),
                digest=f"{n * 40503 % 2**64:016x}",
                message=None,
            )
            if n % 10_000 == 0:
                one = msgspec.structs.replace(one, outcome="fail", message=f"z = {n}", evidence=evidence())
            ids.append(one.id)
            file.write(encode(one) + b"\n")
        line = target((), planned={"BND-1": len(ids)}, plan_digest=plan_digest(ids))
        file.write(encode(line) + b"\n")
        file.write(encode(msgspec.structs.replace(footer(()), results=len(ids))) + b"\n")
    return record(targets=(line,))


MEASURE = """
import resource, subprocess, sys
done = subprocess.run([sys.executable, "-m", "fsqcheck", *sys.argv[1:]], capture_output=True, text=True)
print(done.returncode, resource.getrusage(resource.RUSAGE_CHILDREN).ru_maxrss // 1024, done.stdout.strip().splitlines()[-1:])
sys.stderr.write(done.stderr)
"""


@pytest.mark.parametrize("command", ["render r.jsonl --markdown p.md --junit j.xml", "compare r.jsonl r.jsonl"])
def test_a_large_record_takes_little_memory(command: str, tmp_path: Path) -> None:
    # 60 MB; docs/performance.md has 1 GB.
    large(tmp_path / "r.jsonl", 60)
    done = subprocess.run(
        [sys.executable, "-c", MEASURE, *command.split()], cwd=tmp_path, capture_output=True, text=True, check=True
    )
    status, mebibytes = done.stdout.split()[:2]
    assert done.stderr == ""
    assert int(status) == (1 if command.startswith("render") else 0)
    assert int(mebibytes) < 150


def test_an_endless_line_takes_little_memory(tmp_path: Path) -> None:
    with (tmp_path / "r.jsonl").open("wb") as file:
        file.write(encode(header()) + b"\n")
        file.truncate(2**30)  # a gigabyte of zero bytes, which takes no room on the disk
    said = fsqcheck("render", "r.jsonl", cwd=tmp_path)
    assert said.status == 2
    assert "r.jsonl, line 2: longer than 16,777,216 bytes" in said.err
