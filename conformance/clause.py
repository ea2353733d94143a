"""Clauses: checkable sentences of the contract, with ids that never change, and the decorator that carries them."""

from __future__ import annotations

import importlib
import re
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from functools import cache
from typing import Any, Literal, TypeVar

from ..adapters import Capability
from ..reference import Rule

Severity = Literal["must", "should", "may"]
MUST: Severity = "must"
SHOULD: Severity = "should"
MAY: Severity = "may"

#: The families, in the order in which they are reported, and the modules that check each.
FAMILIES: dict[str, tuple[str, *tuple[str, ...]]] = {
    "BND": ("boundaries", "test_boundaries"),
    "SYM": ("symmetry", "test_symmetry"),
    "SHP": ("shapes", "test_shapes"),
    "IDX": ("indices", "test_indices", "test_indices_stored"),
    "GRD": ("gradients", "test_gradients", "test_gradients_of_weights"),
    "NUM": ("numerics", "test_numerics"),
    "TRN": ("training", "test_training", "test_training_process"),
    "DEV": ("devices", "test_devices"),
    "RES": ("residual", "test_residual", "test_residual_gradients", "test_residual_use"),
}
#: The family that is about residual quantizers, and judges them by residual rules.
RESIDUAL_FAMILY = "RES"

ALL_DTYPES = ("float32", "float64", "float16", "bfloat16")
HALF_DTYPES = ("float16", "bfloat16")

Test = TypeVar("Test", bound=Callable[..., None])


def any_rule(_: Rule) -> bool:
    """Every rule."""
    return True


@dataclass(frozen=True)
class Span:
    """Over what a clause runs.

    levels: the name of a level set of levels.py. asked_dtypes: those that are tried only where the user names them, as
    they take long. variants: fixed names, or `layouts` for each layout of the target that
    is not among `without`. accelerators: runs on devices other than the CPU only. tiers: where it is planned at all.
    """

    levels: str = "channels"
    rules: Callable[[Rule], bool] = any_rule
    dtypes: tuple[str, ...] = ("float32",)
    asked_dtypes: tuple[str, ...] = ()
    modes: tuple[str, ...] = ("eval",)
    variants: tuple[str, ...] | Literal["layouts"] = ()
    accelerators: bool = False
    tiers: tuple[str, ...] = ("quick", "standard", "exhaustive")


@dataclass(frozen=True)
class Clause:
    """One sentence of the contract.

    meaning: what a failure means to somebody who uses the target. source: the paper's section or the issue.
    needs: what the target must be able to do; without it the case is unsupported.
    """

    id: str
    severity: Severity
    title: str
    sentence: str
    meaning: str
    source: str
    needs: frozenset[Capability]
    over: Span

    @property
    def family(self) -> str:
        """The first part of the id."""
        return self.id.partition("-")[0]

    @property
    def page(self) -> str:
        """Where its page lies in the repository."""
        return f"docs/clauses/{self.id}.md"


def clause(
    id: str,
    severity: Severity,
    sentence: str,
    *,
    title: str,
    source: str,
    meaning: str,
    needs: Iterable[Capability] = (),
    over: Span = Span(),
) -> Callable[[Test], Test]:
    """Marks the test that checks a clause; the plugin runs it once for every case of the plan."""
    if not re.fullmatch(r"[A-Z]{3}-[1-9]\d*", id):
        raise ValueError(f"{id!r} is not a clause id such as BND-3")
    carried = Clause(id, severity, title, sentence, meaning, source, frozenset(needs), over)

    def mark(test: Test) -> Test:
        setattr(test, _MARK, carried)
        return test

    return mark


def explores(id: str, over: Span) -> Callable[[Test], Test]:
    """Marks a test that draws its own cases for a clause that another test carries."""

    def mark(test: Test) -> Test:
        setattr(test, _MARK, (id, over))
        return test

    return mark


_MARK = "__fsqcheck_clause__"


def clause_of(test: Any) -> tuple[Clause, Span] | None:
    """The clause that a test checks and the span over which it does; None for any other function."""
    carried = getattr(test, _MARK, None)
    if isinstance(carried, Clause):
        return carried, carried.over
    if isinstance(carried, tuple):
        return catalogue()[carried[0]], carried[1]
    return None


@cache
def catalogue() -> dict[str, Clause]:
    """Every clause by its id, in the order of the families and of the files."""
    found: dict[str, Clause] = {}
    for family, (_, *names) in FAMILIES.items():
        for name in names:
            module = importlib.import_module(f"fsqcheck.conformance.{name}")
            for test in vars(module).values():
                carried = getattr(test, _MARK, None)
                if not isinstance(carried, Clause):
                    continue
                if carried.id in found or carried.family != family:
                    raise ValueError(f"clause {carried.id} in {name} is there twice, or in the wrong family")
                found[carried.id] = carried
    return found
