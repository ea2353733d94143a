"""`make clause-pages`: writes docs/clauses/, a page a clause and an index, from the catalogue, the advice and the mutants.

Every offender is run, so that its page quotes what the clause says of it. The test holds the pages against all else.
"""

from __future__ import annotations

import re
import sys
from collections.abc import Iterator
from itertools import chain
from pathlib import Path
from textwrap import shorten

import fsqcheck
from fsqcheck.conformance.advice import advice
from fsqcheck.conformance.clause import FAMILIES, RESIDUAL_FAMILY, Clause, catalogue
from fsqcheck.conformance.levels import level_lists
from fsqcheck.conformance.session import checks
from fsqcheck.reference import RESIDUAL_RULES, RULES, Rule
from fsqcheck.reports import BAD

from .clause_offenders import command, made_with, offender_of, source, told

FOLDER = Path(__file__).parent.parent / "docs" / "clauses"
INDEX = "README.md"
NOTE = "<!-- Written by `make clause-pages`; change the clause, its advice or its mutant instead. -->"
ISSUES = "https://github.com/lucidrains/vector-quantize-pytorch"

#: The rule whose level lists a page shows: the first of these that the clause is about.
_SHOWN_RULES = ("widened", "symmetric")
#: More lists than this are counted, not shown.
_MOST_LISTS = 6


def page(clause: Clause, message: str) -> str:
    """The page of a clause; `message`: what it says of its offender."""
    known, offender = advice()[clause.id], offender_of(clause.id)
    name, file, text = source(offender)
    parts = [
        NOTE,
        f"# {clause.id}: {clause.title}",
        f"**{clause.severity.upper()}** · {prose(clause.sentence, clause.id)}",
        f"**Why.** {prose(known.why, clause.id)}",
        f"**What a failure means.** {prose(clause.meaning, clause.id)}",
        f"**How to mend it.** {prose(known.fix, clause.id)}",
        *([f"```python\n{known.code}\n```"] if known.code else []),
        "## What is tried",
        "\n".join(f"- {label}: {words}" for label, words in _facts(clause)),
        f"`fsqcheck run TARGET --clause {clause.id}` runs it alone; `fsqcheck explain {clause.id}` prints this.",
        "## An offender",
        f"`{name}`, in [{file}](../../{file}): right in everything but this.",
        f"```python\n{text}\n```",
        *made_with(text),
        f"What {clause.id} says of it, and the command that makes it say so:",
        quoted(message),
        f"```sh\n{command(offender)}\n```",
        _neighbours(clause),
    ]
    return "\n\n".join(parts) + "\n"


def _facts(clause: Clause) -> Iterator[tuple[str, str]]:
    """What a clause is tried with, as labels and words."""
    over = clause.over
    yield "source", prose(clause.source, clause.id)
    yield "needs", ", ".join(sorted(f"`{need}`" for need in clause.needs)) or "nothing but codes"
    yield from _rules_and_levels(clause)
    asked = f" (and {', '.join(over.asked_dtypes)} where asked for)" if over.asked_dtypes else ""
    yield "dtypes", ", ".join(over.dtypes) + asked
    yield "modes", ", ".join(over.modes)
    if over.variants:
        each = "every layout of the target" if over.variants == "layouts" else ", ".join(over.variants)
        yield "variants", each
    if over.accelerators:
        yield "devices", "those other than the CPU"
    if "quick" not in over.tiers:
        yield "tier", f"{', '.join(over.tiers)} alone"
    if any(one.id == clause.id and span.levels == "drawn" for one, span in checks()):
        yield "drawn", "level lists, shapes and numbers that nobody chose, by Hypothesis"


def _rules_and_levels(clause: Clause) -> Iterator[tuple[str, str]]:
    """The rules where they are not all of the plain ones, and the level lists under one of them."""
    over = clause.over
    if clause.family == RESIDUAL_FAMILY:
        yield "rules", ", ".join(f"`{name}`" for name in RESIDUAL_RULES)
        yield "levels", _levels(over.levels, next(iter(RESIDUAL_RULES.values())).stage)
        return
    rules = [name for name, rule in RULES.items() if over.rules(rule) and level_lists(over.levels, rule, "quick", ())]
    if len(rules) < len(RULES):
        yield "rules", ", ".join(f"`{name}`" for name in rules)
    yield "levels", _levels(over.levels, RULES[next((name for name in _SHOWN_RULES if name in rules), rules[0])])


def _levels(name: str, rule: Rule) -> str:
    """The level lists of a set, under a rule, by tier."""
    quick, standard = (level_lists(name, rule, tier, ()) for tier in ("quick", "standard"))
    words, more = _lists(quick), _lists(standard)
    if more != words:
        words += f"; in the standard tier {more}"
    return f"{words} (under `{rule.name}`)"


