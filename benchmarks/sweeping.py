"""What a sweep costs beside the target itself, on the same inputs in the same minute, as ratios: machines differ and are shared.

`python benchmarks/sweeping.py` takes minutes; `--whole` tries all 2^32 float32 besides, by the command, as a user would.
Nothing here is asserted.
"""

from __future__ import annotations

import os
import re
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import torch

from fsqcheck.adapters import Adapter, resolve
from fsqcheck.adapters.streaming import Stream, stream
from fsqcheck.reference import staircase
from fsqcheck.sweeping import Question, Span, keep_memory, read_sweep, sweep

#: From 1 on, where the last step of L = 8 lies, and how often; how many inputs, at so many nanoseconds for the slowest way.
FIRST, TIMES = 0x3F800000, 5
MANY_INPUTS, FEWER_INPUTS = 2**26, 2**23
VQP = "vector-quantize-pytorch"
RATIOS = (
    (VQP, "widened", (8,), MANY_INPUTS),
    (VQP, "symmetric", (8,), MANY_INPUTS),
    (VQP, "widened", (8, 5, 5, 5), FEWER_INPUTS),
    ("torch-fsq", "widened", (8,), MANY_INPUTS),
    ("torch-fsq", "widened", (8, 5, 5, 5), FEWER_INPUTS),
)
MANY = (3, 8, 16, 32, 64)
SIZES = (20, 24, 26, 28)
WHOLE = (
    (VQP, "--rule", "widened", "--levels", "8"),
    (VQP, "--rule", "symmetric", "--levels", "8"),
    ("torch-fsq", "--rule", "widened", "--levels", "8"),
    ("torch-fsq", "--rule", "widened", "--levels", "8", "--mode", "compiled"),
)
LIMIT = 1.25


@dataclass(frozen=True)
class Asked:
    """One target, ready to be asked."""

    question: Question
    adapter: Adapter
    stream: Stream
    inputs: int

    def chunks(self) -> Iterator[torch.Tensor]:
        """The inputs, as the sweep makes them."""
        for first in range(FIRST, FIRST + self.inputs, self.stream.chunk):
            yield self.stream.inputs(first, self.stream.chunk)

    def bare(self) -> None:
        """The forward call alone."""
        for z in self.chunks():
            self.stream.ask(z)

    def swept(self) -> None:
        """The sweep."""
        for _ in sweep(self.question, self.adapter, [Span(FIRST, FIRST + self.inputs)]):
            pass

    def searched(self) -> None:
        """The forward call, and where each input lies among the borders of the bands: the plain way to the same proof."""
        stairs = [staircase(self.question.judged_by, level, "float32", "float32") for level in self.question.levels]
        borders = [[torch.from_numpy(np.nan_to_num(one, nan=np.inf)) for one in (s.hi, s.lo)] for s in stairs]
        for z in self.chunks():
            codes, _ = self.stream.ask(z)
            for channel, (stair, (hi, lo)) in enumerate(zip(stairs, borders, strict=True)):
                grid = stair.rule.grid
                column, half, centre = z[..., channel].contiguous(), grid.half(stair.levels), grid.centre(stair.levels)
                level = torch.round(codes[..., channel] * half + centre)
                lowest, highest = (torch.searchsorted(border, column, right=True) for border in (hi, lo))
                assert not bool(((level < lowest) | (level > highest)).any())

    def close(self) -> None:
        """The forward call, and `allclose` against the formula in float64: what a usual test does, and proves less."""
        rule = self.question.judged_by
        for z in self.chunks():
            codes, _ = self.stream.ask(z)
            for channel, level in enumerate(self.question.levels):
                k, grid = rule.constants(level).rounded, rule.grid
                u = torch.tanh(z[..., channel].double() + k.shift) * k.amplitude - k.offset + k.centre
                rounded = torch.round(u) if rule.rounding == "half-even" else torch.floor(u + 0.5)
                exact = (rounded.clamp(0, level - 1) - grid.centre(level)) / grid.half(level)
                torch.allclose(codes[..., channel].double(), exact)


def asked(target: str, rule: str, levels: tuple[int, ...], inputs: int) -> Asked:
    question = Question(target, rule, levels, first=FIRST, end=FIRST + inputs).checked()
    adapter = resolve(target)
    return Asked(question, adapter, stream(adapter, question.setup(adapter)), inputs)


def nanoseconds(ways: dict[str, Callable[[], None]], inputs: int) -> dict[str, list[float]]:
    """How long each way takes for one input, the ways in turn, so that another's load hits all of them."""
    found: dict[str, list[float]] = {name: [] for name in ways}
    for turn in range(TIMES + 1):
        for name, way in ways.items():
            started = time.perf_counter()
            way()
            if turn:  # the first is for the caches
                found[name].append((time.perf_counter() - started) / inputs * 1e9)
    return found


