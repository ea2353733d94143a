"""Every test of the suite in one place, for a project that embeds it: `from fsqcheck.conformance.suite import *`.

The targets come from `[tool.fsqcheck]` of the project's pyproject.toml or from `--fsq`.
"""

from __future__ import annotations

import importlib

from .clause import FAMILIES, clause_of
from .session import DRAWN

__all__: list[str] = []

for _name in (*(module for _, *modules in FAMILIES.values() for module in modules), DRAWN):
    for _test, _function in vars(importlib.import_module(f"fsqcheck.conformance.{_name}")).items():
        if clause_of(_function) is not None:
            globals()[_test] = _function
            __all__.append(_test)
