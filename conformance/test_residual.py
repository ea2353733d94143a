"""RES: stages that quantize what the stages before them left."""

from __future__ import annotations

from itertools import pairwise

import numpy as np

from fsqcheck.adapters import Capability, Probe
from fsqcheck.conformance import comparators
from fsqcheck.conformance.clause import ALL_DTYPES, MUST, SHOULD, Span, clause
from fsqcheck.conformance.findings import Finding, NonConformanceError
from fsqcheck.conformance.staged import COUNTS, STAGES, Staged, StagedReply
from fsqcheck.conformance.staged_slopes import gradient_of, slopes, upstream_of
from fsqcheck.conformance.subject import Subject

RVQ = "arXiv 2107.03312 algorithm 1"
#: Calls in training; of four stages one number is never drawn in so many with probability 10^-15.
_DRAWS = 128
#: A stage of L ≥ 2 levels leaves half of the error or less.
_CLEARLY = 0.75


@clause(
    "RES-1",
    MUST,
    "The forward call gives one index for each stage, on an axis of their own: integers from 0 to the last code of the codebook.",
    title="an index a stage",
    source=f"{RVQ}; docs/rules.md",
    meaning="A token model reads the wrong number of tokens a position, or tokens that its embedding does not have.",
    needs=[Capability.INDICES],
    over=Span(levels="staged", dtypes=("float32", "float64"), modes=("eval", "train"), variants=COUNTS),
)
def test_every_stage_has_an_index(subject: Subject) -> None:
    staged = Staged(subject)
    vectors = staged.vectors()
    quantizer = staged.quantizer()
    with subject.must_answer(f"indices of {staged.count} stages for each position"):
        found = staged.ask(vectors, quantizer).indices
    comparators.integer_dtype(found, "the indices of the stages")
    outside = (found < 0) | (found >= subject.codebook.size)
    if outside.any():
        row, stage = (int(part[0]) for part in np.nonzero(outside))
        raise NonConformanceError(
            Finding(
                f"stage {stage + 1} gives the index {found[row, stage]}, outside the codebook of {subject.codebook.size}",
                f"index {found[row, stage]}",
                f"0 … {subject.codebook.size - 1}",
                input=vectors[row],
                wrong=int(outside.sum()),
                tried=int(outside.size),
                probe=Probe("forward", subject.layout.arrange(vectors[row : row + 1])),
                setup=quantizer.setup,
            )
        )


_LEVELS = Span(levels="staged", dtypes=("float32", "float64"), modes=("eval", "train"), variants=COUNTS)


@clause(
    "RES-2",
    MUST,
    "The first stage quantizes the first residual of the rule: the input as it is, bounded, or softly clamped.",
    title="first residual",
    source="vector-quantize-pytorch issues 166 and 230; docs/rules.md",
    meaning="The coarsest token is another one: a decoder that was trained with the rule hears something else.",
    needs=[Capability.INDICES],
    over=_LEVELS,
)
def test_the_first_stage_quantizes_the_first_residual(subject: Subject) -> None:
    staged = Staged(subject)
    vectors, quantizer = staged.vectors(), staged.quantizer()
    staged.judge_levels(vectors, staged.ask(vectors, quantizer).indices, [0], quantizer.setup)


@clause(
    "RES-3",
    MUST,
    "Each further stage quantizes what the stages before it left, divided by its scale.",
    title="stage scales",
    source=f"{RVQ}; vector-quantize-pytorch issue 96",
    meaning="The finer tokens say nothing that the decoder expects, and more stages do not help.",
    needs=[Capability.INDICES],
    over=Span(levels="staged", dtypes=("float32", "float64"), modes=("eval", "train")),
)
def test_each_stage_quantizes_what_is_left(subject: Subject) -> None:
    staged = Staged(subject)
    vectors, quantizer = staged.vectors(), staged.quantizer()
    staged.judge_levels(vectors, staged.ask(vectors, quantizer).indices, range(1, staged.count), quantizer.setup)


