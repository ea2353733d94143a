"""How codes are encoded and indices decoded: by which methods, and in which layout they take and give them."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np

from ..adapters import LAYOUTS
from ..adapters.bridge import Array
from ..adapters.dialect import AXES, CONVENTION, LAID_OUT, channels_second
from .calling import Trying, Way


def encoding(trying: Trying, way: Way) -> str | None:
    """The expression that gives the indices of codes, channels last.

    Where the call gives no indices to compare with, it must be decoded to the same codes or have the convention's name: a
    method that quantizes latents takes codes too.
    """
    if way.digits:
        return None
    layout = LAYOUTS[way.layouts[0]]
    codes, indices = trying.pair(way, trying.inputs(layout))
    vectors = layout.flatten(codes)
    expected = None if indices is None else indices.reshape(-1)
    for form in _encoders(trying, way, vectors):
        found = trying.plain(form, "codes", vectors)
        if found is None or found.shape != vectors.shape[:1] or found.dtype.kind not in "iu":
            continue
        distinct = len(np.unique(found)) == len(np.unique(vectors, axis=0))
        alone = distinct and (form == CONVENTION.encode or decoding(trying, way, form) is not None)
        if alone if expected is None else (found == expected).all():
            return form
    return None


def _encoders(trying: Trying, way: Way, vectors: Array) -> Iterator[str]:
    """The forms in which methods can be asked for indices: of codes as they come, else of codes in one layout."""
    many = np.ascontiguousarray(vectors[: len(vectors) // 2 * 2].reshape(2, -1, vectors.shape[-1]))
    for call in trying.methods("codes"):
        for form in (call, call.replace("{codes}", "{codes}.swapaxes(-1, 1)")):
            flat, found = trying.plain(form, "codes", vectors), trying.plain(form, "codes", many)
            if flat is None or found is None or found.shape != many.shape[:-1]:
                continue
            if np.array_equal(found.reshape(-1), flat[: found.size]):
                yield form
        for laid in LAID_OUT.values():
            yield f"{call.replace('{codes}', f'{{codes}}{laid}')}{way.axis}.reshape({{codes}}.shape[:-1])"


def decoding(trying: Trying, way: Way, encode: str | None) -> str | None:
    """The expression that gives the codes of indices, in the layout."""
    layout = LAYOUTS[way.layouts[0]]
    z = trying.inputs(layout)
    codes, indices = trying.pair(way, z)
    if indices is None and encode is not None:
        found = trying.plain(encode, "codes", layout.flatten(codes))
        indices = None if found is None else found.reshape(layout.positions(z.shape))
    if indices is None:
        return None
    for form in _decoders(trying, way):
        decoded = trying.plain(form, "indices", indices.astype(np.int64))
        if decoded is None or decoded.shape != z.shape or decoded.dtype.kind in "iub":
            continue
        distinct = len(np.unique(layout.flatten(decoded), axis=0)) == len(np.unique(indices))
        if distinct if way.digits else np.allclose(decoded, codes, atol=1e-4):
            return form
    return None


def _decoders(trying: Trying, way: Way) -> Iterator[str]:
    """The forms in which methods can be asked for codes: of indices with the axis that they keep; codes come alone or first."""
    moves = channels_second(way.framework, way.layouts[0])
    axes = [f"{{indices}}{axis}" for axis in dict.fromkeys(("", AXES.get(way.axis, "")))]
    for call in trying.methods("indices"):
        for given in axes:
            for first in ("", "[0]"):
                asked = call.replace("{indices}", given) + first
                yield from dict.fromkeys((asked, asked + moves))
