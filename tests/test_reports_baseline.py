"""A baseline says which failures are known; one that was edited wrongly is named with its line and the reason."""

from __future__ import annotations

from datetime import date
from pathlib import Path

import pytest

from fsqcheck.reports import (
    BadBaseline,
    MissingKey,
    NewerBaseline,
    NotToml,
    UnknownKey,
    UnreadableBaseline,
    WrongValue,
    read_baseline,
)
from fsqcheck.reports.baseline import CasePattern

from .commands import written

GOOD = """\
schema = 1
tier = "standard"

[[known]]
cases = "BND-3/**"
fingerprint = "fail: no"
reason = "known"

# A remark.
[[known]]
cases = [
    "IDX-6/widened/*/float32/cpu/eval",
    "IDX-7/*/8x5/float32/cpu/train",
]
fingerprint = "error: raised # times"
wrong = 0.25
reason = "float32 index arithmetic"
issue = "https://example.org/7"
expires = 2026-12-31
versions = ">=1.30,<2"
targets = ["vector-*"]
dtypes = ["float32"]
devices = ["cpu"]
"""


def test_a_baseline_reads_with_the_line_of_every_entry(tmp_path: Path) -> None:
    found = read_baseline(written(tmp_path, "b.toml", GOOD))
    assert found.tier == "standard"
    assert [entry.line for entry in found.known] == [4, 10]
    second = found.known[1]
    assert (second.wrong, second.expires, second.versions) == (0.25, date(2026, 12, 31), ">=1.30,<2")
    assert found.place(second).endswith("b.toml, line 10")


@pytest.mark.parametrize(
    ("wrong", "right", "error", "line", "words"),
    [
        ('reason = "known"', "", MissingKey, 4, "the entry has no reason"),
        ('cases = "BND-3/**"', "", MissingKey, 4, "the entry has no cases"),
        ('fingerprint = "fail: no"', "", MissingKey, 4, "the entry has no fingerprint"),
        ('reason = "known"', 'reasons = "known"', UnknownKey, 7, "'reasons' (did you mean reason?)"),
        ('reason = "known"', 'reason = " "', WrongValue, 7, "reason must be a sentence"),
        ('reason = "known"', "reason = 3", WrongValue, 7, "got 3"),
        ('cases = "BND-3/**"', "cases = []", WrongValue, 5, "cases must be a list of case ids"),
        ('cases = "BND-3/**"', "cases = [3]", WrongValue, 5, "got [3]"),
        ("wrong = 0.25", "wrong = 1.5", WrongValue, 16, "a share of wrong answers"),
        ("wrong = 0.25", "wrong = nan", WrongValue, 16, "got nan"),
        ("wrong = 0.25", "wrong = true", WrongValue, 16, "got True"),
        ("expires = 2026-12-31", 'expires = "2026-12-31"', WrongValue, 19, "a day without quotes"),
        ("expires = 2026-12-31", "expires = 2026-12-31T00:00:00", WrongValue, 19, "a day without quotes"),
        ("expires = 2026-12-31", "expires = 2026-02-31", NotToml, 19, "not valid TOML"),
        ('versions = ">=1.30,<2"', 'versions = "about 1.30"', WrongValue, 20, "a range of releases"),
        ('issue = "https://example.org/7"', 'issue = "#7"', WrongValue, 18, "issue must be a link"),
        ('devices = ["cpu"]', 'devices = "cpu"', WrongValue, 23, "a list of devices"),
        ('dtypes = ["float32"]', 'dtypes = [["float32"]]', WrongValue, 22, "a list of dtypes"),
        ("schema = 1", "schema = 9", NewerBaseline, 1, "made by a newer fsqcheck (schema 9); upgrade"),
        ("schema = 1", 'schema = "1"', WrongValue, 1, "a whole number"),
        ('tier = "standard"', "tier = 1", WrongValue, 2, "tier must be a string"),
        ('tier = "standard"', 'ties = "standard"', UnknownKey, 2, "did you mean tier?"),
        ("# A remark.", "A remark.", NotToml, 9, "not valid TOML"),
        ("[[known]]\ncases = [", "[known.x]\ncases = [", UnknownKey, 4, "there is no key 'x'"),
    ],
)
def test_an_entry_that_was_edited_wrongly_is_named_with_its_line(
    tmp_path: Path, wrong: str, right: str, error: type[BadBaseline], line: int, words: str
) -> None:
    assert wrong in GOOD
    path = written(tmp_path, "b.toml", GOOD.replace(wrong, right, 1))
    with pytest.raises(BadBaseline) as caught:
        read_baseline(path)
    assert type(caught.value) is error
    assert str(caught.value).startswith(f"{path}, line {line}: ")
    assert words in str(caught.value)
    assert str(caught.value).isprintable()


