"""DEV: devices, dtypes of the module, mixed precision, and compilation."""

from __future__ import annotations

import shutil
from collections.abc import Callable
from contextlib import suppress

import numpy as np

from fsqcheck.adapters import Capability
from fsqcheck.conformance import comparators, probes
from fsqcheck.conformance.clause import ALL_DTYPES, MUST, SHOULD, Span, clause
from fsqcheck.conformance.findings import (
    Array,
    Finding,
    NonConformanceError,
    NotJudgedError,
    TargetRaisedError,
    UnsupportedError,
)
from fsqcheck.conformance.judging import judge_grid, judge_levels, same_codes
from fsqcheck.conformance.numbering import decoded
from fsqcheck.conformance.subject import Reply, Subject
from fsqcheck.conformance.surrogate import judge_alive
from fsqcheck.conformance.using import further_answers, same_further_answers
from fsqcheck.conformance.witness import WitnessedQuantizer

DESIGN = "docs/rules.md, how close is close enough"


@clause(
    "DEV-1",
    MUST,
    "Codes and indices stay on the device of the input.",
    title="same device",
    source=DESIGN,
    meaning="The next layer stops with a device mismatch, or every step pays for a copy to the host and back.",
    over=Span(levels="mixed", modes=("eval", "train"), dtypes=ALL_DTYPES),
)
def test_codes_stay_on_the_device(subject: Subject) -> None:
    z = np.zeros(subject.layout.shape(len(subject.levels)), dtype=subject.precision.dtype)
    answer = subject.quantizer().quantize(z)
    for what, device in (("codes", answer.device), ("indices", answer.index_device)):
        if device not in (subject.case.device, None):
            raise NonConformanceError(
                Finding(
                    f"an input on {subject.case.device} gets {what} on {device}",
                    f"device {device}",
                    f"device {subject.case.device}",
                    setup=subject.setup,
                )
            )


@clause(
    "DEV-2",
    MUST,
    "Outside the tolerance bands an accelerator gives the levels and indices that the CPU gives.",
    title="agrees with the CPU",
    source=DESIGN,
    meaning="Tokens that were made on a GPU are not those that are made on a CPU.",
    over=Span(levels="channels", dtypes=ALL_DTYPES, accelerators=True),
)
def test_the_device_agrees_with_the_cpu(subject: Subject) -> None:
    vectors = subject.probes()
    here = subject.ask(vectors)
    there = subject.ask(vectors, subject.quantizer(device="cpu"))
    lowest, highest = zip(*(subject.stair(i).allowed(vectors[:, i]) for i in range(len(subject.levels))), strict=True)
    settled = (np.stack(lowest) == np.stack(highest)).T
    mine, cpu = (np.where(settled, subject.read(reply.codes), 0) for reply in (here, there))
    comparators.same_integers(mine, cpu, f"the levels on {subject.case.device}, as (vector, channel),")
    if here.indices is not None and there.indices is not None:
        rows = settled.all(axis=1)
        comparators.same_integers(here.indices[rows], there.indices[rows], f"the indices on {subject.case.device}")


@clause(
    "DEV-3",
    MUST,
    "A quantizer that was moved to a dtype quantizes inputs of that dtype as its precision allows, in training too, and keeps "
    "their dtype and its gradient.",
    title="moved to a dtype",
    source=f"{DESIGN}; stable-audio-tools' DitheredFSQ gives wrong indices after .bfloat16() at L = 7",
    meaning="model.half() or model.bfloat16() breaks the tokens, although the model seems to work.",
    needs=[Capability.CAST],
    over=Span(levels="uneven", dtypes=ALL_DTYPES),
)
def test_a_moved_quantizer_is_right(subject: Subject) -> None:
    subject.must_settle()
    moved = subject.quantizer().cast(subject.case.dtype)
    vectors = subject.probes()
    reply = subject.ask(vectors, moved)
    judge_grid(subject, vectors, reply, subject.held)
    judge_levels(subject, vectors, reply, subject.held)
    # One that keeps no dtype as it was built is the affair of SHP-12.
    if subject.has(Capability.CODES) and subject.ask(vectors[:1]).codes.dtype.name == subject.case.dtype:
        comparators.same_dtype(reply.codes, subject.case.dtype, "the codes of a moved quantizer")
    settled = probes.settled(subject.rule, subject.levels, subject.case.dtype, 2000)
    found = subject.ask(settled, moved)
    if found.indices is not None:
        comparators.same_integers(found.indices, subject.exact_indices(settled), f"the indices in {subject.case.dtype}")
    _encodes_and_decodes(subject, moved, settled, "")
    _judge_training(subject, moved, vectors[::4])
    if subject.has(Capability.PROJECTION):
        width = len(subject.levels) + 5
        z = np.random.default_rng(14).normal(size=subject.layout.shape(width)).astype(subject.precision.dtype)
        with subject.must_answer(f"codes in {subject.case.dtype} from a moved quantizer with projections"):
            answer = subject.quantizer(width=width).cast(subject.case.dtype).quantize(z)
        comparators.same_shape(answer.codes, z.shape, "the codes of a moved quantizer with projections")
        comparators.same_dtype(answer.codes, subject.case.dtype, "the codes of a moved quantizer with projections")


