"""`fsqcheck vectors`: test vectors for ports in other languages, and the judgement of their answers."""

from __future__ import annotations

import sys
import tempfile
from pathlib import Path
from typing import Annotated

import typer

from .files import ready
from .saying import say, stop
from .showing import show

app = typer.Typer(invoke_without_command=True)


@app.callback(invoke_without_command=True)
def vectors(
    context: typer.Context,
    rule: Annotated[str | None, typer.Option(metavar="NAME", help="The rule of the port.", show_default=False)] = None,
    levels: Annotated[
        str | None, typer.Option(metavar="L,L,…", help="Numbers of levels, e.g. 8,5,5,5.", show_default=False)
    ] = None,
    dtype: Annotated[str, typer.Option(metavar="NAME", help="The dtype of the inputs.")] = "float32",
    folder: Annotated[
        Path | None, typer.Option("-o", metavar="DIR", help="Write vectors.json and vectors.txt here.")
    ] = None,
) -> None:
    """Write test vectors for a port in another language, or `check` its answers: docs/ports.md."""
    if context.invoked_subcommand is not None:
        if rule or levels or folder:
            stop("vectors check takes rule and levels from DIR; leave out --rule, --levels and -o")
        return
    from ..conformance.plan import UsageError, Wanted, parse_levels
    from ..reports import UnwritableReport
    from ..vectors import make, write

    try:
        if rule is None or levels is None or folder is None:
            raise UsageError("vectors needs a rule, levels and a folder: --rule widened --levels 8,5,5,5 -o DIR")
        counts = parse_levels(levels)
        Wanted((), rules=(rule,), levels=(counts,), dtypes=(dtype,)).checked(residual=False)
        made = make(rule, counts, dtype)
        write(made.document, folder)
    except (UsageError, UnwritableReport) as error:
        stop(str(error))
    say(f"{len(made.document.vectors)} vectors in {folder}; the answers to them name the digest {made.document.digest}")


@app.command()
def check(
    folder: Annotated[Path, typer.Argument(metavar="DIR", help="The folder of vectors.", show_default=False)],
    answers: Annotated[
        Path, typer.Argument(metavar="ANSWERS", help="The port's answers, text or JSON.", show_default=False)
    ],
    report: Annotated[Path | None, typer.Option(metavar="FILE", help="Write the record (JSON Lines) here.")] = None,
    markdown: Annotated[Path | None, typer.Option(metavar="FILE", help="Write a Markdown page here.")] = None,
    html: Annotated[Path | None, typer.Option(metavar="FILE", help="Write a one-file HTML page here.")] = None,
    quiet: Annotated[bool, typer.Option("--quiet", "-q", help="Print the verdict only.")] = False,
) -> None:
    """Judge a port's answers to test vectors: the same report and exit status as of `run`."""
    from .. import reports
    from ..conformance.plan import UsageError
    from ..vectors import check as judge

    with tempfile.TemporaryDirectory(prefix="fsqcheck-") as temporary:
        record = report or Path(temporary) / "record.jsonl"
        try:
            if html is not None:
                reports.require_html()
            for file in (markdown, html):
                ready(file)
            judge(folder, answers, record)
        except (UsageError, reports.UnwritableReport, reports.MissingExtra) as error:
            stop(str(error))
        sys.exit(show(record, markdown, html, quiet))
