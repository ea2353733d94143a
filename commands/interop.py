"""`fsqcheck interop`: may one target stand in for another?"""

from __future__ import annotations

import sys
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from .apart import BuildAllowed, Isolated, apart
from .files import ready, write
from .saying import stop

if TYPE_CHECKING:
    from ..interop import Interop

File = Path | None


def interop(
    targets: Annotated[
        list[str],
        typer.Argument(
            metavar="TARGET[@RULE]…",
            help="Two targets or more, each with a rule that it claims, or its first; releases too.",
        ),
    ],
    levels: Annotated[str, typer.Option(metavar="L,L,…", help="Numbers of levels.")] = "8,5,5,5",
    source: Annotated[
        str, typer.Option("--input", metavar="SOURCE", help="normal, uniform, or a .npy file of latents (…, d).")
    ] = "normal",
    count: Annotated[
        int | None,
        typer.Option(
            "-N", metavar="N", min=1, help="How many vectors: 1,000,000, or all of the file.", show_default=False
        ),
    ] = None,
    stages: Annotated[int, typer.Option(metavar="N", min=1, help="Stages of residual quantizers.")] = 4,
    html: Annotated[File, typer.Option(metavar="FILE", help="Write one offline HTML page.")] = None,
    markdown: Annotated[File, typer.Option(metavar="FILE", help="Write Markdown.")] = None,
    json: Annotated[File, typer.Option(metavar="FILE", help="Write JSON.")] = None,
    isolate: Isolated = False,
    allow_build: BuildAllowed = False,
    quiet: Annotated[bool, typer.Option("--quiet", "-q", help="Print the verdict only.")] = False,
) -> None:
    """Say whether one target may stand in for another: which tokens change, which codes and gradients differ.

    `-` as a FILE is stdout, in the place of what is printed otherwise. Exit status: 0 every two give the same tokens and no
    index decodes to other codes, 1 some differ, 2 wrong usage or a target that cannot be loaded.
    """
    from .. import interop as room
    from ..conformance.plan import UsageError, parse_levels
    from ..isolation.served import resolver
    from ..reports import MissingExtra, UnwritableReport, require_html

    try:
        if html is not None:
            require_html(("jinja2",))
        for file in (html, markdown, json):
            ready(file)
        counts = parse_levels(levels)
        with resolver(apart(isolate, allow_build)) as load:
            found = room.measure(targets, counts, room.inputs(source, len(counts), count), load, stages)
        asked = ((html, room.render_html), (markdown, room.render_markdown), (json, room.render_json))
        for file, made in asked:
            if file is not None:
                write(file, [made(found)])
    except (UsageError, MissingExtra, UnwritableReport, room.CannotCompareError) as error:
        stop(str(error))
    if Path("-") not in (html, markdown, json):
        _printed(found, quiet)
    sys.exit(found.status)


def _printed(found: Interop, quiet: bool) -> None:
    from rich.console import Console

    from .. import interop as room

    console = Console(highlight=False, emoji=False)
    if quiet:
        console.print(room.conclusion(found), markup=False, soft_wrap=True)
    else:
        room.render_terminal(found, console)
