"""The files that are written, as texts; and writing them, where nothing is overwritten."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from ..reports import plain
from .trying import Found

ADAPTER, TEST, SETTINGS = "fsqcheck_adapter.py", "test_fsqcheck.py", "pyproject.toml"

_TEST = '''"""The conformance suite over the class, as tests: `pytest {name}`. Targets come from pyproject.toml."""

from fsqcheck.conformance.suite import *  # noqa: F403
'''


class AlreadyThereError(Exception):
    """A file that would be overwritten; the message is one line."""


@dataclass(frozen=True)
class Draft:
    """A text and the file that it belongs into; `beside`: that file is there already, and the lines are to be added."""

    file: Path
    text: str
    beside: bool = False


def drafts(found: Found, folder: Path) -> tuple[Draft, ...]:
    """The adapter, the test, and the lines of pyproject.toml."""
    settings = folder / SETTINGS
    return (
        Draft(folder / ADAPTER, adapter_text(found, folder)),
        Draft(folder / TEST, _TEST.format(name=TEST)),
        Draft(settings, settings_text(found), beside=settings.exists()),
    )


def write_all(made: Sequence[Draft]) -> None:
    """Writes the files; `AlreadyThereError`, and nothing is written, where one is there. `OSError` comes through."""
    for one in made:
        if one.file.exists() and not one.beside:
            raise AlreadyThereError(
                f"{one.file} is there already, and nothing was written; "
                "remove it, or write into another folder with --into DIR"
            )
    for one in made:
        if not one.beside:
            one.file.parent.mkdir(parents=True, exist_ok=True)
            with one.file.open("x", encoding="utf-8") as opened:
                opened.write(one.text)


def settings_text(found: Found) -> str:
    """The lines by which `fsqcheck run` and the test know the target."""
    lines = ["[tool.fsqcheck]", f'targets = ["{ADAPTER}:adapter"]']
    if not found.rows.get("rules"):
        lines.append('rules = ["widened"]  # FILL IN: by which rule it is to be judged; `fsqcheck list rules`')
    return "\n".join(lines) + "\n"


def adapter_text(found: Found, folder: Path) -> str:
    """The adapter as a Python file."""
    target = plain.line(found.target(folder))
    lines = [
        f'"""How fsqcheck talks to {target}: written by `fsqcheck init`, and yours to change."""',
        "",
        "from fsqcheck.adapters import adapter_of",
        "",
        *_to_fill_in(found),
        "adapter = adapter_of(",
        f"    {_text(found.target(folder))},",
    ]
    if found.call.file:
        lines.append("    beside=__file__,")
    for name, value in _rows(found):
        lines.append(f"    {name}={value},{_remark(found, name)}")
    return "\n".join([*lines, ")"]) + "\n"


def _rows(found: Found) -> list[tuple[str, str]]:
    rows = [(name, _value(value)) for name, value in found.rows.items()]
    if found.unbuilt:
        rows = [(name, value) for name, value in rows if name not in ("levels", "arguments")]
        rows += [("levels", "None"), ("arguments", "arguments")]
    if found.uncalled or found.unbuilt:
        rows.append(("layouts", '["BTd"]'))
        rows.append(("forward", '"q({z})"'))
    return rows


def _to_fill_in(found: Found) -> list[str]:
    """The function that a person has to write where the class could not be built."""
    if found.unbuilt is None:
        return []
    needs = ", ".join(found.unbuilt.required) or "…"
    said = plain.line(found.unbuilt.reason, 160)
    raised = f"FILL IN the function `arguments` of {ADAPTER}: what {found.call.name}({needs}) is called with"
    return [
        f"# {said}.",
        "# FILL IN: what the class is called with, made of the levels. A config object is a Construction, which is printed in",
        '# scripts too: {"config": Construction("my_package", "Config", {"levels": levels})}, imported from fsqcheck.adapters.',
        "def arguments(levels):",
        f"    raise NotImplementedError({_text(raised)})",
        "",
        "",
    ]


def _remark(found: Found, name: str) -> str:
    if name == "rules":
        return f"  # {plain.line(found.rule, 100)}"
    if name == "layouts" and found.rule and "rules" not in found.rows:
        return f"  # {plain.line(found.rule, 100)}; rules=[…] claims one"
    if name == "forward" and (found.uncalled or found.unbuilt):
        return "  # FILL IN: a call that gives (codes, indices), e.g. q.quantize({z}); encode= and decode= where there are such"
    return ""


def _value(value: object) -> str:
    if isinstance(value, list):
        return f"[{', '.join(map(_value, value))}]"
    return _text(value) if isinstance(value, str) else repr(value)


def _text(value: str) -> str:
    """A string with double quotes, as formatters have it."""
    said = repr(value)
    return f'"{said[1:-1]}"' if said[0] == "'" and not re.search(r'["\\]', value) else said
