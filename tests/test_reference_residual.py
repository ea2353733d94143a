"""The reference of residual FSQ: against a slow oracle, against float32, and in its edges."""

from __future__ import annotations

import copy
import pickle
import re
from collections.abc import Iterator
from dataclasses import FrozenInstanceError
from itertools import pairwise
from typing import Any

import numpy as np
import pytest
from numpy.typing import NDArray

from fsqcheck.reference import PRECISIONS, RESIDUAL_RULES, ResidualFSQ, ResidualRule, residual_rule_named, staircase

from .oracle_residual import residual

STAGES = 4
FLOAT32 = PRECISIONS["float32"]
RULES = tuple(RESIDUAL_RULES.values())


def named(rule: ResidualRule) -> str:
    return rule.name


def numbers(count: int, seed: int = 0) -> NDArray[np.float64]:
    random = np.random.default_rng(seed)
    parts = [random.normal(size=count), random.uniform(-1.3, 1.3, size=count), 3 * random.normal(size=count)]
    return np.concatenate(parts).astype(np.float32).astype(np.float64)


@pytest.mark.parametrize("L", [3, 4, 5, 8, 16])
@pytest.mark.parametrize("rule", RULES, ids=named)
def test_every_stage_is_that_of_the_oracle(rule: ResidualRule, L: int) -> None:
    x = numbers(40, L)
    followed = rule.followed(x, L, STAGES)
    for row, number in enumerate(x):
        for stage, found in enumerate(residual(rule.name, float(number), L, STAGES)):
            assert followed.level[row, stage] == found.level
            assert followed.given[row, stage] == pytest.approx(float(found.given), rel=1e-9, abs=1e-9 * L**stage)


@pytest.mark.parametrize("rule", RULES, ids=named)
def test_codes_and_decoding_are_the_sum_of_the_oracles_terms(rule: ResidualRule) -> None:
    x, levels = numbers(10).reshape(-1, 3), (8, 5, 3)
    q = ResidualFSQ(levels, STAGES, rule)
    codes, indices = q(x)
    terms = [
        [residual(rule.name, float(number), L, STAGES) for number, L in zip(row, levels, strict=True)] for row in x
    ]
    expected = np.array([[float(sum(stage.term for stage in channel)) for channel in row] for row in terms])
    np.testing.assert_allclose(codes, expected, rtol=0, atol=1e-15)
    np.testing.assert_allclose(q.get_output_from_indices(indices), expected, rtol=0, atol=1e-15)
    by_stage = [[[float(stage.term) for stage in channel] for channel in row] for row in terms]
    staged = np.moveaxis(np.array(by_stage), -1, 0)
    np.testing.assert_allclose(q.get_codes_from_indices(indices), staged, rtol=0, atol=1e-15)


# The doubt that rounding leaves


def in_float32(
    rule: ResidualRule, x: NDArray[Any], L: int, inverse: bool
) -> Iterator[tuple[NDArray[np.float64], NDArray[np.int64]]]:
    """Level coordinate and level of each stage, every step in float32: scales as powers, or as the inverse of one."""
    F, stage = np.float32, rule.stage
    k = stage.constants(L).rounded
    shift, h, o, c = F(k.shift), F(k.amplitude), F(k.offset), F(k.centre)
    clamps = stage.activation.name == "clamp"

    def bounded(y: NDArray[Any]) -> NDArray[Any]:
        squashed = np.clip(y + shift, F(-1), F(1)) if clamps else np.tanh(y + shift)
        result: NDArray[Any] = squashed * h - o
        return result

    reach, left = F(1) + F(1) / F(L - 1), x.astype(F)
    if rule.name == "residual":
        left = np.tanh(left / reach) * reach
    elif rule.name.endswith("twice"):
        left = bounded(left)
    for i in range(STAGES):
        power = F(L - rule.shrink) ** F(i if inverse else -i)
        y = left * power if inverse else left / power
        smooth = bounded(y)
        rounded = np.rint(smooth) if stage.rounding == "half-even" else np.floor(smooth + c + F(0.5)) - c
        through = smooth + (np.clip(rounded, -c, F(L - 1) - c) - smooth)
        yield smooth.astype(np.float64) + float(c), np.rint(through + c).astype(np.int64)
        code = through / F(stage.grid.half(L))
        left = left - (code / power if inverse else code * power)
        assert left.dtype == F