@clause(
    "RES-4",
    MUST,
    "The codes are the sum of the codes of all stages, each times its scale.",
    title="sum of the stages",
    source=f"{RVQ}; docs/rules.md",
    meaning="The decoder sees other values than the tokens stand for.",
    needs=[Capability.INDICES],
    over=Span(levels="staged", dtypes=ALL_DTYPES, modes=("eval", "train"), variants=COUNTS),
)
def test_the_codes_are_the_sum_of_the_stages(subject: Subject) -> None:
    staged = Staged(subject)
    vectors = staged.vectors()
    vectors[::8] *= 4000  # a difference of numbers so large has no room for a code
    quantizer = staged.quantizer()
    reply = staged.ask(vectors, quantizer, **(staged.recorded() if subject.case.mode == "train" else {}))
    probe = Probe("forward", subject.layout.arrange(vectors[:1]))
    comparators.same_dtype(reply.codes, subject.case.dtype, "the codes", probe, quantizer.setup)
    staged.judge_sum(vectors, reply, "the codes, as the sum of what the indices stand for,")


@clause(
    "RES-5",
    MUST,
    "Decoding the indices of a forward call gives its codes.",
    title="decoding equals forward",
    source=f"{RVQ}; docs/rules.md",
    meaning="What a decoder makes of stored tokens is not what it was trained on.",
    needs=[Capability.INDICES, Capability.DECODE],
    over=Span(levels="staged", variants=COUNTS),
)
def test_decoding_gives_the_codes_of_the_forward_call(subject: Subject) -> None:
    staged = Staged(subject)
    vectors, quantizer = staged.vectors(), staged.quantizer()
    z = np.ascontiguousarray(subject.layout.arrange(vectors[:1] if subject.layout.long_axis is None else vectors))
    reply = staged.reply(quantizer, z.copy())
    with subject.must_answer("the codes of the forward call"):
        decoded = staged.decoded(quantizer, reply.given, z.shape)
    comparators.within(decoded, reply.codes, 2 * staged.tolerance(), "the codes decoded from the indices of all stages")


@clause(
    "RES-6",
    MUST,
    "In every layout that it takes, each vector gets the indices of the rule, and decoding them gives the codes in that layout.",
    title="residual layouts",
    source="vector-quantize-pytorch ≥ 1.18.5: is_channel_first; docs/rules.md",
    meaning="Channel-first data can be encoded and not decoded, or is decoded with channels and time mixed up.",
    needs=[Capability.INDICES, Capability.DECODE],
    over=Span(levels="staged", variants="layouts"),
)
def test_every_layout_is_decoded_as_it_was(subject: Subject) -> None:
    staged = Staged(subject)
    quantizer = staged.quantizer()
    shape = subject.layout.shape(len(subject.levels))
    z = np.random.default_rng(22).normal(size=shape).astype(subject.precision.dtype)
    with subject.must_answer(f"codes and indices of an input of shape {shape}"):
        reply = staged.reply(quantizer, z.copy())
    vectors = subject.layout.flatten(z)
    staged.judge_levels(vectors, reply.indices, range(staged.count), quantizer.setup, " in this layout")
    staged.judge_sum(vectors, reply, f"the codes in the layout {subject.layout.name}")
    with subject.must_answer(f"codes of shape {shape}, decoded from the indices that it gave"):
        decoded = staged.decoded(quantizer, reply.given, shape)
    where = f"the codes decoded in the layout {subject.layout.name}"
    comparators.within(decoded, reply.codes, 2 * staged.tolerance(), where)


