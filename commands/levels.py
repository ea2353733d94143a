"""`fsqcheck levels`: which levels give a codebook of about a wanted size."""

from __future__ import annotations

import re
from math import log2
from typing import Annotated

import typer

from .saying import stop

_SIZE = re.compile(r"(?P<base>\d+)(?:(?:\^|\*\*)(?P<power>\d{1,3}))?")


def levels(
    size: Annotated[str, typer.Argument(metavar="SIZE", help="The wanted number of codes: 1024, 65_536 or 2^16.")],
    count: Annotated[int, typer.Option("-n", metavar="N", help="How many lists to show.", min=1, max=50)] = 5,
) -> None:
    """Print levels whose codebook is nearest to a wanted size: of the paper's table where it has one, else 5 to 8 a channel."""
    from rich.console import Console
    from rich.table import Table

    from ..reference.choosing import nearest_levels

    try:
        wanted = _number(size)
        found = nearest_levels(wanted, count)
    except ValueError as error:
        stop(str(error))
    table = Table(box=None, pad_edge=False, header_style="dim")
    for heading in ("levels", "codes", "off", "bits", "source"):
        table.add_column(heading, justify="left" if heading in ("levels", "source") else "right", overflow="fold")
    for one in found:
        source = f"the paper's table, for 2^{one.table.bit_length() - 1}" if one.table else "nearest in size"
        off = one.off(wanted)
        table.add_row(
            ",".join(map(str, one.levels)),
            f"{one.size:,}",
            "exact" if off == 0 else f"{off:+.1%}",
            f"{log2(one.size):.2f}",
            source,
        )
    console = Console(highlight=False, emoji=False)
    console.print(table)


def _number(text: str) -> int:
    match = _SIZE.fullmatch(text.strip().replace("_", "").replace(",", ""))
    if match is None:
        raise ValueError(f"SIZE {text!r}: expected a whole number such as 1024 or 2^16")
    base, power = int(match["base"][:20]), int(match["power"] or 1)
    if base > 1 and power > 62:
        raise ValueError(f"SIZE {text!r}: expected a size from 5 to 2^62")
    return int(base**power)
