"""`make mutants`: runs the matrix over all mutants and writes its part of docs/detection.md.

One argument, if any: of the cases of clauses that must stay silent, one in how many is run; 1 runs every case. Exit status 1
when anything is wrong with the matrix.
"""

from __future__ import annotations

import os
import sys
import time
from collections import Counter
from pathlib import Path

from fsqcheck.conformance.clause import FAMILIES, catalogue

from ..documents import replace_part
from .matrix import SHARE, Matrix, Objection, first, matrix, objections
from .offender import Offender
from .table import OFFENDERS

PAGE = Path(__file__).parents[2] / "docs" / "detection.md"


def part(found: Matrix, wrong: list[Objection]) -> str:
    """The score, a table of the families, and a row a mutant."""
    escaped = {one.words.partition(" escapes ")[0] for one in wrong if " escapes " in one.words}
    fired = sum(" fires on " in one.words for one in wrong)
    claimed = {offender.clause for offender in found}
    kept = sum(offender.name not in escaped for offender in found)
    lines = [
        f"**{kept} of {len(found)} mutants are caught** by the clause that claims them. {len(claimed)} of the "
        f"{len(catalogue())} clauses have an offender; each is the first to catch at least one. "
        f"{fired} clauses fire on a fault that is none of their business.",
        "",
        "| family | clauses | mutants that it claims | mutants that it catches first | mutants that it catches |",
        "|---|--:|--:|--:|--:|",
    ]
    firsts = Counter(str(first(clauses)).partition("-")[0] for clauses in found.values())
    for family, (words, *_) in FAMILIES.items():
        members = [clause for clause in catalogue() if clause.startswith(f"{family}-")]
        own = sum(offender.clause in members for offender in found)
        any_of = sum(any(clause in members for clause in _fired(offender, found)) for offender in found)
        lines.append(f"| {family} {words} | {len(members)} | {own} | {firsts[family]} | {any_of} |")
    lines += ["", "| mutant | rule | claimed by | first | also |", "|---|---|---|---|---|"]
    for offender, clauses in found.items():
        before = first(clauses) or "–"
        others = [clause for clause in _fired(offender, found) if clause != before]
        name = offender.name if offender.name != "Right" else f"Right, {offender.door}"
        also = ", ".join(others) or "–"
        lines.append(f"| {name} | {offender.rule} | {offender.clause} | {before} | {also} |")
    return "\n".join(lines)


def _fired(offender: Offender, found: Matrix) -> list[str]:
    """The clauses that fail it, or get no answer, but for those that got none and must stay silent: these see a part."""
    return [clause for clause, catch in found[offender].items() if catch.failed or clause not in offender.silent]


def main() -> int:
    started = time.monotonic()
    share = int(sys.argv[1]) if len(sys.argv) > 1 else SHARE
    found = matrix(processes=len(os.sched_getaffinity(0)), share=share)
    wrong = list(objections(found))
    replace_part(PAGE, "matrix", part(found, wrong))
    print(
        "\n".join(one.words for one in wrong) or f"all {len(OFFENDERS)} mutants are caught, and nothing else is blamed"
    )
    print(f"{time.monotonic() - started:.0f} seconds; docs/{PAGE.name} is written")
    return 1 if wrong else 0


if __name__ == "__main__":
    sys.exit(main())
