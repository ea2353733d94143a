"""Millions of rows in order, in little memory: sorted in runs, put aside compressed, and merged as they are read."""

from __future__ import annotations

import heapq
import zlib
from collections.abc import Iterable, Iterator
from itertools import islice
from tempfile import SpooledTemporaryFile
from typing import Any

import msgspec

#: Rows that are sorted at once.
_RUN = 50_000
#: Rows that are compressed together.
_BLOCK = 500
#: What is put aside stays in memory up to so many bytes, and goes to a temporary file above.
_HELD = 16 * 2**20

Row = tuple[Any, ...]


def in_order(rows: Iterable[Row]) -> Iterator[Row]:
    """The rows, sorted; they hold what MessagePack can hold. Up to 50,000 are sorted where they are."""
    source = iter(rows)
    first = sorted(islice(source, _RUN))
    if len(first) < _RUN:
        yield from first
        return
    with SpooledTemporaryFile(_HELD) as aside:
        runs = [_put_aside(first, aside)]
        first.clear()
        while run := sorted(islice(source, _RUN)):
            runs.append(_put_aside(run, aside))
        del run
        yield from heapq.merge(*(_taken_up(blocks, aside) for blocks in runs))


def _put_aside(run: list[Row], aside: SpooledTemporaryFile[bytes]) -> list[tuple[int, int]]:
    """Where the blocks of a run are: start and size of each."""
    blocks = []
    for start in range(0, len(run), _BLOCK):
        packed = zlib.compress(msgspec.msgpack.encode(run[start : start + _BLOCK]), 1)
        blocks.append((aside.tell(), len(packed)))
        aside.write(packed)
    return blocks


def _taken_up(blocks: list[tuple[int, int]], aside: SpooledTemporaryFile[bytes]) -> Iterator[Row]:
    for start, size in blocks:
        aside.seek(start)
        yield from map(tuple, msgspec.msgpack.decode(zlib.decompress(aside.read(size))))
