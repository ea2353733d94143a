"""Every report leads from a failure to the page of its clause."""

from __future__ import annotations

import json
from collections.abc import Callable

import pytest

from fsqcheck.conformance.advice import advice
from fsqcheck.reports import (
    Record,
    compare,
    render_comparison_html,
    render_comparison_json,
    render_comparison_markdown,
    render_html,
    render_junit,
    render_markdown,
)

from .commands import fsqcheck
from .reports_miniatures import clause, record, result, shown
from .test_reports_comparing import on_a_terminal

COMMAND = "fsqcheck explain BND-3"


def failing(page: str | None = "docs/clauses/BND-3.md", id: str = "BND-3") -> Record:
    return record(result("fail", id), clauses=(clause(id, page=page),))


def regressed(render: Callable[..., str]) -> Callable[[Record], str]:
    """A report on the change from a pass to this record."""
    passing = record(result("pass", "BND-3"), clauses=(clause("BND-3"),))
    return lambda made: render(compare(passing, made))


REPORTS: dict[str, Callable[[Record], str]] = {
    "terminal": shown,
    "markdown": render_markdown,
    "html": lambda made: render_html([made]),
    "junit": lambda made: render_junit([made]),
    "comparison on a terminal": regressed(on_a_terminal),
    "comparison as markdown": regressed(render_comparison_markdown),
    "comparison as html": regressed(render_comparison_html),
    "comparison as json": regressed(render_comparison_json),
}


@pytest.mark.parametrize("name", REPORTS)
def test_a_failure_names_the_command_that_explains_its_clause(name: str) -> None:
    assert REPORTS[name](failing()).count(COMMAND) == 1


@pytest.mark.parametrize("name", REPORTS)
def test_a_clause_without_a_page_is_not_said_to_be_explained(name: str) -> None:
    assert "fsqcheck explain" not in REPORTS[name](failing(page=None))


@pytest.mark.parametrize("name", ["markdown", "html"])
def test_a_page_to_read_names_the_clauses_own_page(name: str) -> None:
    assert REPORTS[name](failing()).count("docs/clauses/BND-3.md") == 1


def test_a_clause_that_is_fixed_needs_no_remedy() -> None:
    passing = record(result("pass", "BND-3"), clauses=(clause("BND-3", page="docs/clauses/BND-3.md"),))
    (group,) = json.loads(render_comparison_json(compare(failing(), passing)))["pairs"][0]["groups"]
    assert (group["kind"], group["remedy"]) == ("fixed", None)


def test_the_command_does_nothing_else_whatever_the_clause_is_called() -> None:
    assert "fsqcheck explain 'X-1; rm -rf ~'" in shown(failing(id="X-1; rm -rf ~"))


def test_the_command_works() -> None:
    said = fsqcheck(*COMMAND.split()[1:])
    assert said.status == 0
    assert advice()["BND-3"].fix.split()[0] in said.out
