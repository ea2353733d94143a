"""What a sweep costs on a CUDA device, beside the target itself and beside what the card can move.

`python benchmarks/cuda.py` prints the tables of docs/performance.md, in about four minutes; nothing here is asserted. Without
a device it says so in one line.
"""

from __future__ import annotations

import os
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Sequence
from contextlib import suppress
from pathlib import Path
from typing import Any

import torch
from torch.utils._python_dispatch import TorchDispatchMode

from fsqcheck.adapters import Adapter, TargetUnavailableError, arrays_torch, resolve
from fsqcheck.adapters.streaming import MODES, region, stream
from fsqcheck.reference import rule_named
from fsqcheck.sweeping import Question, Span, compare_sweeps, sweep

VQP = "vector-quantize-pytorch"
#: Target, rule, levels, dtype, mode.
WHOLE: tuple[tuple[str, str, tuple[int, ...], str, str], ...] = (
    ("torch-fsq", "widened", (8,), "float32", "eval"),
    ("torch-fsq", "widened", (8,), "float32", "compiled"),
    ("torch-fsq", "widened", (8, 5, 5, 5), "float32", "eval"),
    ("torch-fsq", "widened", (8, 5, 5, 5), "float32", "compiled"),
    ("torch-fsq", "symmetric", (1001,), "float32", "eval"),
    (VQP, "widened", (8,), "float32", "eval"),
    (VQP, "symmetric", (8,), "float32", "eval"),
    ("diffusers", "widened", (8,), "float32", "eval"),
)
EVERY_L = (("torch-fsq", "widened"), ("torch-fsq", "paper"), ("torch-fsq", "symmetric"))
CHUNKS = (20, 22, 24, 26, 27)
AGREEING = (*EVERY_L, (VQP, "widened"), (VQP, "symmetric"))
GIB = 2**30
CORES = len(os.sched_getaffinity(0))


def seconds(work: Callable[[], Any], times: int = 3) -> float:
    """The least of some runs, the device waited for."""
    found = []
    for _ in range(times):
        torch.cuda.synchronize()
        started = time.perf_counter()
        work()
        torch.cuda.synchronize()
        found.append(time.perf_counter() - started)
    return min(found)


class Counting(TorchDispatchMode):  # type: ignore[no-untyped-call]  # torch gives it no type
    """Counts the bytes that operations read and write, each tensor once an operation; views move none."""

    def __init__(self) -> None:
        super().__init__()  # type: ignore[no-untyped-call]  # torch gives it no type
        self.moved = 0

    def __torch_dispatch__(self, func: Any, types: Any, args: Any = (), kwargs: Any = None) -> Any:
        """Runs the operation, and counts."""
        out = func(*args, **(kwargs or {}))
        if not func.is_view:
            given = [one for one in args if isinstance(one, torch.Tensor)]
            made = [one for one in (out if isinstance(out, (tuple, list)) else (out,)) if isinstance(one, torch.Tensor)]
            self.moved += sum(one.numel() * one.element_size() for one in (*given, *made))
        return out


def copying() -> float:
    """What a copy on the device moves, read and written, in GB a second."""
    source = torch.randn(2**30, device="cuda")
    target = torch.empty_like(source)
    took = seconds(lambda: target.copy_(source), 10)
    return 2 * source.numel() * source.element_size() / took / 1e9


def asked(target: str, rule: str, levels: Sequence[int], dtype: str, mode: str) -> tuple[Question, Adapter]:
    return Question(target, rule, tuple(levels), dtype, "cuda", mode).checked(), resolve(target)


def swept(question: Question, adapter: Adapter) -> tuple[int, int]:
    """Sweeps everything; how many inputs were tried, and how many kinds of faults were found."""
    lines = list(sweep(question, adapter, question.ranges))
    return sum(line.tried for line in lines), sum(len(line.faults) for line in lines)


def bare(question: Question, adapter: Adapter) -> tuple[Callable[[], None], int, int]:
    """The forward call on as many inputs, those of one chunk again and again; how many that is, and the bytes of one chunk."""
    one = stream(adapter, question.setup(adapter), question.mode)
    z = one.inputs(0x3F800000 if question.dtype == "float32" else 0, one.chunk)
    times = question.inputs // one.chunk

    def work() -> None:
        with region(adapter, question.mode):
            for _ in range(times):
                one.ask(z)

    one.ask(z)  # compiles
    with Counting() as counting:
        if not MODES[question.mode].compiled:
            one.ask(z)
    return work, one.chunk, counting.moved


def beside(ceiling: float) -> None:
    print("| target, rule, levels, mode | bare forward, s | sweep, s | sweep ÷ bare | ps an input | ", end="")
    print("GB/s of the forward | of a copy's | tried | faults | peak GiB |")
    print("|---|" + "--:|" * 9)
    for target, rule, levels, dtype, mode in WHOLE:
        try:
            question, adapter = asked(target, rule, levels, dtype, mode)
        except TargetUnavailableError as error:
            print(f"| {target} | {error} |")
            continue
        torch.cuda.reset_peak_memory_stats()
        work, chunk, moved = bare(question, adapter)
        alone = seconds(work)
        with adapter.guard():
            swept(question, adapter)  # the first compiles, and fills caches
            found: list[tuple[int, int]] = []
            took = seconds(lambda: found.append(swept(question, adapter)))  # noqa: B023
        speed = moved * (question.inputs / chunk) / alone / 1e9
        gib = torch.cuda.max_memory_allocated() / GIB
        words = f"{target}, {rule}, {','.join(map(str, levels))}, {mode}"
        bytes_words = f"{speed:,.0f} | {speed / ceiling:.0%}" if moved else " | "
        print(
            f"| {words} | {alone:.2f} | {took:.2f} | {took / alone:.2f} | {took / question.inputs * 1e12:.0f} | {bytes_words} | "
            f"{found[-1][0]:,} | {found[-1][1]} | {gib:.1f} |",
            flush=True,
        )


