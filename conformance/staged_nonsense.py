"""What a residual quantizer makes of what makes no sense: NaN, indices outside the codebook or of a narrow dtype, nothing."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np

from ..adapters import Capability, Probe
from . import comparators
from .findings import Finding, NonConformanceError, NotJudgedError, TargetRaisedError
from .staged import Staged


def _nan_is_seen(staged: Staged) -> None:
    vectors = staged.vectors()[:4]
    vectors[0, -1] = np.nan
    quantizer = staged.quantizer()
    try:
        reply = staged.ask(vectors, quantizer)
    except TargetRaisedError:
        return
    size = staged.subject.codebook.size
    if ((reply.indices[0] >= 0) & (reply.indices[0] < size)).any():
        raise NonConformanceError(
            Finding(
                f"a NaN input gets the valid indices {reply.indices[0].tolist()}",
                f"indices {reply.indices[0].tolist()}, of which some are tokens of the codebook",
                f"in every stage an index outside 0 … {size - 1}, or an exception",
                input=vectors[0],
                probe=Probe("forward", staged.subject.layout.arrange(vectors[:1])),
                setup=quantizer.setup,
            )
        )


def _bad_indices_are_refused(staged: Staged) -> None:
    subject = staged.subject
    subject.needs(Capability.DECODE)
    quantizer = staged.quantizer()
    z = staged.input()
    given = staged.reply(quantizer, z).given
    for index in (subject.codebook.size, -2, 2**31 - 1):
        bad = given.astype(np.int64)
        bad.reshape(-1)[-1] = index
        try:
            codes = quantizer.indices_to_codes(bad)
        except TargetRaisedError:
            continue
        if not np.isnan(codes.astype(np.float64)).any():
            raise NonConformanceError(
                Finding(
                    f"the index {index} of a stage of {subject.codebook.size} codes decodes to a code",
                    "codes without a NaN",
                    "an exception (or NaN)",
                    probe=Probe("indices_to_codes", bad) if bad.size <= 64 else None,
                    setup=quantizer.setup,
                )
            )


def _narrow_indices_decode_alike(staged: Staged) -> None:
    staged.subject.needs(Capability.DECODE)
    quantizer, z = staged.quantizer(), staged.input()
    given = staged.reply(quantizer, z).given
    plain = staged.decoded(quantizer, given.astype(np.int64), z.shape)
    for narrow in ("int32", "int16", "uint8"):
        if staged.subject.codebook.size > np.iinfo(narrow).max + 1:
            continue
        try:
            codes = staged.decoded(quantizer, given.astype(narrow), z.shape)
        except TargetRaisedError:
            continue
        comparators.within(codes, plain, staged.tolerance(), f"the codes of {narrow} indices of {staged.count} stages")


def _nothing_gives_nothing(staged: Staged) -> None:
    layout = staged.subject.layout
    if layout.long_axis is None:
        raise NotJudgedError("it takes a single vector at a time")
    z = np.zeros(layout.shape(len(staged.subject.levels), **{layout.name[layout.long_axis]: 0}), dtype=np.float32)
    quantizer = staged.quantizer()
    with staged.subject.must_answer("empty codes and indices", "for an empty input"):
        given = staged.reply(quantizer, z).given
    if staged.subject.has(Capability.DECODE):
        with staged.subject.must_answer("empty codes", "for the indices of an empty input"):
            staged.decoded(quantizer, given.astype(np.int64), z.shape)  # that its own are none is the affair of RES-1


#: By the variant of a case.
NONSENSE: dict[str, Callable[[Staged], None]] = {
    "nan": _nan_is_seen,
    "indices": _bad_indices_are_refused,
    "narrow": _narrow_indices_decode_alike,
    "empty": _nothing_gives_nothing,
}
