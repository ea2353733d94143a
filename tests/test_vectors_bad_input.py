"""Bad vectors and bad answers get one clear line and exit status 2; hostile text is shown and never obeyed."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import msgspec
import pytest

from fsqcheck.conformance.plan import UsageError
from fsqcheck.reports import read
from fsqcheck.vectors import check, make, write
from fsqcheck.vectors.form import Answers

from .commands import Said, fsqcheck
from .ports_miniatures import answers, as_text, right

RULE = ("widened", (8, 5), "float32")


@pytest.fixture(scope="module")
def given() -> Answers:
    """The answers of a right port."""
    made = make(*RULE)
    return answers(right(made), made)


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """A folder of vectors."""
    write(make(*RULE).document, tmp_path)
    return tmp_path


def complaint(folder: Path, text: str | bytes, name: str = "answers") -> str:
    """What is said of answers, on one line."""
    file = folder / name
    file.write_bytes(text if isinstance(text, bytes) else text.encode())
    with pytest.raises(UsageError) as raised:
        check(folder, file, folder / "record.jsonl")
    assert "\n" not in str(raised.value)
    assert str(raised.value).isprintable()
    assert len(str(raised.value)) < 700
    assert not (folder / "record.jsonl").exists()
    return str(raised.value)


@pytest.mark.parametrize(
    ("change", "words"),
    [
        (lambda _: "", "line 1: expected `fsqcheck-answers 1`, got ''"),
        (lambda text: text.replace("answers 1", "answers 2"), "expected `fsqcheck-answers 1`, got 'fsqcheck-answers 2'"),
        (lambda text: text.replace("vectors ", "vectors 1"), "and those given are"),
        (lambda text: text.replace("vectors ", "# "), "has no line `vectors …`"),
        (lambda text: text.replace("target miniature\n", ""), "has no line `target …`"),
        (lambda text: text.replace("target", "target a b"), "line 3: expected `target NAME` or `target NAME VERSION`"),
        (lambda text: text.replace("target", "target x\ntarget"), "line 4: target is given twice"),
        (lambda text: text.rsplit("\n", 3)[0], "vectors are not answered, the first of them"),
        (lambda text: text + "0 index 1\n", "vector 0 is answered twice"),
        (lambda text: text + "99999 index 1\n", "there is no vector 99999; the vectors are 0 to"),
        (lambda text: text + "-1 index 1\n", "there is no vector -1"),
        (lambda text: text + "0 codes 1\n", "expected 2 numbers after codes"),
        (lambda text: text + "0 codes 1 2 3\n", "unknown word '3'; expected one of codes, levels, index"),
        (lambda text: text + "0 codes 1 index 2\n", "expected 2 numbers after codes"),
        (lambda text: text + "0 index one\n", "index: expected a whole number, got 'one'"),
        (lambda text: text + "0 index 1 index 1\n", "index is given twice"),
        (lambda text: text + "0 index " + "9" * 5000 + "\n", "expected a whole number"),
        (lambda text: text + "one index 1\n", "the number of a vector: expected a whole number, got 'one'"),
        (lambda text: text + "0 \x1b[31mred\u202e\n", "unknown word '\\\\x1b[31mred\\\\u202e'"),
        (lambda text: text + "0\n", "must have codes, levels or an index, or be refused, and not both"),
        (lambda text: text + "0 refused index 1\n", "or be refused, and not both"),
        (lambda text: text.replace("codes 0x", "codes 0y", 1), "codes: expected a number such as 0x1.8p-1"),
        (lambda text: text.replace(" index 0\n", " index 99999999999999999999\n"), "does not fit a signed 64-bit integer"),
        (lambda text: text[: text.index(" index")] + text[text.index("\n1 ") :], "has no index, and others have"),
    ],
)  # fmt: skip
def test_bad_answers_in_text_get_one_line(
    change: Callable[[str], str], words: str, folder: Path, given: Answers
) -> None:
    assert words in complaint(folder, change(as_text(given)))


@pytest.mark.parametrize(
    ("change", "words"),
    [
        ({"version": 2}, "is 'fsqcheck-answers' 2; expected the format 'fsqcheck-answers', version 1"),
        ({"format": "other"}, "is 'other' 1; expected the format"),
        ({"target": " "}, "the target has no name"),
        ({"target": 7}, "Expected `str`, got `int`"),
        ({"answers": []}, "vectors are not answered, the first of them 0"),
        ({"answers": [{"id": 0, "codes": [1, 2, 3]}]}, "has 3 codes, expected one for each of 2 channels"),
        ({"answers": [{"id": 0, "level": [1, 2]}]}, "unknown field `level`"),
        ({"answers": [{"id": 0, "codes": [[1], 2]}]}, "Expected `float | str`"),
    ],
)
def test_bad_answers_in_json_get_one_line(change: dict[str, Any], words: str, folder: Path, given: Answers) -> None:
    document = {**json.loads(msgspec.json.encode(given)), **change}
    assert words in complaint(folder, json.dumps(document))


@pytest.mark.parametrize(
    ("data", "words"),
    [
        (b"\xff\xfe\x00", "is not text in UTF-8"),
        (b"{" * 100_000, "cannot be read"),
        (b'{"answers": ' + b"[" * 100_000, "cannot be read"),
        (b"{}", "expected the format"),
        (b"\x00" * 100, "line 1: expected"),
        (b"#" * (17 * 2**20), "has more than 16 MiB"),
    ],
    ids=["not UTF-8", "braces", "nested", "empty", "NUL", "huge"],
)
def test_what_is_no_answers_at_all_gets_one_line(data: bytes, words: str, folder: Path) -> None:
    assert words in complaint(folder, data)


@pytest.mark.parametrize(
    ("change", "words"),
    [
        ({"version": 2}, "is form 2 of fsqcheck"),
        ({"fsqcheck": "9.9\x1b[31m"}, "of fsqcheck 9.9\\x1b[31m; this is form 1"),
        ({"format": "more"}, "holds no vectors"),
        ({"rule": "wide"}, "unknown rule 'wide'"),
        ({"levels": [1, 2]}, "≥ 2"),
        ({"dtype": "float8"}, "unknown dtype 'float8'"),
        ({"vectors": []}, "was changed: its inputs are not those of its rule and levels"),
        ({"dtype": "float64"}, "was changed"),
        ({"digest": "0" * 16}, "vectors.txt says something else than vectors.json"),
        ({"vectors": 7}, "Expected `array`, got `int`"),
    ],
)
def test_bad_vectors_get_one_line(change: dict[str, Any], words: str, folder: Path, given: Answers) -> None:
    file = folder / "vectors.json"
    file.write_text(json.dumps({**json.loads(file.read_text()), **change}))
    assert words in complaint(folder, as_text(given))


def test_a_table_that_was_changed_is_refused(folder: Path, given: Answers) -> None:
    file = folder / "vectors.txt"
    file.write_text(file.read_text().replace("0x1p+0 ", "0x1p+1 "))
    assert "vectors.txt says something else than vectors.json; write them again" in complaint(folder, as_text(given))


def test_a_hostile_name_is_shown_and_not_obeyed(folder: Path, given: Answers) -> None:
    hostile = msgspec.structs.replace(given, target="\x1b[31m<script>\u202e", environment="\x07" * 500)
    (folder / "answers").write_bytes(msgspec.json.encode(hostile))
    check(folder, folder / "answers", folder / "record.jsonl")
    target = read(folder / "record.jsonl").targets[0]
    assert target.name == "\\x1b[31m<script>\\u202e"
    assert (target.framework or "").isprintable()


def one_line(said: Said, words: str) -> None:
    assert said.status == 2, said
    assert words in said.err
    assert len(said.err.splitlines()) == 1
    assert "Traceback" not in said.err


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        ([], "vectors needs a rule, levels and a folder"),
        (["--rule", "widened", "--levels", "8", "-o", "/proc/no/where"], "cannot write the report /proc/no/where"),
        (["--rule", "wide", "--levels", "8", "-o", "x"], "unknown rule 'wide'"),
        (["--rule", "ifsq", "--levels", "8", "-o", "x"], "the rule ifsq needs"),
        (["--rule", "widened", "--levels", "1", "-o", "x"], "≥ 2"),
        (["--rule", "widened", "--levels", "8", "--dtype", "int8", "-o", "x"], "unknown dtype 'int8'"),
        (["--rule", "widened", "--levels", "5000", "-o", "x"], "more than 5000 numbers"),
        (["--rule", "widened", "check", "nowhere", "nothing"], "takes rule and levels from DIR"),
        (["check", "nowhere", "nothing"], "cannot read nowhere/vectors.json"),
    ],
    ids=lambda value: " ".join(value)[:50] if isinstance(value, list) else None,
)
def test_a_bad_argument_gets_one_line(arguments: list[str], words: str, tmp_path: Path) -> None:
    one_line(fsqcheck("vectors", *arguments, cwd=tmp_path), words)
    assert list(tmp_path.iterdir()) == []


def test_the_check_writes_pages_and_says_what_fails(folder: Path, given: Answers) -> None:
    (folder / "answers.txt").write_text(as_text(given).replace("index -1", "index"), encoding="utf-8")
    one_line(fsqcheck("vectors", "check", ".", "answers.txt", cwd=folder), "expected 1 number after index")
    wrong = [msgspec.structs.replace(told, index=0) for told in given.answers]
    (folder / "answers.txt").write_text(as_text(msgspec.structs.replace(given, answers=tuple(wrong))), encoding="utf-8")
    pages = ["--html", "page.html", "--markdown", "page.md"]
    said = fsqcheck("vectors", "check", ".", "answers.txt", *pages, cwd=folder)
    assert said.status == 1, said
    assert "MUST  IDX-4" in said.out
    assert "IDX-4" in (folder / "page.md").read_text(encoding="utf-8")
    assert "IDX-4" in (folder / "page.html").read_text(encoding="utf-8")
