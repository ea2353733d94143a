"""What a target in another process is asked, and what it answers: MessagePack, and arrays as bytes.

Its process runs somebody else's code, so nothing that it says is more than data.
"""

from __future__ import annotations

import math
from typing import Any, TypeVar

import ml_dtypes
import msgspec
import numpy as np
from numpy.typing import NDArray

from ..adapters import Identity, Setup

Array = NDArray[Any]
Message = TypeVar("Message")

#: The dtypes in which arrays travel, by name.
_DTYPES = {
    name: np.dtype(name)
    for name in (
        *("float16", "float32", "float64", "bool"),
        *(f"{sign}int{bits}" for sign in ("", "u") for bits in (8, 16, 32, 64)),
    )
} | {"bfloat16": np.dtype(ml_dtypes.bfloat16)}


class StrayMessageError(Exception):
    """Bytes that are none of these messages."""


class Block(msgspec.Struct, frozen=True, array_like=True):
    """An array: the name of its dtype, its shape, its bytes in C order."""

    dtype: str
    shape: tuple[int, ...]
    data: bytes


def packed(array: Array) -> Block:
    """An array for the wire; `TypeError` for a dtype that does not travel."""
    if array.dtype.name not in _DTYPES:
        raise TypeError(f"an array of {array.dtype} cannot be handed on")
    return Block(array.dtype.name, array.shape, array.tobytes())


def unpacked(block: Block) -> Array:
    """The array, in memory of its own; `StrayMessageError` where dtype, shape and bytes do not belong together."""
    dtype = _DTYPES.get(block.dtype)
    if dtype is None or min(block.shape, default=0) < 0 or math.prod(block.shape) * dtype.itemsize != len(block.data):
        raise StrayMessageError(f"{len(block.data)} bytes are no {block.dtype} of shape {block.shape}")
    return np.frombuffer(bytearray(block.data), dtype).reshape(block.shape)


# What is asked


class Guard(msgspec.Struct, frozen=True, tag=True):
    """Enter the adapter's guard, or leave it."""

    enter: bool


class Surroundings(msgspec.Struct, frozen=True, tag=True):
    """What the process has set; answered by `Settings`. stir: once each generator has drawn a number."""

    stir: bool


class Refusal(msgspec.Struct, frozen=True, tag=True):
    """`Adapter.refusal`; answered by `Said`."""

    setup: Setup


class Build(msgspec.Struct, frozen=True, tag=True):
    """`Adapter.build`; answered by `Number`, by which the quantizer is called from then on."""

    setup: Setup


class Call(msgspec.Struct, frozen=True, tag=True):
    """A method of a quantizer, with arrays first; `forgotten`: the numbers of quantizers that nobody needs any more."""

    number: int
    method: str
    arrays: tuple[Block, ...] = ()
    options: dict[str, str | bool | None] = {}
    forgotten: tuple[int, ...] = ()


Asked = Guard | Surroundings | Refusal | Build | Call


# What is answered


class Present(msgspec.Struct, frozen=True, tag=True):
    """The target was loaded: what its adapter says of it, and the adapter of its residual quantizer, if it has one."""

    identity: Identity
    rules: tuple[str, ...]
    layouts: tuple[str, ...]
    dtypes: tuple[str, ...]
    capabilities: tuple[str, ...]
    devices: tuple[str, ...]
    residual: Present | None = None


class Absent(msgspec.Struct, frozen=True, tag=True):
    """It could not be loaded, for this reason."""

    reason: str


class Said(msgspec.Struct, frozen=True, tag=True):
    """A text, or None."""

    text: str | None = None


class Settings(msgspec.Struct, frozen=True, tag=True):
    """What a process has set, by name; None where the adapter does not tell."""

    found: dict[str, str] | None


class Number(msgspec.Struct, frozen=True, tag=True):
    """A number: of a quantizer, or of bytes."""

    number: int


class Values(msgspec.Struct, frozen=True, tag=True):
    """One array."""

    values: Block


class Answered(msgspec.Struct, frozen=True, tag=True):
    """An `Answer`, and the gradient where one was asked for."""

    codes: Block
    indices: Block | None
    device: str
    index_device: str | None
    received: Block
    gradient: Block | None = None


class Raised(msgspec.Struct, frozen=True, tag=True):
    """The target, or its adapter, raised: the class's name, and what it says."""

    kind: str
    words: str


Reply = Settings | Present | Absent | Said | Number | Values | Answered | Raised

_ENCODER = msgspec.msgpack.Encoder()
_ASKED: msgspec.msgpack.Decoder[Asked] = msgspec.msgpack.Decoder(Asked)
_REPLY: msgspec.msgpack.Decoder[Reply] = msgspec.msgpack.Decoder(Reply)


def encoded(message: Asked | Reply) -> bytes:
    """A message as bytes."""
    return _ENCODER.encode(message)


def asked(data: bytes) -> Asked:
    """The question in these bytes."""
    found: Asked = _ASKED.decode(data)
    return found


def replied(data: bytes) -> Reply:
    """The answer in these bytes; `StrayMessageError`."""
    try:
        found: Reply = _REPLY.decode(data)
    except (msgspec.DecodeError, ValueError) as error:
        raise StrayMessageError(" ".join(str(error).split())[:200]) from error
    return found
