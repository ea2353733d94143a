"""`make mutation`: mutants of our own code that nobody wrote, and which judge kills each.

Cosmic Ray's operators and three of our own change one place of a file; the change is compiled in memory, in a fork of a
process that has torch loaded, so that the checkout stays as it is and a mutant costs about a second. A mutant of the
torch FSQ is judged by the suite; one of the reference, by the suite on right quantizers, then by the reference's tests.
Left alone: annotations, docstrings, words for people, caches, and operators that no float knows. A case that no longer
passes and does not fail either is told apart as `silenced`. Exit status 1 when a mutant survives that
`equivalents.toml` does not hold, or one that it holds is killed or does not exist. A whole file writes its row of
docs/detection.md.
"""

from __future__ import annotations

import argparse
import gc
import multiprocessing
import os
import sys
import time
from collections import Counter
from collections.abc import Iterator, Sequence
from functools import partial
from pathlib import Path

from ..documents import replace_part, replace_row
from .equivalents import known, table, wrongly_listed
from .judges import JUDGES, Judge, Verdict, runs, sound, verdict
from .operators import Mutant, mutants

ROOT = Path(__file__).resolve().parents[2]
PAGE = ROOT / "docs" / "detection.md"
#: What `judged` says of a mutant that no judge has killed.
SURVIVED = ("survived", "silenced")


def judged(whole: dict[Judge, Verdict], mutant: Mutant) -> tuple[str, str]:
    """The judge that a mutant does not get past, and what it said; `survived` when there is none."""
    silenced = ""
    for judge in JUDGES[mutant.file]:
        sane = whole[judge]
        found = verdict(judge, ROOT / mutant.file, mutant.text, sane)
        if found.ended != "passed" or found.shoulds > sane.shoulds:
            return judge.name, found.said if found.ended != "passed" else "a SHOULD"
        if found.passes < sane.passes and not silenced:
            silenced = f"{found.passes} cases pass instead of {sane.passes}"
    return ("silenced", silenced) if silenced else ("survived", "")


def _side_by_side(
    chosen: Sequence[Mutant], whole: dict[Judge, Verdict], processes: int
) -> Iterator[tuple[Mutant, tuple[str, str]]]:
    """Each mutant with what `judged` says of it, in their order."""
    with multiprocessing.get_context("fork").Pool(processes) as pool:
        yield from zip(chosen, pool.imap(partial(judged, whole), chosen), strict=True)


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("files", nargs="*", default=tuple(JUDGES))
    parser.add_argument("--part", default="0/1", help="only each n-th mutant from the i-th on: i/n")
    parser.add_argument("-n", type=int, default=1, metavar="N", help="how many mutants are judged side by side")
    options = parser.parse_args()
    if unknown := [file for file in options.files if file not in JUDGES]:
        parser.error(f"nothing judges {unknown[0]!r}; give some of {', '.join(JUDGES)}")
    first, step = (int(number) for number in options.part.split("/"))
    listed = known()
    gc.freeze()  # what is shared with the forks is not searched for garbage, and so stays shared
    wrong, whole = 0, dict[Judge, Verdict]()
    for file in options.files:
        for judge in JUDGES[file]:
            if judge not in whole:
                whole[judge] = sound(judge, ROOT / file)
                print(f"# {judge.name}: {whole[judge].passes} cases pass, {whole[judge].seconds:.1f} s", flush=True)
            assert runs(judge, ROOT / file), f"{judge.name} does not run {file}"
        counts, killed, surviving, started = Counter[str](), set[str](), set[str](), time.monotonic()
        there = mutants(file, (ROOT / file).read_text(encoding="utf-8"))
        chosen = there[first::step]
        for mutant, (by, said) in _side_by_side(chosen, whole, options.n):
            (surviving if by in SURVIVED else killed).add(str(mutant))
            if by in SURVIVED and str(mutant) in listed:
                by, said = "equivalent", listed[str(mutant)]
            wrong += by in SURVIVED
            counts[by] += 1
            print(f"{by}\t{mutant}\t{said}", flush=True)
        if step == 1:  # of a part nobody knows what survives in the others
            for words in wrongly_listed(file, {str(one) for one in there}, killed, surviving):
                wrong += 1
                print(f"listed\t{words}", flush=True)
            suite = sum(count for judge, count in counts.items() if judge.startswith("suite"))
            survived = sum(counts[by] for by in SURVIVED)
            replace_row(PAGE, f"`{file}`", len(there), suite, counts["its own tests"], counts["equivalent"], survived)
            replace_part(PAGE, "equivalents", table())
        print(
            f"# {file}: {sum(counts.values())} mutants, {dict(counts)}, {time.monotonic() - started:.0f} s", flush=True
        )
    return 1 if wrong else 0


if __name__ == "__main__":
    os.environ["OMP_NUM_THREADS"] = "1"
    sys.exit(main())
