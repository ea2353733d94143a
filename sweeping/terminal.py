"""A sweep on a terminal: what was tried, what holds, where it steps, and what is wrong."""

from __future__ import annotations

import math
import shlex

from rich.console import Console
from rich.text import Text

from ..adapters.streaming import MODES
from ..reference.precision import Precision
from ..reports import plain
from ..reports.printing import INDENT, SEVERITY_STYLES, STATUS_STYLES, continued, fact, print_line, say, width
from .lines import Fault, Sample, SweepResult
from .places import place_in, value_at
from .question import Question
from .record import SweepRecord
from .result import CONFORMS, KINDS, described

#: Steps of more channels or levels than this are shown by the worst ones only.
MOST_STEPS = 16


def status_of(found: SweepResult) -> int:
    """The exit status: 0 conforms, 1 a MUST fails."""
    return 0 if found.verdict == CONFORMS else 1


def headline(record: SweepRecord, asked: Question) -> str:
    """The verdict on one line."""
    found = record.result
    assert found is not None
    words = f"{found.tried:,} inputs, {found.misclassified:,} misclassified outside the bands"
    return f"{_name(record)} {found.verdict} ({asked.rule}, levels {_levels(asked)}, {asked.dtype}): {words}"


def render(record: SweepRecord, asked: Question, console: Console) -> None:
    """The whole of a sweep that has ended."""
    found = record.result
    assert found is not None
    say(console, Text(f"{_name(record)}: every bit pattern, rule {asked.rule}", style="bold"))
    fact(console, "asked", f"levels {_levels(asked)}, {asked.dtype}, {asked.device}, {MODES[asked.mode].words}")
    fact(console, "tried", _tried(found, asked))
    fact(console, "levels", f"{found.misclassified:,} misclassified outside the bands of {asked.held}")
    if not all(asked.judged):
        left = ", ".join(str(level) for level, judged in zip(asked.levels, asked.judged, strict=True) if not judged)
        fact(console, "not judged", f"L = {left}: the band covers every input, or codes cannot be told apart")
    fact(console, "monotone", _monotone(found))
    if found.unmirrored is not None:
        fact(console, "mirrored", _mirrored(found))
    fact(console, "codes", "one code a level, bit for bit" if not found.uneven else _uneven(found))
    fact(console, "indices", _indices(found, asked))
    fact(console, "nan", _nan(found))
    memory = f"{found.peak_mib:,} MiB a process" + (
        f", {found.device_mib:,} MiB of the device" if found.device_mib else ""
    )
    rate = found.tried / found.seconds if found.seconds else 0.0
    fact(console, "cost", f"{found.seconds:,.1f} process seconds, {rate / 1e6:,.1f} million inputs a second, {memory}")
    _steps(found, asked, console)
    for fault in sorted(found.faults, key=lambda one: (KINDS[one.kind].severity != "must", -one.count)):
        _fault(fault, record, asked, console)
    print_line(console, Text())
    say(console, Text(headline(record, asked), style=STATUS_STYLES[status_of(found)]))


def _name(record: SweepRecord) -> str:
    version = record.target.version if record.target else None
    name = plain.line(record.header.target, 100)
    return f"{name} {plain.line(version, 40)}" if version and version not in name else name


def _levels(asked: Question) -> str:
    return ",".join(map(str, asked.levels))


def _tried(found: SweepResult, asked: Question) -> str:
    first, end = asked.first is not None, asked.end is not None
    what = (
        f"all of {asked.dtype}"
        if not (first or end)
        else f"{asked.dtype} from {asked.span.first:#x} to below {asked.span.end:#x}"
    )
    if not asked.every:
        what = f"windows of {asked.dtype} around every border of a band, zero, the infinities and NaN: not every value"
    return f"{found.tried:,} inputs: {what}"


def _monotone(found: SweepResult) -> str:
    if found.monotone is None:
        return "not said: not every input was tried"
    if found.monotone:
        return "yes"
    return "no: a larger input takes a lower level" + (
        "" if found.misclassified else ", inside one band only, which is allowed"
    )


def _mirrored(found: SweepResult) -> str:
    if not found.unmirrored:
        return "yes, every input"
    return f"outside the bands; {found.unmirrored:,} inputs inside them are not" if not found.misclassified else "no"


