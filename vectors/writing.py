"""The two files of a folder of vectors: JSON, which is authoritative, and the same as a plain table."""

from __future__ import annotations

from pathlib import Path

import msgspec

from ..reports import UnwritableReport
from ..reports.writing import why
from .form import Vector, Vectors

JSON_NAME = "vectors.json"
TABLE_NAME = "vectors.txt"

_ABOUT = """\
# Test vectors for a port of Finite Scalar Quantization, written by fsqcheck; vectors.json is the same and authoritative.
# Everything is separated by single spaces; numbers are as C's strtod reads them: hex floats, decimals, inf, nan.
# codes: the channel, the tolerance of its codes, that of its gradients, then the code of every level.
# Then one vector a line: ID FLAGS COUNT INDEX... and for each channel Z LOWEST HIGHEST GRADIENT.
# COUNT allowed indices follow it; LOWEST to HIGHEST are the allowed levels, 0 to -1 means none; GRADIENT is for an
# upstream of 1; FLAGS are separated by commas, - means none.
"""


def as_json(vectors: Vectors) -> str:
    """The document as JSON, one channel and one vector a line."""
    head = msgspec.to_builtins(msgspec.structs.replace(vectors, channels=(), vectors=()))
    parts = [f'"{name}": {_encoded(value)}' for name, value in head.items() if name not in ("channels", "vectors")]
    lists = [f'"{name}": [\n{_lines(getattr(vectors, name))}\n]' for name in ("channels", "vectors")]
    return "{\n" + ",\n".join(parts + lists) + "\n}\n"


def _lines(values: tuple[msgspec.Struct, ...]) -> str:
    return ",\n".join(_encoded(value) for value in values)


def _encoded(value: object) -> str:
    return msgspec.json.encode(value).decode()


def as_table(vectors: Vectors) -> str:
    """The same as a table of words."""
    head = [
        f"{vectors.format} {vectors.version}",
        f"fsqcheck {vectors.fsqcheck}",
        f"rule {vectors.rule}",
        f"dtype {vectors.dtype}",
        f"digest {vectors.digest}",
        " ".join(map(str, ("levels", len(vectors.levels), *vectors.levels))),
    ]
    codes = [
        " ".join(map(str, ("codes", number, one.code_tolerance, one.gradient_tolerance, *one.codes)))
        for number, one in enumerate(vectors.channels)
    ]
    rows = [f"vectors {len(vectors.vectors)}", *map(_row, vectors.vectors)]
    return _ABOUT + "\n".join([*head, *codes, *rows]) + "\n"


def _row(vector: Vector) -> str:
    words: list[object] = [vector.id, ",".join(vector.flags) or "-", len(vector.indices), *vector.indices]
    for z, allowed, slope in zip(vector.z, vector.levels, vector.gradient, strict=True):
        ends = (allowed[0], allowed[-1]) if allowed else (0, -1)
        words += [z, *ends, "nan" if slope is None else f"{slope:.9g}"]
    return " ".join(map(str, words))


def write(vectors: Vectors, folder: Path) -> None:
    """Writes both files, and makes the folder; `UnwritableReport`."""
    for name, text in ((JSON_NAME, as_json(vectors)), (TABLE_NAME, as_table(vectors))):
        try:
            folder.mkdir(parents=True, exist_ok=True)
            (folder / name).write_text(text, encoding="utf-8", newline="\n")
        except OSError as error:
            raise UnwritableReport(folder / name, why(error)) from error
        except ValueError as error:  # a NUL in the name
            raise UnwritableReport(folder / name, f"that is not a file name ({error})") from error