@clause(
    "RES-7",
    MUST,
    "The codes of single stages are those of their indices, times the scale of the stage, the first stage first.",
    title="codes of single stages",
    source="docs/rules.md; vector-quantize-pytorch get_codes_from_indices",
    meaning="A loss or a picture of the stages is about other stages, or other sizes, than it says.",
    needs=[Capability.INDICES, Capability.STAGE_CODES],
    over=Span(levels="staged", variants=COUNTS),
)
def test_the_codes_of_single_stages(subject: Subject) -> None:
    staged = Staged(subject)
    vectors, quantizer = staged.vectors(), staged.quantizer()
    z = np.ascontiguousarray(subject.layout.arrange(vectors[:1] if subject.layout.long_axis is None else vectors))
    reply = staged.reply(quantizer, z.copy())
    with subject.must_answer("the codes of each stage"):
        found = quantizer.stage_codes(reply.given)
    comparators.same_shape(found, (staged.count, *z.shape), "the codes of the stages")
    flat = np.stack([subject.layout.flatten(one) for one in found], axis=1)
    comparators.within(flat, staged.terms(reply.indices), staged.tolerance(), "the codes of single stages")


@clause(
    "RES-8",
    MUST,
    "The indices of the first stages alone decode to the sum of these: a stage that is marked -1, or not there, adds nothing.",
    title="coarse decoding",
    source="vector-quantize-pytorch get_output_from_indices; docs/rules.md",
    meaning="A stream at a lower bit rate decodes to noise: missing tokens are taken for real ones.",
    needs=[Capability.INDICES, Capability.DECODE, Capability.STAGE_DROPOUT],
    over=Span(levels="staged", variants=("marked", "cut")),
)
def test_coarse_indices_decode_to_the_sum_of_their_stages(subject: Subject) -> None:
    staged = Staged(subject)
    vectors = staged.vectors()[: 1 if subject.layout.long_axis is None else 256]
    quantizer = staged.quantizer(stage_dropout=True)
    z = np.ascontiguousarray(subject.layout.arrange(vectors))
    reply = staged.reply(quantizer, z.copy())
    numbers = {f"the first {n} of {staged.count} stages": np.full(len(vectors), n) for n in range(1, staged.count)}
    if subject.case.variant == "marked":
        numbers["another number of stages for each vector"] = np.arange(len(vectors)) % staged.count + 1
    for which, kept in numbers.items():
        coarse = np.where(np.arange(staged.count) >= kept[:, None], -1, reply.indices)
        last = coarse.reshape((*subject.layout.positions(z.shape), staged.count))
        if subject.case.variant == "cut":
            last = np.ascontiguousarray(last[..., : kept[0]])
        with subject.must_answer(f"the codes of {which}"):
            decoded = staged.decoded(quantizer, last, z.shape)
        expected = staged.terms(coarse).sum(axis=1)
        comparators.within(decoded, expected, staged.tolerance(), f"the codes of {which}")