def _judge_training(subject: Subject, moved: WitnessedQuantizer, vectors: Array) -> None:
    """In training it takes the right levels too, and its gradient is there."""
    if subject.trains_quietly:
        moved.train(True)
    if not _has_gradient(subject, vectors[:64]):
        judge_levels(subject, vectors, subject.ask(vectors, moved), subject.held)
        return
    with subject.must_answer("codes and their gradient", "once it was moved"):
        reply, gradient = subject.vjp(vectors, np.ones_like(vectors), moved)
    judge_levels(subject, vectors, reply, subject.held)
    judge_alive(subject, vectors, gradient, "once it was moved")


def _has_gradient(subject: Subject, vectors: Array) -> bool:
    """Whether a quantizer as it was built has a gradient; where it has none, that is the affair of GRD."""
    if not subject.has(Capability.GRADIENT):
        return False
    with suppress(TargetRaisedError, NonConformanceError):
        plain = subject.quantizer(compiled=False)
        judge_alive(subject, vectors, subject.vjp(vectors, np.ones_like(vectors), plain)[1], "")
        return True
    return False


def _encodes_and_decodes(subject: Subject, quantizer: WitnessedQuantizer, z: Array, where: str, **how: str) -> None:
    """Exact codes of these vectors, to indices and back; codes that half precision has rounded are the affair of IDX-8."""
    if not subject.has(Capability.ENCODE):
        return
    levels, indices = subject.exact_levels(z), subject.exact_indices(z)
    exact = np.stack([subject.grid(level, channel) for channel, level in enumerate(levels.T)], axis=-1)
    encoded = quantizer.codes_to_indices(exact.astype(np.float32), **how)
    comparators.same_integers(encoded, indices, f"the indices that it encodes its codes to{where}")
    if subject.has(Capability.DECODE):
        codes = decoded(subject, quantizer, encoded, **how)
        comparators.same_integers(subject.read(codes), levels, f"the levels that it decodes{where}")


@clause(
    "DEV-4",
    MUST,
    "Inside a mixed-precision region (autocast to bfloat16 or float16) inputs are quantized as the region's precision allows, "
    "behind projections too, codes encoded to their indices, and indices decoded to their levels.",
    title="autocast",
    source=f"{DESIGN}; vector-quantize-pytorch switches autocast off for CUDA",
    meaning="Mixed-precision training uses other tokens than evaluation without it.",
    needs=[Capability.AUTOCAST],
    over=Span(levels="few", dtypes=("float32", "bfloat16"), modes=("eval", "train")),
)
def test_autocast_keeps_the_levels(subject: Subject) -> None:
    subject.must_settle()
    settled = probes.settled(subject.rule, subject.levels, subject.case.dtype, 4000)
    quantizer = subject.quantizer()
    with subject.must_answer("codes"):
        reply = subject.ask(settled, quantizer, autocast="bfloat16")
    _judge_region(subject, settled, reply, "under autocast")
    if subject.case.dtype == "float32":  # torch mixes bfloat16 and float16 in no operation that it casts
        with subject.must_answer("codes", "under autocast to float16"):
            finer = subject.ask(settled[:400], quantizer, autocast="float16")
        _judge_region(subject, settled[:400], finer, "under autocast to float16")
    _encodes_and_decodes(subject, quantizer, settled, " under autocast", autocast="bfloat16")
    if subject.has(Capability.PROJECTION):
        width = len(subject.levels) + 5
        z = np.random.default_rng(15).normal(size=subject.layout.shape(width)).astype(subject.precision.dtype)
        with subject.must_answer("codes under autocast from a quantizer with projections"):
            answer = subject.quantizer(width=width).quantize(z, autocast="bfloat16")
        comparators.same_shape(answer.codes, z.shape, "the codes of a quantizer with projections under autocast")


def _judge_region(subject: Subject, settled: Array, reply: Reply, where: str) -> None:
    levels = subject.read(reply.codes)
    comparators.same_integers(levels, subject.exact_levels(settled), f"the levels {where}, as (vector, channel),")
    if reply.indices is not None:
        comparators.same_integers(reply.indices, subject.exact_indices(settled), f"the indices {where}")


