"""How long fsqcheck takes, as a user sees it: whole commands, wall time and peak memory, median of a few runs.

Printed as a table with the ratio of each command to starting Python and importing torch in the same minute, as machines
differ and are shared. Nothing here is asserted.
"""

from __future__ import annotations

import os
import platform
import resource
import statistics
import subprocess
import sys
import time
from dataclasses import dataclass
from pathlib import Path

from rich.console import Console
from rich.table import Table

PYTHON = sys.executable
CORES = len(os.sched_getaffinity(0))


@dataclass(frozen=True)
class Timed:
    """One command, what it stands for, the limit that was set for it in seconds, and how often it is run."""

    name: str
    arguments: tuple[str, ...]
    limit: float | None = None
    runs: int = 3


def fsqcheck(*arguments: str) -> tuple[str, ...]:
    return (PYTHON, "-m", "fsqcheck", *arguments)


ROWS = (
    Timed("python, import torch", (PYTHON, "-c", "import torch")),
    Timed("fsqcheck --help", fsqcheck("--help"), 0.5),
    Timed("fsqcheck list", fsqcheck("list"), 0.5),
    Timed("quick: reference, one rule", fsqcheck("run", "reference", "--rule", "widened", "-q"), 10),
    Timed("quick: torch-fsq, one rule", fsqcheck("run", "torch-fsq", "--rule", "widened", "-q"), 10),
    Timed("quick: vector-quantize-pytorch", fsqcheck("run", "vector-quantize-pytorch", "-q"), 10),
    Timed(
        f"quick: vector-quantize-pytorch -n {CORES}",
        fsqcheck("run", "vector-quantize-pytorch", "-q", "-n", str(CORES)),
        10,
    ),
    Timed(
        f"standard: vector-quantize-pytorch -n {CORES}",
        fsqcheck("run", "vector-quantize-pytorch", "-q", "--tier", "standard", "-n", str(CORES)),
        60,
        runs=1,
    ),
)


def measured(row: Timed) -> tuple[float, float]:
    """The median wall time in seconds and the peak memory of the largest process so far, in MiB."""
    times = []
    for _ in range(row.runs):
        start = time.perf_counter()
        subprocess.run(row.arguments, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL, check=False)
        times.append(time.perf_counter() - start)
    return statistics.median(times), resource.getrusage(resource.RUSAGE_CHILDREN).ru_maxrss / 1024


def processor() -> str:
    for line in Path("/proc/cpuinfo").read_text(encoding="utf-8").splitlines():
        if line.startswith("model name"):
            return line.partition(":")[2].strip()
    return platform.processor()


def main() -> None:
    console = Console(highlight=False, width=100)
    table = Table(
        title=f"{processor()}, {CORES} cores, Python {platform.python_version()}", title_justify="left", box=None
    )
    table.add_column("command", no_wrap=True)
    for name in ("seconds", "limit", "× import torch", "peak MiB so far"):
        table.add_column(name, justify="right")
    base: float | None = None
    with console.status("measuring"):
        for row in ROWS:
            seconds, memory = measured(row)
            base = base or seconds
            limit = f"{row.limit:g}" if row.limit else ""
            table.add_row(row.name, f"{seconds:.2f}", limit, f"{seconds / base:.1f}", f"{memory:.0f}")
    console.print(table)


if __name__ == "__main__":
    main()
