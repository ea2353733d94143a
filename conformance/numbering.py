"""What the clauses about indices share: which indices are tried, the exact codes of them, and their comparison."""

from __future__ import annotations

import numpy as np

from ..adapters import Capability, Probe
from . import comparators, probes
from .findings import Array, Finding, NonConformanceError, TargetRaisedError
from .subject import Subject, indices_given
from .witness import WitnessedQuantizer

#: Up to this many codes the whole codebook is tried, above it the edges and samples.
WHOLE = 2**20
#: How many samples of a larger one.
SAMPLES = 20_000


def some_indices(size: int) -> Array:
    """Every index of a codebook, or its edges, the neighbours of powers of two, and samples of a large one."""
    if size <= WHOLE:
        return np.arange(size, dtype=np.int64)
    powers = 2 ** np.arange(62, dtype=np.int64)
    near = (powers[:, None] + np.arange(-3, 4)).ravel()
    edges = np.concatenate([np.arange(512), size - 1 - np.arange(512)])
    random = np.random.default_rng(62).integers(0, size, size=SAMPLES)
    found = np.concatenate([near, edges, random])
    return np.unique(found[(found >= 0) & (found < size)])


def codes_of(subject: Subject, indices: Array) -> Array:
    """The exact codes of indices, rounded once to float32: (N, d)."""
    level = subject.codebook.unpack(indices)
    columns = [subject.grid(level[:, i], i) for i in range(len(subject.levels))]
    return np.stack(columns, axis=-1).astype(np.float32)


def decoded(subject: Subject, quantizer: WitnessedQuantizer, indices: Array, **how: str) -> Array:
    """The codes that the target decodes (N,) indices to, as (N, d); where their channels stand is the affair of IDX-10."""
    laid = subject.laid_out(indices)
    codes = quantizer.indices_to_codes(laid, **how)
    if codes.shape == (last := (*laid.shape, len(subject.levels))):
        return codes.reshape(-1, last[-1])
    expected = subject.layout.arrange(np.zeros((len(indices), len(subject.levels)))).shape
    comparators.same_shape(codes, expected, "the decoded codes")
    return subject.layout.flatten(codes)


def decoded_at(subject: Subject, codes: Array, indices: Array, place: int) -> Array:
    """The code that stands at a place of what indices were decoded to; where its channels stand is the affair of IDX-10."""
    d = len(subject.levels)
    last = codes.shape == (*indices.shape, d) or indices.size == 1
    rows = codes.reshape(-1, d) if last else subject.layout.flatten(codes)
    found: Array = rows[min(place, len(rows) - 1)]
    return found


def same_indices(subject: Subject, observed: Array, expected: Array, codes: Array, kind: str, how: str) -> None:
    """All indices equal; else the first wrong one with its level indices, and how many are wrong.

    codes: what they were asked of, as rows; with the kind `forward` the vectors that were quantized.
    """
    comparators.integer_dtype(observed, "the indices")
    comparators.same_shape(observed, expected.shape, "the indices")
    wrong = observed != expected  # exact for any two integer dtypes, int64 and uint64 included
    if not wrong.any():
        return
    row = int(np.flatnonzero(wrong)[0])
    level = subject.codebook.unpack(expected[row : row + 1])[0].tolist()
    asked = {"round trip": expected[row : row + 1], "forward": subject.layout.arrange(codes[row : row + 1])}
    note = {"codes_to_indices": "the codes", "forward": "the vector"}
    probe = Probe(kind, asked.get(kind, codes[row : row + 1]))
    raise NonConformanceError(
        Finding(
            message=f"{how} the index {expected[row]} becomes {observed[row]}; {wrong.mean():.1%} of those tried are wrong",
            observed=f"index {observed[row]}",
            expected=f"index {expected[row]}, level indices {level}",
            input=codes[row] if kind in note else expected[row : row + 1],
            input_note=note.get(kind, "the index"),
            wrong=int(wrong.sum()),
            tried=int(wrong.size),
            probe=probe,
            setup=subject.setup,
            details={"codebook": f"{subject.codebook.size} codes"},
        )
    )


def same_when_single(quantizer: WitnessedQuantizer, codes: Array, expected: Array) -> None:
    """Some codes, each given as a single vector (d,), get their index; a target may refuse so few axes."""
    for row in np.unique(np.linspace(0, len(codes) - 1, 5).astype(int)):
        try:
            found = quantizer.codes_to_indices(codes[row].copy())
        except TargetRaisedError:
            return
        comparators.same_integers(found.reshape(-1), expected[row : row + 1], "the indices of a single vector's codes")


def numbered_exactly(
    subject: Subject, quantizer: WitnessedQuantizer, settled: Array, exact: Array, indices: Array, when: str = ""
) -> None:
    """Vectors get these exact indices, and the codes of others theirs; with gradients recorded too."""
    recorded: dict[str, dict[str, bool]] = {"": {}, "with gradients recorded": {"tracked": True}}
    if subject.has(Capability.ENCODE):
        codes = codes_of(subject, indices)
        for words, how in recorded.items():
            if not how or subject.has(Capability.TAPE):
                encoded = quantizer.codes_to_indices(codes.copy(), **how)
                asked = ", ".join(filter(None, (when, words, "encoding the codes of")))
                same_indices(subject, encoded, indices, codes, "codes_to_indices", asked)
    for words, how in recorded.items():
        if not how or subject.has(Capability.GRADIENT):
            reply = subject.ask(settled, quantizer, **how)
            if reply.indices is not None:
                asked = ", ".join(filter(None, (when, words, "quantizing the vector of")))
                same_indices(subject, reply.indices, exact, settled, "forward", asked)


def judge_packing(subject: Subject) -> None:
    """Indices are packed as the papers do, the first channel least significant, by whatever call gives or takes them."""
    subject.needs_any(Capability.ENCODE, Capability.INDICES, Capability.DECODE)
    turned = "the last channel is the least significant: " if subject.codebook.order == "C" else ""
    subject = subject.in_order("F")
    exact = np.unique(np.concatenate([subject.codebook.basis, some_indices(subject.codebook.size)[:4096]]))
    codes = codes_of(subject, exact)
    quantizer = subject.quantizer()
    if subject.has(Capability.ENCODE):
        encoded = quantizer.codes_to_indices(codes)
        same_indices(subject, encoded, exact, codes, "codes_to_indices", f"{turned}encoding the codes of")
        same_when_single(quantizer, codes, exact)
    elif subject.has(Capability.INDICES) and turned:  # what else is wrong with them is the affair of IDX-5
        z = probes.settled(subject.rule, subject.levels, subject.case.dtype, 4096)
        found = indices_given(subject.ask(z, quantizer).indices)
        same_indices(subject, found, subject.exact_indices(z), z, "forward", f"{turned}quantizing the vector of")
    if subject.has(Capability.DECODE):
        levels = subject.read(decoded(subject, quantizer, exact))
        comparators.same_integers(levels, subject.codebook.unpack(exact), "the levels of decoded indices")
