"""Two sweeps beside each other on a terminal: on how many inputs levels differ, and which steps moved by how much."""

from __future__ import annotations

from rich.console import Console
from rich.text import Text

from ..adapters.streaming import MODES
from ..reference.precision import Precision
from ..reports import plain
from ..reports.printing import STATUS_STYLES, fact, print_line, say
from .comparing import MovedStep, SweepComparison
from .places import infinity, place_in, value_at
from .record import SweepRecord


def comparison_status(found: SweepComparison) -> int:
    """The exit status: 0 levels differ inside the bands at most, 1 also outside."""
    return 1 if found.outside else 0


def comparison_headline(found: SweepComparison) -> str:
    """The outcome on one line."""
    asked, inputs = found.asked, found.asked.inputs
    what = f"({asked.rule}, levels {','.join(map(str, asked.levels))}, {asked.dtype})"
    if not found.differ:
        return f"the same level for each of {inputs:,} inputs {what}"
    where = f"{found.outside:,} of them outside the bands" if found.outside else "all of them inside the bands"
    return f"levels differ on {found.differ:,} of {inputs:,} inputs {what}, {where}"


def render_sweep_comparison(found: SweepComparison, console: Console) -> None:
    """Both sides, the steps that moved, and the headline."""
    for name, side in (("old", found.old), ("new", found.new)):
        fact(console, name, _side(side))
    if found.moved:
        print_line(console, Text())
        say(
            console,
            Text("steps that moved: by how many floats, and how many of those lie outside the band", style="dim"),
        )
        heads = ("L", "step", "exact", "old", "new", "floats", "outside")
        print_line(console, Text(_ROW.format(*heads), style="dim"))
    for one in found.moved:
        print_line(console, Text(_row(one, found)))
    print_line(console, Text())
    say(console, Text(comparison_headline(found), style=STATUS_STYLES[comparison_status(found)]))


_ROW = "  {:>3} {:>9} {:>14} {:>14} {:>14} {:>9} {:>8}"


def _side(side: SweepRecord) -> str:
    header, version = side.header, side.target.version if side.target else None
    name = plain.line(header.target, 100)
    named = f"{name} {plain.line(version, 40)}" if version and version not in name else name
    framework = side.target.framework if side.target else None
    on = f", {plain.line(framework, 60)}" if framework else ""
    verdict = f"; {side.result.verdict}" if side.result else ""
    return f"{named}, {header.device}, {MODES[header.mode].words}{on}{verdict}"


def _row(one: MovedStep, found: SweepComparison) -> str:
    precision = found.asked.precision
    exact = "none" if one.step.exact is None else _decimal(place_in(one.step.exact, precision), precision)
    level = f"{one.step.step - 1} → {one.step.step}"
    outside = sum(end - first for first, end in one.outside)
    shown = (
        exact,
        _decimal(one.old, precision),
        _decimal(one.new, precision),
        f"{one.new - one.old:+,}",
        f"{outside:,}",
    )
    return _ROW.format(found.asked.levels[one.step.channel], level, *shown)


def _decimal(place: int, precision: Precision) -> str:
    return "none" if place > infinity(precision) else f"{value_at(place, precision):.9g}"
