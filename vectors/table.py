"""Answers as a table of words, for ports that write no JSON.

fsqcheck-answers 1
vectors 0123456789abcdef
target my-port 1.2
environment C++17, gcc 13 -O2
0 codes -1 0x1p-1 0 0.5 index 12 levels 0 3 2 3 gradient 0 0.5 1 0.25
1 refused
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from typing import Any

from ..reports import plain
from .form import ANSWERS, VERSION, Answers, Told

#: What a port prints of any integer type; longer ones are nobody's.
_WHOLE = re.compile(r"[+-]?[0-9]{1,60}")


def parsed(text: str, channels: int) -> Answers:
    """The answers; `ValueError` with ` line N: …` for whatever is not understood."""
    head: dict[str, Any] = {}
    told: list[Told] = []
    lines = _lines(text)
    number, words = next(lines, (1, []))
    if words != [ANSWERS, str(VERSION)]:
        raise ValueError(f" line {number}: expected `{ANSWERS} {VERSION}`, got {_shown(' '.join(words))}")
    for number, words in lines:
        try:
            if words[0] in _HEAD:
                if words[0] in head:
                    raise ValueError(f"{words[0]} is given twice")
                head[words[0]] = _HEAD[words[0]](words[1:])
            else:
                told.append(_told(words, channels))
        except ValueError as error:
            raise ValueError(f" line {number}: {error}") from None
    if missing := [name for name in ("vectors", "target") if name not in head]:
        raise ValueError(f" has no line `{missing[0]} …`")
    target, version = head["target"]
    environment = {"environment": head["environment"]} if "environment" in head else {}
    return Answers(vectors=head["vectors"], target=target, target_version=version, answers=tuple(told), **environment)


def _lines(text: str) -> Iterator[tuple[int, list[str]]]:
    for number, line in enumerate(text.split("\n"), start=1):
        words = line.split()
        if words and not words[0].startswith("#"):
            yield number, words


def _one(words: list[str]) -> str:
    if len(words) != 1:
        raise ValueError("expected `vectors DIGEST`")
    return words[0]


def _target(words: list[str]) -> tuple[str, str | None]:
    if len(words) not in (1, 2):
        raise ValueError("expected `target NAME` or `target NAME VERSION`")
    return words[0], words[1] if len(words) == 2 else None


_HEAD: dict[str, Callable[[list[str]], Any]] = {"vectors": _one, "target": _target, "environment": " ".join}


def _told(words: list[str], channels: int) -> Told:
    fields: dict[str, Any] = {}
    id = _integer(words[0], "the number of a vector")
    rest = words[1:]
    while rest:
        name, rest = rest[0], rest[1:]
        if name not in _FIELDS:
            raise ValueError(f"unknown word {_shown(name)}; expected one of {', '.join(_FIELDS)}")
        if name in fields:
            raise ValueError(f"{name} is given twice")
        each, read = _FIELDS[name]
        count = channels if each is None else each
        values, rest = rest[:count], rest[count:]
        if len(values) < count or any(value in _FIELDS for value in values):
            raise ValueError(f"expected {count} {'number' if count == 1 else 'numbers'} after {name}")
        found = tuple(read(value, name) for value in values)
        fields[name] = found if each is None else found[0] if found else True
    return Told(id=id, **fields)


def _integer(word: str, name: str) -> int:
    if not _WHOLE.fullmatch(word):
        raise ValueError(f"{name}: expected a whole number, got {_shown(word)}")
    return int(word)


def _word(word: str, name: str) -> str:  # noqa: ARG001
    return word


#: What may follow the number of a vector: how many words each takes (None: one a channel), and how each is read.
_FIELDS: dict[str, tuple[int | None, Callable[[str, str], Any]]] = {
    "codes": (None, _word),
    "levels": (None, _integer),
    "index": (1, _integer),
    "gradient": (None, _word),
    "refused": (0, _word),
}


def _shown(word: str) -> str:
    return repr(plain.line(word, 40))
