"""`make false-alarms`: right quantizers through everything, and how often the suite blames them, which must be never.

Runs `reference` and `torch-fsq` under every rule with every number of levels from 2 to 64 and beyond, in four dtypes, eager
and compiled, with thousands of drawn level lists and shapes, and with ten seeds. Writes its part of docs/detection.md.
Takes half an hour on two cores, half of it for the many numbers of levels. Exit status 1 when anything was blamed.

Arguments, if any, name the parts to run: standard, eager, compiled, seeds; `--device cuda` runs them there, of the two right
ones that which can. Then the page stays as it is, and the rows are printed.
"""

from __future__ import annotations

import argparse
import os
import sys
import time
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass
from math import prod
from pathlib import Path
from typing import Any

import fsqcheck
from fsqcheck.adapters import resolve
from fsqcheck.conformance.case import DRAWN_VARIANT
from fsqcheck.conformance.clause import FAMILIES
from fsqcheck.conformance.plan import DEVICES
from fsqcheck.conformance.test_drawn import EXAMPLES
from fsqcheck.reference import LARGEST_SIZE, PRECISIONS, RULES, Rule
from fsqcheck.reports import BAD, Record

from .documents import replace_part

PAGE = Path(__file__).parents[1] / "docs" / "detection.md"
RIGHT = ("reference", "torch-fsq")
LEVELS = (*range(3, 65), 100, 255, 256, 257, 1000, 1001)
SEEDS = range(10)


def lists(rule: Rule) -> tuple[tuple[int, ...], ...]:
    """All of `LEVELS` that a rule allows, and 2, in as few lists as an int64 index holds; large L alone, as 2."""
    groups: list[list[int]] = [[]]
    for level in LEVELS:
        if not rule.levels_allowed(level):
            continue
        if level > 64 or prod(groups[-1]) * level > LARGEST_SIZE:
            groups.append([])
        groups[-1].append(level)
    two = ((2,),) if rule.levels_allowed(2) else ()
    return tuple(tuple(group) for group in groups if group) + two


@dataclass(frozen=True)
class Part:
    """One part of the trial: what was tried, and what came of it."""

    words: str
    cases: Counter[str]
    drawn: int
    blamed: tuple[str, ...]
    seconds: float

    @property
    def row(self) -> str:
        """The part as a row of a table."""
        unjudged = self.cases["not-run"] + self.cases["unsupported"]
        return f"| {self.words} | {self.cases['pass']:,} | {unjudged:,} | {self.drawn:,} | {len(self.blamed)} |"


def part(words: str, records: Iterator[Record], per_case: int) -> Part:
    """Sums up some records; a run that broke or is incomplete counts as blame."""
    started = time.monotonic()
    cases, drawn, blamed = Counter[str](), 0, []
    for record in records:
        cases.update(result.outcome for result in record.results)
        drawn += per_case * sum(one.variant == DRAWN_VARIANT and one.outcome == "pass" for one in record.results)
        blamed += [f"{one.target} {one.id}: {one.message}" for one in record.results if one.outcome in BAD]
        if record.footer is None or record.footer.broke:
            blamed.append(f"the run broke: {record.footer and record.footer.broke}")
    return Part(words, cases, drawn, tuple(blamed), time.monotonic() - started)


