"""The command line: which commands there are. Each has a room of its own in commands/."""

from __future__ import annotations

import sys
import traceback
from typing import Annotated

import typer

from . import __version__
from .commands import (
    baseline,
    cache,
    compare,
    history,
    identify,
    init,
    interop,
    levels,
    lists,
    render,
    run,
    sweep,
    vectors,
)

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


app.command()(run.run)
app.command()(render.render)
app.command()(compare.compare)
app.command()(history.history)
app.command()(interop.interop)
app.command()(sweep.sweep)
app.command()(baseline.baseline)
app.add_typer(cache.app, name="cache")
app.add_typer(vectors.app, name="vectors")
app.command("list")(lists.list_)
app.command()(identify.identify)
app.command()(init.init)
app.command()(lists.explain)
app.command()(levels.levels)
app.command()(lists.schema)


def main() -> None:
    """The command `fsqcheck`."""
    for stream in (sys.stdout, sys.stderr):
        if hasattr(stream, "reconfigure"):
            stream.reconfigure(errors="replace")  # a narrow encoding must not lose a report
    try:
        app()
    except Exception:  # a fault of ours must not have the exit status of a verdict
        traceback.print_exc()
        print("fsqcheck: this is a fault of fsqcheck itself; please report it with the lines above", file=sys.stderr)
        sys.exit(3)