def _uneven(found: SweepResult) -> str:
    return f"on the grid to within rounding; {found.uneven} levels have more than one code"


def _indices(found: SweepResult, asked: Question) -> str:
    if not all(asked.judged):
        return "not compared, as not every channel can be judged"
    if not found.indices:
        return "none came"
    wrong = sum(fault.count for fault in found.faults if fault.kind == "index")
    return f"{wrong:,} do not belong to their codes" if wrong else "all belong to their codes"


def _nan(found: SweepResult) -> str:
    if not found.nans:
        return "none was tried"
    if found.refused == found.nans:
        return f"{found.nans:,} patterns, all refused"
    wrong = any(fault.kind.startswith("nan") for fault in found.faults)
    refused = f", {found.refused:,} of them refused" if found.refused else ""
    return f"{found.nans:,} patterns{refused}; " + ("not all stay visible" if wrong else "all stay visible")


def _steps(found: SweepResult, asked: Question, console: Console) -> None:
    seen = [step for step in found.steps if step.observed is not None]
    if not seen:
        return
    shown = seen
    if len(seen) > MOST_STEPS:
        shown = sorted(seen, key=lambda step: -abs(step.units or 0.0))[:MOST_STEPS]
    print_line(console, Text())
    some = f", the {len(shown)} that are farthest off of {len(seen)}" if len(shown) < len(seen) else ""
    say(console, Text(f"steps seen{some}: the error in half-widths of the band, and in ulps", style="dim"))
    print_line(
        console, Text(f"  {'L':>3} {'step':>9} {'exact':>18} {'observed':>18} {'units':>8} {'ulps':>12}", style="dim")
    )
    for step in shown:
        exact, observed = (_decimal(bits, asked.precision) for bits in (step.exact, step.observed))
        units = "" if step.units is None else f"{step.units:+.3f}"
        ulps = "" if step.ulps is None else f"{step.ulps:+,}"
        level = f"{step.step - 1} → {step.step}"
        line = f"  {asked.levels[step.channel]:>3} {level:>9} {exact:>18} {observed:>18} {units:>8} {ulps:>12}"
        print_line(console, Text(line))


def _decimal(bits: str | None, precision: Precision) -> str:
    """A threshold to so many digits that float32 ones differ; none where no input is on the step."""
    return "none" if bits is None else f"{value_at(place_in(bits, precision), precision):.9g}"


def _fault(fault: Fault, record: SweepRecord, asked: Question, console: Console) -> None:
    kind = KINDS[fault.kind]
    print_line(console, Text())
    label = Text(f"{kind.severity.upper()} ", style=SEVERITY_STYLES[kind.severity])
    say(console, Text(f"{kind.clause}: {described(fault, asked)}"), label=label, hanging=2)
    for name, one in (("simplest", fault.simplest), ("worst", fault.worst)):
        if name == "simplest" or one != fault.simplest:
            fact(console, name, _sample(one))
    bits = int(fault.simplest.bits, 16)
    digits = len(fault.simplest.bits)
    around = f"--from {bits:#0{digits}x} --to {bits + 1:#0{digits}x}"
    command = f"fsqcheck sweep {shlex.quote(record.header.target)} {_options(asked)} {around}"
    fact(console, "again", continued(command, width(console) - INDENT), whole=True)


def _options(asked: Question) -> str:
    usual = Question(asked.target, asked.rule, asked.levels)
    named = {"dtype": asked.dtype, "device": asked.device, "mode": asked.mode}
    more = [f"--{name} {value}" for name, value in named.items() if value != getattr(usual, name)]
    return " ".join([f"--rule {asked.rule} --levels {_levels(asked)}", *more])


def _sample(one: Sample) -> str:
    distance = [] if one.units is None or math.isnan(one.units) else [f"{one.units:.3g} tolerance units"]
    distance += [] if one.ulps is None else [f"{one.ulps:,} ulps"]
    away = f" ({', '.join(distance)} away)" if distance else ""
    observed, expected = (plain.line(words, 300) for words in (one.observed, one.expected))
    return f"z = {one.decimal} ({one.bits}): {observed}, expected {expected}{away}"
