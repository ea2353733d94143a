"""The pictures, drawn with Matplotlib: each function takes one measurement and gives the text of one SVG."""

from __future__ import annotations

import io
import math
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from itertools import pairwise
from typing import Any

import matplotlib as mpl
from matplotlib.axes import Axes
from matplotlib.backends.backend_svg import FigureCanvasSVG
from matplotlib.figure import Figure
from matplotlib.ticker import FixedFormatter, FixedLocator, FuncFormatter, MaxNLocator

from ..record import GradientLine, StaircaseLine

#: Stand-ins that the page replaces: Matplotlib knows no CSS variables.
INK, FAINT, EXACT, OBSERVED, BAND, BAD = "#010101", "#020202", "#030303", "#040404", "#050505", "#060606"
COLOURS = {
    INK: "var(--ink-2)",
    FAINT: "var(--rule)",
    EXACT: "var(--exact)",
    OBSERVED: "var(--observed)",
    BAND: "var(--band)",
    BAD: "var(--must)",
}

#: Width and height of a picture, in points.
SIZE = (260, 178)
_STYLE: Any = {  # Matplotlib types this by its 300 names
    "svg.fonttype": "none",
    "font.size": 9,
    "font.family": "sans-serif",
    "path.simplify": False,
    "axes.unicode_minus": True,
}

Numbers = Sequence[float | None]


class _Canvas:
    """One SVG with one pair of axes."""

    def __init__(self, width: float, height: float, bare: bool = False) -> None:
        self.figure = Figure(figsize=(width / 72, height / 72), frameon=False)
        FigureCanvasSVG(self.figure)
        whole = (0.0, 0.0, 1.0, 1.0)
        self.axes: Axes = self.figure.add_axes(
            whole if bare else (34 / width, 30 / height, (width - 42) / width, (height - 54) / height)
        )
        self.svg = ""

    def save(self) -> None:
        """Draws it."""
        file = io.StringIO()
        self.figure.savefig(file, format="svg", metadata={"Date": None, "Creator": None, "Format": None, "Type": None})
        self.svg = file.getvalue()


@contextmanager
def _canvas(across: str, up: str, size: tuple[float, float] = SIZE) -> Iterator[_Canvas]:
    with mpl.rc_context(_STYLE):
        canvas = _Canvas(*size)
        axes = canvas.axes
        axes.patch.set_visible(False)
        for side in ("top", "right", "left"):
            axes.spines[side].set_visible(False)
        axes.spines["bottom"].set_color(FAINT)
        axes.xaxis.set_major_locator(MaxNLocator(5, steps=[1, 2, 5, 10]))
        axes.yaxis.set_major_locator(MaxNLocator(4, steps=[1, 2, 5, 10]))
        yield canvas
        axes.tick_params(length=0, colors=INK, pad=3)
        axes.set_xlabel(across, color=INK, labelpad=2)
        axes.annotate(up, (0, 1), (-30, 10), "axes fraction", "offset points", color=INK, ha="left", va="bottom")
        canvas.save()


def _stairs(steps: Numbers, codes: Numbers, left: float, right: float) -> tuple[list[float], list[float]]:
    """The corners of a staircase; a step that was never seen, or a code that is none, leaves a gap."""
    x, y = [left], [_or_nan(codes[0])]
    for step, code in zip(steps, codes[1:], strict=True):
        if step is None:
            continue
        place = min(max(step, left), right)
        x += [place, place]
        y += [y[-1], _or_nan(code)]
    return [*x, right], [*y, y[-1]]


def _or_nan(value: float | None) -> float:
    return math.nan if value is None else value


def _window(line: StaircaseLine) -> tuple[float, float]:
    known = [step for step in (*line.exact, *line.observed) if step is not None and abs(step) < 8]
    margin = 0.12 * (max(known) - min(known)) + 0.3 if known else 1.0
    return (min(known) - margin, max(known) + margin) if known else (-1.0, 1.0)


def overview(line: StaircaseLine) -> str:
    """The staircase that was observed over the exact one."""
    left, right = _window(line)
    with _canvas("z", "code") as canvas:
        axes = canvas.axes
        axes.plot(*_stairs(line.exact, line.expected_codes, left, right), color=EXACT, lw=5, solid_capstyle="butt")
        axes.plot(*_stairs(line.observed, line.codes, left, right), color=OBSERVED, lw=1.4)
        axes.set_xlim(left, right)
    return canvas.svg


def mirror(line: StaircaseLine) -> str:
    """The staircase that was observed, and its mirror image: -code at -z."""
    left, right = _window(line)
    reach = max(-left, right)
    turned = [None if step is None else -step for step in reversed(line.observed)]
    codes = [None if code is None else -code for code in reversed(line.codes)]
    with _canvas("z", "code") as canvas:
        axes = canvas.axes
        axes.axvline(0, color=FAINT, lw=0.8)
        axes.plot(*_stairs(turned, codes, -reach, reach), color=EXACT, lw=5, solid_capstyle="butt")
        axes.plot(*_stairs(line.observed, line.codes, -reach, reach), color=OBSERVED, lw=1.4)
        axes.set_xlim(-reach, reach)
    return canvas.svg


