"""Millions of rows in order, in little memory: sorted in runs that are kept compressed, and merged as they are read."""

from __future__ import annotations

import heapq
import zlib
from collections.abc import Iterable, Iterator
from itertools import islice
from typing import Any

import msgspec

#: Rows that are sorted at once.
_RUN = 100_000
#: Rows that are compressed together.
_BLOCK = 1_000

Row = tuple[Any, ...]


def in_order(rows: Iterable[Row]) -> Iterator[Row]:
    """The rows, sorted; they hold what MessagePack can hold. Up to 100,000 are sorted where they are."""
    source = iter(rows)
    runs: list[list[bytes]] = []
    while True:
        run = sorted(islice(source, _RUN))
        if not runs and len(run) < _RUN:
            yield from run
            return
        if not run:
            break
        runs.append([_packed(run[start : start + _BLOCK]) for start in range(0, len(run), _BLOCK)])
    yield from heapq.merge(*map(_unpacked, runs))


def _packed(rows: list[Row]) -> bytes:
    return zlib.compress(msgspec.msgpack.encode(rows), 1)


def _unpacked(blocks: list[bytes]) -> Iterator[Row]:
    for block in blocks:
        yield from map(tuple, msgspec.msgpack.decode(zlib.decompress(block)))
