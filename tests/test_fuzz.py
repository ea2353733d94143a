"""Ten thousand damaged reports, baselines and settings: each is refused in one printable line, or read, and never a traceback."""

from __future__ import annotations

import json
from datetime import date
from pathlib import Path
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as some

from fsqcheck.conformance.plan import UsageError
from fsqcheck.conformance.settings import find_pyproject, with_defaults
from fsqcheck.reports import (
    Acceptance,
    BadBaseline,
    BadReport,
    NothingToKnow,
    Record,
    badge,
    baseline_of,
    compare,
    exit_status,
    expected,
    read,
    read_baseline,
    render_baseline,
    render_comparison_html,
    render_comparison_json,
    render_comparison_markdown,
    render_junit,
    render_markdown,
)
from fsqcheck.reports.expecting import Tally
from fsqcheck.reports.writing import encode

from .reports_miniatures import clause, evidence, footer, header, result, shown, target
from .test_reports_baseline import GOOD

CASES = (
    result("pass", digest="a1"),
    result("fail", n=1, message="z = 1 is wrong", evidence=evidence(wrong=3, tried=9, details={"channel": "0"})),
    result("error", "SYM-1", message="no", severity="should"),
    result("not-run", "DEV-1", message="no CUDA device"),
)
LINES = tuple(
    encode(line) for line in (header(), target(CASES), clause(), *CASES, footer(CASES, outcomes={"pass": 1, "fail": 1}))
)
SETTINGS = (
    '[project]\nname = "x"\n\n[tool.fsqcheck]\ntargets = ["reference"]\nrules = ["widened"]\nlevels = [[8, 5, 5, 5]]\n'
    'dtypes = ["float32"]\ndevices = ["cpu"]\nclauses = ["IDX"]\ntier = "quick"\nbaseline = "b.toml"\nallow-stale = true\n'
)

#: What takes the place of a value in JSON and TOML.
VALUES = some.one_of(
    some.none(),
    some.booleans(),
    some.integers(-(2**70), 2**70),
    some.floats(),
    some.text(max_size=8),
    some.sampled_from(
        ["", "must", "pass", "fail", "\x1b[2J", "日" * 50, "../x", "BND-1", "1e999", "float32", "[known]"]
    ),
    some.lists(some.integers(-2, 2**65) | some.text(max_size=3), max_size=3),
    some.dictionaries(some.text(max_size=3), some.integers() | some.text(max_size=3), max_size=2),
)
QUICKLY = settings(
    derandomize=True, database=None, deadline=None, suppress_health_check=list(HealthCheck), report_multiple_bugs=False
)


@some.composite
def cut_and_pasted(draw: some.DrawFn, whole: bytes) -> bytes:
    """A text with pieces taken out, put in, doubled or turned over."""
    for _ in range(draw(some.integers(1, 4))):
        start = draw(some.integers(0, len(whole)))
        end = min(len(whole), start + draw(some.integers(0, 40)))
        piece = whole[start:end]
        middle = draw(
            some.sampled_from(
                [b"", piece + piece, piece[::-1], b"\n", b"\x00", b"\xff", b"{", b"[", b'"', b"]]", b"= "]
            )
            | some.binary(max_size=6)
        )
        whole = whole[:start] + middle + whole[end:]
    return whole[: draw(some.integers(0, len(whole)))] if draw(some.booleans()) else whole


@some.composite
def reordered(draw: some.DrawFn, lines: tuple[bytes, ...]) -> bytes:
    """Lines left out, doubled, and in another order."""
    chosen = draw(some.lists(some.sampled_from(lines), max_size=len(lines) + 2))
    return b"\n".join([*lines[:1], *chosen])


@some.composite
def with_other_values(draw: some.DrawFn, lines: tuple[bytes, ...]) -> bytes:
    """Lines of the right form in which some values are others."""
    made = [json.loads(line) for line in lines]
    for _ in range(draw(some.integers(1, 3))):
        place: Any = draw(some.sampled_from(made))
        while True:
            key = draw(some.sampled_from(list(place) if isinstance(place, dict) else list(range(len(place)))))
            if isinstance(place[key], dict | list) and place[key] and draw(some.booleans()):
                place = place[key]
                continue
            place[key] = draw(VALUES)
            break
    return b"\n".join(json.dumps(line).encode() for line in made) + b"\n"