def chunks() -> None:
    print("\n| inputs a chunk, torch-fsq, widened, L = 8 | " + " | ".join(f"2^{one}" for one in CHUNKS) + " |")
    print("|---|" + "--:|" * len(CHUNKS))
    usual, cells = arrays_torch.ACCELERATOR, []
    for size in CHUNKS:
        arrays_torch.ACCELERATOR = (2**size, usual[1])
        question, adapter = asked("torch-fsq", "widened", (8,), "float32", "eval")
        cells.append(f"{seconds(lambda: swept(question, adapter), 2):.2f}")  # noqa: B023
    arrays_torch.ACCELERATOR = usual
    print("| all 2^32 float32, s | " + " | ".join(cells) + " |", flush=True)


def every_level() -> None:
    print("\n| torch-fsq, all 2^32 float32, every L from 2 to 64 | sweeps | inputs | faults | s | slowest L, s |")
    print("|---|--:|--:|--:|--:|--:|")
    for target, rule in EVERY_L:
        allowed = [L for L in range(2, 65) if rule_named(rule).levels_allowed(L)]
        started, found, slowest = time.perf_counter(), [], (0.0, 0)
        for L in allowed:
            before = time.perf_counter()
            question, adapter = asked(target, rule, (L,), "float32", "eval")
            found.append(swept(question, adapter))
            slowest = max(slowest, (time.perf_counter() - before, L))
        took = time.perf_counter() - started
        tried, faults = (sum(one[row] for one in found) for row in (0, 1))
        print(
            f"| {rule} | {len(found)} | {tried:,} | {faults} | {took:.1f} | {slowest[1]}: {slowest[0]:.2f} |",
            flush=True,
        )


def steps() -> None:
    """What a range costs that has a step, and one that has none: the same number of inputs."""
    print("\n| torch-fsq, widened | " + " | ".join(("L = 8", "L = 64", "L = 256")) + " |\n|---|--:|--:|--:|")
    cells = []
    for L in (8, 64, 256):
        question, adapter = asked("torch-fsq", "widened", (L,), "float32", "eval")
        flat, stepped = Span(0x70000000, 0x74000000), Span(0x3C000000, 0x40000000)

        def work(span: Span, question: Question = question, adapter: Adapter = adapter) -> None:
            for _ in sweep(question, adapter, [span]):
                pass

        cells.append(f"{seconds(lambda: work(flat)) * 1e3:.1f}, {seconds(lambda: work(stepped)) * 1e3:.1f}")  # noqa: B023
    print("| 2^26 inputs on one level; with most steps, ms | " + " | ".join(cells) + " |", flush=True)


def agreement() -> None:
    """The same sweep on the CPU, by all cores, and on the device; on how many inputs levels differ."""
    print(
        "\n| all 2^32 float32, L = 8 | CPU, s | device, s | levels differ on | outside the bands | largest step moved, floats |"
    )
    print("|---|--:|--:|--:|--:|--:|")
    for target, rule in AGREEING:
        with tempfile.TemporaryDirectory(prefix="fsqcheck-") as folder:
            files, cells = [], []
            for device, more in (("cpu", ("-n", str(CORES))), ("cuda", ())):
                files.append(Path(folder) / f"{device}.jsonl")
                command = [sys.executable, "-m", "fsqcheck", "sweep", target, "--rule", rule, "--levels", "8", *more]
                started = time.perf_counter()
                subprocess.run(
                    [*command, "--device", device, "-q", "--report", str(files[-1])],
                    env={**os.environ, "OMP_NUM_THREADS": "1"},
                    capture_output=True,
                    check=True,
                )
                cells.append(f"{time.perf_counter() - started:.1f}")
            found = compare_sweeps(*files)
        farthest = max((abs(step.new - step.old) for step in found.moved), default=0)
        print(
            f"| {target}, {rule} | {' | '.join(cells)} | {found.differ:,} | {found.outside} | {farthest} |", flush=True
        )


def main() -> None:
    """Prints the tables of docs/performance.md that need a device."""
    if not torch.cuda.is_available():
        print("no CUDA device answers here: nothing was measured on one")
        return
    ceiling = copying()
    name = torch.cuda.get_device_name()
    print(
        f"{name}, torch {torch.__version__}, {CORES} cores; a copy on the device moves {ceiling:,.0f} GB/s\n",
        flush=True,
    )
    with suppress(KeyboardInterrupt):
        beside(ceiling)
        chunks()
        every_level()
        steps()
        agreement()


if __name__ == "__main__":
    main()
