"""RES, continued: the gradient of the stages, what one stage more is worth, and groups of channels."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import suppress
from dataclasses import replace
from itertools import pairwise

import numpy as np

from fsqcheck.adapters import Capability, Probe
from fsqcheck.conformance import comparators
from fsqcheck.conformance.clause import HALF_DTYPES, MUST, SHOULD, Span, clause
from fsqcheck.conformance.findings import Array, Finding, NonConformanceError, TargetRaisedError, UnsupportedError
from fsqcheck.conformance.staged import COUNTS, STAGES, Staged, StagedReply
from fsqcheck.conformance.staged_slopes import (
    gradient_of,
    judge_reached,
    judge_slopes,
    kept_of,
    sloped,
    slopes,
    upstream_of,
)
from fsqcheck.conformance.subject import Subject, indices_given

RVQ = "arXiv 2107.03312 algorithm 1"
#: A stage of L ≥ 2 levels leaves half of the error or less.
_CLEARLY = 0.75
#: Calls with stage dropout; not one of so many leaves out any of four stages with probability 10^-9.
_DRAWS = 16


@clause(
    "RES-11",
    MUST,
    "A gradient reaches the input, in every dtype and layout, and through whatever computed it: wherever the first stage has a "
    "slope, it is not zero and has the sign of the upstream.",
    title="gradient through the stages",
    source="arXiv 2309.15505 §3.1 (straight-through); docs/rules.md",
    meaning="The encoder before it cannot be trained: its gradient is zero, or points the wrong way.",
    needs=[Capability.GRADIENT],
    over=Span(levels="staged", dtypes=("float32", *HALF_DTYPES), modes=("train", "eval"), variants=COUNTS),
)
def test_a_gradient_reaches_the_input(subject: Subject) -> None:
    staged = Staged(subject)
    vectors = staged.vectors()[: 1 if subject.layout.long_axis is None else None]
    upstream = upstream_of(vectors)
    with subject.must_answer("a gradient of the input"):
        gradient = gradient_of(staged, vectors, upstream).astype(np.float64)
    first, _, _, clear = slopes(staged, vectors)
    # In half precision no level of the last stages is beyond doubt.
    active = sloped(staged, vectors) if subject.case.dtype in HALF_DTYPES else clear & (first > 0.05)
    # NaN is not above anything.
    wrong = active & ~(gradient * upstream > 0)
    if wrong.any():
        row, channel = (int(part[0]) for part in np.nonzero(wrong))
        L, x, weight = subject.levels[channel], float(vectors[row, channel]), float(upstream[row, channel])
        single, one = (subject.layout.arrange(part[row : row + 1]) for part in (vectors, upstream))
        raise NonConformanceError(
            Finding(
                f"L = {L}: the gradient at x = {x!r} is {gradient[row, channel]:g} for the upstream {weight:g}, where the "
                f"first stage's slope is {first[row, channel]:.4g}",
                f"{float(gradient[row, channel])!r}",
                "a gradient with the sign of the upstream",
                input=vectors[row],
                input_note=f"channel {channel} is wrong",
                wrong=int(wrong.sum()),
                tried=int(active.sum()),
                probe=Probe("vjp", single, one),
                setup=staged.quantizer().setup,
            )
        )
    if subject.case.variant == COUNTS[0]:
        if subject.has(Capability.TAPE):
            judge_reached(staged, staged.quantizer(), "at an input that was itself computed", way="derived")
        for other in staged.elsewhere():
            judge_reached(other, other.quantizer(), f"in the layout {other.subject.layout.name}")


@clause(
    "RES-12",
    SHOULD,
    "The gradient is the upstream, large or small, times the sum of the slopes of all stages: what a stage takes away from the "
    "next one counts as a constant. So it is in every layout, for each vector of a batch on its own, where the upstream is NaN, "
    "and in whatever graph. In training with stage dropout it is that of the stages that are kept.",
    title="gradient of all stages",
    source="vector-quantize-pytorch since its first ResidualFSQ; docs/rules.md",
    meaning="A learning rate that was tuned with one implementation is several times too high or too low with the other.",
    needs=[Capability.GRADIENT],
    over=Span(levels="staged", modes=("train", "eval"), variants=COUNTS),
)
def test_the_gradient_is_that_of_all_stages(subject: Subject) -> None:
    staged = Staged(subject)
    vectors = staged.vectors()[: 1 if subject.layout.long_axis is None else None]
    upstream = upstream_of(vectors, sizes=(2.0**-20, 1.0, 2.0**20))
    gradient = gradient_of(staged, vectors, upstream).astype(np.float64)
    _, total, off, clear = slopes(staged, vectors)
    expected = np.where(clear, total * upstream, gradient)
    where = f"the gradients through {staged.count} stages, as (vector, channel),"
    comparators.within(gradient, expected, np.abs(upstream) * off, where)
    if subject.case.variant == COUNTS[0]:
        _judge_everywhere(staged)
    # Of codes and a gradient that are two calls nobody knows whether they keep the same stages.
    if subject.case.mode == "train" and {Capability.STAGE_DROPOUT, Capability.TAPE} <= subject.adapter.capabilities:
        _judge_kept(staged)


#: How a gradient is got, in words.
_WAYS = {
    "derived": "at an input that was itself computed",
    "parameter": "at an input that is a parameter",
    "interleaved": "after another forward call",
    "switched": "after a switch of the mode",
    "twice": "in a second backward pass",
}


def _judge_everywhere(staged: Staged) -> None:
    """The same in batches, in each layout, and in each way to get a gradient."""
    subject = staged.subject
    judge_slopes(staged, "of several batches")
    for other in staged.elsewhere():
        judge_slopes(other, f"in the layout {other.subject.layout.name}")
    if subject.has(Capability.TAPE):
        for way, words in _WAYS.items():
            if way != "switched" or subject.trains_quietly:
                judge_slopes(staged, words, way)


def _judge_kept(staged: Staged) -> None:
    """The same of calls with stage dropout, wherever the codes show how many stages they are the sum of."""
    layout = staged.subject.layout
    vectors = staged.vectors()[:: 4096 // 256][: 1 if layout.long_axis is None else None]
    upstream = upstream_of(vectors)
    with suppress(UnsupportedError, TargetRaisedError):  # the affair of RES-9
        quantizer = staged.quantizer(stage_dropout=True)
        for _ in range(_DRAWS):
            z, weights = (np.ascontiguousarray(layout.arrange(part)).copy() for part in (vectors, upstream))
            answer, gradient = quantizer.vjp(z, weights)
            kept = kept_of(staged, vectors, layout.flatten(answer.codes)) if answer.codes.shape == z.shape else None
            if kept is None or gradient.shape != z.shape:
                continue
            found = layout.flatten(gradient).astype(np.float64)
            _, total, off, clear = slopes(staged, vectors, kept)
            expected = np.where(clear, total * upstream, found)
            where = f"the gradients where {kept} of {staged.count} stages are kept, as (vector, channel),"
            comparators.within(found, expected, np.abs(upstream) * off, where)


@clause(
    "RES-13",
    MUST,
    "Each further stage refines: for inputs from -1 to 1, one stage more leaves a clearly smaller largest error.",
    title="stages refine",
    source=f"{RVQ}: a stage takes the code nearest to what is left; vector-quantize-pytorch issues 96, 166 and 230, "
    "mended in 1.26.0",
    meaning="The later stages cost tokens and give nothing: the error stays where the first ones left it.",
    over=Span(levels="staged"),
)
def test_each_further_stage_refines(subject: Subject) -> None:
    staged = Staged(subject)
    left = staged.largest_errors()
    for stages, (before, after) in enumerate(pairwise(left), start=1):
        worse = after > _CLEARLY * before + staged.tolerance()
        if worse.any():
            channel = int(np.flatnonzero(worse)[0])
            said = ", ".join(f"{one[channel]:.4g}" for one in left)
            raise NonConformanceError(
                Finding(
                    f"L = {subject.levels[channel]}: the largest error is {before[channel]:.4g} with {stages} "
                    f"{'stage' if stages == 1 else 'stages'} and {after[channel]:.4g} with {stages + 1}",
                    f"largest errors with 1 … {STAGES} stages: {said}",
                    f"each at most {_CLEARLY:g} of the one before; about 1/{subject.levels[channel]} is right",
                    setup=staged.quantizer().setup,
                    details={"first residual": staged.rule.first.name, "channel": f"{channel}"},
                )
            )


@clause(
    "RES-14",
    MUST,
    "Groups of channels are quantized side by side, in order, each by its own stages, and decoded so, in training and in half "
    "precision too; what stage dropout leaves out of a group is marked in it, and a mark in any group adds nothing.",
    title="groups",
    source="vector-quantize-pytorch GroupedResidualFSQ; docs/rules.md",
    meaning="The tokens of one half of the channels are stored, or decoded, as those of the other.",
    needs=[Capability.INDICES, Capability.DECODE, Capability.GROUPS],
    over=Span(levels="staged", dtypes=("float32", "bfloat16"), modes=("eval", "train")),
)
def test_groups_are_quantized_side_by_side(subject: Subject) -> None:
    # The axes of two groups and of two stages are not to be told apart by their sizes.
    for groups, stages in ((3, STAGES), (2, 2)):
        _judge_groups(Staged(subject, stages=stages), groups)
    if subject.has(Capability.STAGE_DROPOUT) and subject.case.dtype == "float32":
        _judge_dropped_groups(Staged(subject), 2)


def _judge_groups(staged: Staged, groups: int) -> None:
    subject = staged.subject
    quantizer = staged.quantizer(groups=groups)
    vectors = staged.vectors(groups)[: 1 if subject.layout.long_axis is None else None]
    z = np.ascontiguousarray(subject.layout.arrange(vectors))
    with subject.must_answer(f"codes and indices of {groups} groups"):
        answer = quantizer.quantize(z.copy())
    comparators.same_shape(answer.codes, z.shape, "the codes of the groups")
    assert answer.indices is not None
    expected = (groups, *subject.layout.positions(z.shape), staged.count)
    comparators.same_shape(answer.indices, expected, "the indices of the groups")
    codes = subject.layout.flatten(answer.codes)
    with subject.must_answer("the codes of the groups"):
        decoded = staged.decoded(quantizer, answer.indices, z.shape)
    for group, (part, reply) in enumerate(_by_group(staged, codes, answer.indices)):
        staged.judge(vectors[:, part], reply, quantizer.setup, f" in group {group + 1} of {groups}")
    comparators.within(
        decoded,
        codes,
        np.tile(2 * staged.tolerance(), groups),
        f"the codes decoded from the indices of {groups} groups",
    )
    if subject.has(Capability.GRADIENT):
        _, gradient = quantizer.vjp(z.copy(), np.ones_like(z))
        reaches = np.abs(subject.layout.flatten(gradient)).max(axis=0) > 0
        comparators.same_integers(
            reaches * 1, np.ones_like(reaches) * 1, "whether a gradient reaches channels of all groups"
        )


def _by_group(staged: Staged, codes: Array, indices: Array) -> Iterator[tuple[slice, StagedReply]]:
    """The channels of each group, and what (N, groups·d) codes and (groups, …, stages) indices say of them."""
    d = len(staged.subject.levels)
    for group, own in enumerate(indices.reshape(len(indices), -1, staged.count)):
        part = slice(group * d, (group + 1) * d)
        yield part, StagedReply(codes[:, part], own, own)


def _judge_dropped_groups(staged: Staged, groups: int) -> None:
    """With stage dropout, in training or not: each group is the sum of what is not marked in it, and is decoded to that."""
    subject, layout = staged.subject, staged.subject.layout
    if subject.adapter.refusal(replace(subject.setup, groups=groups, stages=staged.count, stage_dropout=True)):
        return
    quantizer = staged.quantizer(groups=groups, stage_dropout=True)
    vectors = staged.vectors(groups)[: 1 if layout.long_axis is None else 256]
    z = np.ascontiguousarray(layout.arrange(vectors))
    for _ in range(4):
        with subject.must_answer(f"codes and indices of {groups} groups with stage dropout"):
            answer = quantizer.quantize(z.copy(), **staged.recorded())
        indices = indices_given(answer.indices)
        comparators.same_shape(answer.codes, z.shape, "the codes of the groups")
        comparators.same_shape(indices, (groups, *layout.positions(z.shape), staged.count), "the indices of groups")
        for group, (part, reply) in enumerate(_by_group(staged, layout.flatten(answer.codes), indices)):
            where = f"the codes of group {group + 1} of {groups} with stage dropout"
            staged.judge_sum(vectors[:, part], reply, where)
    for marked in range(groups):
        coarse = indices.copy()
        coarse[marked, ..., 1:] = -1
        with subject.must_answer("the codes of groups", f"where stages of group {marked + 1} are marked"):
            decoded = staged.decoded(quantizer, coarse, z.shape)
        for group, (part, reply) in enumerate(_by_group(staged, decoded, coarse)):
            expected = staged.terms(reply.indices).sum(axis=1)
            where = f"the decoded codes of group {group + 1} where stages of group {marked + 1} are marked"
            comparators.within(decoded[:, part], expected, staged.tolerance(), where)
