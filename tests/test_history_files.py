"""A history in a file: written as runs end, read back whole, and gone on with after it was interrupted."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
from jsonschema import Draft202012Validator

from fsqcheck.history import History, HistoryWriter, goes_on, history_schema, read_history
from fsqcheck.history.schema import FIELDS
from fsqcheck.reports import (
    BadLine,
    BadReport,
    EmptyReport,
    MissingHeader,
    NewerSchema,
    NotARecord,
    UnexpectedLine,
    UnwritableReport,
)

from .history_miniatures import attacked, head, release, typical
from .reports_miniatures import record, result, written
from .reports_pages import ATTACK

VALIDATOR = Draft202012Validator(history_schema())


def saved(made: History, path: Path) -> Path:
    with HistoryWriter(path, made.header) as writer:
        writer.describe(made.clauses)
        for one in reversed(made.releases):
            writer.write(one)
    return path


def test_what_was_written_is_read_in_ascending_order(tmp_path: Path) -> None:
    assert read_history(saved(typical(), tmp_path / "h.jsonl")) == typical()


@pytest.mark.parametrize("made", [typical(), attacked(ATTACK)], ids=["typical", "hostile"])
def test_every_line_is_valid_and_reads_back(tmp_path: Path, made: History) -> None:
    path = saved(made, tmp_path / "h.jsonl")
    for line in path.read_text(encoding="utf-8").splitlines():
        VALIDATOR.validate(json.loads(line))
    assert len(read_history(path).releases) == len(made.releases)


def test_releases_that_were_not_reached_are_missing(tmp_path: Path) -> None:
    with HistoryWriter(tmp_path / "h.jsonl", head("1.0", "1.1", "1.10")) as writer:
        writer.write(release("1.1", {"r": {"BND-1": "pass"}}))
    found = read_history(tmp_path / "h.jsonl")
    assert found.missing == ("1.0", "1.10")
    assert [one.version for one in found.releases] == ["1.0", "1.1", "1.10"]
    assert found.releases[2].reason == "was not run yet"


def test_a_history_killed_anywhere_reads_and_loses_one_release_at_most(tmp_path: Path) -> None:
    path = saved(typical(), tmp_path / "h.jsonl")
    whole = path.read_bytes()
    first = whole.index(b"\n") + 1
    for size in range(first, len(whole), 97):
        path.write_bytes(whole[:size])
        ended = [line for line in whole[:size].splitlines(keepends=True) if line.endswith(b"\n")]
        assert len(read_history(path).known) >= sum(
            b'"type":"release"' in line and b'"verdict":"' in line for line in ended
        )


def test_an_interrupted_history_goes_on_with_what_it_has(tmp_path: Path) -> None:
    path = tmp_path / "h.jsonl"
    saved(typical(), path)
    path.write_bytes(path.read_bytes()[:-300])
    old = read_history(path)
    assert old.missing == ("1.20.0",)
    new = head(*typical().header.releases, "1.33.0")
    with HistoryWriter(path, new, kept=old) as writer:
        assert read_history(path).missing == ("1.20.0", "1.33.0")
        writer.write(typical().releases[0])
    found = read_history(path)
    assert found.missing == ("1.33.0",)
    assert found.releases[:-1] == typical().releases
    assert list(tmp_path.iterdir()) == [path]


def test_a_kept_release_that_is_not_asked_for_is_left_out(tmp_path: Path) -> None:
    with HistoryWriter(tmp_path / "h.jsonl", head("1.32.0"), kept=typical()):
        pass
    assert [one.version for one in read_history(tmp_path / "h.jsonl").releases] == ["1.32.0"]


@pytest.mark.parametrize(
    "changes",
    [
        {"package": "other"},
        {"fsqcheck": "9"},
        {"tier": "standard"},
        {"seed": 1},
        {"rules": ("r",)},
        {"clauses": ("BND",)},
    ],
)
def test_another_question_does_not_go_on(changes: dict[str, Any]) -> None:
    assert not goes_on(head("1.0"), head("1.0", **changes))


def test_more_releases_and_another_command_do_go_on() -> None:
    assert goes_on(head("1.0"), head("1.0", "1.1", command=("fsqcheck",), started="later"))


def test_what_cannot_be_written_says_so_and_leaves_the_old_file(tmp_path: Path) -> None:
    (tmp_path / "folder").mkdir()
    with pytest.raises(UnwritableReport):
        HistoryWriter(tmp_path / "folder", head())
    assert [one.name for one in tmp_path.iterdir()] == ["folder"]


HEADER = json.dumps(
    {"type": "history", "package": "p", "fsqcheck": "0", "started": "", "command": [], "tier": "quick", "seed": 0}
)
RELEASE = '{"type":"release","version":"1.0"}'


@pytest.mark.parametrize(
    ("text", "kind"),
    [
        ("", EmptyReport),
        ("\n \n", EmptyReport),
        ("hello\n", NotARecord),
        ('{"type":"history","pack', MissingHeader),
        (RELEASE + "\n", MissingHeader),
        (HEADER.replace('"package"', '"schema": 99, "package"') + "\n", NewerSchema),
        (HEADER + "\n" + HEADER + "\n", UnexpectedLine),
        (f"{HEADER}\n{RELEASE}\n{RELEASE.replace('1.0', 'v1.0.0')}\n", UnexpectedLine),
        (f"{HEADER}\n{RELEASE[:-5]}\n{RELEASE}\n", BadLine),
        (f'{HEADER}\n{{"type":"release","version":1}}', BadLine),
        (f'{HEADER}\n{{"type":"planet"}}\n', BadLine),
        (f"{HEADER}\n" + "[" * 100_000 + "\n", BadLine),
    ],
)
def test_a_file_that_is_no_history_says_why(tmp_path: Path, text: str, kind: type[BadReport]) -> None:
    path = tmp_path / "h.jsonl"
    path.write_text(text)
    with pytest.raises(kind) as error:
        read_history(path)
    assert str(path) in str(error.value)
    assert "\n" not in str(error.value)


def test_a_record_is_no_history(tmp_path: Path) -> None:
    path = written(record(result()), tmp_path / "r.jsonl")
    with pytest.raises(NotARecord, match="record of one run"):
        read_history(path)


def test_every_field_is_described_and_nothing_else() -> None:
    definitions = history_schema()["$defs"]
    assert {name: set(one["properties"]) for name, one in definitions.items()} == {
        name: set(fields) for name, fields in FIELDS.items()
    }
    Draft202012Validator.check_schema(history_schema())


@pytest.mark.parametrize("wrong", [{}, {"type": "release"}, {"type": "release", "version": 1}, json.loads(HEADER)])
def test_a_line_that_is_wrong_is_rejected(wrong: object) -> None:
    assert not VALIDATOR.is_valid(wrong)  # the header lacks its schema version
