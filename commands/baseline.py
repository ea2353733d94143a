"""`fsqcheck baseline`: writes the failures of a record down as known."""

from __future__ import annotations

import sys
from datetime import date, datetime
from pathlib import Path
from typing import Annotated

import typer

from .files import write
from .saying import say, stop

#: Where a baseline is kept unless another file is named.
FILE = Path("fsqcheck-baseline.toml")


def baseline(
    report: Annotated[Path, typer.Argument(metavar="REPORT.jsonl", help="The record whose failures are known.")],
    output: Annotated[
        Path,
        typer.Option("-o", "--output", metavar="FILE", help="The baseline; entries that are in it keep their reasons."),
    ] = FILE,
    reason: Annotated[str | None, typer.Option(metavar="TEXT", help="Why the new entries are accepted.")] = None,
    issue: Annotated[str | None, typer.Option(metavar="URL", help="The issue about the new entries.")] = None,
    expires: Annotated[
        datetime | None,
        typer.Option(metavar="DAY", formats=["%Y-%m-%d"], help="The last day on which the new entries are accepted."),
    ] = None,
) -> None:
    """Write the failures of a run down as known: `fsqcheck run --baseline FILE` then fails on others only.

    Exit status: 0 written, 2 wrong usage, 3 the record is incomplete and nothing was written.
    """
    from .. import reports

    if issue is not None and not issue.startswith(("http://", "https://")):
        stop(f"--issue {issue!r}: expected a link, https://…")
    if reason is not None and not reason.strip():
        stop("--reason is empty; say why the failures are accepted")
    day: date | None = expires.date() if expires is not None else None
    try:
        record = reports.stream(report)
        older = reports.read_baseline(output) if output.exists() else None
        acceptance = reports.Acceptance(reason or reports.Acceptance.reason, issue, day)
        entries = reports.baseline_of(record, acceptance, older)
        write(output, [reports.render_baseline(entries, record)])
    except reports.NothingToKnow as error:
        stop(f"{report}: {error}", 3)
    except (reports.BadReport, reports.BadBaseline, reports.UnwritableReport) as error:
        stop(str(error))
    noun = "entry" if len(entries) == 1 else "entries"
    say(f"{output}: {len(entries):,} {noun}; say in each why it is accepted")
    sys.exit(0)