@pytest.mark.parametrize("inverse", [False, True])
@pytest.mark.parametrize("rule", RULES, ids=named)
def test_a_right_computation_in_float32_stays_within_half_of_its_doubt(rule: ResidualRule, inverse: bool) -> None:
    for L in (3, 4, 5, 7, 8, 12, 16, 19, 24, 33, 64):
        x = numbers(4000, L)
        followed = rule.followed(x, L, STAGES, FLOAT32)
        h = rule.stage.constants(L).rounded.amplitude
        band = staircase(rule.stage, L, "float32").half_width
        same = np.ones(len(x), dtype=bool)
        for i, (u, level) in enumerate(in_float32(rule, x, L, inverse)):
            exact = rule.stage.level_coordinate(followed.given[:, i], L)
            doubt = band + h * followed.doubt[:, i]
            assert (np.abs(u - exact)[same] <= 0.5 * doubt[same]).all(), (L, i)
            assert (level == followed.level[:, i])[followed.settled[:, i]].all(), (L, i)
            same &= level == followed.level[:, i]


def by_hand(rule: ResidualRule, x: float, L: int, stages: int, eps: float, band: float) -> Iterator[tuple[float, bool]]:
    """The doubt of each stage and whether it is settled, one number at a time: docs/rules.md, residual rules."""
    first = {"x": 0.0, "c·tanh(x/c), c = 1 + 1/(L-1)": 2.5 * L / (L - 1)}
    error = first.get(rule.first.name, L * float(rule.stage.activation.rounding))
    left, settled = float(rule.first_residual(np.array([x]), L)[0]), True
    for stage in range(stages):
        scale = 1 / (L - rule.shrink) ** stage
        given = left / scale
        doubt = (error / scale + 1.5 * abs(given)) * eps
        u = float(rule.stage.level_coordinate(np.array([given]), L)[0])
        nearest = min((k + 0.5 for k in range(L - 1)), key=lambda step: abs(u - step))
        settled &= abs(u - nearest) > band + float(rule.stage.constants(L).rounded.amplitude) * doubt
        yield doubt, settled
        level = rule.stage.level(np.array([given]), L)
        left -= scale * float(rule.stage.grid.code(level, L)[0])
        error += 3.5 * scale + 0.5 * abs(left)


@pytest.mark.parametrize("L", [3, 4, 5, 16])
@pytest.mark.parametrize("rule", RULES, ids=named)
def test_the_doubt_is_the_sum_of_what_each_step_rounds(rule: ResidualRule, L: int) -> None:
    x, held = np.append(numbers(60, L), [5.0, -5.0]), PRECISIONS["bfloat16"]
    followed = rule.followed(x, L, STAGES, held)
    band = staircase(rule.stage, L, "bfloat16", "bfloat16").half_width
    for row, number in enumerate(x):
        doubts, settled = zip(*by_hand(rule, float(number), L, STAGES, held.eps, band), strict=True)
        assert followed.doubt[row].tolist() == pytest.approx(doubts, rel=1e-9)
        assert followed.settled[row].tolist() == list(settled)


@pytest.mark.parametrize("rule", RULES, ids=named)
def test_without_rounding_there_is_no_doubt(rule: ResidualRule) -> None:
    followed = rule.followed(numbers(60), 5, STAGES)
    assert not followed.doubt.any()
    assert followed.settled.all()


def test_beyond_the_outermost_steps_there_is_none_in_doubt() -> None:
    # Of 1001 levels the widened range ends half a level beyond the outermost ones.
    followed = residual_rule_named("residual-widened").followed(np.array([9.0, -9.0]), 1001, 1, FLOAT32)
    assert followed.settled.all()


def test_a_step_itself_is_not_settled_even_so() -> None:
    assert not residual_rule_named("residual").followed(np.zeros(1), 4, 1).settled.any()


@pytest.mark.parametrize("rule", RULES, ids=named)
def test_whole_numbers_and_halves_are_followed_in_float64(rule: ResidualRule) -> None:
    assert rule.first_residual(np.array([1, 2]), 5).dtype == np.float64
    half = np.array([0.3, 1.0], dtype=np.float16)
    given = rule.followed(half, 5, STAGES).given
    assert given.dtype == np.float64
    assert given.tolist() == rule.followed(half.astype(np.float64), 5, STAGES).given.tolist()


def test_nothing_of_a_rule_can_be_changed() -> None:
    rule = residual_rule_named("residual")
    for changed, name in ((rule, "shrink"), (rule.first, "name"), (rule.followed(numbers(1), 5, 1), "left")):
        with pytest.raises(FrozenInstanceError):
            setattr(changed, name, None)
    assert rule.levels_allowed(5) is True
    assert isinstance(rule.levels_words, str)


def test_nearly_all_numbers_are_settled() -> None:
    for rule in RULES:
        shares = [rule.followed(numbers(4000), L, STAGES, FLOAT32).settled.mean(axis=0) for L in (3, 5, 8)]
        assert np.min(shares) > 0.99, rule.name


def test_what_lies_on_a_step_of_an_earlier_stage_is_not_settled() -> None:
    rule, L = RESIDUAL_RULES["residual"], 4
    followed = rule.followed(np.array([0.0, 1e-9, 0.1]), L, STAGES, FLOAT32)
    assert followed.settled[:2].sum() == 0
    assert followed.settled[2].all()


