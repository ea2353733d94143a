"""Which pictures are drawn of what was measured, and what stands below each."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from markupsafe import Markup

from .. import plain
from ..facts import number
from ..record import GradientLine, Record, StaircaseLine
from ..words import counted
from . import drawing
from .svg import Sheet, inlined

#: Of an L up to this the steps can be told apart in a picture.
_READABLE = 16
_USUAL = 8


@dataclass(frozen=True)
class Picture:
    """An inline SVG with its title and the sentence below it."""

    svg: Markup
    title: str
    caption: str
    wide: bool = False


@dataclass(frozen=True)
class Gallery:
    """The pictures of one rule; `says` is what they show in one line, `missing` what could not be measured and why."""

    rule: str
    says: str
    wrong: bool
    pictures: tuple[Picture, ...]
    every: tuple[Picture, ...]
    missing: tuple[str, ...]


class Galleries:
    """Draws the galleries of a page; `sheet` collects their styles, and each picture has a number of its own."""

    def __init__(self) -> None:
        self.sheet = Sheet(drawing.COLOURS)
        self._drawn = 0

    def of(self, record: Record, target: str, every: bool) -> tuple[Gallery, ...]:
        """One gallery a rule; with `every`, a small picture of each L too."""
        lines = [line for line in record.staircases if line.target == target]
        slopes = [line for line in record.gradients if line.target == target]
        rules = dict.fromkeys([*(line.rule for line in lines), *(line.rule for line in slopes)])
        return tuple(
            self._gallery(
                rule,
                sorted((line for line in lines if line.rule == rule), key=lambda line: line.levels),
                sorted((line for line in slopes if line.rule == rule), key=lambda line: line.levels),
                every,
            )
            for rule in rules
        )

    def _gallery(
        self, rule: str, lines: Sequence[StaircaseLine], slopes: Sequence[GradientLine], every: bool
    ) -> Gallery:
        stairs = [line for line in lines if line.reason is None and _is_whole(line)]
        curves = [line for line in slopes if line.reason is None and _is_curve(line)]
        worst = max(stairs, key=_error) if stairs else None
        shown = _shown(stairs, worst)
        pictures: list[Picture] = []
        if worst is not None and shown is not None:
            pictures += [self._overview(shown), self._zoom(worst), self._distribution(stairs)]
            pictures += [self._mirror(shown), self._by_levels(stairs)]
        if curve := _worst_curve(curves, shown):
            pictures.insert(4, self._slope(curve))
        some = self._every(stairs) if every and len(stairs) > 1 else ()
        return Gallery(
            rule=plain.line(rule, 60),
            says=_says(stairs, worst),
            wrong=worst is not None and drawing.is_wrong(worst),
            pictures=tuple(pictures),
            every=some,
            missing=_missing((*lines, *slopes)),
        )

    def _picture(self, svg: str, title: str, caption: str, wide: bool = False) -> Picture:
        self._drawn += 1
        return Picture(inlined(svg, self.sheet, f"p{self._drawn}", title, caption), title, caption, wide)

    def _overview(self, line: StaircaseLine) -> Picture:
        caption = f"L = {line.levels}. Thin: observed. Broad: exact. The bands are thinner than a line here."
        return self._picture(drawing.overview(line), "Staircase", caption)

    def _zoom(self, line: StaircaseLine) -> Picture:
        step = drawing.worst_step(line)
        exact, observed, units, ulps = line.exact[step], line.observed[step], line.units[step], line.ulps[step]
        place = f"L = {line.levels}, level {step} → {step + 1}"
        if units is None or observed is None:
            return self._picture(drawing.zoom(line, step), "Worst threshold", f"{place}: the step was never seen.")
        far = "in its band" if abs(units) <= 1 else "out of its band"
        size = f"{units:+,.0f}" if 1_000 <= abs(units) < 1e15 else f"{units:+.3g}"
        distance = f"{_signed(size)} tolerance units"
        distance += "" if ulps is None else f", {_signed(f'{ulps:+,}')} {'ulp' if abs(ulps) == 1 else 'ulps'}"
        caption = f"{place}: exact {_signed(repr(exact))}, observed {_signed(repr(observed))}; {distance}: {far}."
        return self._picture(drawing.zoom(line, step), "Worst threshold", caption)

    def _distribution(self, lines: Sequence[StaircaseLine]) -> Picture:
        units = [value for line in lines for value in line.units if value is not None]
        total = sum(len(line.units) for line in lines)
        wrong = sum(abs(value) > 1 for value in units)
        unseen = total - len(units)
        caption = f"{counted(total, 'threshold')}, {_range(lines)}: {wrong:,} out of the band"
        caption += (
            f", {unseen:,} never seen." if unseen else f"; the furthest {number(max(map(abs, units)))} units off."
        )
        return self._picture(drawing.distribution(units), "Errors of all thresholds", caption)

    def _by_levels(self, lines: Sequence[StaircaseLine]) -> Picture:
        caption = f"The worst threshold of each L, {_range(lines)}; up to 1 is within the band."
        return self._picture(drawing.by_levels(lines), "Errors by number of levels", caption)

    def _mirror(self, line: StaircaseLine) -> Picture:
        observed, exact = _asymmetry(line.observed), _asymmetry(line.exact)
        caption = f"L = {line.levels}. Thin: observed. Broad: its mirror image, -code at -z. "
        if exact is None or exact > 1e-3:
            caption += "The rule itself is not mirrored here."
        elif observed is None:
            caption += "Some step was never seen."
        else:
            caption += f"A step and its mirror image are at most {observed:.2g} apart."
        return self._picture(drawing.mirror(line), "Symmetry", caption)

    def _slope(self, line: GradientLine) -> Picture:
        gaps = [
            abs(a - b) for a, b in zip(line.observed, line.expected, strict=True) if a is not None and b is not None
        ]
        caption = f"L = {line.levels}. Thin: observed. Broad: analytic. At most {number(max(gaps, default=0.0))} apart."
        return self._picture(drawing.slope(line), "Gradient", caption)

    def _every(self, lines: Sequence[StaircaseLine]) -> tuple[Picture, ...]:
        stairs = f"{_range(lines)}, each over its exact staircase."
        zooms = "The worst threshold of each L, with its band; the exact step is in the middle."
        return (
            self._picture(drawing.small_staircases(lines), "Every L", stairs, wide=True),
            self._picture(drawing.small_zooms(lines), "Every L, the worst threshold", zooms, wide=True),
        )


def _is_whole(line: StaircaseLine) -> bool:
    """Whether a line has all that is drawn: a record may come from anywhere."""
    steps = (line.exact, line.lo, line.hi, line.observed, line.units, line.ulps)
    codes = (line.codes, line.expected_codes)
    known = all(value is not None for value in (*line.exact, *line.expected_codes))
    sizes = all(len(one) == line.levels - 1 for one in steps) and all(len(one) == line.levels for one in codes)
    return line.levels >= 2 and sizes and known


def _is_curve(line: GradientLine) -> bool:
    return (
        len(line.z) == len(line.observed) == len(line.expected) > 1
        and all(value is not None for value in line.z)
        and line.z[0] != line.z[-1]
    )


def _error(line: StaircaseLine) -> float:
    units = line.units[drawing.worst_step(line)]
    return float("inf") if units is None else abs(units)


def _shown(lines: Sequence[StaircaseLine], worst: StaircaseLine | None) -> StaircaseLine | None:
    """The staircase that is drawn whole: the worst if it is wrong and can be read, else a usual one."""
    readable = [line for line in lines if line.levels <= _READABLE] or list(lines)
    if worst is not None and drawing.is_wrong(worst):
        return max(readable, key=_error)
    return min(readable, key=lambda line: abs(line.levels - _USUAL), default=None)


def _worst_curve(lines: Sequence[GradientLine], shown: StaircaseLine | None) -> GradientLine | None:
    if not lines:
        return None

    def gap(line: GradientLine) -> float:
        pairs = zip(line.observed, line.expected, strict=True)
        return max((abs(a - b) if a is not None and b is not None else float("inf") for a, b in pairs), default=0.0)

    worst = max(lines, key=gap)
    if gap(worst) > 1e-3:
        return worst
    return next((line for line in lines if shown is not None and line.levels == shown.levels), lines[0])


def _asymmetry(steps: Sequence[float | None]) -> float | None:
    """The largest distance of a step from the mirror image of its counterpart; None if one was not seen."""
    gaps = [
        None if low is None or high is None else abs(low + high)
        for low, high in zip(steps, reversed(steps), strict=True)
    ]
    known = [gap for gap in gaps if gap is not None]
    return max(known) if known and len(known) == len(gaps) else None


def _says(lines: Sequence[StaircaseLine], worst: StaircaseLine | None) -> str:
    if worst is None:
        return "not measured"
    wrong = sum(units is None or abs(units) > 1 for line in lines for units in line.units)
    total = sum(len(line.units) for line in lines)
    if wrong:
        return f"{wrong:,} of {counted(total, 'threshold')} out of their bands"
    return f"all {counted(total, 'threshold')} in their bands"


def _signed(number: str) -> str:
    """A number with a true minus sign."""
    return number.replace("-", "−")


def _range(lines: Sequence[StaircaseLine]) -> str:
    counts = [line.levels for line in lines]
    if len(counts) == 1:
        return f"L = {counts[0]}"
    if counts == list(range(counts[0], counts[-1] + 1)):
        return f"L = {counts[0]} … {counts[-1]}"
    return "L = " + ", ".join(map(str, counts)) if len(counts) <= 8 else f"{len(counts)} numbers of levels"


def _missing(lines: Sequence[StaircaseLine | GradientLine]) -> tuple[str, ...]:
    reasons: dict[tuple[str, str], list[int]] = {}
    for line in lines:
        if line.reason is not None:
            what = "staircase" if isinstance(line, StaircaseLine) else "gradient"
            reasons.setdefault((what, line.reason), []).append(line.levels)
    return tuple(
        f"No {what} of L = {', '.join(map(str, levels[:6]))}{', …' if len(levels) > 6 else ''}: {plain.line(reason, 200)}"
        for (what, reason), levels in reasons.items()
    )
