"""`fsqcheck cache`: the environments of releases that are kept, and their removal."""

from __future__ import annotations

from datetime import datetime
from typing import TYPE_CHECKING, Annotated, NoReturn

import typer

from .saying import say, stop

if TYPE_CHECKING:
    from ..releases.store import Store

app = typer.Typer(help="The environments of releases that are kept: show them, remove them.", no_args_is_help=True)

_Package = Annotated[str | None, typer.Argument(metavar="[PACKAGE]", help="Of this package only.", show_default=False)]
_AGES = ((86_400, "day"), (3_600, "hour"), (60, "minute"))


@app.command()
def show(package: _Package = None) -> None:
    """List the releases that are installed for fsqcheck, with their age and size."""
    from rich.console import Console
    from rich.filesize import decimal
    from rich.table import Table
    from rich.text import Text

    from ..releases.store import now
    from ..reports import plain

    store, package = _store(), _canonical(package)
    table = Table(box=None, pad_edge=False, padding=(0, 2, 0, 0), header_style="dim")
    for column in ("package", "release", "made", "size", "from"):
        table.add_column(column, justify="right" if column == "size" else "left", overflow="fold")
    total = 0
    try:
        entries = store.entries(package)
        for entry in entries:
            size, kept = entry.size(), entry.kept
            total += size
            texts = (kept.package, kept.version, _age(kept.made, now()), decimal(size), kept.source or "the index")
            table.add_row(*(Text(plain.line(text)) for text in texts))
    except OSError as error:
        _unusable(error)
    console = Console(highlight=False, emoji=False)
    if entries:
        console.print(table)
    noun = "environment" if len(entries) == 1 else "environments"
    console.print(Text(f"{len(entries):,} {noun}, {decimal(total)}, in {store.folder}"), soft_wrap=True)


@app.command()
def clear(package: _Package = None) -> None:
    """Remove the environments of releases; waits for one that is being made. They are made again when they are wanted."""
    from rich.filesize import decimal

    store, package = _store(), _canonical(package)
    try:
        count, freed = store.clear(package, lambda name: say(f"waiting for another fsqcheck that makes {name}"))
    except OSError as error:
        _unusable(error)
    noun = "environment" if count == 1 else "environments"
    print(f"removed {count:,} {noun}, {decimal(freed)} freed, in {store.folder}")


def _store() -> Store:
    from ..releases.store import Store, cache_folder

    return Store(cache_folder())


def _canonical(package: str | None) -> str | None:
    from packaging.utils import canonicalize_name

    return None if package is None else str(canonicalize_name(package))


def _unusable(error: OSError) -> NoReturn:
    stop(f"{error.filename or _store().folder}: {(error.strerror or str(error)).lower()}", 3)


def _age(made: datetime, now: datetime) -> str:
    seconds = (now - made).total_seconds()
    for length, unit in _AGES:
        if seconds >= length:
            count = int(seconds // length)
            return f"{count} {unit}{'' if count == 1 else 's'} ago"
    return "just now"
