"""The mutant that a clause's page shows: which it is, its source, and the command that runs it."""

from __future__ import annotations

import ast
import inspect
import re
from collections.abc import Iterator
from pathlib import Path

from .mutants import making
from .mutants.offender import Offender, home_of
from .mutants.table import OFFENDERS

#: The mutants that pages show where another one than the first of those with the narrowest fault says more.
SHOWN: dict[str, str] = {
    "BND-1": "LeaksTheInputIntoTheCodes",
    "BND-3": "ForgetsToShift",
    "BND-4": "DipsInANarrowWindow",
    "BND-5": "OverflowsInTheExponential",
    "BND-6": "CollapsesToThreeCodes",
    "SHP-4": "NormalizesTheBatch",
    "SHP-5": "ForgetsPositionsBeyond2To16",
    "SHP-12": "AnswersInFloat32",
    "IDX-5": "CountsFromOne",
    "IDX-6": "SumsIndicesInFloat32",
    "GRD-6": "CentresTheStraightThroughOnTheInput",
    "GRD-7": "DropsOutInTraining",
    "NUM-5": "NumbersNanAndDecodesIt",
    "NUM-7": "DoesNotClampItsLevels",
    "TRN-1": "DithersInEvaluation",
}


def offender_of(id: str) -> Offender:
    """The mutant that the page of a clause shows."""
    claimed = [one for one in OFFENDERS if one.clause == id]
    return min(claimed, key=lambda one: (one.name != SHOWN.get(id, one.name), len(one.spoils.split())))


def told(offender: Offender) -> tuple[str, str]:
    """A mutant as a target of the command line, and the rule by which it is judged."""
    if offender.door != "class":
        return offender.target, offender.rule
    home = home_of(offender.name)
    rule = inspect.signature(getattr(home, offender.name)).parameters.get("rule")
    options = "" if rule is None or rule.default == offender.rule else f"(rule={offender.rule!r})"
    return f"{home.__name__}:{offender.name}{options}", offender.rule


def command(offender: Offender) -> str:
    """The command that shows a mutant's fault."""
    target, rule = told(offender)
    named = f'"{target}"' if "(" in target else target  # names and strings in single quotes: nothing for a shell
    tier = "" if offender.tier == "quick" else f" --tier {offender.tier}"
    return f"fsqcheck run {named} --rule {rule} --clause {offender.clause}{tier}"


def source(offender: Offender) -> tuple[str, str, str]:
    """What is at fault in a mutant: its name, its file, and its source with what it uses of that file.

    A right quantizer behind a bridge that is not: the bridge.
    """
    behind = offender.name == "Right"
    home, name = (making, offender.door) if behind else (home_of(offender.name), offender.name)
    file = Path(str(home.__file__))
    return name, f"tests/mutants/{file.name}", "\n\n".join(_parts(file.read_text(encoding="utf-8"), name))


def _parts(text: str, name: str) -> list[str]:
    """The statement that makes a name, and those that make what it uses of the file."""
    named: dict[str, ast.stmt] = {}
    for statement in ast.parse(text).body:
        if isinstance(statement, ast.ClassDef | ast.FunctionDef):
            named[statement.name] = statement
        elif isinstance(statement, ast.Assign) and isinstance(statement.targets[0], ast.Name):
            named[statement.targets[0].id] = statement
    wanted = [name]
    for one in wanted:
        inside = {node.id for node in ast.walk(named[one]) if isinstance(node, ast.Name)}
        wanted += [other for other in named if other in inside and other not in wanted and not other.isupper()]
    kept = sorted(wanted, key=lambda one: named[one].lineno)
    return [str(ast.get_source_segment(text, named[one])) for one in kept]


def made_with(text: str) -> Iterator[str]:
    """A sentence for each function or class of making.py that a source uses."""
    for name in dict.fromkeys(re.findall(r"\b[A-Za-z]\w*", text)):
        part = getattr(making, name, None)
        if getattr(part, "__module__", None) != making.__name__ or not part.__doc__:
            continue
        if re.search(rf"(?<!class )(?<!def )\b{name}\(|\({name}\)", text):
            words = inspect.cleandoc(part.__doc__).splitlines()[0]
            yield f"`{name}`: {words[0].lower()}{words[1:]}"