@clause(
    "RES-9",
    MUST,
    "Stage dropout leaves out the last stages of a training call: they are marked -1 everywhere, and the codes are the sum of "
    "the others; evaluation leaves out none.",
    title="stage dropout",
    source="arXiv 2107.03312 §3.3 (quantizer dropout); docs/rules.md",
    meaning="The model does not learn to do with fewer tokens, or a loss counts tokens that never were.",
    needs=[Capability.INDICES, Capability.STAGE_DROPOUT, Capability.TRAIN],
    over=Span(levels="staged", modes=("train",)),
)
def test_stage_dropout_leaves_out_the_last_stages(subject: Subject) -> None:
    staged = Staged(subject)
    vectors = staged.vectors()[:64]
    for reply in staged.drawn(_DRAWS // 4):
        out = reply.indices == -1
        kept = int((~out[0]).sum())
        expected = np.broadcast_to(np.arange(staged.count) >= max(kept, 1), out.shape)
        where = f"the stages left out of {staged.count}, as (vector, stage),"
        comparators.same_integers(out * 1, expected * 1, where)
        staged.judge_sum(vectors[: len(reply.codes)], reply, f"the codes of the first {kept} of {staged.count} stages")
    calm = staged.ask(vectors, staged.quantizer(stage_dropout=True, training=False), **staged.recorded())
    out = calm.indices == -1
    comparators.same_integers(out * 1, np.zeros_like(out) * 1, "the stages left out in evaluation")


@clause(
    "RES-10",
    MUST,
    "Stage dropout draws every number of stages, from one to all, and another one for each call.",
    title="numbers of stages drawn",
    source="arXiv 2107.03312 §3.3: the number of stages is drawn uniformly from 1 to all",
    meaning="Some bit rates are never trained, or the finest never is.",
    needs=[Capability.INDICES, Capability.STAGE_DROPOUT, Capability.TRAIN],
    over=Span(levels="staged", modes=("train",)),
)
def test_every_number_of_stages_is_drawn(subject: Subject) -> None:
    staged = Staged(subject)
    kept = [int((reply.indices[0] != -1).sum()) for reply in staged.drawn(_DRAWS)]
    missing = sorted(set(range(1, staged.count + 1)) - set(kept))
    if missing:
        counts = ", ".join(f"{number} in {kept.count(number)}" for number in sorted(set(kept)))
        raise NonConformanceError(
            Finding(
                f"of {_DRAWS} training calls none keeps {' or '.join(map(str, missing))} of {staged.count} stages",
                f"numbers of stages kept: {counts}",
                f"every number from 1 to {staged.count}",
                wrong=len(missing),
                tried=staged.count,
                setup=staged.quantizer(stage_dropout=True, training=True).setup,
            )
        )


@clause(
    "RES-11",
    MUST,
    "A gradient reaches the input: wherever the first stage has a slope, it is not zero and has the sign of the upstream.",
    title="gradient through the stages",
    source="arXiv 2309.15505 §3.1 (straight-through); docs/rules.md",
    meaning="The encoder before it cannot be trained: its gradient is zero, or points the wrong way.",
    needs=[Capability.GRADIENT],
    over=Span(levels="staged", modes=("train", "eval"), variants=COUNTS),
)
def test_a_gradient_reaches_the_input(subject: Subject) -> None:
    staged = Staged(subject)
    vectors = staged.vectors()[: 1 if subject.layout.long_axis is None else None]
    upstream = upstream_of(vectors)
    with subject.must_answer("a gradient of the input"):
        gradient = gradient_of(staged, vectors, upstream).astype(np.float64)
    first, _, _, clear = slopes(staged, vectors)
    active = clear & (first > 0.05)
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


@clause(
    "RES-12",
    SHOULD,
    "The gradient is the upstream times the sum of the slopes of all stages: what a stage takes away from the next one counts "
    "as a constant.",
    title="gradient of all stages",
    source="vector-quantize-pytorch since its first ResidualFSQ; docs/rules.md",
    meaning="A learning rate that was tuned with one implementation is several times too high or too low with the other.",
    needs=[Capability.GRADIENT],
    over=Span(levels="staged", modes=("train", "eval"), variants=COUNTS),
)
def test_the_gradient_is_that_of_all_stages(subject: Subject) -> None:
    staged = Staged(subject)
    vectors = staged.vectors()[: 1 if subject.layout.long_axis is None else None]
    upstream = upstream_of(vectors)
    gradient = gradient_of(staged, vectors, upstream).astype(np.float64)
    _, total, off, clear = slopes(staged, vectors)
    expected = np.where(clear, total * upstream, gradient)
    where = f"the gradients through {staged.count} stages, as (vector, channel),"
    comparators.within(gradient, expected, np.abs(upstream) * off, where)


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
    "Groups of channels are quantized side by side, in order, each by its own stages, and decoded so.",
    title="groups",
    source="vector-quantize-pytorch GroupedResidualFSQ; docs/rules.md",
    meaning="The tokens of one half of the channels are stored, or decoded, as those of the other.",
    needs=[Capability.INDICES, Capability.DECODE, Capability.GROUPS],
    over=Span(levels="staged"),
)
def test_groups_are_quantized_side_by_side(subject: Subject) -> None:
    staged, groups, d = Staged(subject), 3, len(subject.levels)
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
    for group in range(groups):
        part = slice(group * d, (group + 1) * d)
        indices = answer.indices[group].reshape(-1, staged.count)
        reply = StagedReply(codes[:, part], indices, indices)
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