def zoom(line: StaircaseLine, step: int) -> str:
    """One step from close by: the exact one at 0, its band from -1 to 1, and where it was observed."""
    units = line.units[step] or 0.0
    far = max(2.0, 1.4 * abs(units))
    with _canvas("tolerance units from the exact threshold", "level") as canvas:
        axes = canvas.axes
        axes.axvspan(-1, 1, color=BAND, lw=0)
        axes.plot([-far, 0, 0, far], [step, step, step + 1, step + 1], color=EXACT, lw=5, solid_capstyle="butt")
        colour = BAD if abs(units) > 1 else OBSERVED
        axes.plot([-far, units, units, far], [step, step, step + 1, step + 1], color=colour, lw=1.4)
        axes.set_xlim(-far, far)
        axes.set_ylim(step - 0.4, step + 1.4)
        axes.yaxis.set_major_locator(FixedLocator([step, step + 1]))
    return canvas.svg


def distribution(units: Sequence[float]) -> str:
    """How many thresholds are how far off: on a straight scale where all are near, else in powers of ten."""
    far = max((abs(value) for value in units), default=0.0)
    with _canvas("tolerance units", "thresholds") as canvas:
        axes = canvas.axes
        if far <= 1.25:
            edges = [-1.25 + 0.1 * k for k in range(26)]
            axes.axvspan(-1, 1, color=BAND, lw=0)
            _bars(axes, units, edges, lambda low, high: max(abs(low), abs(high)) > 1 + 1e-9)
            axes.set_xlim(-1.25, 1.25)
        else:
            top = math.ceil(math.log10(far) + 1e-9)
            edges = [-2 + 0.25 * k for k in range(4 * (top + 2) + 1)]
            axes.axvspan(-2.2, 0, color=BAND, lw=0)
            sizes = [min(max(math.log10(max(abs(value), 1e-9)), -2), top - 1e-9) for value in units]
            _bars(axes, sizes, edges, lambda low, _: low >= 0)
            axes.set_xlim(-2.2, top)
            ticks = list(range(-2, top + 1, max(1, (top + 2) // 5)))
            axes.xaxis.set_major_locator(FixedLocator(ticks))
            axes.xaxis.set_major_formatter(FixedFormatter([_power(tick) for tick in ticks]))
    return canvas.svg


def by_levels(lines: Sequence[StaircaseLine]) -> str:
    """The worst threshold of every L, in tolerance units: a straight scale where all are near, else powers of ten."""
    worst = [abs(line.units[worst_step(line)] or 0.0) for line in lines]
    far = max(worst, default=0.0)
    with _canvas("L", "tolerance units") as canvas:
        axes = canvas.axes
        floor = 0.0
        if far > 1.25:
            worst, floor = [max(math.log10(max(value, 1e-9)), -2.0) for value in worst], -2.0
            ticks = list(range(-2, math.ceil(far and math.log10(far)) + 1))
            axes.yaxis.set_major_locator(FixedLocator(ticks[:: max(1, len(ticks) // 4)]))
            axes.yaxis.set_major_formatter(FuncFormatter(lambda tick, _: _power(round(tick))))
        limit = 0.0 if far > 1.25 else 1.0
        axes.axhspan(floor, limit, color=BAND, lw=0)
        for colour, wrong in ((OBSERVED, False), (BAD, True)):
            some = [(line.levels, value) for line, value in zip(lines, worst, strict=True) if (value > limit) == wrong]
            x = [place for L, _ in some for place in (L, L, math.nan)]
            y = [place for _, value in some for place in (floor, value, math.nan)]
            if some:
                axes.plot(x, y, color=colour, lw=2.2 if len(lines) > 20 else 5, solid_capstyle="butt", clip_on=False)
        axes.set_ylim(floor, max([limit * 1.15, *worst]) + (0.3 if far > 1.25 else 0.0))
        first, last = lines[0].levels, lines[-1].levels
        axes.set_xlim(first - 0.04 * (last - first) - 0.5, last + 0.04 * (last - first) + 0.5)
        axes.xaxis.set_major_locator(MaxNLocator(5, steps=[1, 2, 5, 10], integer=True))
    return canvas.svg


def _power(exponent: int) -> str:
    if -2 <= exponent <= 3:
        return f"{10.0**exponent:g}"
    return "10" + str(exponent).translate(str.maketrans("-0123456789", "⁻⁰¹²³⁴⁵⁶⁷⁸⁹"))


def _bars(axes: Axes, values: Sequence[float], edges: Sequence[float], wrong: Any) -> None:
    bins = list(pairwise(edges))
    counts = [sum(low <= value < high for value in values) for low, high in bins]
    for (low, high), count in zip(bins, counts, strict=True):
        if count:
            axes.bar((low + high) / 2, count, 0.84 * (high - low), color=BAD if wrong(low, high) else OBSERVED, lw=0)
    axes.set_ylim(0, max(counts, default=1) * 1.05 or 1)


def slope(line: GradientLine) -> str:
    """The gradient that was observed over the analytic slope."""
    with _canvas("z", "d code / d z") as canvas:
        axes = canvas.axes
        z = [_or_nan(value) for value in line.z]
        axes.plot(z, [_or_nan(value) for value in line.expected], color=EXACT, lw=5, solid_capstyle="butt")
        axes.plot(z, [_or_nan(value) for value in line.observed], color=OBSERVED, lw=1.4)
        axes.set_xlim(min(z), max(z))
    return canvas.svg


#: Width and height of one small picture among many, in points, and how many stand in a row.
CELL = (42, 40)
ACROSS = 8


def small_staircases(lines: Sequence[StaircaseLine]) -> str:
    """Every staircase, small: the observed over the exact one, in another colour where a step is out of its band."""
    with _cells(lines) as cells:
        for line, place in zip(lines, _places(len(lines)), strict=True):
            low, high = _window(line)
            codes = [code for code in line.expected_codes if code is not None]
            box = (low, high, min(codes), max(codes))
            cells.add(EXACT, place, box, *_stairs(line.exact, line.expected_codes, low, high))
            observed = _stairs(line.observed, line.codes, low, high)
            cells.add(BAD if is_wrong(line) else OBSERVED, place, box, *observed)
    return cells.canvas.svg


def small_zooms(lines: Sequence[StaircaseLine]) -> str:
    """The worst threshold of every staircase, small: the band, the exact step in its middle, and the observed one."""
    with _cells(lines) as cells:
        for line, place in zip(lines, _places(len(lines)), strict=True):
            units = line.units[worst_step(line)] or 0.0
            far = max(2.0, 1.4 * abs(units))
            box = (-far, far, 0.0, 1.0)
            cells.add(BAND, place, box, [-1, 1], [0.5, 0.5])
            cells.add(EXACT, place, box, [-far, 0, 0, far], [0, 0, 1, 1])
            cells.add(BAD if is_wrong(line) else OBSERVED, place, box, [-far, units, units, far], [0, 0, 1, 1])
    return cells.canvas.svg


def worst_step(line: StaircaseLine) -> int:
    """The threshold that is furthest off, counted from 0; one that was never seen is worse than any other."""
    return max(range(len(line.units)), key=lambda k: math.inf if (units := line.units[k]) is None else abs(units))


def is_wrong(line: StaircaseLine) -> bool:
    """Whether any step lies out of its band, or was never seen."""
    return any(units is None or abs(units) > 1 for units in line.units)


Place = tuple[float, float]


def _places(count: int) -> list[Place]:
    return [((number % ACROSS) * CELL[0], (number // ACROSS) * CELL[1]) for number in range(count)]


class _Cells:
    """Many small pictures on one canvas. All curves of one colour are one line with gaps: an artist each is slow."""

    def __init__(self, canvas: _Canvas) -> None:
        self.canvas = canvas
        self._curves: dict[str, tuple[list[float], list[float]]] = {BAND: ([], []), EXACT: ([], [])}

    def add(
        self,
        colour: str,
        place: Place,
        box: tuple[float, float, float, float],
        x: Sequence[float],
        y: Sequence[float],
    ) -> None:
        """A curve in a cell: `box` is what the cell shows, left, right, bottom and top; NaN stays a gap."""
        left, right, bottom, top = box
        across, up = (CELL[0] - 8) / ((right - left) or 1.0), 22 / ((top - bottom) or 1.0)
        heights = [value if math.isnan(value) else min(max((value - bottom) * up, -2.5), 24.5) for value in y]
        xs, ys = self._curves.setdefault(colour, ([], []))
        xs += [*(place[0] + 3 + (value - left) * across for value in x), math.nan]
        ys += [*(place[1] + 28 - value for value in heights), math.nan]

    def draw(self) -> None:
        """Draws the curves, the broadest below."""
        widths = {BAND: 26.0, EXACT: 3.0}
        for colour, (x, y) in self._curves.items():
            width = widths.get(colour, 0.9)
            self.canvas.axes.plot(x, y, color=colour, lw=width, solid_capstyle="butt", clip_on=False)


@contextmanager
def _cells(lines: Sequence[StaircaseLine]) -> Iterator[_Cells]:
    """A canvas with a place for every line, each with its L below."""
    width, height = ACROSS * CELL[0], math.ceil(len(lines) / ACROSS) * CELL[1]
    with mpl.rc_context(_STYLE):
        canvas = _Canvas(width, height, bare=True)
        canvas.axes.set_axis_off()
        canvas.axes.set_xlim(0, width)
        canvas.axes.set_ylim(height, 0)
        for line, (left, top) in zip(lines, _places(len(lines)), strict=True):
            canvas.axes.text(left + 2, top + 39, f"{line.levels}", color=INK, va="baseline", fontsize=8)
        cells = _Cells(canvas)
        yield cells
        cells.draw()
        canvas.save()
