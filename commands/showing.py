"""What a command shows of the record that it has just written, and the exit status that the record earns."""

from __future__ import annotations

from pathlib import Path

from .saying import say


def show(record: Path, markdown: Path | None, html: Path | None, quiet: bool) -> int:
    """Prints the report, or only the verdicts, writes the pages that were asked for, and gives the exit status."""
    from rich.console import Console

    from .. import reports

    found = reports.read(record)
    console = Console(highlight=False, emoji=False)
    if markdown is not None:
        markdown.write_text(reports.render_markdown(found), encoding="utf-8")
    if html is not None:
        html.write_text(reports.render_html([found]), encoding="utf-8")
    if found.baseline is not None:
        for problem in found.baseline.problems:
            say(f"warning: {problem}" if found.baseline.allow_stale else problem)
    if quiet:
        for verdict in reports.verdicts(found):
            console.print(f"{verdict.target}: {verdict.words}", markup=False, soft_wrap=True)
    else:
        reports.render_terminal(found, console)
    return reports.exit_status(found)
