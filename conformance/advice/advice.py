"""What a page says of a clause beyond the clause itself."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True)
class Advice:
    """Why the contract holds a clause, and how a maintainer mends what fails it.

    code: a fragment in torch terms, lines of at most 62 characters; "" where words are enough. In it z is (…, d), u the
    level coordinate, `level` the level index as a float, and `half` and `centre` are those of the rule's grid
    (docs/rules.md). Words between backticks are code; a reader that cannot show them so drops the backticks.
    """

    why: str
    fix: str
    code: str = ""
