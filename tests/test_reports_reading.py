"""Each way in which a file can fail to be a record has its own name and says what to do."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from fsqcheck.reports import (
    BadLine,
    BadReport,
    DuplicateCase,
    EmptyReport,
    Line,
    MissingHeader,
    NewerSchema,
    NotARecord,
    UnexpectedLine,
    UnknownTarget,
    UnreadableReport,
    read,
)
from fsqcheck.reports.writing import encode

from .reports_miniatures import (
    clause,
    evidence,
    footer,
    gradient,
    header,
    record,
    result,
    staircase,
    target,
    written,
)


def file(path: Path, *lines: Line | bytes) -> Path:
    """A file of these lines, each ended by a newline."""
    name = path / "r.jsonl"
    name.write_bytes(b"".join((line if isinstance(line, bytes) else encode(line)) + b"\n" for line in lines))
    return name


@pytest.mark.parametrize("content", [b"", b"\n", b" \n\r\n"])
def test_an_empty_file_is_an_empty_report(tmp_path: Path, content: bytes) -> None:
    (tmp_path / "r.jsonl").write_bytes(content)
    with pytest.raises(EmptyReport, match=r"r\.jsonl: the report is empty; run again"):
        read(tmp_path / "r.jsonl")


@pytest.mark.parametrize(
    "content",
    [
        b"hello",
        b"\x89PNG\r\n\x1a\n",
        b"[1, 2]",
        b'{"a": 1}',
        b"{}",
        b'{"type": 3}',
        b"[" * 100_000,
        "½".encode("utf-16"),
    ],
)
def test_a_file_of_something_else_is_not_a_record(tmp_path: Path, content: bytes) -> None:
    with pytest.raises(NotARecord, match=r"line 1: this is not an fsqcheck report; give the \.jsonl file"):
        read(file(tmp_path, content))


def test_json_lines_of_another_kind_are_not_a_record(tmp_path: Path) -> None:
    with pytest.raises(NotARecord, match=r"line 1: no fsqcheck report starts with a 'metric' line"):
        read(file(tmp_path, b'{"type": "metric"}'))


def test_a_record_that_starts_in_its_middle_has_no_header(tmp_path: Path) -> None:
    with pytest.raises(MissingHeader, match="line 1: the report starts with a target line, not with its header"):
        read(file(tmp_path, target(), result()))


def test_a_record_whose_header_was_cut_has_no_header(tmp_path: Path) -> None:
    (tmp_path / "r.jsonl").write_bytes(encode(header())[:-10])
    with pytest.raises(MissingHeader, match="the run was killed before it had written its header; run again"):
        read(tmp_path / "r.jsonl")


def test_a_record_of_a_newer_schema_says_so_whatever_else_changed(tmp_path: Path) -> None:
    with pytest.raises(NewerSchema, match=r"written by a newer fsqcheck \(schema 2, .*\); upgrade fsqcheck"):
        read(file(tmp_path, b'{"type": "header", "schema": 2, "planets": 9}'))


def test_a_header_that_names_no_schema_is_a_bad_line(tmp_path: Path) -> None:
    with pytest.raises(BadLine, match=r"line 1: .*missing required field `schema`"):
        read(file(tmp_path, b'{"type": "header"}'))


def test_a_header_without_its_fields_is_a_bad_line(tmp_path: Path) -> None:
    with pytest.raises(BadLine, match=r"line 1: .*missing required field `fsqcheck`"):
        read(file(tmp_path, b'{"type": "header", "schema": 1}'))


@pytest.mark.parametrize(
    ("line", "problem"),
    [
        (b"{", "truncated"),
        (b'{"type": "result"}', "missing required field `id`"),
        (b'{"type": "planet"}', "Invalid value 'planet'"),
        (encode(result()).replace(b'"pass"', b'"maybe"'), "Invalid enum value 'maybe'"),
        (encode(result()).replace(b"[8,5]", b'["8",5]'), "Expected `int`, got `str`"),
        (b'{"type": "target", "name": "\xff"}', "invalid start byte"),
        (b'{"type": "target", "name": "x", "more": ' + b"[" * 100_000, "recursion"),
    ],
)
def test_a_line_that_is_none_of_a_record_is_named_with_its_number(tmp_path: Path, line: bytes, problem: str) -> None:
    with pytest.raises(BadLine, match=f"line 3: not a line of a record.*{re.escape(problem)}"):
        read(file(tmp_path, header(), target(), line, result()))


def test_a_last_line_that_was_ended_but_is_no_line_is_bad(tmp_path: Path) -> None:
    with pytest.raises(BadLine, match="line 2"):
        read(file(tmp_path, header(), encode(result())[:-5]))


def test_a_last_line_without_a_newline_that_is_whole_but_wrong_is_bad(tmp_path: Path) -> None:
    path = file(tmp_path, header())
    path.write_bytes(path.read_bytes() + b'{"type": "planet"}')
    with pytest.raises(BadLine, match="line 2"):
        read(path)


def test_one_case_with_two_results_names_both_lines(tmp_path: Path) -> None:
    with pytest.raises(DuplicateCase, match=r"line 4: case BND-1/.* of tiny already has a result on line 3"):
        read(file(tmp_path, header(), target(), result(), result("fail")))


def test_one_case_of_two_targets_is_no_duplicate(tmp_path: Path) -> None:
    lines = (header(), target(), target(name="other"), result(), result(target="other"))
    assert len(read(file(tmp_path, *lines)).results) == 2


def test_a_result_of_a_target_that_nobody_introduced_is_refused(tmp_path: Path) -> None:
    with pytest.raises(UnknownTarget, match="line 3: no target line introduces ghost"):
        read(file(tmp_path, header(), target(), result(target="ghost")))


def test_a_measurement_of_a_target_that_nobody_introduced_is_refused(tmp_path: Path) -> None:
    with pytest.raises(UnknownTarget, match="line 3: no target line introduces ghost"):
        read(file(tmp_path, header(), target(), staircase(target="ghost")))


def test_measurements_may_stand_among_the_results(tmp_path: Path) -> None:
    made = read(file(tmp_path, header(), target(), staircase(), result(), gradient(), staircase(5)))
    assert made.staircases == (staircase(), staircase(5))
    assert made.gradients == (gradient(),)
    assert made.results == (result(),)


@pytest.mark.parametrize(
    ("lines", "problem"),
    [
        ((header(),), "a second header"),
        ((footer(), target()), "a target after the footer"),
        ((target(), target()), "the target tiny is introduced twice"),
        ((clause(), clause()), "the clause BND-1 is introduced twice"),
        ((target(), staircase(), staircase()), "the staircase of tiny symmetric L = 3 float32 is there twice"),
        ((target(), gradient(), gradient()), "the gradient of tiny symmetric L = 3 float32 is there twice"),
    ],
)
def test_a_line_in_a_place_where_none_can_stand_is_refused(
    tmp_path: Path, lines: tuple[Line, ...], problem: str
) -> None:
    with pytest.raises(UnexpectedLine, match=problem):
        read(file(tmp_path, header(), *lines))


@pytest.mark.parametrize("missing", ["no/such.jsonl", ".", "a\0b"])
def test_a_file_that_cannot_be_read_is_named(tmp_path: Path, missing: str) -> None:
    with pytest.raises(UnreadableReport, match=r"cannot read the report: .*; check the path"):
        read(tmp_path / missing)


def test_every_bad_report_is_one_printable_line(tmp_path: Path) -> None:
    with pytest.raises(BadReport) as caught:
        read(file(tmp_path, header(), target((), "\x1b[2J\n"), result(target="\x1b[2K\n")))
    assert str(caught.value).isprintable()


def test_a_record_cut_after_any_byte_of_its_last_line_reads_as_incomplete(tmp_path: Path) -> None:
    last = result("fail", n=1, message='日本 \\ "quoted"\n', evidence=evidence())
    made = record(result(), last, footer=None)
    whole = written(made, tmp_path / "r.jsonl").read_bytes()
    start = len(whole) - len(encode(last)) - 1
    cut = tmp_path / "cut.jsonl"
    for end in range(start, len(whole) - 1):
        cut.write_bytes(whole[:end])
        assert read(cut).results == made.results[:1], f"cut at byte {end - start} of the last line"


def test_a_tail_of_zero_bytes_after_a_power_cut_reads_as_incomplete(tmp_path: Path) -> None:
    made = record(result(), footer=None)
    path = written(made, tmp_path / "r.jsonl")
    path.write_bytes(path.read_bytes() + b"\0" * 512)
    assert read(path) == made


def test_a_whole_last_line_without_its_newline_counts(tmp_path: Path) -> None:
    path = written(record(result()), tmp_path / "r.jsonl")
    path.write_bytes(path.read_bytes().removesuffix(b"\n"))
    assert read(path).footer is not None


def test_a_record_without_a_footer_reads(tmp_path: Path) -> None:
    made = record(result(), footer=None)
    assert read(written(made, tmp_path / "r.jsonl")) == made


def test_windows_line_ends_and_blank_lines_do_no_harm(tmp_path: Path) -> None:
    made = record(result())
    path = written(made, tmp_path / "r.jsonl")
    path.write_bytes(path.read_bytes().replace(b"\n", b"\r\n") + b"\r\n")
    assert read(path) == made


def test_a_field_that_a_later_release_added_is_ignored(tmp_path: Path) -> None:
    path = file(tmp_path, header(), encode(target()).replace(b"{", b'{"colour": "red", ', 1))
    assert read(path).targets == (target(),)