def test_where_the_doubt_is_a_level_nothing_is_settled() -> None:
    followed = RESIDUAL_RULES["residual"].followed(numbers(1000), 64, 5, FLOAT32)
    assert followed.settled[:, 0].mean() > 0.99
    assert followed.settled[:, 4].mean() == 0


# What the rules are worth


def test_only_the_newest_rule_refines() -> None:
    x = np.linspace(-1, 1, 4001)
    for rule in RULES:
        target = rule.first_residual(x, 8)
        left = [np.abs(rule.followed(x, 8, n).left).max() for n in range(1, STAGES + 1)]
        assert left[0] == pytest.approx(np.abs(target - ResidualFSQ([8], 1, rule)(x[:, None])[0][:, 0]).max())
        refines = all(after < 0.2 * before for before, after in pairwise(left))
        assert refines == (rule.name == "residual"), (rule.name, left)


def test_each_stage_of_the_newest_rule_is_given_what_its_cells_cover() -> None:
    for L in (2, 3, 4, 7, 8, 16):
        followed = RESIDUAL_RULES["residual"].followed(numbers(2000), L, STAGES)
        assert np.abs(followed.given).max() <= L / (L - 1) * (1 + 1e-9)


def test_the_page_tells_the_largest_errors_of_both() -> None:
    x = np.linspace(-1, 1, 4001)
    for name, told in (("residual-widened", "0.50 0.39 0.38 0.38"), ("residual", "0.14 0.018 0.0022 0.00028")):
        left = [np.abs(RESIDUAL_RULES[name].followed(x, 8, n).left).max() for n in range(1, STAGES + 1)]
        assert [f"{one:.2g}" for one in left] == [f"{float(word):.2g}" for word in told.split()]


# The quantizer


def test_the_gradient_is_that_of_the_smooth_parts_with_what_is_taken_off_held_fixed() -> None:
    x = numbers(200).reshape(-1, 3)
    for rule in RULES:
        q = ResidualFSQ((8, 5, 3), STAGES, rule)
        gradient = q.vjp(x, np.ones_like(x))
        for channel, L in enumerate(q.levels):
            followed = rule.followed(x[:, channel], L, STAGES)
            step = 1e-6
            ahead, behind = (rule.first_residual(x[:, channel] + side, L) for side in (step, -step))
            taken = rule.first_residual(x[:, channel], L)[:, None] - followed.given * [
                rule.scale(L, i) for i in range(STAGES)
            ]
            total = np.zeros(len(x))
            for i in range(STAGES):
                scale = rule.scale(L, i)
                codes = [rule.stage.bounded((one - taken[:, i]) / scale, L) * scale for one in (ahead, behind)]
                total += (codes[0] - codes[1]) / (2 * step)
            clear = (np.abs(np.abs(followed.given) - 1) > 1e-2).all(axis=1)
            np.testing.assert_allclose(gradient[clear, channel], total[clear], rtol=0, atol=1e-4)


def test_nan_has_no_index_and_spoils_no_other_vector() -> None:
    q = ResidualFSQ((8, 5), 3)
    z = np.array([[0.3, np.nan], [0.3, 0.2]], dtype=np.float32)
    codes, indices = q(z)
    assert (indices[0] == -1).all()
    assert np.isnan(codes[0]).tolist() == [False, True]
    assert np.array_equal(indices[1], q(z[1])[1])


def test_stage_dropout_keeps_from_one_to_all_stages_in_training_only() -> None:
    q, z = ResidualFSQ((8, 5), STAGES, quantize_dropout=True), numbers(5).reshape(-1, 3)[:, :2]
    kept = set()
    for _ in range(100):
        codes, indices = q.train()(z)
        out = indices == -1
        assert (out == out[0]).all()
        kept.add(int((~out[0]).sum()))
        np.testing.assert_allclose(codes, q.get_output_from_indices(indices))
    assert kept == {1, 2, 3, 4}
    assert (q.train(False)(z)[1] >= 0).all()


def test_a_new_one_evaluates_and_leaves_out_nothing_unless_it_is_asked_to() -> None:
    z = numbers(200).reshape(-1, 3)
    for q in (ResidualFSQ((8, 5, 3), STAGES, quantize_dropout=True), ResidualFSQ((8, 5, 3), STAGES).train()):
        assert all((q(z)[1] >= 0).all() for _ in range(16))


