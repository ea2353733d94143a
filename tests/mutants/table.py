"""All mutants, in the order of the families whose clauses must catch them."""

from __future__ import annotations

import importlib

from fsqcheck.conformance.clause import FAMILIES

from .offender import MUTANTS, Offender

OFFENDERS: tuple[Offender, ...] = tuple(
    row for family, *_ in FAMILIES.values() for row in importlib.import_module(f"{MUTANTS}.rows.{family}").ROWS
)
