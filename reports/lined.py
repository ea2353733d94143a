"""Reading a file of lines that starts with a header, such as a history or a sweep: what can be wrong with any of them."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import msgspec

from . import plain
from .reading import BadLine, BadReport, EmptyReport, MissingHeader, NewerSchema, NotARecord, UnexpectedLine, raw_lines


class _Kind(msgspec.Struct):
    type: str
    schema: int | None = None


_KIND = msgspec.json.Decoder(_Kind)


@dataclass(frozen=True)
class Form:
    """What such a file is made of, and what is said of one that is wrong.

    tag: the `type` of its header. noun: what a file is: `history`. whole: what all of it is called: `the history`.
    version: the newest schema that is read. decoder: of a line. none_such: of a file whose first line is no line at all.
    stray: of one that starts with a line of another `type`. again: what to do about one that is damaged.
    """

    tag: str
    noun: str
    whole: str
    version: int
    decoder: msgspec.json.Decoder[Any]
    none_such: str
    stray: Callable[[Path, str, int], BadReport]
    again: str


def lines_of(path: Path, form: Form) -> Iterator[tuple[int, Any]]:
    """The lines with their numbers, the header first; a last one that was cut is dropped. `BadReport`."""
    header = None
    for number, raw, whole in raw_lines(path):
        line = (
            _decoded(path, form, number, raw, whole) if header is not None else _header(path, form, number, raw, whole)
        )
        if line is None:
            return
        if header is None:
            header = line
        elif type(line) is type(header):
            raise UnexpectedLine(path, f"a second header; keep one {form.noun} in one file", number)
        yield number, line
    if header is None:
        raise EmptyReport(path, f"{form.whole} is empty; {form.again}")


def _header(path: Path, form: Form, number: int, raw: bytes, whole: bool) -> Any:
    try:
        kind = _KIND.decode(raw)
    except (ValueError, RecursionError) as error:
        if not whole and raw.startswith(f'{{"type":"{form.tag}"'.encode()):
            raise MissingHeader(path, f"killed before it had written its header; {form.again}", number) from None
        raise NotARecord(path, form.none_such, number) from error
    if kind.type != form.tag:
        raise form.stray(path, kind.type, number)
    if kind.schema is not None and kind.schema > form.version:
        newer = f"schema {kind.schema}, this one reads up to {form.version}"
        raise NewerSchema(path, f"written by a newer fsqcheck ({newer}); upgrade fsqcheck", number)
    return _decoded(path, form, number, raw, True)


def _decoded(path: Path, form: Form, number: int, raw: bytes, whole: bool) -> Any | None:
    """The line; None for a last line that was cut."""
    try:
        return form.decoder.decode(raw)
    except (ValueError, RecursionError) as error:
        if not whole and not isinstance(error, msgspec.ValidationError):
            return None
        problem = f"not a line of a {form.noun} ({plain.line(str(error))}); {form.again} or remove the line"
        raise BadLine(path, problem, number) from error
