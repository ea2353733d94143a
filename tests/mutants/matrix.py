"""`make mutants`: the whole quick suite over every mutant, and what came of it as docs/detection.md.

Exit status 1 when a mutant escapes the clause that claims it, or a clause has no offender.
"""

from __future__ import annotations

import sys
from collections import Counter
from collections.abc import Iterable
from pathlib import Path

import fsqcheck
from fsqcheck.conformance.clause import catalogue
from fsqcheck.reports import BAD, Record

from .table import NOT_HERE, OFFENDERS, Offender

PAGE = Path(__file__).parents[2] / "docs" / "detection.md"

INTRODUCTION = """# What the suite detects

Made by `make mutants`: the whole quick suite, run over wrong quantizers of one fault each (`tests/mutants/`). *Claimed by*
is the clause that must catch a mutant; *first* is the first clause, in the order of the catalogue, that does; *also* are
the others. A fault often breaks what several clauses say: a wrong threshold is a wrong level in every layout.
"""


def caught(record: Record, target: str) -> list[str]:
    """The clauses that a target fails, in the order of the catalogue."""
    bad = {result.clause for result in record.of(target) if result.outcome in BAD}
    return [clause for clause in catalogue() if clause in bad]


def records(offenders: Iterable[Offender], processes: int) -> dict[tuple[str, str], list[str]]:
    """The clauses that every mutant fails, by its target and rule: one run for all mutants of a rule."""
    found: dict[tuple[str, str], list[str]] = {}
    for rule in sorted({offender.rule for offender in offenders}):
        targets = list(dict.fromkeys(offender.target for offender in offenders if offender.rule == rule))
        print(f"{rule}: {len(targets)} mutants", file=sys.stderr)
        record = fsqcheck.check(*targets, rules=[rule], processes=processes)
        found |= {(target, rule): caught(record, target) for target in targets}
    return found


def page(found: dict[tuple[str, str], list[str]]) -> tuple[str, list[str]]:
    """The page, and what is wrong: mutants that escape, and clauses without an offender."""
    rows, wrong, first = [], [], Counter[str]()
    for offender in OFFENDERS:
        clauses = found[offender.target, offender.rule]
        if offender.clause not in clauses:
            wrong.append(f"{offender.name} escapes {offender.clause}; caught by {', '.join(clauses) or 'nothing'}")
        first.update(clauses[:1])
        also = ", ".join(clauses[1:]) or "–"
        rows.append(f"| {offender.name} | {offender.rule} | {offender.clause} | {(clauses or ['–'])[0]} | {also} |")
    claimed = {offender.clause for offender in OFFENDERS}
    wrong += [f"{clause} has no offender" for clause in catalogue() if clause not in claimed | NOT_HERE]
    kept = len(OFFENDERS) - sum(" escapes " in line for line in wrong)
    lines = [
        INTRODUCTION,
        f"**{kept} of {len(OFFENDERS)} caught** by the clause that claims them; {len(claimed)} of {len(catalogue())} "
        f"clauses have an offender here ({', '.join(sorted(NOT_HERE))} needs a compiler).",
        "",
        "| mutant | rule | claimed by | first | also |",
        "|---|---|---|---|---|",
        *rows,
    ]
    return "\n".join(lines) + "\n", wrong


def main() -> int:
    text, wrong = page(records(OFFENDERS, processes=2))
    PAGE.write_text(text, encoding="utf-8")
    print("\n".join(wrong) or f"all {len(OFFENDERS)} mutants are caught by the clauses that claim them: {PAGE.name}")
    return 1 if wrong else 0


if __name__ == "__main__":
    sys.exit(main())
