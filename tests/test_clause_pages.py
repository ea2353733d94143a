"""The pages of docs/clauses are there, current, and true."""

from __future__ import annotations

import shlex
from pathlib import Path

import pytest
from rich.console import Console

from fsqcheck.catalogue import explained
from fsqcheck.conformance.advice import advice
from fsqcheck.conformance.clause import catalogue
from fsqcheck.conformance.recording import clause_line
from fsqcheck.reports import read

from .clause_offenders import SHOWN, command, offender_of
from .clause_pages import FOLDER, INDEX, index, message_of, page, prose, quoted
from .commands import fsqcheck
from .mutants.table import OFFENDERS
from .reports_miniatures import record, result
from .reports_miniatures import written as kept

IDS = tuple(catalogue())
MAKE = "run `make clause-pages`"


def written(id: str) -> str:
    return (FOLDER / f"{id}.md").read_text(encoding="utf-8")


@pytest.mark.parametrize("id", IDS)
def test_a_page_is_current(id: str) -> None:
    assert written(id) == page(catalogue()[id], message_of(written(id))), MAKE


def test_the_index_is_current() -> None:
    assert (FOLDER / INDEX).read_text(encoding="utf-8") == index(), MAKE


def test_no_page_is_about_a_clause_that_is_gone() -> None:
    assert {file.name for file in FOLDER.iterdir()} == {INDEX, *(f"{id}.md" for id in IDS)}, MAKE


@pytest.mark.parametrize("id", IDS)
def test_a_page_quotes_its_clause_in_the_words_that_the_offender_must_draw(id: str) -> None:
    assert offender_of(id).says in message_of(written(id))


def test_the_offenders_that_are_chosen_by_hand_are_claimed_by_their_clauses() -> None:
    assert set(SHOWN.items()) <= {(one.clause, one.name) for one in OFFENDERS}


@pytest.mark.parametrize("id", ["BND-3", "SYM-1"])
def test_the_command_of_a_page_shows_what_the_page_quotes(id: str) -> None:
    words = shlex.split(command(offender_of(id)))
    assert f"\n{command(offender_of(id))}\n" in written(id)
    said = fsqcheck(*words[1:])
    assert said.status == 1
    assert offender_of(id).says in " ".join(said.out.split())


@pytest.mark.parametrize("id", IDS)
def test_explain_says_all_of_it_in_80_columns(id: str) -> None:
    console = Console(width=80)
    with console.capture() as capture:
        console.print(explained(id))
    said, known = capture.get(), advice()[id]
    assert all(len(line) <= 80 for line in said.splitlines())
    assert all(line in said for line in known.code.splitlines())
    flat = " ".join(said.split())
    for words in (known.why, known.fix):
        assert words.replace("`", "").split()[-1] in flat
    assert f"docs/clauses/{id}.md" in flat


def test_the_record_names_the_page_of_a_clause() -> None:
    for clause in catalogue().values():
        assert clause_line(clause).page == f"docs/clauses/{clause.id}.md"


def test_a_record_from_before_there_were_pages_still_reads(tmp_path: Path) -> None:
    file = kept(record(result()), tmp_path / "r.jsonl")
    file.write_text(file.read_text(encoding="utf-8").replace(',"page":null', ""), encoding="utf-8")
    assert '"page"' not in file.read_text(encoding="utf-8")
    assert [one.page for one in read(file).clauses] == [None]


def test_prose_links_papers_issues_pages_and_clauses_but_not_code() -> None:
    vqp = "https://github.com/lucidrains/vector-quantize-pytorch"
    assert prose("arXiv 2309.15505 §3.1") == "[arXiv 2309.15505](https://arxiv.org/abs/2309.15505) §3.1"
    assert prose("issues 94, 7 and PR 215") == (
        f"issues [94]({vqp}/issues/94), [7]({vqp}/issues/7) and PR [215]({vqp}/pull/215)"
    )
    assert prose("docs/rules.md, see BND-3 and ABC-1", "SYM-1") == (
        "[docs/rules.md](../rules.md), see [BND-3](BND-3.md) and ABC-1"
    )
    assert prose("BND-3 and a*b_c, `a*b_c BND-3`", "BND-3") == r"BND-3 and a\*b\_c, `a*b_c BND-3`"


def test_a_quotation_gives_back_what_was_said() -> None:
    assert message_of("text\n" + quoted("a *b* [c] | `d`\nL < 3") + "\n") == "a *b* [c] | `d`\nL < 3"
    with pytest.raises(ValueError, match="quotes nothing"):
        message_of("text")
