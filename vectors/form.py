"""What a file of vectors and a file of answers hold, as typed values; their JSON Schemas are made from these."""

from __future__ import annotations

from typing import Any, Final, Literal

import msgspec

from ..reports import schema_of_object

#: The version of both forms; a reader refuses any other.
VERSION: Final = 1
VECTORS: Final = "fsqcheck-vectors"
ANSWERS: Final = "fsqcheck-answers"

Flag = Literal[
    "band", "tie", "saturated", "zero", "negative-zero", "subnormal", "largest", "inf", "nan", "many-indices"
]

#: What each flag says of a vector: one of its numbers, or more, is such.
FLAGS: dict[Flag, str] = {
    "band": "inside a tolerance band: two levels are allowed",
    "tie": "exactly between two levels: the rule's rounding decides, one level is allowed",
    "saturated": "finite, and so large that the gradient is zero to within its tolerance",
    "zero": "+0",
    "negative-zero": "-0",
    "subnormal": "subnormal in the dtype",
    "largest": "the largest float of the dtype, or its negative",
    "inf": "an infinity",
    "nan": "NaN: no level is allowed, the code is NaN, or the port refuses the vector",
    "many-indices": "so many numbers inside bands that the allowed indices are left out: the levels say them",
}


class Channel(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """One channel: its number of levels, the code of each level as a hex float, and how far answers may be off."""

    levels: int
    codes: tuple[str, ...]
    code_tolerance: float
    gradient_tolerance: float


class Vector(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """One vector: z as hex floats and as decimals, the allowed level indices of each channel, the allowed indices, and
    the gradient of each channel for an upstream of 1 (null for NaN)."""

    id: int
    flags: tuple[Flag, ...]
    z: tuple[str, ...]
    decimal: tuple[str, ...]
    levels: tuple[tuple[int, ...], ...]
    indices: tuple[int, ...]
    gradient: tuple[float | None, ...]


class Vectors(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """Vectors for ports of one rule with one list of levels, for inputs of one dtype.

    `digest` is the SHA-256, 16 hex digits, of rule, levels, dtype and every z: answers name it.
    """

    format: Literal["fsqcheck-vectors"] = VECTORS
    version: Literal[1] = VERSION
    fsqcheck: str
    rule: str
    levels: tuple[int, ...]
    dtype: str
    digest: str
    channels: tuple[Channel, ...]
    vectors: tuple[Vector, ...]


#: A number, or a string that holds one: `0x1.8p+1`, `inf`, `nan`.
Real = float | str


class Told(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """What a port answers to one vector: at least one of codes, levels and index; or that it refuses the vector."""

    id: int
    codes: tuple[Real, ...] | None = None
    levels: tuple[int, ...] | None = None
    index: int | None = None
    gradient: tuple[Real, ...] | None = None
    refused: bool = False


class Answers(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """The answers of a port to every vector of a file, in any order.

    `vectors` is the digest of that file. `target` is the port's name, `environment` what it was built and run with.
    """

    format: Literal["fsqcheck-answers"] = ANSWERS
    version: Literal[1] = VERSION
    vectors: str
    target: str
    target_version: str | None = None
    environment: str = "unknown"
    answers: tuple[Told, ...]


def vectors_schema() -> dict[str, Any]:
    """The JSON Schema (draft 2020-12) of a file of vectors."""
    return _schema(Vectors, VECTORS, "Test vectors for ports of Finite Scalar Quantization")


def answers_schema() -> dict[str, Any]:
    """The JSON Schema (draft 2020-12) of a file of answers."""
    return _schema(Answers, ANSWERS, "A port's answers to fsqcheck's test vectors")


def _schema(kind: type[msgspec.Struct], name: str, title: str) -> dict[str, Any]:
    id = f"urn:fsqcheck:{name.removeprefix('fsqcheck-')}:{VERSION}"
    return schema_of_object(kind, id=id, title=title, constants={"format": name, "version": VERSION})
