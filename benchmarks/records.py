"""What a record of a gigabyte costs: seconds and the peak of memory of every command that reads one.

Writes two records of 1 GB into a temporary folder (one of cases that pass, one of cases that fail, with evidence), which go
away afterwards, and prints the table of docs/performance.md. `python benchmarks/records.py 100` takes 100 MB in the place.
"""

from __future__ import annotations

import subprocess
import sys
import tempfile
from collections import Counter
from collections.abc import Iterator
from pathlib import Path

from fsqcheck.reports import plan_digest
from fsqcheck.reports.record import (
    ClauseLine,
    Environment,
    Evidence,
    Footer,
    Header,
    Line,
    Number,
    Outcome,
    ResultLine,
    TargetLine,
)
from fsqcheck.reports.writing import encode

DTYPES = ("float32", "float64", "float16", "bfloat16")
SCRIPT = (
    "import torch\nfrom tiny_fsq import FSQ\nq = FSQ(levels=[8, 5, 5, 5])\nprint(q(torch.full((1, 1, 4), 0.29))[0])"
)
MEASURE = """
import resource, subprocess, sys, time
started = time.perf_counter()
status = subprocess.run([sys.executable, "-m", "fsqcheck", *sys.argv[1:]], stdout=subprocess.DEVNULL).returncode
print(status, time.perf_counter() - started, resource.getrusage(resource.RUSAGE_CHILDREN).ru_maxrss / 1024)
"""
COMMANDS = (
    ("render", "{file}", "--markdown", "p.md"),
    ("render", "{file}", "--junit", "/dev/null"),
    ("compare", "{file}", "{file}"),
)


def case(n: int, outcome: Outcome) -> ResultLine:
    """The n-th case, unlike all others."""
    clause, levels = f"C-{n % 60}", (2 + n % 63, 2 + n // 63 % 63, 2 + n // 3969)
    name = f"{clause}/symmetric/{'x'.join(map(str, levels))}/{DTYPES[n % 4]}/cpu/eval"
    evidence = Evidence(
        observed=f"level {n}",
        expected="level 4",
        input=(Number(decimal=repr(n / 7), bits=hex(n)),),
        wrong=7,
        tried=28,
        rerun=f"fsqcheck run tiny --case {name}",
        script=SCRIPT,
    )
    return ResultLine(
        id=name,
        clause=clause,
        severity="must",
        target="tiny",
        rule="symmetric",
        levels=levels,
        dtype=DTYPES[n % 4],
        device="cpu",
        mode="eval",
        outcome=outcome,
        seconds=n % 977 / 1000,
        message=None if outcome == "pass" else f"L = 8: z = {n / 7!r} takes level 3, not level 4",
        evidence=None if outcome == "pass" else evidence,
        digest=f"{n * 2654435761 * 40503 % 2**64:016x}",
    )


def lines(megabytes: int, outcome: Outcome) -> Iterator[Line]:
    """The lines of a whole record of about so many megabytes."""
    environment = Environment(python="3.11", platform="Linux", processor="x86-64", cores=2, packages={})
    yield Header(
        fsqcheck="0",
        started="2025-11-24T14:00:00Z",
        command=("fsqcheck",),
        environment=environment,
        tier="quick",
        seed=0,
    )
    number = megabytes * 10**6 // (len(encode(case(12_345, outcome))) + 1)
    planned = Counter(f"C-{n % 60}" for n in range(number))
    digest = plan_digest(case(n, outcome).id for n in range(number))
    yield TargetLine(name="tiny", planned=dict(planned), plan_digest=digest)
    for n in range(60):
        yield ClauseLine(id=f"C-{n}", severity="must", title=f"C-{n}", sentence="S.", meaning="M.", source="s")
    yield from (case(n, outcome) for n in range(number))
    yield Footer(finished="2025-11-24T15:00:00Z", seconds=3600.0, results=number, outcomes={outcome: number})


def main() -> None:
    """Writes the records, measures, and prints the table."""
    megabytes = int(sys.argv[1]) if len(sys.argv) > 1 else 1_000
    print(f"| command, on a record of {megabytes:,} MB | cases | seconds | peak MiB |\n|---|--:|--:|--:|")
    with tempfile.TemporaryDirectory(prefix="fsqcheck-") as folder:
        for outcome, words in (("pass", "that pass"), ("fail", "that fail")):
            file = Path(folder) / "r.jsonl"
            count = 0
            with file.open("wb") as opened:
                for line in lines(megabytes, outcome):  # type: ignore[arg-type]  # literals of a tuple
                    opened.write(encode(line) + b"\n")
                    count += isinstance(line, ResultLine)
            for command in COMMANDS:
                arguments = [part.format(file=file.name) for part in command]
                done = subprocess.run(
                    [sys.executable, "-c", MEASURE, *arguments], cwd=folder, capture_output=True, text=True, check=True
                )
                _, seconds, mebibytes = done.stdout.split()
                shown = " ".join(arguments[:1] + arguments[-2:]).replace("r.jsonl", "R")
                print(f"| {shown} | {count:,} {words} | {float(seconds):.0f} | {float(mebibytes):.0f} |", flush=True)


if __name__ == "__main__":
    main()
