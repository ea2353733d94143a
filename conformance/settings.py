"""`[tool.fsqcheck]` in a project's pyproject.toml: the defaults of a run."""

from __future__ import annotations

import tomllib
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from ..reports import plain
from .plan import UsageError, Wanted, parse_levels

#: Every key, the field of `Wanted` that it sets, and what it must hold.
KEYS: dict[str, tuple[str, str]] = {
    "targets": ("targets", "a list of strings"),
    "rules": ("rules", "a list of strings"),
    "levels": ("levels", "a list of lists of whole numbers, e.g. [[8, 5, 5, 5]]"),
    "dtypes": ("dtypes", "a list of strings"),
    "devices": ("devices", "a list of strings"),
    "clauses": ("clauses", "a list of strings"),
    "tier": ("tier", "a string"),
    "baseline": ("baseline", "a string"),
    "allow-stale": ("allow_stale", "true or false"),
}


def find_pyproject(start: Path) -> Path | None:
    """The nearest pyproject.toml at or above a folder that holds a table `[tool.fsqcheck]`."""
    for folder in (start, *start.parents):
        file = folder / "pyproject.toml"
        if file.is_file() and "[tool.fsqcheck]" in file.read_text(encoding="utf-8", errors="replace"):
            return file
    return None


def settings_of(file: Path) -> dict[str, Any]:
    """The fields of `Wanted` that a pyproject.toml sets; `UsageError` names the file, the key and what it must hold."""
    try:
        whole = tomllib.loads(file.read_text(encoding="utf-8"))
    except RecursionError:
        raise UsageError(f"{file} is not TOML that can be read: nested too deeply") from None
    except ValueError as error:  # not TOML, not UTF-8, or a number of thousands of digits
        raise UsageError(f"{file} is not valid TOML: {plain.line(str(error), 200)}") from None
    tools = whole.get("tool", {})
    table = tools.get("fsqcheck", {}) if isinstance(tools, Mapping) else {}
    if not isinstance(table, Mapping):
        raise UsageError(f"{file}: [tool.fsqcheck] must be a table")
    fields: dict[str, Any] = {}
    for key, value in table.items():
        if key not in KEYS:
            raise UsageError(
                f"{file}: [tool.fsqcheck] has no key {plain.line(key, 60)!r}; the keys are {', '.join(KEYS)}"
            )
        field, words = KEYS[key]
        fields[field] = _checked(file, key, value, words)
    return fields


def _checked(file: Path, key: str, value: Any, words: str) -> Any:
    wrong = UsageError(f"{file}: [tool.fsqcheck] {key} must be {words}, got {plain.line(repr(value), 200)}")
    if words == "a string":
        if not isinstance(value, str) or not value:
            raise wrong
        return file.parent / value if key == "baseline" else value
    if words == "true or false":
        if not isinstance(value, bool):
            raise wrong
        return value
    if not isinstance(value, list) or not value:
        raise wrong
    if key == "levels":
        if not all(isinstance(levels, list) and all(type(level) is int for level in levels) for levels in value):
            raise wrong
        try:
            return tuple(parse_levels(",".join(map(str, levels))) for levels in value)
        except UsageError as error:
            raise UsageError(f"{file}: [tool.fsqcheck] {error}") from None
    if not all(isinstance(item, str) for item in value):
        raise wrong
    return tuple(value)


def with_defaults(given: Mapping[str, Any], start: Path) -> Wanted:
    """What was asked for, completed by the nearest pyproject.toml.

    The tier is `quick` when nobody says otherwise, and `exhaustive` for a single case: every tier has its cases there.
    """
    file = find_pyproject(start)
    defaults = settings_of(file) if file else {}
    try:
        Wanted(**{"targets": (), **defaults}).checked()
    except UsageError as error:
        raise UsageError(f"{file}: [tool.fsqcheck] {error}") from None
    fields = {**defaults, **{name: value for name, value in given.items() if value not in ((), None)}}
    if fields.get("baseline") == "":  # said in so many words: none
        fields["baseline"] = None
    elif fields.get("baseline") is not None and fields["baseline"].is_relative_to(start):
        fields["baseline"] = fields["baseline"].relative_to(start)  # as a person would name it
    if given.get("case"):
        fields["tier"] = "exhaustive"
    return Wanted(**{"targets": (), **fields}).checked()
