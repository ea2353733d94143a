"""Who takes part: the party that `TARGET` or `TARGET@rule` names."""

from __future__ import annotations

import re
from collections.abc import Callable

from ..adapters import Adapter, TargetUnavailableError, residual_of, resolve
from ..reference import RESIDUAL_RULES, RULES
from ..reports import plain
from .party import Party
from .refusing import CannotCompareError
from .staged_party import StagedParty

#: The rule that may stand behind a target.
_AT_RULE = re.compile(r"(?P<target>.+)@(?P<rule>[\w-]+)", re.DOTALL)
#: How many stages a residual quantizer has unless told otherwise.
STAGES = 4


def party(
    target: str, levels: tuple[int, ...], load: Callable[[str], Adapter] = resolve, stages: int = STAGES
) -> Party:
    """The party that `TARGET` or `TARGET@rule` names; without a rule it is the first that the target claims. A residual rule
    means the target's residual quantizer, with so many stages.

    load: what finds a target's adapter, or raises `TargetUnavailableError`. Raises `CannotCompareError` for a target that
    cannot be loaded or built, and for a rule that is unknown, that the target does not claim, or that is not defined for
    these levels.
    """
    match = _AT_RULE.fullmatch(target)
    where, wanted = (match["target"], match["rule"]) if match else (target, None)
    residual = wanted in RESIDUAL_RULES
    known = RESIDUAL_RULES if residual else RULES
    if wanted is not None and wanted not in known:
        names = ", ".join((*RULES, *RESIDUAL_RULES))
        raise CannotCompareError(f"{target}: unknown rule {wanted!r}; the known rules are {names}")
    try:
        loaded = load(where)
    except TargetUnavailableError as error:
        raise CannotCompareError(str(error)) from error
    adapter = residual_of(loaded) if residual else loaded
    if adapter is None:
        raise CannotCompareError(f"{target}: it has no residual quantizer, which the rule {wanted} is for")
    if wanted is None and not adapter.rules:
        raise CannotCompareError(f"{target} does not say which rule it follows; write {target}@rule")
    rule = wanted or adapter.rules[0]
    if adapter.rules and rule not in adapter.rules:
        raise CannotCompareError(f"{target}: its rules are {', '.join(adapter.rules)}")
    if refused := [L for L in levels if not known[rule].levels_allowed(L)]:
        words = known[rule].levels_words
        raise CannotCompareError(f"{target}: the rule {rule} is not defined for {refused[0]} levels; it needs {words}")
    name = plain.line(f"{where}@{rule}")
    return StagedParty(name, adapter, rule, levels, stages) if residual else Party(name, adapter, rule, levels)
