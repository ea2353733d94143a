"""The names of the suite's tests in pytest, and what they name: a case, or what is measured."""

from __future__ import annotations

from .case import Case

#: Separates the target from the case id in the name of a test.
SEPARATOR = "|"
#: How the name of a measurement starts.
MEASURE = "measure"


def case_in(nodeid: str) -> Case | None:
    """The case that a test's node id names; None for any other test."""
    from .session import parsed_case

    if SEPARATOR not in nodeid:
        return None
    target, _, id = nodeid.partition("[")[2].rstrip("]").partition(SEPARATOR)
    return parsed_case(target, id)


def measured_in(nodeid: str) -> tuple[str, str] | None:
    """The target and the rule that a measurement's node id names; None for any other test."""
    name = nodeid.rpartition("::")[2]
    if not name.startswith(f"{MEASURE}["):
        return None
    target, _, rule = name.removeprefix(f"{MEASURE}[").removesuffix("]").rpartition(" ")
    return target, rule