def one_printable_line(error: Exception) -> None:
    assert str(error).isprintable()
    assert len(str(error)) < 3_000


def everything_shown(record: Record, good: Record) -> None:
    """All that can be made of a record."""
    for old, new in ((record, good), (good, record)):
        found = compare(old, new)
        render_comparison_markdown(found)
        render_comparison_json(found)
        render_comparison_html(found)
    assert len(render_markdown(record).encode()) <= 60_000
    assert bool("<failure" in render_junit([record]) or "<error" in render_junit([record])) == (
        exit_status(record) != 0
    )
    shown(record)
    badge([record])
    try:
        render_baseline(baseline_of(record, Acceptance()), record)
    except NothingToKnow as error:
        one_printable_line(error)


@pytest.fixture(scope="module")
def good(tmp_path_factory: pytest.TempPathFactory) -> Record:
    path = tmp_path_factory.mktemp("good") / "r.jsonl"
    path.write_bytes(b"\n".join(LINES) + b"\n")
    return read(path)


@settings(QUICKLY, max_examples=2_000)
@given(some.one_of(cut_and_pasted(b"\n".join(LINES)), reordered(LINES), with_other_values(LINES)))
def test_a_damaged_report_is_refused_in_one_line_or_shown(
    tmp_path_factory: pytest.TempPathFactory, good: Record, content: bytes
) -> None:
    path = tmp_path_factory.getbasetemp() / "fuzzed.jsonl"
    path.write_bytes(content)
    try:
        record = read(path)
    except BadReport as error:
        one_printable_line(error)
        return
    everything_shown(record, good)


@some.composite
def with_another_value(draw: some.DrawFn, whole: str) -> bytes:
    """A TOML text in which a value is another one, or a key."""
    lines = whole.split("\n")
    number = draw(some.sampled_from([number for number, line in enumerate(lines) if " = " in line]))
    key, _, value = lines[number].partition(" = ")
    if draw(some.booleans()):
        value = draw(
            some.sampled_from(["2020-01-01", "nan", "-inf", "''", "[]", "{}", "[[]]", "9" * 5000, "0x", "1_0", "true"])
            | some.text(max_size=9)
            | VALUES.map(json.dumps)
        )
    else:
        key = draw(some.sampled_from(["", "a.b", "known", "tier", '"reason"', "cases"]) | some.text(max_size=5))
    lines[number] = f"{key} = {value}"
    return "\n".join(lines).encode("utf-8", "surrogatepass")


@settings(QUICKLY, max_examples=1_500)
@given(some.one_of(cut_and_pasted(GOOD.encode()), with_another_value(GOOD)))
def test_a_damaged_baseline_is_refused_in_one_line_or_applied(
    tmp_path_factory: pytest.TempPathFactory, content: bytes
) -> None:
    path = tmp_path_factory.getbasetemp() / "fuzzed.toml"
    path.write_bytes(content)
    try:
        baseline = read_baseline(path)
    except BadBaseline as error:
        one_printable_line(error)
        return
    today = date(2026, 1, 15)
    tally = Tally(baseline, {"tiny": "1.0"}.get)
    for case in CASES:
        tally.add(expected(baseline, case, "1.0", today))
    problems = tally.line(CASES, lambda _: False, today, False).problems
    assert all(problem.isprintable() for problem in problems)


@settings(QUICKLY, max_examples=1_500)
@given(some.one_of(cut_and_pasted(SETTINGS.encode()), with_another_value(SETTINGS)))
def test_damaged_settings_are_refused_in_one_line_or_taken(
    tmp_path_factory: pytest.TempPathFactory, content: bytes
) -> None:
    folder: Path = tmp_path_factory.getbasetemp() / "fuzzed"
    folder.mkdir(exist_ok=True)
    (folder / "pyproject.toml").write_bytes(content)
    find_pyproject(folder)
    try:
        with_defaults({}, folder)
    except UsageError as error:
        one_printable_line(error)