@pytest.mark.parametrize("text", ["known = 3", "known = [3]", "[known]\na = 1", "known = [[]]"])
def test_known_must_be_entries(tmp_path: Path, text: str) -> None:
    with pytest.raises(WrongValue, match=r"line 1: known must be entries that start with \[\[known\]\]"):
        read_baseline(written(tmp_path, "b.toml", text))


def test_an_entry_written_inline_is_named_with_its_number(tmp_path: Path) -> None:
    path = written(tmp_path, "b.toml", 'known = [{cases = "A", fingerprint = "f", reason = "r"}, {cases = "A"}]')
    with pytest.raises(MissingKey, match=r"b\.toml: entry 2: the entry has no fingerprint"):
        read_baseline(path)


def test_a_header_inside_a_text_does_not_count_as_an_entry(tmp_path: Path) -> None:
    path = written(tmp_path, "b.toml", GOOD.replace('reason = "known"', 'reason = """\n[[known]]\n"""'))
    assert [entry.line for entry in read_baseline(path).known] == [None, None]


def test_an_empty_baseline_knows_nothing(tmp_path: Path) -> None:
    assert read_baseline(written(tmp_path, "b.toml", "")).known == ()


@pytest.mark.parametrize(
    ("content", "error", "words"),
    [
        (b"\xff\xfe", NotToml, "line 1: not UTF-8 text"),
        (b"a = 1\nb = '\xc3", NotToml, "line 2: not UTF-8 text"),
        (b"a = " + b"[" * 100_000, NotToml, "nested too deeply"),
        (b"a = " + b"9" * 10_000, NotToml, "not valid TOML"),
        (b"\x00", NotToml, "not valid TOML"),
        (b"#" * (17 * 2**20), NotToml, "longer than"),
    ],
)
def test_a_file_of_something_else_is_no_baseline(
    tmp_path: Path, content: bytes, error: type[BadBaseline], words: str
) -> None:
    (tmp_path / "b.toml").write_bytes(content)
    with pytest.raises(error, match=words):
        read_baseline(tmp_path / "b.toml")


def test_a_baseline_with_a_byte_order_mark_reads(tmp_path: Path) -> None:
    (tmp_path / "b.toml").write_bytes(b"\xef\xbb\xbf" + GOOD.encode())
    assert len(read_baseline(tmp_path / "b.toml").known) == 2


@pytest.mark.parametrize(
    ("missing", "words"),
    [("no.toml", "make it with `fsqcheck baseline"), (".", "directory"), ("a\0b", "check the path")],
)
def test_a_baseline_that_cannot_be_read_is_named(tmp_path: Path, missing: str, words: str) -> None:
    with pytest.raises(UnreadableBaseline, match=words):
        read_baseline(tmp_path / missing)


@pytest.mark.parametrize(
    ("pattern", "id", "matches"),
    [
        ("A-1/w/8x5/f/cpu/eval", "A-1/w/8x5/f/cpu/eval", True),
        ("A-1/w/8x5/f/cpu/eval", "A-1/w/8x5/f/cpu/eval/BTd", False),
        ("A-1/w/*/f/cpu/eval", "A-1/w/8x5/f/cpu/eval", True),
        ("A-1/*/cpu/eval", "A-1/w/8x5/f/cpu/eval", False),
        ("A-1/w/**", "A-1/w/8x5/f/cpu/eval/BTd", True),
        ("A-1/**", "A-10/w", False),
        ("A-*/**", "A-10/w", True),
        ("A-1/p=0.?", "A-1/p=0.1", True),
        ("A-1/[x]", "A-1/[x]", True),
        ("A-1/[x]", "A-1/x", False),
        ("a-1", "A-1", False),
        ("**", "anything/at/all", True),
    ],
)
def test_a_pattern_matches_part_by_part(pattern: str, id: str, matches: bool) -> None:
    assert CasePattern(pattern).matches(id.split("/")) is matches


@pytest.mark.parametrize("hostile", ["*a" * 5_000 + "b", "*" * 100_000, "?*" * 10_000])
def test_a_hostile_pattern_is_matched_in_time(hostile: str) -> None:
    assert CasePattern(hostile).matches(["a" * 200]) in (True, False)