@dataclass(frozen=True)
class Trial:
    """Where the right quantizers are tried, and on how many processes."""

    device: str
    processes: int

    @property
    def right(self) -> tuple[str, ...]:
        """The right quantizers that know the device."""
        return tuple(target for target in RIGHT if self.device in resolve(target).devices())

    def run(self, *targets: str, **options: Any) -> Record:
        """A run there, in the standard tier if nothing else is said."""
        wanted = {"tier": "standard", "devices": (self.device,), "processes": self.processes, **options}
        return fsqcheck.check(*targets, **wanted)

    def as_it_comes(self) -> Iterator[Record]:
        """The standard tier as a user runs it."""
        yield self.run(*self.right)

    def eager(self) -> Iterator[Record]:
        """Every rule with every number of levels, in the standard tier without compilation."""
        clauses = [*(family for family in FAMILIES if family != "DEV"), "DEV-1", "DEV-3", "DEV-4"]
        for rule in RULES.values():
            yield self.run(*self.right, rules=[rule.name], levels=lists(rule), clauses=clauses)

    def compiled(self) -> Iterator[Record]:
        """DEV-5 with every number of levels."""
        for rule in RULES.values():
            every = {"levels": lists(rule), "dtypes": tuple(PRECISIONS)}
            yield self.run("torch-fsq", rules=[rule.name], clauses=["DEV-5"], **every)

    def seeded(self, first: list[Record]) -> Iterator[Record]:
        """The quick tier with ten seeds; every repeat must give what the first one gave."""
        for seed in SEEDS:
            record = self.run(*self.right, seed=seed, tier="quick")
            first.append(record)
            yield record


def answers(record: Record) -> dict[tuple[str, str], tuple[str, str | None]]:
    """The outcome of every case and the digest of its answers; of drawn cases, whose inputs differ, the outcome alone."""
    return {
        (one.target, one.id): (one.outcome, None if one.variant == DRAWN_VARIANT else one.digest)
        for one in record.results
    }


def main() -> int:
    parser = argparse.ArgumentParser(description="Right quantizers through everything: who is blamed?")
    parser.add_argument("parts", nargs="*", help="standard, eager, compiled, seeds; all of them if none is named")
    parser.add_argument("--device", default="cpu", choices=DEVICES)
    asked = parser.parse_args()
    trial = Trial(asked.device, len(os.sched_getaffinity(0)))
    repeats: list[Record] = []
    every = "every L from 2 to 64, 100, 255, 256, 257, 1000, 1001"
    runs = {
        "standard": ("the standard tier as it comes", trial.as_it_comes(), EXAMPLES["standard"]),
        "eager": (f"{every}, eager", trial.eager(), EXAMPLES["standard"]),
        "compiled": (f"{every}, compiled (DEV-5, torch-fsq)", trial.compiled(), 0),
        "seeds": (f"the quick tier with {len(SEEDS)} seeds", trial.seeded(repeats), EXAMPLES["quick"]),
    }
    if unknown := [name for name in asked.parts if name not in runs]:
        parser.error(f"there is no part {unknown[0]!r}; the parts are {', '.join(runs)}")
    if not trial.right:
        parser.error(f"torch finds no device {asked.device!r} on this machine")
    wanted = asked.parts or list(runs)
    parts = []
    for words, records, per_case in (runs[name] for name in wanted):
        print(f"{words} …", file=sys.stderr)
        parts.append(part(words, records, per_case))
        print(f"{parts[-1].seconds:.0f} s, blamed: {len(parts[-1].blamed)}", file=sys.stderr)
    differing = sum(answers(record) != answers(repeats[0]) for record in repeats)
    blamed = [words for one in parts for words in one.blamed]
    lines = [
        f"**{len(blamed)} false alarms** in {sum(sum(one.cases.values()) for one in parts):,} cases of any severity "
        f"and {sum(one.drawn for one in parts):,} drawn level lists and shapes; of {len(SEEDS)} repeats with as many "
        f"seeds, {differing} gave another outcome or other bits than the first.",
        "",
        f"| tried on {' and '.join(f'`{target}`' for target in trial.right)}, all rules, four dtypes "
        "| passed | could not be judged | drawn | blamed |",
        "|---|--:|--:|--:|--:|",
        *(one.row for one in parts),
    ]
    if set(wanted) == set(runs) and trial.device == "cpu":
        replace_part(PAGE, "false alarms", "\n".join(lines))
    else:
        print("\n".join(lines))
    print("\n".join(blamed) or "nothing was blamed")
    return 1 if blamed or differing else 0


if __name__ == "__main__":
    sys.exit(main())
