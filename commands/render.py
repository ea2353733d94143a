"""`fsqcheck render`: a record, or several, as the pages that people and machines read."""

from __future__ import annotations

import sys
from collections.abc import Callable, Iterable, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from .files import write
from .saying import say, stop

if TYPE_CHECKING:
    from ..reports import Record

#: An option that takes a file, or `-` for stdout.
File = Path | None


def render(
    files: Annotated[
        list[Path], typer.Argument(metavar="REPORT.jsonl…", help="Records, as `fsqcheck run --report` writes them.")
    ],
    html: Annotated[File, typer.Option(metavar="FILE", help="One offline HTML page.")] = None,
    markdown: Annotated[
        File, typer.Option(metavar="FILE", help="Markdown of at most 60 KB, for a job summary or a pull request.")
    ] = None,
    junit: Annotated[File, typer.Option(metavar="FILE", help="JUnit XML, for CI systems.")] = None,
    badge: Annotated[File, typer.Option(metavar="FILE", help="An SVG badge.")] = None,
    shields: Annotated[File, typer.Option(metavar="FILE", help="JSON for a shields.io endpoint badge.")] = None,
) -> None:
    """Show records: on the terminal, or in files (`-` is stdout).

    The exit status is that of the run that made the record: 3 if it is incomplete, which every page says.
    """
    from .. import reports

    try:
        records = [reports.stream(file) for file in files]
        asked = {"html": html, "markdown": markdown, "junit": junit, "badge": badge, "shields": shields}
        wanted = {name: file for name, file in asked.items() if file is not None}
        for name, file in wanted.items():
            write(file, _PAGES[name](records))
        if not wanted:
            _on_the_terminal(records)
    except (reports.BadReport, reports.UnwritableReport, reports.MissingExtra) as error:
        stop(str(error))
    for file, record in zip(files, records, strict=True):
        if (gap := reports.gap(record)) is not None:
            say(f"{file}: incomplete: {gap}")
    sys.exit(max(reports.exit_status(record) for record in records))


def _on_the_terminal(records: Sequence[Record]) -> None:
    from rich.console import Console

    from .. import reports

    console = Console(highlight=False, emoji=False)
    for record in records:
        reports.render_terminal(record, console)


def _html(records: Sequence[Record]) -> Iterable[str]:
    from .. import reports

    return [reports.render_html(records)]


def _markdown(records: Sequence[Record]) -> Iterable[str]:
    from .. import reports

    return [reports.render_markdown_together(records)]


def _junit(records: Sequence[Record]) -> Iterable[str]:
    from ..reports import junit

    return junit.pieces(records)


def _badge(records: Sequence[Record]) -> Iterable[str]:
    from .. import reports

    return [reports.render_badge(records)]


def _shields(records: Sequence[Record]) -> Iterable[str]:
    from .. import reports

    return [reports.render_shields(records)]


_PAGES: dict[str, Callable[[Sequence[Record]], Iterable[str]]] = {
    "html": _html,
    "markdown": _markdown,
    "junit": _junit,
    "badge": _badge,
    "shields": _shields,
}
