"""JUnit XML says what the exit status says, whatever third-party text is in it."""

from __future__ import annotations

import xml.etree.ElementTree as ElementTree

import pytest

from fsqcheck.reports import Record, exit_status, render_junit

from .reports_miniatures import evidence, record, result, target, typical, unloadable
from .test_reports_terminal import hostile
from .test_reports_verdict import RECORDS


def parsed(*records: Record) -> ElementTree.Element:
    return ElementTree.fromstring(render_junit(records).encode())


@pytest.mark.parametrize("name", RECORDS)
def test_there_is_a_failure_or_an_error_exactly_where_the_run_is_no_success(name: str) -> None:
    made = RECORDS[name][0]
    document = parsed(made)
    assert bool([*document.iter("failure"), *document.iter("error")]) == (exit_status(made) != 0)


@pytest.mark.parametrize("made", [pytest.param(typical(), id="typical"), pytest.param(hostile(), id="hostile")])
def test_the_counts_of_a_suite_are_those_of_its_tests(made: Record) -> None:
    for suite in parsed(made).iter("testsuite"):
        for attribute, element in (("tests", "testcase"), ("failures", "failure"), ("errors", "error")):
            assert int(suite.get(attribute, "")) == len(list(suite.iter(element))), attribute
        assert int(suite.get("skipped", "")) == len(list(suite.iter("skipped")))


def test_every_case_is_a_test_named_by_its_id() -> None:
    made = record(result(), result("fail", n=1), result("not-run", "DEV-1"))
    suite = next(one for one in parsed(made).iter("testsuite") if one.get("name") == "tiny")
    assert [case.get("name") for case in suite.iter("testcase")] == [one.id for one in made.results]
    assert [case.get("classname") for case in suite.iter("testcase")] == ["tiny.BND-1", "tiny.BND-1", "tiny.DEV-1"]


def test_a_failure_carries_its_facts_its_command_and_its_script() -> None:
    failure = next(parsed(record(result("fail", message="one wrong", evidence=evidence()))).iter("failure"))
    assert failure.get("message") == "MUST BND-1: one wrong"
    for said in ("observed: level 3", "expected: level 4", "rerun: fsqcheck run tiny", "  from tiny_fsq import FSQ"):
        assert said in (failure.text or "")


def test_a_should_that_fails_is_skipped_with_its_facts() -> None:
    document = parsed(record(result(), result("fail", "IDX-9", severity="should", evidence=evidence())))
    skipped = next(document.iter("skipped"))
    assert (skipped.get("message") or "").startswith("does not fail a run: SHOULD IDX-9")
    assert "observed: level 3" in (next(document.iter("system-out")).text or "")


def test_several_records_are_several_suites() -> None:
    names = [suite.get("name") for suite in parsed(record(result()), record(result("fail"))).iter("testsuite")]
    assert names == ["tiny (report 1)", "fsqcheck (report 1)", "tiny (report 2)", "fsqcheck (report 2)"]


def test_a_target_that_could_not_be_loaded_is_an_error() -> None:
    error = next(parsed(record(targets=(unloadable(),))).iter("error"))
    assert error.get("message") == "could not be loaded: no module named broken"


def test_where_a_run_happened_is_in_its_properties() -> None:
    document = parsed(record(result(), targets=(target((result(),), version="1.2"),)))
    properties = {one.get("name"): one.get("value") for one in document.iter("property")}
    assert properties["version"] == "1.2"
    assert properties["package torch"] == "2.13.0"
