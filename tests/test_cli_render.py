"""`fsqcheck render`: every page from the same record, and every bad record in one line."""

from __future__ import annotations

import json
import xml.etree.ElementTree as ElementTree
from pathlib import Path

import pytest

from fsqcheck.reports import Line, render_markdown
from fsqcheck.reports.writing import encode

from .commands import Said, fsqcheck
from .reports_miniatures import evidence, footer, header, record, result, target, typical, written

WHOLE = b"".join(encode(line) + b"\n" for line in (header(), target((result(),)), result(), footer((result(),))))


def one_clear_line(said: Said, status: int = 2) -> str:
    assert said.status == status, said
    assert "Traceback" not in said.err + said.out
    (line,) = said.err.splitlines()
    assert line.startswith("fsqcheck: ")
    assert line.isprintable()
    return line


def lines(*made: Line | bytes) -> bytes:
    return b"".join((line if isinstance(line, bytes) else encode(line)) + b"\n" for line in made)


def test_all_pages_are_made_in_one_call(tmp_path: Path) -> None:
    made = typical()
    written(made, tmp_path / "r.jsonl")
    asked = ("--markdown", "a/p.md", "--junit", "j.xml", "--badge", "b.svg", "--shields", "s.json")
    said = fsqcheck("render", "r.jsonl", *asked, cwd=tmp_path)
    assert (said.status, said.out, said.err) == (1, "", "")
    assert (tmp_path / "a/p.md").read_text(encoding="utf-8") == render_markdown(made)
    assert ElementTree.parse(tmp_path / "j.xml").getroot().tag == "testsuites"
    assert (tmp_path / "b.svg").read_text(encoding="utf-8").startswith("<svg")
    assert json.loads((tmp_path / "s.json").read_text(encoding="utf-8"))["message"] == "2 MUST fail"


def test_without_an_option_it_is_shown_on_the_terminal(tmp_path: Path) -> None:
    written(record(result()), tmp_path / "r.jsonl")
    said = fsqcheck("render", "r.jsonl", cwd=tmp_path)
    assert said.status == 0
    assert said.out.splitlines()[-1] == "tiny: conforms: 1 clause passes"


def test_a_dash_is_stdout(tmp_path: Path) -> None:
    written(record(result()), tmp_path / "r.jsonl")
    assert fsqcheck("render", "r.jsonl", "--markdown", "-", cwd=tmp_path).out.startswith("## `tiny`: conforms")


def test_the_verdicts_of_several_records_come_first_the_worst_one_before_all(tmp_path: Path) -> None:
    written(record(result()), tmp_path / "good.jsonl")
    written(typical(), tmp_path / "bad.jsonl")
    said = fsqcheck("render", "good.jsonl", "bad.jsonl", "--markdown", "-", cwd=tmp_path)
    assert said.status == 1
    assert [line[:30] for line in said.out.splitlines() if line.strip()][:3] == [
        "## fsqcheck: 2 reports",
        "- `vector-quantize-pytorch==1.",
        "- `tiny`: conforms: 1 clause p",
    ]


def test_a_hundred_large_records_are_one_page_of_60_kb(tmp_path: Path) -> None:
    many = [result("fail", f"C-{n}", evidence=evidence()) for n in range(60)]
    written(record(*many), tmp_path / "r.jsonl")
    said = fsqcheck("render", *["r.jsonl"] * 100, "--markdown", "p.md", cwd=tmp_path)
    assert said.status == 1
    page = (tmp_path / "p.md").read_bytes()
    assert 40_000 < len(page) <= 60_000
    assert b"reports. The records have everything." in page


@pytest.mark.parametrize("cut", range(1, 40, 13))
def test_a_record_without_a_footer_renders_marked_incomplete(tmp_path: Path, cut: int) -> None:
    without = WHOLE.removesuffix(encode(footer((result(),))) + b"\n")
    (tmp_path / "r.jsonl").write_bytes(without + encode(result("fail", n=1, message="日本"))[:-cut])
    said = fsqcheck("render", "r.jsonl", "--markdown", "p.md", "--junit", "j.xml", "--badge", "b.svg", cwd=tmp_path)
    assert one_clear_line(said, 3) == "fsqcheck: r.jsonl: incomplete: the run did not come to its end"
    for page in ("p.md", "j.xml", "b.svg"):
        assert "incomplete" in (tmp_path / page).read_text(encoding="utf-8"), page


BAD: dict[str, tuple[bytes, str]] = {
    "empty": (b"", "the report is empty"),
    "blank": (b"\n\n", "the report is empty"),
    "cut in its first line": (WHOLE[:60], "killed before it had written its header"),
    "without its header": (WHOLE.split(b"\n", 1)[1], "not with its header"),
    "cut in the middle of a line in its middle": (
        WHOLE.replace(b'"outcome":"pass"', b'"outc', 1),
        "line 3: not a line of a record",
    ),
    "cut in the middle of a character": (
        WHOLE.replace(b'"target":"tiny"', '"target":"日'.encode()[:-1], 1),
        "not a line of a record",
    ),
    "duplicate": (lines(header(), target(), result(), result()), "already has a result on line 3"),
    "of a newer schema": (lines(b'{"type":"header","schema":99}'), "written by a newer fsqcheck"),
    "a picture": (b"\x89PNG\r\n\x1a\n" + bytes(range(256)) * 9, "not an fsqcheck report"),
    "other JSON": (b'[{"a": 1}]', "not an fsqcheck report"),
    "prose": ("Grüße\n".encode("latin-1"), "not an fsqcheck report"),
    "nested deeply": (b'{"type":' * 200_000, "not an fsqcheck report"),
    "one endless line": (b"{" + b" " * (17 * 2**20), "longer than"),
    "one endless line after the header": (lines(header()) + b" " * (17 * 2**20), "longer than"),
    "two runs in one": (WHOLE + WHOLE, "after the footer"),
}


@pytest.mark.parametrize("name", BAD)
def test_a_report_that_is_none_gets_one_line(tmp_path: Path, name: str) -> None:
    content, words = BAD[name]
    (tmp_path / "r.jsonl").write_bytes(content)
    said = fsqcheck("render", "r.jsonl", "--markdown", "p.md", cwd=tmp_path)
    assert words in one_clear_line(said)
    assert not (tmp_path / "p.md").exists()


@pytest.mark.parametrize("file", ["no/such.jsonl", "."])
def test_a_report_that_cannot_be_read_gets_one_line(tmp_path: Path, file: str) -> None:
    assert "cannot read the report" in one_clear_line(fsqcheck("render", file, cwd=tmp_path))


def test_a_page_that_cannot_be_written_gets_one_line(tmp_path: Path) -> None:
    written(record(result()), tmp_path / "r.jsonl")
    said = fsqcheck("render", "r.jsonl", "--badge", "/proc/no/b.svg", cwd=tmp_path)
    assert "/proc/no/b.svg" in one_clear_line(said)
