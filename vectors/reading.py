"""Reading vectors and answers back: bad input is one line that says what was given, expected, and to be done."""

from __future__ import annotations

from collections import Counter
from pathlib import Path
from typing import TypeVar

import msgspec

from .. import __version__
from ..conformance.plan import UsageError, Wanted
from ..reference import Codebook
from ..reports import plain
from ..reports.writing import why
from .form import ANSWERS, VECTORS, VERSION, Answers, Told, Vectors
from .making import Made, make
from .table import parsed
from .writing import JSON_NAME, TABLE_NAME, as_table

#: No file of vectors or answers is larger than this, in bytes.
MOST_BYTES = 16 * 2**20


Kind = TypeVar("Kind", bound=msgspec.Struct)


class _Head(msgspec.Struct):
    """What is read first, whatever the rest is."""

    format: str = ""
    version: int = 0
    fsqcheck: str = ""


def vectors_in(folder: Path) -> Made:
    """The vectors of a folder; `UsageError` unless they are those that this fsqcheck writes."""
    file = folder / JSON_NAME
    data = _bytes(file)
    head = _decoded(file, data, _Head)
    again = "write them again with `fsqcheck vectors`"
    if head.format != VECTORS:
        raise UsageError(f"{_name(file)} holds no vectors: expected the format {VECTORS}; {again}")
    if (head.version, head.fsqcheck) != (VERSION, __version__):
        theirs = f"form {head.version} of fsqcheck {plain.line(head.fsqcheck, 40)}"
        raise UsageError(f"{_name(file)} is {theirs}; this is form {VERSION} of fsqcheck {__version__}: {again}")
    vectors = _decoded(file, data, Vectors)
    try:
        Wanted((), rules=(vectors.rule,), levels=(Codebook(vectors.levels).levels,), dtypes=(vectors.dtype,)).checked(
            residual=False
        )
    except (ValueError, UsageError) as error:
        raise UsageError(f"{_name(file)}: {plain.line(str(error), 200)}; {again}") from None
    made = make(vectors.rule, vectors.levels, vectors.dtype)
    if [one.z for one in vectors.vectors] != [one.z for one in made.document.vectors]:
        raise UsageError(f"{_name(file)} was changed: its inputs are not those of its rule and levels; {again}")
    table = folder / TABLE_NAME
    if table.exists() and _bytes(table) != as_table(vectors).encode():
        raise UsageError(f"{_name(table)} says something else than {JSON_NAME}; {again}")
    return made


def answers_in(file: Path, made: Made) -> Answers:
    """The answers of a file, JSON or text; `UsageError` unless they answer these vectors, each once, in the right shape."""
    data = _bytes(file)
    if data.lstrip()[:1] == b"{":
        head = _decoded(file, data, _Head)
        if (head.format, head.version) != (ANSWERS, VERSION):
            theirs = f"{plain.line(head.format, 40)!r} {head.version}"
            raise UsageError(f"{_name(file)} is {theirs}; expected the format '{ANSWERS}', version {VERSION}")
        answers = _decoded(file, data, Answers)
    else:
        try:
            answers = parsed(data.decode(), len(made.document.levels))
        except UnicodeDecodeError:
            raise UsageError(f"{_name(file)} is not text in UTF-8") from None
        except ValueError as error:
            raise UsageError(f"{_name(file)}{error}") from None
    if reason := _wrong(answers, made):
        raise UsageError(f"{_name(file)}: {reason}")
    return answers


def _wrong(answers: Answers, made: Made) -> str | None:
    """What is wrong with answers to these vectors; None when nothing is."""
    wanted = made.document
    if answers.vectors != wanted.digest:
        return f"answers the vectors {plain.line(answers.vectors, 40)!r}, and those given are {wanted.digest!r}"
    if not answers.target.strip():
        return "the target has no name; expected one such as my-port"
    if reason := next(filter(None, (_misshapen(told, len(wanted.levels)) for told in answers.answers)), None):
        return reason
    ids = [told.id for told in answers.answers]
    count = len(wanted.vectors)
    if strange := [id for id in ids if not 0 <= id < count]:
        return f"there is no vector {strange[0]}; the vectors are 0 to {count - 1}"
    if twice := [id for id, times in Counter(ids).items() if times > 1]:
        return f"vector {twice[0]} is answered twice"
    if missing := sorted(set(range(count)) - set(ids)):
        return f"{len(missing)} of {count} vectors are not answered, the first of them {missing[0]}"
    return _uneven(answers)


def _misshapen(told: Told, channels: int) -> str | None:
    for name in ("codes", "levels", "gradient"):
        values = getattr(told, name)
        if values is not None and len(values) != channels:
            return f"vector {told.id} has {len(values)} {name}, expected one for each of {channels} channels"
    if told.refused != any(value is not None for value in (told.codes, told.levels, told.index)):
        return None
    return f"vector {told.id} must have codes, levels or an index, or be refused, and not both"


def _uneven(answers: Answers) -> str | None:
    """What some vectors are answered with and others are not."""
    given = [told for told in answers.answers if not told.refused]
    if not given:
        return "every vector is refused"
    for name in ("codes", "levels", "index", "gradient"):
        without = [told.id for told in given if getattr(told, name) is None]
        if 0 < len(without) < len(given):
            return f"vector {without[0]} has no {name}, and others have; expected it for all or none"
    return None


def _decoded(file: Path, data: bytes, kind: type[Kind]) -> Kind:
    try:
        return msgspec.json.decode(data, type=kind)
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError) as error:
        raise UsageError(f"{_name(file)} cannot be read: {plain.line(str(error), 200)}") from None


def _bytes(file: Path) -> bytes:
    try:
        if file.is_dir():
            raise UsageError(f"{_name(file)} is a folder; expected a file")
        with file.open("rb") as opened:
            data = opened.read(MOST_BYTES + 1)
    except OSError as error:
        raise UsageError(f"cannot read {_name(file)}: {why(error)}") from None
    except ValueError:  # a NUL in the name
        raise UsageError(f"{_name(file)} is not a file name") from None
    if len(data) > MOST_BYTES:
        raise UsageError(f"{_name(file)} has more than {MOST_BYTES // 2**20} MiB")
    return data


def _name(file: Path) -> str:
    return plain.line(str(file), 200)
