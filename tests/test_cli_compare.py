"""`fsqcheck compare`: its exit status, its files, and records that cannot be compared."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path

import pytest

from .commands import fsqcheck
from .reports_miniatures import record, result, written
from .test_cli_render import BAD, one_clear_line


def test_a_regression_gives_status_1_and_four_pages(tmp_path: Path) -> None:
    written(record(result()), tmp_path / "old.jsonl")
    written(record(result("fail", message="wrong")), tmp_path / "new.jsonl")
    said = fsqcheck(
        "compare",
        "old.jsonl",
        "new.jsonl",
        "--html",
        "c.html",
        "--markdown",
        "a/c.md",
        "--json",
        "c.json",
        cwd=tmp_path,
    )
    assert (said.status, said.err) == (1, "")
    assert said.out.splitlines()[-1] == "worse: 1 case regressed (1 MUST)"
    assert "worse: 1 case regressed" in (tmp_path / "c.html").read_text(encoding="utf-8")
    assert "worse: 1 case regressed" in (tmp_path / "a/c.md").read_text(encoding="utf-8")
    assert json.loads((tmp_path / "c.json").read_text(encoding="utf-8"))["status"] == 1


@pytest.mark.parametrize(("new", "status"), [(record(result()), 0), (record(result(), footer=None), 3)])
def test_the_status_is_that_of_the_comparison(tmp_path: Path, new: object, status: int) -> None:
    written(record(result()), tmp_path / "old.jsonl")
    written(new, tmp_path / "new.jsonl")  # type: ignore[arg-type]  # pytest's parameters have no types
    assert fsqcheck("compare", "old.jsonl", "new.jsonl", "-q", cwd=tmp_path).status == status


def test_json_on_stdout_is_json_alone(tmp_path: Path) -> None:
    written(record(result()), tmp_path / "r.jsonl")
    assert json.loads(fsqcheck("compare", "r.jsonl", "r.jsonl", "--json", "-", cwd=tmp_path).out)["status"] == 0


@pytest.mark.parametrize("name", ["empty", "a picture", "duplicate", "of a newer schema"])
@pytest.mark.parametrize("first", [True, False])
def test_a_bad_record_on_either_side_gets_one_line(tmp_path: Path, name: str, first: bool) -> None:
    content, words = BAD[name]
    written(record(result()), tmp_path / "good.jsonl")
    (tmp_path / "bad.jsonl").write_bytes(content)
    files = ("bad.jsonl", "good.jsonl") if first else ("good.jsonl", "bad.jsonl")
    line = one_clear_line(fsqcheck("compare", *files, cwd=tmp_path))
    assert line.startswith("fsqcheck: bad.jsonl")
    assert words in line


def test_the_schema_of_a_comparison_is_printed(tmp_path: Path) -> None:
    said = fsqcheck("schema", "--kind", "comparison", cwd=tmp_path)
    assert json.loads(said.out)["$id"] == "urn:fsqcheck:comparison:1"


def test_without_jinja_an_html_page_is_refused_in_one_line(tmp_path: Path) -> None:
    written(record(result()), tmp_path / "r.jsonl")
    source = "import sys; sys.modules['jinja2'] = None; sys.argv[0] = 'fsqcheck'; from fsqcheck.cli import main; main()"
    arguments = ["compare", "r.jsonl", "r.jsonl", "--html", "c.html"]
    done = subprocess.run(
        [sys.executable, "-c", source, *arguments], cwd=tmp_path, capture_output=True, text=True, check=False
    )
    assert done.returncode == 2
    assert done.stderr == "fsqcheck: an HTML report needs jinja2; pip install 'fsqcheck[html]'\n"
