"""The whole of it: asks a target under one claim, compares with every known rule, and says which fit."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from ..adapters import TRIALS, Adapter, only_levels_of
from ..adapters.convention_residual import IS_RESIDUAL
from ..reference import RULES, Rule, rule_named, staircase
from .blackbox import TROUBLE, BlackBox
from .fitting import Fit, fit, observed_pieces, observed_tie, tie_of
from .gradients import NOT_OFFERED, gradient
from .identification import Identification, Nearness, Refused
from .normal import changed, changed_tokens, pieces_of
from .packing import FIRST, NO_INDICES, UNSEEN, packing
from .separating import evidence, why_together
from .tracing import Trace, trace

#: What is asked of every target beside the user's lists; each L alone where the list is refused.
USUAL = ((3, 4, 5), (6, 7, 8))
#: The levels whose tokens are counted where the user names none.
_COUNTED = (8, 5, 5, 5)
#: The dtypes in which it is asked, the finest first, and the bands to which it is then held, the narrowest first.
_HELD = {
    "float64": ("float64", "float32"),
    "float32": ("float32",),
    "float16": ("float16",),
    "bfloat16": ("bfloat16",),
}


class NothingAskedError(Exception):
    """The target took none of the lists; the message is one line."""


@dataclass(frozen=True)
class _Asked:
    """Every L that was asked, with its black box and channel, and the lists that were refused."""

    dtype: str
    boxes: tuple[tuple[BlackBox, int], ...]
    traces: tuple[Trace, ...]
    refused: tuple[Refused, ...]


def identify(
    target: str,
    adapter: Adapter,
    claim: str | None = None,
    lists: Sequence[tuple[int, ...]] = (),
    usual: Sequence[tuple[int, ...]] = USUAL,
) -> Identification:
    """Which rules a target computes that is said to compute `claim`; `NothingAskedError` where nothing could be asked.

    The `lists` are asked as they are, those of `usual` too, or each of their L alone where a list is refused; the first of
    many others where all these are. A target of fixed levels is asked these. Raises `ValueError` for a claim that is no
    known rule.
    """
    only = only_levels_of(adapter)
    if only is not None:
        lists, usual = lists or (only,), ()
    claimed = rule_named(claim) if claim else None
    built = claim or next(iter(RULES))  # an adapter that claims nothing has no use for it
    with adapter.guard():
        asked = _asked(adapter, built, tuple(lists), tuple(usual))
        held, fits = _fitted(asked)
        order = _nearest(fits)
        good = _fitting(fits) if all(one.steady for one in asked.traces) else ()
        first = good[0] if good else order[0]
        others = [rule for rule in order if rule not in good and rule is not first]
        order_of_channels = packing(adapter, built, tuple(lists), asked.dtype)
        slope = gradient(adapter, first, asked.boxes, held)
    levels = tuple(one.levels for one in asked.traces)
    tokens = _counted(levels, tuple(lists))
    return Identification(
        target=target,
        version=adapter.identity.version,
        claim=claim,
        rules=tuple(rule.name for rule in good),
        agrees=bool(good) and (claimed is None or claimed in good),
        dtype=asked.dtype,
        accuracy=held,
        seen=asked.traces[0].seen,
        asked=levels,
        refused=asked.refused,
        nearest=tuple(_nearness(rule, fits, levels) for rule in order),
        evidence=evidence(first, others[0], asked.traces, held, bool(good)) if others else None,
        why_together=why_together(good, asked.traces, held) if len(good) > 1 else None,
        packing=order_of_channels,
        gradient=slope,
        differs=tuple(_differences(first, fits, asked, order_of_channels, slope)),
        changed=_changed(claimed, asked.traces, tokens),
        changed_levels=tokens if claimed else (),
    )


# Asking


def _asked(
    adapter: Adapter, rule: str, lists: tuple[tuple[int, ...], ...], usual: tuple[tuple[int, ...], ...]
) -> _Asked:
    refused: list[Refused] = []
    for dtype in (name for name in _HELD if name in adapter.dtypes):
        found: dict[int, _Row] = {}
        refused = []
        for levels in lists:
            _ask(adapter, rule, levels, dtype, found, refused)
        for levels in usual:
            if not _ask(adapter, rule, levels, dtype, found, []):
                for L in [L for L in levels if L not in found]:
                    _ask(adapter, rule, (L,), dtype, found, refused)
        if found or any(_ask(adapter, rule, levels, dtype, found, []) for levels in TRIALS):
            rows = [found[L] for L in sorted(found)]
            return _Asked(dtype, tuple(row[:2] for row in rows), tuple(row[2] for row in rows), tuple(refused))
    if refused and refused[0].reason == IS_RESIDUAL:
        raise NothingAskedError(
            "it is a residual quantizer, and only plain ones are identified; `fsqcheck run` finds the residual rule"
        )
    why = f": {refused[0].reason}" if refused else ""
    raise NothingAskedError(f"none of the levels that were tried could be asked{why}; name some with --levels")


#: A black box, the channel of it that was asked, and what it answered.
_Row = tuple[BlackBox, int, Trace]


def _ask(
    adapter: Adapter,
    rule: str,
    levels: tuple[int, ...],
    dtype: str,
    found: dict[int, _Row],
    refused: list[Refused],
) -> bool:
    """Asks the channels of a list whose L is not among those found, and adds them; False and a reason where it cannot."""
    try:
        box = BlackBox(adapter, rule, levels, dtype)
        new = {L: levels.index(L) for L in levels if L not in found}
        for L in [L for L in new if not _judged(L, dtype)]:
            refused.append(Refused((L,), f"at L = {L} the band of {dtype} covers everything"))
            del new[L]
        found |= {L: (box, i, trace(box.along(i), L, box.seen, box.precision)) for L, i in new.items()}
    except TROUBLE as error:
        refused.append(Refused(levels, " ".join(str(error).split())[:300]))
        return False
    return True


def _judged(levels: int, dtype: str) -> bool:
    """Whether the bands of some rule leave anything to judge."""
    rules = [rule for rule in RULES.values() if rule.levels_allowed(levels)]
    return any(staircase(rule, levels, dtype).judges for rule in rules)


# Comparing


def _fitted(asked: _Asked) -> tuple[str, list[Fit]]:
    """Every rule at every L for which there is one, by the narrowest band in which some rule fits."""
    for held in _HELD[asked.dtype]:
        pairs = [(rule, one) for rule in RULES.values() for one in asked.traces if rule.levels_allowed(one.levels)]
        fits = [fit(rule, one, held) for rule, one in pairs]
        if _fitting(fits):
            break
    return held, fits


def _fitting(fits: list[Fit]) -> tuple[Rule, ...]:
    """The rules that fit at every L; of those that differ in ties only, the ones whose ties were seen."""
    levels = {one.levels for one in fits}
    of_rule = {rule: [one for one in fits if one.rule is rule] for rule in RULES.values()}
    good = [rule for rule, of in of_rule.items() if len(of) == len(levels) and all(one.good for one in of)]
    tied = [rule for rule in good if all(one.ties for one in of_rule[rule])]
    return tuple(tied or good)


def _nearest(fits: list[Fit]) -> list[Rule]:
    """The rules by how many L they fit at, whether they are defined at all, their codes, and how many inputs change."""
    levels = len({one.levels for one in fits})

    def key(rule: Rule) -> tuple[float, ...]:
        of = [one for one in fits if one.rule is rule]
        wrong = sum(not one.codes for one in of)
        untied = sum(not one.ties for one in of)
        worst = (max(one.share for one in of), max(one.units for one in of))
        return (-sum(one.good for one in of), levels - len(of), wrong, *worst, untied)

    return sorted({one.rule.name: one.rule for one in fits}.values(), key=key)


def _nearness(rule: Rule, fits: list[Fit], asked: tuple[int, ...]) -> Nearness:
    of = [one for one in fits if one.rule is rule]
    return Nearness(
        rule=rule.name,
        units=max(one.units for one in of),
        share=max(one.share for one in of),
        fits=tuple(one.levels for one in of if one.good and one.ties),
        undefined=tuple(L for L in asked if not rule.levels_allowed(L)),
    )


def _differences(rule: Rule, fits: list[Fit], asked: _Asked, packed: str, slope: str) -> list[str]:
    """What is not as the rule has it."""
    of = [one for one in fits if one.rule is rule]
    told = ["the same input has different answers" for _ in [0] if not all(one.steady for one in asked.traces)]
    if steps := [one.levels for one in of if one.units > 1.0]:
        told.append(f"steps at L = {', '.join(map(str, steps))}")
    if codes := [one.levels for one in of if not one.codes]:
        told.append(f"codes at L = {', '.join(map(str, codes))}")
    for one in asked.traces:
        tie, seen = tie_of(rule, one.levels), observed_tie(one, rule)
        if tie is not None and seen != tie:
            told.append(f"the tie at z = 0 of L = {one.levels}: levels {seen} at +0 and -0, not {tie}")
    if packed not in (FIRST, NO_INDICES, UNSEEN):
        told.append(f"packing: {packed}")
    if slope not in (f"that of `{rule.name}`", NOT_OFFERED):
        told.append(f"gradient: {slope}")
    return told


def _counted(asked: tuple[int, ...], lists: tuple[tuple[int, ...], ...]) -> tuple[int, ...]:
    """The levels whose tokens are counted: the first of the user's lists that was asked, the usual ones, or each L once."""
    return next((levels for levels in (*lists, _COUNTED) if set(levels) <= set(asked)), asked)


def _changed(claimed: Rule | None, traces: tuple[Trace, ...], tokens: tuple[int, ...]) -> float | None:
    if claimed is None or not all(claimed.levels_allowed(L) for L in tokens):
        return None
    of = {one.levels: one for one in traces}
    share = {
        L: changed(observed_pieces(of[L], claimed), pieces_of(claimed, L, of[L].precision.name)) for L in set(tokens)
    }
    return changed_tokens([share[L] for L in tokens])
