"""The command line: `fsqcheck run | list | explain | schema`. Heavy imports wait until a command needs them."""

from __future__ import annotations

import json
import os
import sys
import tempfile
from enum import StrEnum
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, NoReturn

import typer

from . import __version__

if TYPE_CHECKING:
    from .conformance.plan import Wanted

app = typer.Typer(
    name="fsqcheck",
    help="Does this Finite Scalar Quantization compute what its papers say?",
    no_args_is_help=True,
    add_completion=False,
    rich_markup_mode=None,
    pretty_exceptions_enable=False,
    context_settings={"help_option_names": ["-h", "--help"], "max_content_width": 100},
    epilog="Exit status: 0 conforms, 1 a MUST fails, 2 wrong usage or a target that cannot be loaded, "
    "3 the run broke, is incomplete, or judged nothing.",
)


#: One thread a process: the suite's arrays are small, and threads that fight for a core make a run four times as long.
_THREADS = ("OMP_NUM_THREADS", "MKL_NUM_THREADS", "OPENBLAS_NUM_THREADS")


class Tier(StrEnum):
    """How much is tried."""

    quick = "quick"
    standard = "standard"


class Topic(StrEnum):
    """What can be listed."""

    targets = "targets"
    rules = "rules"
    clauses = "clauses"


def _version(wanted: bool) -> None:
    if wanted:
        print(f"fsqcheck {__version__}")
        raise typer.Exit


@app.callback()
def front(
    version: Annotated[
        bool, typer.Option("--version", callback=_version, is_eager=True, help="Print the version.")
    ] = False,
) -> None:
    """Does this Finite Scalar Quantization compute what its papers say?"""


@app.command()
def run(
    targets: Annotated[
        list[str] | None,
        typer.Argument(
            metavar="TARGET",
            help="What to check: reference, torch-fsq, vector-quantize-pytorch, module:Class, path/to/file.py:Class. "
            "Constructor arguments go in parentheses: 'module:Class(eps=1e-3)'.",
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
    seed: Annotated[
        int,
        typer.Option(
            metavar="N",
            help="Seed of the drawn cases; default 0: the same draws in every run.",
            min=0,
            show_default=False,
        ),
    ] = 0,
    quiet: Annotated[bool, typer.Option("--quiet", "-q", help="Print the verdict only.")] = False,
) -> None:
    """Check one or more targets against the clauses of the contract.

    An option that names something can be given several times. What is not given comes from [tool.fsqcheck] in the
    nearest pyproject.toml.
    """
    from .conformance.plan import UsageError, parse_levels
    from .conformance.settings import with_defaults

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
        }
        wanted = with_defaults(given, Path.cwd())
    except UsageError as error:
        _stop(str(error))
    with tempfile.TemporaryDirectory(prefix="fsqcheck-") as folder:
        sys.exit(_checked(wanted, report or Path(folder) / "record.jsonl", markdown, processes, quiet))


def _checked(wanted: Wanted, record: Path, markdown: Path | None, processes: int, quiet: bool) -> int:
    """Runs the suite, shows what it found, and gives the exit status."""
    for name in _THREADS:
        os.environ.setdefault(name, "1")
    from rich.console import Console

    from . import reports
    from .conformance.plan import UsageError
    from .conformance.run import run_suite
    from .conformance.session import Session
    from .progress import Progress

    with Progress() as progress:
        try:
            session = Session(wanted)
            progress.say("loading " + ", ".join(wanted.targets))
            session.adapters  # noqa: B018  (loaded here, so that a target's fault is told before anything runs)
            for reason in session.unavailable.values():
                progress.complain(reason)
            for file in (record, markdown):
                _writable(file)
            ending = run_suite(session, record, processes, progress)
        except (UsageError, reports.UnwritableReport) as error:
            progress.close()
            _stop(str(error))
    if ending.broke:
        _say(f"the run broke: {ending.broke}")
        return 3
    found = reports.read(record)
    console = Console(highlight=False, emoji=False)
    if markdown is not None:
        markdown.write_text(reports.render_markdown(found), encoding="utf-8")
    if quiet:
        for verdict in reports.verdicts(found):
            console.print(f"{verdict.target}: {verdict.words}", markup=False, soft_wrap=True)
    else:
        reports.render_terminal(found, console)
    if ending.interrupted:
        _say("interrupted; what had ended is above")
        return 3
    return reports.exit_status(found)


def _writable(file: Path | None) -> None:
    """Makes the folder of a report and opens it, before minutes are spent on what cannot be kept."""
    from .reports import UnwritableReport

    if file is None:
        return
    try:
        file.parent.mkdir(parents=True, exist_ok=True)
        with file.open("a", encoding="utf-8"):
            pass
    except OSError as error:
        raise UnwritableReport(file, (error.strerror or str(error)).lower()) from error


@app.command("list")
def list_(
    topic: Annotated[Topic | None, typer.Argument(help="What to list; default: all.", show_default=False)] = None,
) -> None:
    """List the targets, rules and clauses that fsqcheck knows."""
    from rich.console import Console

    from . import catalogue

    console = Console(highlight=False, emoji=False)
    for one in [topic] if topic else list(Topic):
        console.print(catalogue.TABLES[one.value]())


@app.command()
def explain(clause: Annotated[str, typer.Argument(help="The clause's id, e.g. BND-3.", show_default=False)]) -> None:
    """Say what a clause demands, why, what a failure means, and how to mend it."""
    from rich.console import Console

    from . import catalogue
    from .conformance.plan import UsageError

    try:
        Console(highlight=False, emoji=False).print(catalogue.explained(clause.upper()))
    except UsageError as error:
        _stop(str(error))


@app.command()
def schema() -> None:
    """Print the JSON Schema of a record's lines."""
    from .reports import json_schema

    print(json.dumps(json_schema(), indent=2, ensure_ascii=False))


def _say(text: str) -> None:
    print(f"fsqcheck: {text}", file=sys.stderr)


def _stop(text: str) -> NoReturn:
    """One line on stderr, and the exit status of wrong usage."""
    _say(text)
    sys.exit(2)


def main() -> None:
    """The command `fsqcheck`."""
    for stream in (sys.stdout, sys.stderr):
        if hasattr(stream, "reconfigure"):
            stream.reconfigure(errors="replace")  # a narrow encoding must not lose a report
    app()