@clause(
    "DEV-5",
    MUST,
    "Compiled, the quantizer takes the levels and indices of the eager one outside the tolerance bands, in a large codebook "
    "too; in training the levels, with a gradient.",
    title="compiled equals eager",
    source=DESIGN,
    meaning="Compiling the model changes its tokens.",
    needs=[Capability.COMPILE],
    over=Span(levels="mixed", modes=("compiled",), asked_dtypes=ALL_DTYPES[1:], tiers=("standard", "exhaustive")),
)
def test_compiled_equals_eager(subject: Subject) -> None:
    by_torch = subject.adapter.identity.framework.startswith("torch")
    if by_torch and not any(map(shutil.which, ("g++", "c++", "clang++"))):
        raise NotJudgedError("no C++ compiler for torch.compile on this machine")
    vectors = subject.probes()
    with subject.must_answer("codes of a compiled quantizer"):
        reply = subject.ask(vectors)
    judge_grid(subject, vectors, reply, subject.held)
    judge_levels(subject, vectors, reply, subject.held)
    if reply.indices is not None:
        own = subject.codebook.pack(subject.read(reply.codes))
        comparators.same_integers(reply.indices, own, "the indices of the compiled quantizer")
    # Each takes the compiler seconds: where there are many rules, the others keep to evaluation.
    if subject.case.rule in subject.adapter.rules[:1] or len(subject.adapter.rules) <= _FEW_RULES:
        _judge_compiled_training(subject, vectors)
        _judge_compiled_packing(subject.with_levels(_MANY_CODES))


_FEW_RULES = 2

#: More codes than an int32 numbers, in channels that every rule takes.
_MANY_CODES = (3,) * 20


def _judge_compiled_packing(subject: Subject) -> None:
    """The indices of a large codebook, where the eager quantizer has them: that it has none is the affair of IDX-6."""
    vectors = probes.settled(subject.rule, subject.levels, subject.case.dtype, 400)
    try:
        eager = subject.ask(vectors, subject.quantizer(compiled=False))
    except (TargetRaisedError, UnsupportedError):
        return
    expected = subject.codebook.pack(subject.read(eager.codes))
    if eager.indices is None or not (right := eager.indices == expected).any():
        return
    with subject.must_answer("codes of a compiled quantizer"):
        compiled = subject.ask(vectors, subject.quantizer())
    if compiled.indices is not None:
        where = f"the indices of the compiled quantizer with {subject.codebook.size:,} codes"
        comparators.same_integers(compiled.indices[right], expected[right], where)


def _judge_compiled_training(subject: Subject, vectors: Array) -> None:
    if not subject.trains_quietly or not _has_gradient(subject, vectors[:64]):
        return
    with subject.must_answer("codes of a quantizer that was compiled in training, and their gradient"):
        reply, gradient = subject.vjp(vectors, np.ones_like(vectors), subject.quantizer(training=True))
    judge_levels(subject, vectors, reply, subject.held)
    judge_alive(subject, vectors, gradient, "compiled, in training")


def _moved_and_back(subject: Subject, dtype: str) -> WitnessedQuantizer:
    subject.needs(Capability.CAST)
    return subject.quantizer().cast(dtype).cast("float32")


def _loaded(subject: Subject, dtype: str) -> WitnessedQuantizer:
    subject.needs(Capability.CAST, Capability.STATE)
    return subject.quantizer().cast(dtype).copied("state")


def _built_under(subject: Subject, dtype: str) -> WitnessedQuantizer:
    subject.needs(Capability.DEFAULT_DTYPE)
    return subject.quantizer(default_dtype=dtype)


_ROUNDABOUT: dict[str, tuple[str, Callable[[Subject, str], WitnessedQuantizer]]] = {
    "moved": ("after a move to {} and back", _moved_and_back),
    "loaded": ("after loading a checkpoint in {}", _loaded),
    "built": ("after it was built under the default dtype {}", _built_under),
}


@clause(
    "DEV-6",
    SHOULD,
    "Half precision on the way takes nothing from it: moved there and back, loaded from a checkpoint of it, or built while it "
    "was the default dtype, it gives the levels, indices and gradients that it always gives, and encodes and decodes as ever.",
    title="half precision on the way",
    source=f"{DESIGN}; an FSQ has no state but its levels (arXiv 2309.15505 §3.1)",
    meaning="A model that was saved, loaded or evaluated in half precision has other tokens ever after.",
    over=Span(levels="uneven", variants=tuple(_ROUNDABOUT)),
)
def test_half_precision_on_the_way_takes_nothing(subject: Subject) -> None:
    vectors = subject.probes()[:2000]
    words, get = _ROUNDABOUT[str(subject.case.variant)]
    expected = subject.ask(vectors)
    further = further_answers(subject, subject.quantizer())
    for dtype in ("bfloat16", "float16"):
        where = words.format(dtype)
        with subject.must_answer("the answers that it gives otherwise", where):
            quantizer = get(subject, dtype)
            reply = subject.ask(vectors, quantizer)
        comparators.same_dtype(reply.codes, expected.codes.dtype.name, f"the codes {where}")
        same_codes(subject, reply.codes, expected.codes, where)
        if reply.indices is not None and expected.indices is not None:
            comparators.same_bits(reply.indices, expected.indices, f"the indices {where}", "those otherwise")
        same_further_answers(subject, quantizer, further, where)
