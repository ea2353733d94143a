"""The vectors on which targets are compared: drawn ones, or latents from a .npy file, chunk by chunk."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from ..reports import plain
from .refusing import CannotCompareError

Vectors = NDArray[np.float32]

#: The seed of the drawn vectors, the same in every run.
SEED = 20230927
#: How many vectors are drawn unless told otherwise.
COUNT = 1_000_000
#: How many numbers a chunk holds: some megabytes for each target, however many vectors there are.
_CHUNK = 2**19


def _normal(random: np.random.Generator, shape: tuple[int, int]) -> Vectors:
    return random.standard_normal(shape, dtype=np.float32)


def _uniform(random: np.random.Generator, shape: tuple[int, int]) -> Vectors:
    return random.random(shape, dtype=np.float32) * np.float32(6) - np.float32(3)


#: The distributions by name: what they are in words, and how vectors are drawn.
DISTRIBUTIONS: dict[str, tuple[str, Callable[[np.random.Generator, tuple[int, int]], Vectors]]] = {
    "normal": ("drawn from N(0, 1)", _normal),
    "uniform": ("drawn uniformly from [-3, 3)", _uniform),
}


@dataclass(frozen=True)
class Inputs:
    """Vectors of some number of channels: how many, what they are in words, and the chunks (n, d) of them in float32."""

    words: str
    count: int
    chunks: Callable[[], Iterator[Vectors]]


def inputs(source: str, channels: int, count: int | None = None) -> Inputs:
    """The vectors that `source` names: `normal`, `uniform`, or a .npy file of floats (…, channels).

    count: how many are drawn, 1,000,000 by default, or taken from the start of the file, all by default. Raises
    `CannotCompareError` for a file that is not there, not a .npy, not of floats, empty, or of another number of channels.
    """
    if source in DISTRIBUTIONS:
        return _drawn(source, channels, COUNT if count is None else count)
    return _stored(Path(source), channels, count)


def _drawn(name: str, channels: int, count: int) -> Inputs:
    words, draw = DISTRIBUTIONS[name]

    def chunks() -> Iterator[Vectors]:
        random = np.random.default_rng(SEED)
        for start, end in _spans(count, channels):
            yield draw(random, (end - start, channels))

    return Inputs(f"{words}, seed {SEED}", count, chunks)


def _stored(file: Path, channels: int, count: int | None) -> Inputs:
    array = _mapped(file)
    if array.dtype.kind != "f":
        raise CannotCompareError(f"--input {file}: an array of {array.dtype}; expected floats")
    if array.size == 0:
        raise CannotCompareError(f"--input {file}: an array of shape {array.shape} holds no vectors")
    if array.ndim == 0 or array.shape[-1] != channels:
        raise CannotCompareError(
            f"--input {file}: an array of shape {array.shape}; its last axis must hold the {channels} channels of --levels"
        )
    vectors = array.reshape(1, -1) if array.ndim == 1 else array
    places = vectors.shape[:-1]
    held = int(np.prod(places, dtype=np.int64))
    taken = held if count is None else min(count, held)

    def chunks() -> Iterator[Vectors]:
        for start, end in _spans(taken, channels):
            # Whatever the order of the axes in the file, only these vectors are read.
            rows = vectors[np.unravel_index(np.arange(start, end), places)]
            with np.errstate(over="ignore", invalid="ignore"):  # a float64 beyond float32 is an infinity there
                yield rows.astype(np.float32)

    part = "" if taken == held else f", the first of {held:,}"
    return Inputs(f"from {plain.line(str(file))} ({array.dtype}{part})", taken, chunks)


def _mapped(file: Path) -> NDArray[Any]:
    if not file.is_file():
        known = ", ".join(DISTRIBUTIONS)
        raise CannotCompareError(f"--input {file}: there is no such file; expected {known} or a .npy file")
    try:
        return np.lib.format.open_memmap(file, mode="r")
    except (ValueError, OSError, EOFError) as error:
        if "Python objects" in str(error):
            raise CannotCompareError(f"--input {file}: an array of Python objects; expected floats") from error
        why = (str(error).strip().splitlines() or ["no message"])[0][:200]
        raise CannotCompareError(f"--input {file}: it cannot be read as a .npy file: {why}") from error


def _spans(count: int, channels: int) -> Iterator[tuple[int, int]]:
    size = max(1, _CHUNK // channels)
    for start in range(0, count, size):
        yield start, min(start + size, count)
