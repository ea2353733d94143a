"""Why the contract holds each clause, and how what fails it is mended: `fsqcheck explain ID`, and docs/clauses/.

A file a family; each holds a row a clause.
"""

from __future__ import annotations

import importlib
from functools import cache

from ..clause import FAMILIES
from .advice import Advice

__all__ = ["Advice", "advice"]


@cache
def advice() -> dict[str, Advice]:
    """The advice on every clause, by its id."""
    found: dict[str, Advice] = {}
    for family, (name, *_) in FAMILIES.items():
        rows: dict[str, Advice] = importlib.import_module(f"{__name__}.{name}").ADVICE
        if found.keys() & rows or any(not id.startswith(f"{family}-") for id in rows):
            raise ValueError(f"advice/{name}.py has a row that is there twice, or of another family")
        found |= rows
    return found