def test_what_is_left_out_is_seeded_and_0_is_the_seed() -> None:
    def drawn(q: ResidualFSQ) -> list[int]:
        return [int((q.train()(np.zeros((1, 2)))[1] >= 0).sum()) for _ in range(32)]

    unseeded = drawn(ResidualFSQ((8, 5), STAGES, quantize_dropout=True))
    assert unseeded == drawn(ResidualFSQ((8, 5), STAGES, quantize_dropout=True, seed=0))
    assert unseeded != drawn(ResidualFSQ((8, 5), STAGES, quantize_dropout=True, seed=1))


def test_its_arguments_have_names_and_one_group_is_a_group() -> None:
    q, z = ResidualFSQ(levels=(8, 5), num_quantizers=2, rule="residual", groups=1), np.full((3, 2), 0.3)
    codes, indices = ResidualFSQ((8, 5), 2)(z)
    assert np.array_equal(q(z)[0], codes)
    assert np.array_equal(q(z)[1], indices[None])


def test_the_gradient_is_the_upstream_times_the_slope_in_float64() -> None:
    q, z = ResidualFSQ((8, 5), 2), numbers(20).reshape(-1, 2)
    one, upstream = q.vjp(z, np.ones_like(z)), np.random.default_rng(3).normal(size=z.shape).astype(np.float16)
    assert np.array_equal(q.vjp(z, upstream), one * upstream.astype(np.float64))
    assert q.vjp(z.astype(np.float16), upstream).dtype == np.float16


def test_fewer_stages_decode_to_their_sum() -> None:
    q, z = ResidualFSQ((8, 5), STAGES), numbers(5).reshape(-1, 3)[:, :2]
    _, indices = q(z)
    for kept in (1, 2, 3):
        assert np.array_equal(q.get_output_from_indices(indices[..., :kept]), ResidualFSQ((8, 5), kept)(z)[0])


def test_a_stage_that_is_marked_adds_nothing() -> None:
    q, z = ResidualFSQ((8, 5), STAGES, quantize_dropout=True), numbers(5).reshape(-1, 3)[:, :2]
    indices = q(z)[1]
    for kept in range(STAGES):
        marked = np.where(np.arange(STAGES) < kept, indices, -1)
        expected = ResidualFSQ((8, 5), kept)(z)[0] if kept else np.zeros_like(z)
        assert np.array_equal(q.get_output_from_indices(marked), expected)
    codes, left = q.train()(z)
    assert np.array_equal(codes, q.get_output_from_indices(left))


def test_groups_are_quantizers_side_by_side() -> None:
    q, one = ResidualFSQ((8, 5), STAGES, groups=3), ResidualFSQ((8, 5), STAGES)
    z = numbers(40).reshape(2, -1, 6)
    codes, indices = q(z)
    assert indices.shape == (3, 2, z.shape[1], STAGES)
    for group in range(3):
        expected = one(z[..., 2 * group : 2 * group + 2])
        assert np.array_equal(codes[..., 2 * group : 2 * group + 2], expected[0])
        assert np.array_equal(indices[group], expected[1])
    assert np.array_equal(q.get_output_from_indices(indices), codes)
    assert q.get_codes_from_indices(indices).shape == (3, STAGES, 2, z.shape[1], 2)


@pytest.mark.parametrize(
    ("make", "words"),
    [
        (lambda: ResidualFSQ((8, 5), 0), "at least one stage and one group, got 0"),
        (lambda: ResidualFSQ((8, 5), 2, groups=0), "at least one stage and one group"),
        (lambda: ResidualFSQ((8, 5), 2, "widened"), "unknown residual rule 'widened'; the known ones are residual, "),
        (lambda: ResidualFSQ((2, 5), 2, "residual-atanh"), "not defined for L = 2"),
        (lambda: ResidualFSQ((8, 5), 2)(np.zeros((4, 3))), "shape (…, 2), got (4, 3)"),
        (lambda: ResidualFSQ((8, 5), 2)(np.zeros(())), "shape (…, 2), got ()"),
        (lambda: ResidualFSQ((8, 5), 2).get_output_from_indices(np.array(3)), "at most 2 stages, got the shape ()"),
        (lambda: ResidualFSQ((8, 5), 2)(np.zeros((4, 2), dtype=int)), "got int64"),
        (lambda: ResidualFSQ((8, 5), 2).get_output_from_indices(np.zeros((4, 3), dtype=int)), "at most 2 stages"),
        (
            lambda: ResidualFSQ((8, 5), 2).get_output_from_indices(np.full((4, 2), 40)),
            "index 40 is outside the codebook",
        ),
    ],
)
def test_what_makes_no_sense_is_refused_in_words(make: Any, words: str) -> None:
    with pytest.raises(ValueError, match=re.escape(words)):
        make()


def test_a_rule_of_the_table_is_copied_by_its_name() -> None:
    for rule in RULES:
        assert pickle.loads(pickle.dumps(rule)) is rule
        assert copy.deepcopy(rule) is rule
        assert residual_rule_named(rule.name) is rule
