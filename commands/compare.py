"""`fsqcheck compare`: what changed from one record to another."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from .files import write
from .saying import stop

if TYPE_CHECKING:
    from ..reports import Comparison

File = Path | None


def compare(
    old: Annotated[Path, typer.Argument(metavar="OLD.jsonl", help="The record to compare with.")],
    new: Annotated[Path, typer.Argument(metavar="NEW.jsonl", help="The record that is judged.")],
    html: Annotated[File, typer.Option(metavar="FILE", help="Write one offline HTML page.")] = None,
    markdown: Annotated[File, typer.Option(metavar="FILE", help="Write Markdown of at most 60 KB.")] = None,
    json: Annotated[
        File, typer.Option(metavar="FILE", help="Write JSON (`fsqcheck schema --kind comparison`).")
    ] = None,
    quiet: Annotated[bool, typer.Option("--quiet", "-q", help="Print the verdict only.")] = False,
) -> None:
    """Compare two records, case by case: what regressed, what is fixed, what passes with other values.

    Two records of `sweep`, of two devices or releases, say: on how many of all inputs do levels differ. `-` as a FILE is
    stdout, in the place of what is printed otherwise. Exit status: 0 the same or better, 1 a MUST or SHOULD regressed, or
    levels of sweeps differ outside the bands, 2 not comparable, 3 a run is incomplete, or the new one judged less than the
    old one.
    """
    from .. import reports, sweeping

    if sweeping.is_sweep(old) and sweeping.is_sweep(new):
        if any(file is not None for file in (html, markdown, json)):
            stop("two sweeps are compared on the terminal only: leave --html, --markdown and --json out")
        sys.exit(_swept(old, new, quiet))
    try:
        found = reports.compare(reports.stream(old), reports.stream(new))
        asked = (
            (html, reports.render_comparison_html),
            (markdown, reports.render_comparison_markdown),
            (json, reports.render_comparison_json),
        )
        for file, made in asked:
            if file is not None:
                write(file, [made(found)])
    except (reports.BadReport, reports.UnwritableReport, reports.MissingExtra) as error:
        stop(str(error))
    if Path("-") not in (html, markdown, json):
        _printed(found, quiet)
    sys.exit(found.status)


def _printed(found: Comparison, quiet: bool) -> None:
    from rich.console import Console

    from .. import reports

    console = Console(highlight=False, emoji=False)
    if quiet:
        console.print(found.words, markup=False, soft_wrap=True)
    else:
        reports.render_comparison_terminal(found, console)


def _swept(old: Path, new: Path, quiet: bool) -> int:
    from rich.console import Console

    from .. import reports, sweeping

    try:
        found = sweeping.compare_sweeps(old, new)
    except reports.BadReport as error:
        stop(str(error))
    console = Console(highlight=False, emoji=False)
    if quiet:
        console.print(sweeping.comparison_headline(found), markup=False, soft_wrap=True)
    else:
        sweeping.render_sweep_comparison(found, console)
    return sweeping.comparison_status(found)
