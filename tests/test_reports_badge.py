"""The badge never says more than the verdict."""

from __future__ import annotations

import json
import xml.etree.ElementTree as ElementTree

import pytest

from fsqcheck.reports import Record, badge, render_badge, render_shields

from .reports_miniatures import record, result, typical, unloadable
from .test_reports_verdict import RECORDS

SAYS: list[tuple[Record, str, str]] = [
    (record(result()), "conforms", "brightgreen"),
    (record(result(), result("fail", "A-1", severity="should")), "conforms, 1 SHOULD fail", "yellowgreen"),
    (record(result(), result("xfail", "A-1")), "conforms, 1 known failure", "yellowgreen"),
    (record(result("fail")), "1 MUST fails", "red"),
    (record(result("fail"), result("error", "A-1")), "2 MUST fail", "red"),
    (record(targets=(unloadable(),)), "not loaded", "red"),
    (record(result(), footer=None), "incomplete", "lightgrey"),
    (record(result("not-run")), "nothing judged", "lightgrey"),
    (record(targets=()), "incomplete", "lightgrey"),
]


@pytest.mark.parametrize(("made", "message", "colour"), SAYS)
def test_a_badge_says_in_few_words(made: Record, message: str, colour: str) -> None:
    assert (badge([made]).message, badge([made]).colour) == (message, colour)


def test_a_badge_of_several_records_counts_the_targets_that_conform() -> None:
    assert badge([record(result()), record(result("fail"))]).message == "1 of 2 conform"
    assert badge([record(result()), record(result())]).message == "all 2 conform"


@pytest.mark.parametrize("name", RECORDS)
def test_no_badge_is_green_unless_the_run_is_a_success(name: str) -> None:
    made, status, _ = RECORDS[name]
    assert ("green" in badge([made]).colour) == (status == 0)


def test_the_svg_is_xml_that_reads_itself_aloud_and_loads_nothing() -> None:
    drawn = render_badge([typical()])
    document = ElementTree.fromstring(drawn)
    assert document.get("role") == "img"
    assert document.get("aria-label") == "FSQ conformance: 2 MUST fail"
    assert "href" not in drawn
    assert "url(#r)" in drawn


def test_the_shields_json_has_the_fields_of_an_endpoint_badge() -> None:
    assert json.loads(render_shields([record(result())])) == {
        "schemaVersion": 1,
        "label": "FSQ conformance",
        "message": "conforms",
        "color": "brightgreen",
    }
    assert json.loads(render_shields([record(result(), footer=None)]))["isError"] is True