def ratio(over: list[float], under: list[float]) -> float:
    """The median of the ratios within each turn."""
    return statistics.median(one / other for one, other in zip(over, under, strict=True))


def beside() -> None:
    print("| target, rule, levels | bare, ns an input | sweep | sweep ÷ bare | limit | ÷ searchsorted | ÷ allclose |")
    print("|---|--:|--:|--:|--:|--:|--:|")
    for target, rule, levels, inputs in RATIOS:
        one = asked(target, rule, levels, inputs)
        ways = {"bare": one.bare, "sweep": one.swept, "searched": one.searched, "close": one.close}
        took = nanoseconds(ways, inputs)
        bare, swept = (statistics.median(took[name]) for name in ("bare", "sweep"))
        ratios = [ratio(took["sweep"], took[name]) for name in ("bare", "searched", "close")]
        words = f"{target}, {rule}, {','.join(map(str, levels))}"
        print(
            f"| {words} | {bare:.1f} | {swept:.1f} | {ratios[0]:.2f} | {LIMIT} | {ratios[1]:.2f} | {ratios[2]:.2f} |",
            flush=True,
        )


def by_levels() -> None:
    print("\n| L, vector-quantize-pytorch, symmetric | " + " | ".join(map(str, MANY)) + " |")
    print("|---|" + "--:|" * len(MANY))
    several = {str(level): asked(VQP, "symmetric", (level,), FEWER_INPUTS) for level in MANY}
    took = nanoseconds({name: one.swept for name, one in several.items()}, FEWER_INPUTS)
    print("| sweep, ns an input | " + " | ".join(f"{statistics.median(took[name]):.1f}" for name in took) + " |")
    bare = nanoseconds({name: one.bare for name, one in several.items()}, FEWER_INPUTS)
    print(
        "| bare, ns an input | " + " | ".join(f"{statistics.median(bare[name]):.1f}" for name in bare) + " |",
        flush=True,
    )


def commanded(*arguments: str) -> tuple[float, float, int]:
    """Wall seconds of a whole command, those that its ranges took together, and the peak of memory of a process in MiB."""
    with tempfile.TemporaryDirectory(prefix="fsqcheck-") as folder:
        file = Path(folder) / "sweep.jsonl"
        started = time.perf_counter()
        command = [sys.executable, "-m", "fsqcheck", "sweep", *arguments, "-q", "--report", str(file)]
        subprocess.run(command, stderr=subprocess.DEVNULL, stdout=subprocess.DEVNULL, check=True)
        wall = time.perf_counter() - started
        result = read_sweep(file).result
    assert result is not None
    return wall, result.seconds, result.peak_mib


def growing() -> None:
    print(
        "\n| inputs, vector-quantize-pytorch, symmetric, L = 8, `-n 1` | command, s | sweep, s | peak MiB |\n|---|--:|--:|--:|"
    )
    for size in SIZES:
        more = ("-n", "1", "--from", "0x30000000", "--to", hex(0x30000000 + 2**size))
        wall, seconds, peak = commanded(VQP, "--rule", "symmetric", "--levels", "8", *more)
        print(f"| 2^{size} | {wall:.1f} | {seconds:.1f} | {peak} |", flush=True)


def whole() -> None:
    print(f"\n| all 2^32 float32, {CORES} processes | load before, after | command, s | sweep, process s | peak MiB |")
    print("|---|--:|--:|--:|--:|")
    for arguments in WHOLE:
        before = os.getloadavg()[0]
        wall, seconds, peak = commanded(*arguments, "-n", str(CORES))
        load = f"{before:.1f}, {os.getloadavg()[0]:.1f}"
        print(f"| {' '.join(arguments)} | {load} | {wall:.1f} | {seconds:.1f} | {peak} |", flush=True)


CORES = len(os.sched_getaffinity(0))


def main() -> None:
    """Prints the tables of docs/performance.md."""
    torch.set_num_threads(1)
    keep_memory()
    cpu = re.search(r"^model name\s*: (.*)$", Path("/proc/cpuinfo").read_text(encoding="utf-8"), re.MULTILINE)
    load = ", ".join(f"{one:.1f}" for one in os.getloadavg())
    print(f"{cpu[1] if cpu else 'a processor'}, {CORES} cores, torch {torch.__version__}, load {load}\n", flush=True)
    beside()
    by_levels()
    growing()
    if "--whole" in sys.argv[1:]:
        whole()
    print(f"\nload at the end {', '.join(f'{one:.1f}' for one in os.getloadavg())}")


if __name__ == "__main__":
    main()
