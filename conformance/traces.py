"""What is done with a quantizer before it is asked again, and must leave no trace (TRN-8)."""

from __future__ import annotations

from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress

import numpy as np

from ..adapters import Capability
from ..reference import PRECISIONS
from . import comparators, probes
from .beside import judge_beside_another
from .clause import HALF_DTYPES
from .findings import Array, NotJudgedError, TargetRaisedError
from .judging import same_codes
from .subject import Subject
from .using import further_answers
from .witness import WitnessedQuantizer

#: Calls in training or evaluation; what starts or ends after so many is seen.
_WARM_UP = 420
#: As many of them are of the whole input, with gradients recorded; the others of one sample.
_WHOLE = 24


def _trained_long(subject: Subject, quantizer: WitnessedQuantizer, memory: Array) -> None:
    subject.needs(Capability.TRAIN)
    quantizer.train(True)
    for _ in range(_WHOLE):
        quantizer.quantize(memory, tracked=subject.has(Capability.GRADIENT))
    one = subject.layout.shape(len(subject.levels), **dict.fromkeys("BTHW", 1))
    z = np.zeros(one, dtype=memory.dtype)
    for _ in range(_WARM_UP - _WHOLE):
        quantizer.quantize(z)
    quantizer.train(False)


def _evaluated_long(subject: Subject, quantizer: WitnessedQuantizer, memory: Array) -> None:  # noqa: ARG001
    z = probes.settled(subject.rule, subject.levels, subject.case.dtype, 1)
    first = subject.ask(z, quantizer)
    for number in range(2, _WARM_UP):
        again = subject.ask(z, quantizer)
        comparators.same_bits(again.codes, first.codes, f"the codes of the call number {number}", "those of the first")
        if first.indices is not None and again.indices is not None:
            where, than = f"the indices of the call number {number}", "those of the first"
            comparators.same_bits(again.indices, first.indices, where, than)


def _asked_in_another_thread(subject: Subject, quantizer: WitnessedQuantizer, memory: Array) -> None:
    plain = subject.reply(quantizer.quantize(memory), memory.shape)
    with subject.must_answer("the answer of the first thread", "in another thread"), ThreadPoolExecutor(1) as pool:
        reply = subject.reply(pool.submit(quantizer.quantize, memory).result(), memory.shape)
    comparators.same_bits(reply.codes, plain.codes, "the codes in another thread", "those in the first")
    if reply.indices is not None and plain.indices is not None:
        comparators.same_bits(reply.indices, plain.indices, "the indices in another thread", "those in the first")


def _asked_of_the_like(subject: Subject, quantizer: WitnessedQuantizer, memory: Array) -> None:
    """The same vectors, two in the middle in each other's place: of as large a sum, with the same ends."""
    vectors = subject.layout.flatten(memory)
    if len(vectors) < 4:
        raise NotJudgedError("it takes a single vector at a time")
    order = np.arange(len(vectors))
    order[[1, 2]] = order[[2, 1]]
    first, second = subject.ask(vectors, quantizer), subject.ask(vectors[order], quantizer)
    words = "where two vectors have changed places"
    comparators.same_bits(second.codes, first.codes[order], f"the codes {words}", "those of before, in their places")
    if first.indices is not None and second.indices is not None:
        than = "those of before, in their places"
        comparators.same_bits(second.indices, first.indices[order], f"the indices {words}", than)


def _built_another(subject: Subject, quantizer: WitnessedQuantizer, memory: Array) -> None:  # noqa: ARG001
    judge_beside_another(subject, quantizer)


def _asked_in_other_dtypes(subject: Subject, quantizer: WitnessedQuantizer, memory: Array) -> None:
    # The coarsest first, for what the first call decides; in half precision the finest.
    coarse_first = subject.case.dtype not in HALF_DTYPES
    for dtype in sorted(subject.adapter.dtypes, key=lambda name: PRECISIONS[name].eps, reverse=coarse_first):
        if dtype != subject.case.dtype:
            with np.errstate(over="ignore"):
                other = memory.astype(PRECISIONS[dtype].dtype)
            quantizer.quantize(other)


def _asked_under_autocast(subject: Subject, quantizer: WitnessedQuantizer, memory: Array) -> None:
    subject.needs(Capability.AUTOCAST)
    quantizer.quantize(memory, autocast="bfloat16")


def _asked_for_inference(subject: Subject, quantizer: WitnessedQuantizer, memory: Array) -> None:
    subject.needs(Capability.INFERENCE)
    reply = subject.reply(quantizer.quantize(memory, inference=True), memory.shape)
    plain = subject.reply(subject.quantizer().quantize(memory), memory.shape)
    same_codes(subject, reply.codes, plain.codes, "in inference mode")
    if reply.indices is not None and plain.indices is not None:
        comparators.same_bits(reply.indices, plain.indices, "the indices in inference mode", "those otherwise")


def _encoded_and_decoded(subject: Subject, quantizer: WitnessedQuantizer, memory: Array) -> None:  # noqa: ARG001
    subject.needs_any(Capability.ENCODE, Capability.DECODE)
    further_answers(subject, quantizer)


def _refused(subject: Subject, quantizer: WitnessedQuantizer, memory: Array) -> None:
    with suppress(TargetRaisedError):  # that it passes is the affair of SHP-9
        quantizer.quantize(np.concatenate([memory, memory], axis=subject.layout.channel_axis))


def _asked_in_the_same_memory(subject: Subject, quantizer: WitnessedQuantizer, memory: Array) -> None:  # noqa: ARG001
    quantizer.quantize(memory)
    half = memory.reshape(-1)[: memory.size // 2]
    np.negative(half, out=half)  # now it begins as the input that comes next
    quantizer.quantize(memory)


#: What is done before, in a case's words; `memory` holds an input there that is overwritten afterwards.
BEFORE: dict[str, tuple[str, Callable[[Subject, WitnessedQuantizer, Array], None]]] = {
    "dtypes": ("calls in other dtypes", _asked_in_other_dtypes),
    "training": (f"{_WARM_UP} calls in training", _trained_long),
    "evaluation": (f"{_WARM_UP} calls in evaluation", _evaluated_long),
    "thread": ("a call in another thread", _asked_in_another_thread),
    "alike": ("an input much like it", _asked_of_the_like),
    "instances": ("another quantizer was built and asked", _built_another),
    "autocast": ("a call under autocast", _asked_under_autocast),
    "inference": ("a call in inference mode", _asked_for_inference),
    "memory": ("another input in the same memory", _asked_in_the_same_memory),
    "coded": ("codes were encoded and indices decoded", _encoded_and_decoded),
    "refused": ("an input that was refused", _refused),
}
