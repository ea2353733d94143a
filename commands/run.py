"""`fsqcheck run`: checks targets, shows what was found, and gives the exit status."""

from __future__ import annotations

import os
import sys
import tempfile
from enum import StrEnum
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from .apart import BuildAllowed, Isolated, apart
from .files import ready
from .saying import say, stop
from .showing import show

if TYPE_CHECKING:
    from ..conformance.plan import Wanted
    from ..isolation.front import Apart

#: One thread a process: the suite's arrays are small, and threads that fight for a core make a run four times as long.
_THREADS = ("OMP_NUM_THREADS", "MKL_NUM_THREADS", "OPENBLAS_NUM_THREADS")


class Tier(StrEnum):
    """How much is tried."""

    quick = "quick"
    standard = "standard"
    exhaustive = "exhaustive"


def run(
    targets: Annotated[
        list[str] | None,
        typer.Argument(
            metavar="TARGET",
            help="What to check: reference, torch-fsq, vector-quantize-pytorch, module:Class, path/to/file.py:Class. "
            "Constructor arguments go in parentheses: 'module:Class(eps=1e-3)'. A release is installed apart: "
            "vector-quantize-pytorch==1.22.2, 'name @ path/to/wheel', some-package==1.0#module:Class.",
            show_default=False,
        ),
    ] = None,
    rule: Annotated[
        list[str] | None, typer.Option(metavar="NAME", help="Judge by this rule; default: all that the target claims.")
    ] = None,
    levels: Annotated[
        list[str] | None, typer.Option(metavar="L,L,…", help="Numbers of levels, e.g. 8,5,5,5; default: the tier's.")
    ] = None,
    dtype: Annotated[
        list[str] | None, typer.Option(metavar="NAME", help="Only inputs of this dtype; default: all four.")
    ] = None,
    device: Annotated[list[str] | None, typer.Option(metavar="NAME", help="Run on cpu (default), cuda …")] = None,
    clause: Annotated[
        list[str] | None, typer.Option(metavar="ID", help="Only this clause or family: BND-3, IDX.")
    ] = None,
    tier: Annotated[Tier | None, typer.Option(help="How much is tried; default: quick.", show_default=False)] = None,
    case: Annotated[
        str | None, typer.Option(metavar="ID", help="Only the case with this id, as a report prints it.")
    ] = None,
    processes: Annotated[
        int, typer.Option("-n", metavar="N", help="Spread over N processes; same results.", min=1, show_default=False)
    ] = 1,
    report: Annotated[Path | None, typer.Option(metavar="FILE", help="Write the record (JSON Lines) here.")] = None,
    markdown: Annotated[Path | None, typer.Option(metavar="FILE", help="Write a Markdown page here.")] = None,
    html: Annotated[Path | None, typer.Option(metavar="FILE", help="Write a one-file HTML page here.")] = None,
    baseline: Annotated[
        Path | None, typer.Option(metavar="FILE", help="Known failures, which fail nothing: see `fsqcheck baseline`.")
    ] = None,
    allow_stale: Annotated[
        bool, typer.Option("--allow-stale", help="Only say what is no longer true of the baseline; default: an error.")
    ] = False,
    seed: Annotated[
        int,
        typer.Option(
            metavar="N",
            help="Seed of the drawn cases; default 0: the same draws in every run.",
            min=0,
            show_default=False,
        ),
    ] = 0,
    isolate: Isolated = False,
    case_limit: Annotated[
        float | None,
        typer.Option(metavar="S", help="Isolated: seconds for one case; default: 120.", show_default=False),
    ] = None,
    run_limit: Annotated[
        float | None,
        typer.Option(metavar="S", help="Isolated: seconds for a target; default: 3600.", show_default=False),
    ] = None,
    memory_limit: Annotated[
        float | None,
        typer.Option(metavar="GIB", help="Isolated: memory of a target's process; default: 8.", show_default=False),
    ] = None,
    allow_build: BuildAllowed = False,
    quiet: Annotated[bool, typer.Option("--quiet", "-q", help="Print the verdict only.")] = False,
) -> None:
    """Check one or more targets against the clauses of the contract.

    An option that names something can be given several times. What is not given comes from [tool.fsqcheck] in the
    nearest pyproject.toml. A limit implies --isolate.
    """
    from ..conformance.plan import UsageError, parse_levels
    from ..conformance.settings import with_defaults

    try:
        given = {
            "targets": tuple(targets or ()),
            "rules": tuple(rule or ()),
            "levels": tuple(parse_levels(text) for text in levels or ()),
            "dtypes": tuple(dtype or ()),
            "devices": tuple(device or ()),
            "clauses": tuple(clause or ()),
            "tier": tier.value if tier else None,
            "case": case,
            "seed": seed,
            "baseline": baseline,
            "allow_stale": allow_stale or None,
        }
        wanted = with_defaults(given, Path.cwd())
        asked = apart(isolate, allow_build, case_limit, run_limit, memory_limit)
    except UsageError as error:
        stop(str(error))
    with tempfile.TemporaryDirectory(prefix="fsqcheck-") as folder:
        sys.exit(_checked(wanted, report or Path(folder) / "record.jsonl", markdown, html, processes, asked, quiet))


def threads_bounded() -> None:
    """One thread a process, unless the user says otherwise; before torch is loaded."""
    for name in _THREADS:
        os.environ.setdefault(name, "1")


def _checked(
    wanted: Wanted,
    record: Path,
    markdown: Path | None,
    html: Path | None,
    processes: int,
    apart: Apart | None,
    quiet: bool,
) -> int:
    """Runs the suite, shows what it found, and gives the exit status."""
    threads_bounded()
    from .. import reports
    from ..conformance.plan import UsageError
    from ..isolation.front import run_wanted
    from ..progress import Progress

    with Progress() as progress:
        try:
            progress.say("loading " + ", ".join(wanted.targets))
            if html is not None:
                reports.require_html()
            for file in (record, markdown, html):
                ready(file)
            ending = run_wanted(wanted, record, processes, progress, apart, progress.complain)
        except (UsageError, reports.UnwritableReport, reports.MissingExtra) as error:
            progress.close()
            stop(str(error))
    if ending.broke:
        say(f"the run broke: {ending.broke}")
        return 3
    status = show(record, markdown, html, quiet)
    if ending.interrupted:
        say("interrupted; what had ended is above")
        return 3
    return status
