"""What was found, in a few lines for people."""

from __future__ import annotations

from collections.abc import Iterator

from ..reports import plain
from .identification import Evidence, Identification, Nearness

#: Smaller shares are those of single floats beside a threshold.
_LEAST = 1e-6


def in_words(found: Identification) -> Iterator[str]:
    """The answer, what it rests on, and what differs: one line each."""
    name = f"{found.target} {found.version}" if found.version else found.target
    yield plain.line(f"{name} {_answer(found)}", 500)
    yield f"  claim     {_claim(found)}"
    if found.why_together:
        yield f"  together  {found.why_together}"
    if found.evidence:
        named = found.rules[0] if found.rules else found.nearest[0].rule
        yield f"  evidence  {_evidence(found.evidence, named)}"
    others = [one for one in found.nearest if one.rule not in found.rules]
    for heading, one in zip(("nearest " if not found.rules else "next    ", "        "), others, strict=False):
        yield f"  {heading}  {_nearness(one, found)}"
    yield f"  packing   {found.packing}"
    yield plain.line(f"  gradient  {found.gradient}", 500)
    for difference in found.differs:
        yield plain.line(f"  differs   {difference}", 500)
    yield f"  asked     {found.seen} at L = {_list(found.asked)} in {found.dtype}; held to the band of {found.accuracy}"
    for refused in found.refused:
        yield plain.line(f"  not asked {_list(refused.levels)}: {refused.reason}", 500)


def _answer(found: Identification) -> str:
    if not found.rules:
        return "computes none of the known rules"
    if len(found.rules) == 1:
        return f"behaves as `{found.rules[0]}`"
    names = [f"`{rule}`" for rule in found.rules]
    return f"behaves as {', '.join(names[:-1])} or {names[-1]}, which cannot be told apart here"


def _claim(found: Identification) -> str:
    if found.claim is None:
        return "none"
    if found.changed is None:
        return f"`{found.claim}`, {'agrees' if found.agrees else 'which it is not'}"
    tokens = f"{percent(found.changed)} of the tokens of [{_list(found.changed_levels)}] differ for N(0,1) inputs"
    return f"`{found.claim}`, {'agrees' if found.agrees else 'which it is not'}: {tokens}"


def percent(share: float) -> str:
    """A share as people read it: `0.32 %`."""
    if share < _LEAST:
        return "less than 0.0001 %"
    return f"{100 * share:.3g} %" if 100 * share < 10 else f"{100 * share:.0f} %"


def _evidence(one: Evidence, named: str) -> str:
    unit = {"threshold": "", "tie": "level ", "code": ""}[one.what]
    seen, own, other = (f"{unit}{_number(number)}" for number in (one.observed, one.named, one.other))
    return f"{one.place}: seen {seen}; `{named}` {own}, `{one.other_rule}` {other}"


def _number(number: float | None) -> str:
    return "at no finite number" if number is None else f"{number:.9g}"


def _nearness(one: Nearness, found: Identification) -> str:
    fits = f"; fits at L = {_list(one.fits)}" if one.fits else ""
    undefined = f"; not defined at L = {_list(one.undefined)}" if one.undefined else ""
    units = f"{one.units:.3g} units of {found.accuracy} away" if one.units > 1 else "its steps fit"
    return f"`{one.rule}`: {units}, up to {percent(one.share)} of a channel's inputs differ{fits}{undefined}"


def _list(levels: tuple[int, ...]) -> str:
    return ", ".join(map(str, levels)) if len(levels) <= 8 else f"{levels[0]} … {levels[-1]}"
