"""What is known of a mutant: where it lives, which clause must catch it, in which words, and what its fault spoils."""

from __future__ import annotations

import importlib
from dataclasses import dataclass
from types import ModuleType

from fsqcheck.conformance.clause import FAMILIES, catalogue

from .business import concerned

MUTANTS = "fsqcheck.tests.mutants"


#: The files of mutants.
HOMES = (
    "making",
    *(family for family, *_ in FAMILIES.values()),
    "noise",
    "shapes_use",
    "use",
    "residual_use",
    "residual_calls",
)


def home_of(name: str) -> ModuleType:
    """The file of mutants that holds a class."""
    modules = (importlib.import_module(f"{MUTANTS}.{home}") for home in HOMES)
    return next(module for module in modules if hasattr(module, name))


@dataclass(frozen=True)
class Offender:
    """A mutant, the clause that must catch it, words of its message, and the parts of business.PARTS that it spoils.

    Clauses that look at none of these parts must stay silent. rule: by which it is judged. door: `class` as a class of
    the convention, `adapter` with codebooks, projections and noise, `rules` the same with the rule `paper` beside its own,
    or the name of a bridge of making.py that such an adapter is built over. tier: the tier in which its clause is tried
    at all.
    """

    name: str
    clause: str
    says: str
    spoils: str
    rule: str = "widened"
    door: str = "class"
    tier: str = "quick"

    @property
    def target(self) -> str:
        """How a user would name it on the command line."""
        home = home_of(self.name)
        arguments = f"rule={self.rule!r}, module={home.__name__.rpartition('.')[2]!r}, name={self.name!r}"
        if self.door == "class":
            return f"{MUTANTS}.making:claiming({arguments})"
        bridge = {"adapter": "", "rules": ", also='paper'"}.get(self.door, f", bridge={self.door!r}")
        return f"{MUTANTS}.making:adapted({arguments}{bridge})"

    @property
    def silent(self) -> frozenset[str]:
        """The clauses on whose business its fault is not."""
        return frozenset(catalogue()) - concerned(self.spoils)
