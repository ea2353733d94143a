"""Small records for the tests of reports/: each builder takes what a test is about and fills in the rest."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable
from io import StringIO
from pathlib import Path
from typing import Any

import msgspec
from rich.console import Console

from fsqcheck.reports import (
    ClauseLine,
    Distance,
    Environment,
    Evidence,
    Footer,
    GradientLine,
    Header,
    Measurement,
    Number,
    Outcome,
    Record,
    RecordWriter,
    ResultLine,
    Severity,
    StaircaseLine,
    TargetLine,
    plan_digest,
    render_terminal,
)

SCRIPT = """\
import torch
from tiny_fsq import FSQ

quantizer = FSQ(levels=[8, 5, 5, 5], preserve_symmetry=True)
print(quantizer(torch.full((1, 1, 4), 0.2938933, dtype=torch.float64))[0])  # and a comment that makes it long\
"""


def header(**changes: Any) -> Header:
    environment = Environment(
        python="3.11.9", platform="Linux", processor="x86-64", cores=8, packages={"numpy": "2.4.6", "torch": "2.13.0"}
    )
    fields: dict[str, Any] = {
        "fsqcheck": "0.1.0",
        "started": "2025-11-24T14:00:00Z",
        "command": ("fsqcheck", "run", "tiny"),
        "environment": environment,
        "tier": "quick",
        "seed": 0,
    }
    return Header(**fields | changes)


def clause(id: str = "BND-1", severity: Severity = "must", **changes: Any) -> ClauseLine:
    fields: dict[str, Any] = {
        "title": f"The title of {id}",
        "sentence": f"The sentence of {id}.",
        "meaning": f"What a failure of {id} means.",
        "source": "arXiv:2309.15505",
    }
    return ClauseLine(id=id, severity=severity, **fields | changes)


def result(outcome: Outcome = "pass", clause: str = "BND-1", n: int = 0, **changes: Any) -> ResultLine:
    """A case; `n` tells the cases of a clause apart."""
    fields: dict[str, Any] = {
        "id": f"{clause}/symmetric/8x5/float32/cpu/eval/{n}",
        "severity": "must",
        "target": "tiny",
        "rule": "symmetric",
        "levels": (8, 5),
        "dtype": "float32",
        "device": "cpu",
        "mode": "eval",
        "seconds": 0.01,
    }
    return ResultLine(clause=clause, outcome=outcome, **fields | changes)


def evidence(**changes: Any) -> Evidence:
    fields: dict[str, Any] = {
        "observed": "level 3",
        "expected": "level 4",
        "input": (Number(decimal="0.2938933", bits="0x3e967930"),),
        "distance": Distance(tolerance_units=12.5, ulps=4.0),
        "rerun": "fsqcheck run tiny --case BND-1/symmetric/8x5/float32/cpu/eval/0",
        "script": SCRIPT,
    }
    return Evidence(**fields | changes)


def staircase(L: int = 3, **changes: Any) -> StaircaseLine:
    """A measured staircase whose last step lies 2.5 tolerance units too high."""
    exact = tuple(float(k) - L / 2 for k in range(1, L))
    fields: dict[str, Any] = {
        "target": "tiny",
        "rule": "symmetric",
        "levels": L,
        "dtype": "float32",
        "exact": exact,
        "lo": tuple(z - 1e-6 for z in exact),
        "hi": tuple(z + 1e-6 for z in exact),
        "observed": (*exact[:-1], exact[-1] + 2.5e-6),
        "units": (*(0.0 for _ in exact[:-1]), 2.5),
        "ulps": (*(0 for _ in exact[:-1]), 21),
        "codes": tuple(2 * k / (L - 1) - 1 for k in range(L)),
        "expected_codes": tuple(2 * k / (L - 1) - 1 for k in range(L)),
    }
    return StaircaseLine(**fields | changes)


def gradient(L: int = 3, **changes: Any) -> GradientLine:
    """A measured gradient that is right."""
    fields: dict[str, Any] = {
        "target": "tiny",
        "rule": "symmetric",
        "levels": L,
        "dtype": "float32",
        "z": (-2.0, -1.0, 0.0, 1.0, 2.0),
        "observed": (0.07, 0.42, 1.0, 0.42, 0.07),
        "expected": (0.07, 0.42, 1.0, 0.42, 0.07),
    }
    return GradientLine(**fields | changes)


def target(results: Iterable[ResultLine] = (), name: str = "tiny", **changes: Any) -> TargetLine:
    """A target for which exactly these results were planned."""
    own = [one for one in results if one.target == name]
    fields: dict[str, Any] = {
        "planned": dict(Counter(one.clause for one in own)),
        "plan_digest": plan_digest(one.id for one in own),
    }
    return TargetLine(name=name, **fields | changes)


def unloadable(name: str = "broken", reason: str = "no module named broken") -> TargetLine:
    return TargetLine(name=name, loaded=False, reason=reason)


def footer(results: Iterable[ResultLine] = (), **changes: Any) -> Footer:
    results = tuple(results)
    fields: dict[str, Any] = {
        "finished": "2025-11-24T14:01:00Z",
        "seconds": 60.0,
        "results": len(results),
        "outcomes": dict(Counter(one.outcome for one in results)),
    }
    return Footer(**fields | changes)


def record(*results: ResultLine, **changes: Any) -> Record:
    """A complete record of these results, of one target unless `targets` says otherwise."""
    severities = {one.clause: one.severity for one in results}
    fields: dict[str, Any] = {
        "header": header(),
        "targets": (target(results),),
        "clauses": tuple(clause(id, severity) for id, severity in severities.items()),
        "results": results,
        "footer": footer(results),
    }
    return Record(**fields | changes)


def written(record: Record, path: Path) -> Path:
    """The record as a file."""
    lines: list[TargetLine | ClauseLine | ResultLine | Measurement] = [
        *record.targets,
        *record.clauses,
        *record.results,
        *record.staircases,
        *record.gradients,
    ]
    with RecordWriter(path, record.header) as writer:
        for line in lines:
            writer.write(line)
        writer.close(record.footer)
    return path


def shown(record: Record, width: int = 80, *, colour: bool = False) -> str:
    """What the terminal shows."""
    file = StringIO()
    render_terminal(
        record, Console(file=file, width=width, force_terminal=colour, color_system="standard" if colour else None)
    )
    return file.getvalue()


def typical() -> Record:
    """A target with wrong answers, errors, and cases that were not judged: what a user sees most days."""
    wide = [
        result(
            "fail" if dtype == "float64" and rule == "symmetric" else "pass",
            "BND-3",
            id=f"BND-3/{rule}/{'x'.join(map(str, levels))}/{dtype}/cpu/eval",
            rule=rule,
            dtype=dtype,
            levels=levels,
            message="a step lies outside its band",
            evidence=evidence(
                observed="level 3 at the step from 3 to 4, which lies 1.2e-7 too high",
                expected="level 4",
                input=(Number(decimal="0.29389333245105953", bits="0x3fd2cf2608000000"),),
                input_note="channel 0 of 4, the others 0; shape (1, 1, 4)",
                distance=Distance(tolerance_units=1.234567e8, ulps=536870912.0),
                wrong=7,
                tried=28,
                rerun=f"fsqcheck run 'vector-quantize-pytorch==1.32.0' --case BND-3/{rule}/"
                f"{'x'.join(map(str, levels))}/{dtype}/cpu/eval --device cpu",
            ),
        )
        for rule in ("widened", "symmetric")
        for dtype in ("float32", "float64")
        for levels in ((8, 5, 5, 5), (3,), (8, 8, 8, 6, 5), (16, 16))
    ]
    error = (
        "EinopsError: Error while processing rearrange-reduction pattern 'b n d -> b n d'.\n Input tensor shape: (4,)"
    )
    rest = [result("error", "SHP-1", n, message=error, mode=mode) for n, mode in enumerate(("eval", "train"))] + [
        result("pass", "SHP-1", 2),
        result("error", "SHP-4", 0, severity="should", message=error, evidence=evidence(input=(), distance=None)),
        result("crash", "IDX-6", 0, severity="should", message="the process was killed by SIGSEGV"),
        result("pass", "SYM-1", 0),
        *(result("not-run", "DEV-1", n, message="no CUDA device") for n in range(312)),
        *(result("not-run", "DEV-2", n, message="no CUDA device") for n in range(5)),
        *(result("unsupported", "GRD-1", n, message="the adapter has no vjp") for n in range(40)),
    ]
    name = "vector-quantize-pytorch==1.32.0"
    results = tuple(msgspec.structs.replace(one, target=name) for one in (*wide, *rest))
    line = target(
        results,
        name,
        version="1.32.0",
        framework="torch",
        rules=("widened", "symmetric"),
        origin="site-packages/vector_quantize_pytorch/finite_scalar_quantization.py",
    )
    clauses = (
        clause(
            "BND-3",
            title="Each step lies within its band",
            meaning="An input near a step gets another level than the formula gives: tokens differ from those of another "
            "correct implementation, so a decoder trained elsewhere sees other codes.",
        ),
        clause("SYM-1", title="The code set is its own mirror image"),
        clause("SHP-1", title="Every layout that is claimed works"),
        clause("SHP-4", "should", title="A single vector is quantized"),
        clause("IDX-6", "should", title="An index out of range is refused"),
        clause("DEV-1", title="Outputs stay on the input's device"),
        clause("DEV-2", title="Agrees with the CPU outside the bands"),
        clause("GRD-1", title="The gradient is the surrogate's"),
    )
    return record(*results, targets=(line,), clauses=clauses)