def _lists(lists: tuple[tuple[int, ...], ...]) -> str:
    if len(lists) <= _MOST_LISTS:
        return ", ".join(f"`{list(levels)}`" for levels in lists)
    used = set(chain.from_iterable(lists))
    return f"{len(lists)} lists with {min(used)} to {max(used)} levels a channel"


def _neighbours(clause: Clause) -> str:
    """Links to the clause before, the index and the clause after."""
    ids = list(catalogue())
    at = ids.index(clause.id)
    before = [f"[← {ids[at - 1]}]({ids[at - 1]}.md)"] if at else []
    after = [f"[{ids[at + 1]} →]({ids[at + 1]}.md)"] if at + 1 < len(ids) else []
    return " · ".join([*before, f"[all clauses]({INDEX})", *after])


def index() -> str:
    """The page that lists all clauses by family."""
    parts = [
        NOTE,
        "# The clauses",
        f"{len(catalogue())} sentences about what a Finite Scalar Quantization does, each with its reason, what a failure "
        "means, how to mend it, and an offender. In the fragments of code z is (…, d), `u` the level coordinate, `level` "
        "the level index, and `half` and `centre` are those of the rule's grid: [docs/rules.md](../rules.md). "
        "The commands need a checkout; the wrong quantizers are not in the wheel.",
    ]
    for family, (words, *_) in FAMILIES.items():
        rows = [f"## {family}: {words}", "", "| clause | | |", "|---|---|---|"]
        for clause in catalogue().values():
            if clause.family == family:
                sentence = prose(clause.sentence, clause.id).replace("|", r"\|")
                rows.append(f"| [{clause.id}]({clause.id}.md) | {clause.severity.upper()} | {sentence} |")
        parts.append("\n".join(rows))
    return "\n\n".join(parts) + "\n"


def prose(text: str, own: str = "") -> str:
    """Words as Markdown: what would format is escaped outside of backticks; papers, issues, pages and clauses are linked.

    own: the clause on whose page they stand, which is not linked to itself.
    """
    parts = text.split("`")
    return "`".join(part if number % 2 else _linked(part, own) for number, part in enumerate(parts))


def _linked(text: str, own: str) -> str:
    text = re.sub(r"([\\*_<>\[\]])", r"\\\1", text)
    text = re.sub(r"arXiv (\d{4}\.\d{5})", r"[arXiv \1](https://arxiv.org/abs/\1)", text)
    text = re.sub(r"docs/(\w+\.md)", r"[docs/\1](../\1)", text)
    for word, place in (("issues?", "issues"), ("PR", "pull")):
        found = rf"\b{word} \d+(?:, \d+)*(?: and \d+)?"
        text = re.sub(found, lambda match: re.sub(r"\d+", rf"[\g<0>]({ISSUES}/{place}/\g<0>)", match[0]), text)  # noqa: B023
    return re.sub(
        r"\b[A-Z]{3}-\d+\b",
        lambda id: f"[{id[0]}]({id[0]}.md)" if id[0] in catalogue() and id[0] != own else id[0],
        text,
    )


def quoted(message: str) -> str:
    """Lines as a quotation, a paragraph each."""
    return "\n>\n".join("> " + re.sub(r"([\\`*_<>\[\]|])", r"\\\1", line) for line in message.splitlines())


def message_of(text: str) -> str:
    """The lines that a page quotes; `ValueError` for a page without any."""
    found = re.findall(r"^> (.*)$", text, re.MULTILINE)
    if not found:
        raise ValueError("the page quotes nothing")
    return "\n".join(re.sub(r"\\(.)", r"\1", line) for line in found)


def heard(id: str) -> str:
    """Runs a clause on its offender and gives what it says, line by line: the message, what was observed and expected.

    `ValueError` when it says nothing of the kind.
    """
    offender = offender_of(id)
    target, rule = told(offender)
    record = fsqcheck.check(target, rules=[rule], clauses=[id], tier=offender.tier)
    said = [(one.message or "", one.evidence) for one in record.of(target) if one.outcome in BAD]
    for message, evidence in said:
        if offender.says in message:
            lines = [message]
            if evidence is not None:
                lines += [f"observed: {evidence.observed}", f"expected: {evidence.expected}"]
            return "\n".join(shorten(line, 250, placeholder=" …") for line in lines)
    raise ValueError(f"{id} does not say {offender.says!r} of {target}, but {said}")


def main() -> int:
    FOLDER.mkdir(parents=True, exist_ok=True)
    (FOLDER / INDEX).write_text(index(), encoding="utf-8")
    for clause in catalogue().values():
        print(clause.id, end=" ", flush=True)
        (FOLDER / f"{clause.id}.md").write_text(page(clause, heard(clause.id)), encoding="utf-8")
    for file in FOLDER.glob("*.md"):
        if file.name != INDEX and file.stem not in catalogue():
            file.unlink()
    print(f"\n{len(catalogue())} pages and {INDEX} are written to docs/clauses/")
    return 0


if __name__ == "__main__":
    sys.exit(main())
