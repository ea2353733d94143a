"""The plan: which cases a run consists of, as a pure function of what was asked and of what the targets claim."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from itertools import product
from pathlib import Path

from ..adapters import LAYOUTS, Adapter, residual_of
from ..reference import PRECISIONS, RESIDUAL_RULES, RULES, Codebook, Rule, rule_named
from .case import Case
from .clause import RESIDUAL_FAMILY, Clause, Span
from .levels import level_lists

#: The number of level lists with which the standard tier tries every dtype in every mode and every variant.
_CROSSED = 2

TIERS = ("quick", "standard", "exhaustive")
DEVICES = ("cpu", "cuda", "mps", "xpu")


class UsageError(Exception):
    """What was asked makes no sense; the message is one line that says what was given, expected, and to be done."""


@dataclass(frozen=True)
class Wanted:
    """What a user asked for; empty means: all that the target claims, or the tier's own choice."""

    targets: tuple[str, ...]
    tier: str = "quick"
    rules: tuple[str, ...] = ()
    levels: tuple[tuple[int, ...], ...] = ()
    dtypes: tuple[str, ...] = ()
    devices: tuple[str, ...] = ()
    clauses: tuple[str, ...] = ()
    case: str | None = None
    seed: int = 0
    baseline: Path | None = None
    allow_stale: bool = False

    def checked(self, *, residual: bool = True) -> Wanted:
        """Itself; `UsageError` for an unknown name or impossible levels. residual: whether a rule may be a residual one."""
        _known("tier", (self.tier,), TIERS)
        _known("rule", self.rules, (*RULES, *(RESIDUAL_RULES if residual else ())))
        _known("dtype", self.dtypes, tuple(PRECISIONS))
        _known("device", self.devices, DEVICES)
        for levels, name in product(self.levels, self.rules):
            for level in levels:
                if not plain_rule(name).levels_allowed(level):
                    raise UsageError(f"levels hold {level}, but the rule {name} needs {plain_rule(name).levels_words}")
        return self


def parse_levels(text: str) -> tuple[int, ...]:
    """`8,5,5,5` as level counts; `UsageError` for anything that is not a list of whole numbers ≥ 2 up to 2^62 codes."""
    try:
        given = [int(part) for part in text.split(",")] if text.strip() else []
    except ValueError:
        raise UsageError(f"--levels {text!r}: expected whole numbers separated by commas, e.g. 8,5,5,5") from None
    try:
        return Codebook(given).levels
    except ValueError as error:
        raise UsageError(f"--levels {text!r}: {error}") from None


def _known(what: str, given: Iterable[str], known: tuple[str, ...]) -> None:
    for name in given:
        if name not in known:
            raise UsageError(f"unknown {what} {name!r}; expected one of {', '.join(known)}")


def plain_rule(name: str) -> Rule:
    """The rule with this name; of a residual one, that of its stages."""
    return RESIDUAL_RULES[name].stage if name in RESIDUAL_RULES else rule_named(name)


def plain_rules(wanted: Wanted, adapter: Adapter) -> tuple[str, ...]:
    """The rules by which a target is judged as a plain quantizer: those asked for, or those that it claims."""
    return tuple(name for name in wanted.rules if name in RULES) if wanted.rules else adapter.rules


def residual_rules(wanted: Wanted, adapter: Adapter) -> tuple[str, ...]:
    """The rules by which its residual quantizer is judged; none where it has none, or only plain rules were asked for."""
    residual = residual_of(adapter)
    if residual is None:
        return ()
    return tuple(name for name in wanted.rules if name in RESIDUAL_RULES) if wanted.rules else residual.rules


def judging_rules(wanted: Wanted, adapter: Adapter) -> tuple[str, ...]:
    """All rules by which a target is judged."""
    return plain_rules(wanted, adapter) + residual_rules(wanted, adapter)


def judged_part(adapter: Adapter, rule: str) -> Adapter:
    """What of a target is judged by a rule: its residual quantizer by a residual one, else itself."""
    residual = residual_of(adapter) if rule in RESIDUAL_RULES else None
    return residual or adapter


def planned_cases(
    wanted: Wanted,
    target: str,
    adapter: Adapter,
    clauses: Iterable[tuple[Clause, Span]],
    first: tuple[tuple[int, ...], ...] = (),
) -> Iterator[Case]:
    """The cases of one target, in order: clause by clause, then rule, levels, dtype, device, mode, variant.

    first: lists that stand before those of the suite, for a target that takes certain ones only.
    Of dtype, mode and variant at most one is not the clause's first, and in the quick tier of these and the level list.
    The other tiers cross them all with the first level lists: a mode does not know the number of levels.
    """
    for clause, span in clauses:
        if wanted.clauses and not any(_chosen(clause, name) for name in wanted.clauses):
            continue
        if wanted.tier not in span.tiers:
            continue
        if clause.family == RESIDUAL_FAMILY:
            rules = residual_rules(wanted, adapter)
            yield from _spanned(wanted, target, residual_of(adapter) or adapter, clause, span, rules, first)
        else:
            yield from _spanned(wanted, target, adapter, clause, span, plain_rules(wanted, adapter), first)


def _chosen(clause: Clause, name: str) -> bool:
    return name in (clause.id, clause.family)


def _spanned(
    wanted: Wanted,
    target: str,
    adapter: Adapter,
    clause: Clause,
    span: Span,
    rules: tuple[str, ...],
    first: tuple[tuple[int, ...], ...],
) -> Iterator[Case]:
    # What a target does not take stays in the plan, and is reported as unsupported.
    asked = tuple(dtype for dtype in span.asked_dtypes if dtype in wanted.dtypes)
    dtypes = tuple(dtype for dtype in span.dtypes if dtype in (wanted.dtypes or span.dtypes)) + asked
    variants: tuple[str | None, ...] = _variants(adapter, span) or (None,)
    for name in rules:
        rule = plain_rule(name)
        if not span.rules(rule):
            continue
        before = level_lists(span.levels, rule, wanted.tier, first) if first else ()
        lists = tuple(dict.fromkeys((*before, *level_lists(span.levels, rule, wanted.tier, wanted.levels))))
        for levels, dtype, device, mode, variant in product(
            lists, dtypes, _devices(wanted, span), span.modes, variants
        ):
            unusual = (dtype != dtypes[0]) + (mode != span.modes[0]) + (variant != variants[0])
            if wanted.tier == "quick":
                unusual += levels != lists[0]
            if unusual <= 1 or (wanted.tier != "quick" and levels in lists[:_CROSSED]):
                yield Case(target, clause.id, name, levels, dtype, device, mode, variant)


def _variants(adapter: Adapter, span: Span) -> tuple[str, ...]:
    if span.variants == "layouts":
        return tuple(name for name in LAYOUTS if name in adapter.layouts)
    return span.variants


def _devices(wanted: Wanted, span: Span) -> tuple[str, ...]:
    """The devices asked for; clauses about accelerators stay in the plan where none was, so that a report says so."""
    if not span.accelerators:
        return wanted.devices or ("cpu",)
    return tuple(device for device in wanted.devices if device != "cpu") or ("cuda",)


def counted(cases: Iterable[Case]) -> dict[str, int]:
    """How many cases of each clause."""
    return dict(Counter(case.clause for case in cases))
