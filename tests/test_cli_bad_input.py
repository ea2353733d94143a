"""Bad input gets one clear line, exit status 2 and no traceback, and costs nothing that was already written."""

from __future__ import annotations

from pathlib import Path

import pytest

from .commands import RIGHT, Said, fsqcheck, written


def one_clear_line(said: Said, *words: str) -> None:
    assert said.status == 2, said
    assert "Traceback" not in said.err + said.out
    lines = said.complaint.splitlines()
    assert len(lines) == 1, lines
    assert lines[0].startswith("fsqcheck: ")
    for word in words:
        assert word in lines[0], (word, lines[0])


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        (["torch-fqs"], ["'torch-fqs'", "did you mean torch-fsq?", "module:Class"]),
        (["nothing_like_this:FSQ", "--rule", "widened"], ["nothing_like_this:FSQ", "ModuleNotFoundError"]),
        (["json:FSQ", "--rule", "widened"], ["json has no FSQ", "JSONDecoder"]),
        (["json:loads", "--rule", "widened"], ["json:loads", "TypeError", "FSQ(levels=[…])"]),
        (["no/such/file.py:FSQ"], ["there is no file no/such/file.py"]),
        (["reference==9.9"], ["reference==9.9", "not the installed release"]),
        (["reference", "--rule", "wide"], ["unknown rule 'wide'", "widened"]),
        (["reference", "--dtype", "float8"], ["unknown dtype 'float8'", "float16"]),
        (["reference", "--device", "gpu"], ["unknown device 'gpu'", "cuda"]),
        (["reference", "--levels", "abc"], ["'abc'", "8,5,5,5"]),
        (["reference", "--levels", "0"], ["'0'", "≥ 2"]),
        (["reference", "--levels", "1,3"], ["'1,3'", "≥ 2"]),
        (["reference", "--levels=-3"], ["'-3'", "≥ 2"]),
        (["reference", "--levels", ""], ["empty", "8,5,5,5"]),
        (["reference", "--levels", ",".join(["64"] * 11)], ["more than 2^62 codes"]),
        (["reference", "--levels", "4", "--rule", "ifsq"], ["hold 4", "ifsq", "odd L"]),
        (["reference", "--clause", "BND-99"], ["'BND-99'", "fsqcheck list clauses"]),
        (["reference", "--case", "BND-1"], ["'BND-1'", "BND-3/widened/8x5x5x5/float32/cpu/eval"]),
        (["reference", "--case", "BND-99/widened/8/float32/cpu/eval"], ["BND-99"]),
        (["reference", "--report", "/proc/no/record.jsonl"], ["/proc/no/record.jsonl"]),
        (["reference", "--markdown", "/proc/no/page.md"], ["/proc/no/page.md"]),
        (["reference", "--report", "."], ["directory"]),
        ([], ["no target given", "vector-quantize-pytorch"]),
    ],
    ids=lambda value: " ".join(value)[:40] if isinstance(value, list) else None,
)
def test_a_bad_argument_gets_one_line(arguments: list[str], words: list[str], tmp_path: Path) -> None:
    one_clear_line(fsqcheck("run", *arguments, cwd=tmp_path), *words)


def test_an_unknown_option_is_refused_with_status_2(tmp_path: Path) -> None:
    said = fsqcheck("run", "reference", "--tires", "quick", cwd=tmp_path)
    assert said.status == 2
    assert "--tires" in said.err
    assert "Traceback" not in said.err


def test_a_clause_that_does_not_exist_is_not_explained(tmp_path: Path) -> None:
    one_clear_line(fsqcheck("explain", "BND-99", cwd=tmp_path), "BND-99", "fsqcheck list clauses")


@pytest.mark.parametrize(
    ("source", "words"),
    [
        ("raise RuntimeError('first line\\nsecond line')", ["RuntimeError", "first line"]),
        ("import sys; sys.exit(5)", ["SystemExit"]),
        ("def f(:", ["SyntaxError"]),
    ],
)
def test_an_import_that_fails_gets_one_line(source: str, words: list[str], tmp_path: Path) -> None:
    written(tmp_path, "broken.py", source)
    one_clear_line(fsqcheck("run", "broken.py:FSQ", "--rule", "widened", cwd=tmp_path), "broken.py:FSQ", *words)


def test_a_constructor_that_raises_gets_one_line(tmp_path: Path) -> None:
    written(
        tmp_path, "mine.py", "class FSQ:\n    def __init__(self, levels):\n        raise KeyError('no such codec')\n"
    )
    said = fsqcheck("run", "mine.py:FSQ", "--rule", "widened", cwd=tmp_path)
    one_clear_line(said, "mine.py:FSQ", "KeyError", "no such codec", "`fsqcheck init mine.py:FSQ` drafts")


def test_a_class_without_a_rule_is_asked_for_one(tmp_path: Path) -> None:
    written(tmp_path, "mine.py", RIGHT)
    one_clear_line(fsqcheck("run", "mine.py:FSQ", cwd=tmp_path), "mine.py:FSQ", "--rule widened")


def test_one_target_that_cannot_be_loaded_does_not_stop_the_others(tmp_path: Path) -> None:
    said = fsqcheck("run", "reference", "nowhere:FSQ", "--rule", "widened", "--clause", "BND-1", "-q", cwd=tmp_path)
    assert said.status == 2
    assert "reference: conforms" in said.out
    assert "nowhere:FSQ: could not be loaded" in said.out
    assert "nowhere:FSQ" in said.complaint


def test_an_unloadable_target_is_in_the_record(tmp_path: Path) -> None:
    fsqcheck("run", "nowhere:FSQ", "--report", "r.jsonl", cwd=tmp_path)
    assert '"loaded":false' in (tmp_path / "r.jsonl").read_text(encoding="utf-8")


@pytest.mark.parametrize(
    ("table", "words"),
    [
        ("tier = 3", ["tier", "a string", "3"]),
        ("tier = 'slow'", ["'slow'", "quick"]),
        ("rule = ['widened']", ["'rule'", "rules"]),
        ("levels = [8, 5]", ["levels", "[[8, 5, 5, 5]]"]),
        ("levels = [[8, 1]]", ["8,1", "≥ 2"]),
        ("targets = 'reference'", ["targets", "a list of strings"]),
        ("targets = [", ["not valid TOML"]),
    ],
)
def test_a_wrong_setting_names_the_file_and_the_key(table: str, words: list[str], tmp_path: Path) -> None:
    written(tmp_path, "pyproject.toml", f"[tool.fsqcheck]\n{table}\n")
    one_clear_line(fsqcheck("run", "reference", cwd=tmp_path), "pyproject.toml", *words)


def test_a_report_that_cannot_be_written_leaves_an_earlier_page_alone(tmp_path: Path) -> None:
    page = written(tmp_path, "page.md", "kept")
    said = fsqcheck("run", "reference", "--report", ".", "--markdown", "page.md", cwd=tmp_path)
    assert said.status == 2
    assert page.read_text(encoding="utf-8") == "kept"


def test_bad_pytest_options_get_pytests_usage_error(tmp_path: Path) -> None:
    import subprocess
    import sys

    done = subprocess.run(
        [
            sys.executable,
            "-m",
            "pytest",
            "--pyargs",
            "fsqcheck.conformance",
            "--fsq",
            "torch-fqs",
            "-p",
            "no:cacheprovider",
        ],
        cwd=tmp_path,
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 4
    assert "did you mean torch-fsq?" in done.stderr + done.stdout
    assert "Traceback" not in done.stderr + done.stdout
