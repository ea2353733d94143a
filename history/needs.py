"""What the safe ranges are about: the codes alone, the uses of a verdict, and all that a clause calls MUST."""

from __future__ import annotations

from ..reports import BAD, Record
from ..reports.uses import USES, Use, fitness_by_rule
from .lines import Fit

#: Rests on nothing but the codes, the levels and the thresholds of the rule.
CODES = Use("the codes of the rule", ())
#: No clause that is a MUST fails.
CONFORMS = "every MUST"

#: The words of all needs, in the order in which they are shown.
NEEDS: tuple[str, ...] = (CODES.words, *(use.words for use in USES), CONFORMS)


def fits(record: Record, target: str) -> dict[str, dict[str, Fit]]:
    """By rule, what the run says of each need."""
    found = {
        rule: {one.use.words: Fit(state=one.state, against=one.against) for one in uses}
        for rule, uses in fitness_by_rule(record, target, (CODES, *USES)).items()
    }
    for rule, uses in found.items():
        uses[CONFORMS] = _conforms(record, target, rule)
    return found


def _conforms(record: Record, target: str, rule: str) -> Fit:
    musts = record.those(lambda one: (one.target, one.rule, one.severity) == (target, rule, "must"))
    bad = dict.fromkeys(one.clause for one in musts if one.outcome in BAD or one.outcome == "xfail")
    if bad:
        return Fit(state="unsafe", against=tuple(sorted(bad)))
    return Fit(state="safe" if any(one.outcome in ("pass", "xpass") for one in musts) else "unknown")
