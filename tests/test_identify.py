"""Which rule a target computes: every rule of the reference, other libraries, black boxes, and things that are none."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import pytest

from fsqcheck.adapters import Adapter, Capability, resolve
from fsqcheck.adapters.reference import adapter as reference
from fsqcheck.adapters.torch_fsq import adapter as torch_fsq
from fsqcheck.identifying import Identification, NothingAskedError, identify, in_words
from fsqcheck.reference import RULES
from fsqcheck.tests.commands import written
from fsqcheck.tests.mutants.table import OFFENDERS
from fsqcheck.tests.test_reference_disagreement import disagreement

#: Rules that compute the same at an L, codes and ties included: docs/rules.md.
TWINS: tuple[tuple[frozenset[str], Callable[[int], bool]], ...] = (
    (frozenset({"symmetric", "symmetric-even"}), lambda L: L % 4 != 2),
    (frozenset({"paper", "paper-atanh"}), lambda L: L % 2 == 1),
)

BOXES = """
import numpy as np
from fsqcheck.reference import FSQ as Reference

class CodesOnly:
    rule = "widened"
    def __init__(self, levels):
        self.levels, self.q = levels, Reference(levels, self.rule)
    def __call__(self, z):
        return self.q(z)[0]

class IndicesOnly(CodesOnly):
    rule = "symmetric"
    def __call__(self, z):
        return self.q(z)[1]

class LastChannelFirst(CodesOnly):
    def __call__(self, z):
        return self.q(z)[0], Reference(self.levels[::-1], self.rule)(z[..., ::-1])[1]

class PaperCodesOfSymmetricLevels(CodesOnly):
    rule = "symmetric"
    def __call__(self, z):
        return self.q(z)[0] / 2

class BreaksTiesDownwards(CodesOnly):
    rule = "symmetric"
    def __call__(self, z):
        return self.q(np.where(z == 0, -1e-3, z).astype(z.dtype))[0]

class Sine(CodesOnly):
    def __call__(self, z):
        h = np.array(self.levels) // 2
        return np.round(np.sin(3 * z) * h) / h

class Dithers(CodesOnly):
    def __call__(self, z):
        return self.q(z + np.random.default_rng().normal(size=z.shape).astype(z.dtype))[0]

class NotANumber(CodesOnly):
    def __call__(self, z):
        return z * np.nan

class Constant(CodesOnly):
    def __call__(self, z):
        return z * 0

class Identity(CodesOnly):
    def __call__(self, z):
        return z

class TakesNothing(CodesOnly):
    def __call__(self, z):
        raise RuntimeError("no")
"""


def twins(rule: str, levels: int) -> set[str]:
    return {rule}.union(*(pair for pair, same in TWINS if rule in pair and same(levels)))


def offender(name: str, rule: str, claim: str | None = None) -> Identification:
    row = next(one for one in OFFENDERS if one.name == name and one.rule == rule)
    return identify(name, resolve(row.target), claim or rule)


@pytest.fixture
def box(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Callable[[str], Adapter]:
    written(tmp_path, "boxes.py", BOXES)
    monkeypatch.chdir(tmp_path)
    return lambda name: resolve(f"boxes.py:{name}")


# Every rule


@pytest.mark.parametrize("rule", RULES)
def test_the_reference_is_identified_under_every_rule_at_every_l(rule: str) -> None:
    known = [L for L in range(3, 65) if RULES[rule].levels_allowed(L)]
    found = identify("reference", reference(), rule, [(L,) for L in known], usual=())
    assert (found.dtype, found.accuracy, found.asked) == ("float64", "float64", tuple(known))
    assert found.agrees
    assert set(found.rules) == set.intersection(*(twins(rule, L) for L in known))
    for one in found.nearest:
        assert set(one.fits) == {L for L in known if one.rule in twins(rule, L)}, one.rule


@pytest.mark.parametrize("rule", RULES)
def test_torch_fsq_is_identified_under_every_rule(rule: str) -> None:
    found = identify("torch-fsq", resolve("torch-fsq"), rule)
    assert found.agrees
    assert found.rules in ((rule,), ("symmetric", "symmetric-even"))
    assert found.gradient == f"that of `{found.rules[0]}`"
    assert found.packing == "first channel least significant"
    assert found.differs == ()


@pytest.mark.parametrize("rule", ["widened", "symmetric", "widened-clamp", "symmetric-clamp"])
def test_vector_quantize_pytorch_is_identified_in_every_mode(rule: str) -> None:
    found = identify("vector-quantize-pytorch", resolve("vector-quantize-pytorch"), rule)
    assert found.rules == (rule,)
    assert (found.dtype, found.accuracy) == ("float64", "float32")  # it keeps its constants in float32
    assert found.changed is not None
    assert found.changed < 1e-6


# What cannot be told apart


@pytest.mark.parametrize(
    ("rule", "asked", "together", "apart"),
    [("symmetric-even", (5, 7, 8), "symmetric", 2), ("paper", (3, 9, 11), "paper-atanh", 4)],
)
def test_rules_that_cannot_be_told_apart_are_named_with_the_reason_and_the_l_that_tells(
    rule: str, asked: tuple[int, ...], together: str, apart: int
) -> None:
    found = identify("reference", reference(), rule, [asked], usual=())
    assert set(found.rules) == {rule, together}
    assert found.agrees
    assert found.why_together is not None
    assert found.why_together.startswith("their thresholds are the same at L = ")
    assert f"--levels {apart} would tell them apart" in found.why_together
    then = identify("reference", reference(), rule, [asked, (apart,)], usual=())
    assert then.rules == (rule,)
    assert then.why_together is None


def test_s3_and_the_papers_rule_cannot_be_told_apart_by_float32_indices() -> None:
    digits = replace(reference(), lacks=frozenset({Capability.CODES}), dtypes=("float32",))
    found = identify("digits", digits, "s3", [(3, 3)], usual=())
    assert found.seen == "indices"
    assert set(found.rules) == {"s3", "paper", "paper-atanh"}
    assert found.agrees
    assert "within the band of float32" in (found.why_together or "")
    assert "their codes differ, but it gives none" in (found.why_together or "")


def test_a_tie_that_goes_as_no_rule_says_is_told(box: Callable[[str], Adapter]) -> None:
    found = identify("box", box("BreaksTiesDownwards"))
    assert set(found.rules) == {"symmetric", "symmetric-even"}
    assert "go as none of them says" in (found.why_together or "")
    assert "the tie at z = 0 of L = 4: levels (1, 1) at +0 and -0, not (2, 2)" in found.differs


# Wrong claims


def test_a_wrong_claim_costs_the_tokens_that_the_normal_density_says() -> None:
    found = identify("torch", resolve("fsqcheck.adapters.torch_fsq:TorchFSQ"), "paper")
    assert found.rules == ("widened",)
    assert not found.agrees
    eight, five = (disagreement("paper", "widened", L) / 100 for L in (8, 5))
    assert found.changed_levels == (8, 5, 5, 5)
    assert found.changed == pytest.approx(1 - (1 - eight) * (1 - five) ** 3, rel=1e-6)
    assert found.evidence is not None
    assert (found.evidence.what, found.evidence.other_rule) == ("threshold", "paper")
    assert found.evidence.observed == pytest.approx(found.evidence.named, abs=1e-12)
    assert "which it is not: 1.02 %" in "\n".join(in_words(found))


@pytest.mark.parametrize(
    ("name", "claim", "rule"),
    [
        ("RoundsHalfToEven", "symmetric", "symmetric-even"),
        ("RoundsHalfAwayFromZero", "symmetric-even", "symmetric"),
        ("ComputesTheErratum", "paper", "paper-atanh"),
        ("IsSymmetricWhereTheRuleIsLopsided", "widened", "symmetric"),
        ("IsLopsidedWhereTheRuleIsSymmetric", "symmetric", "widened"),
    ],
)
def test_a_mutant_that_computes_another_rule_than_it_claims_is_unmasked(name: str, claim: str, rule: str) -> None:
    found = offender(name, claim)
    assert found.rules == (rule,)
    assert not found.agrees


@pytest.mark.parametrize(
    ("name", "claim", "least"),
    [
        ("ForgetsEpsilon", "widened", 1e3),
        ("TakesATenTimesLargerEpsilon", "widened", 1e3),
        ("ShiftsByTan", "widened", 1e3),
        ("MovesOneThresholdBy30Units", "widened", 30),
        ("MovesOneThresholdBy3Units", "widened", 3),
        ("IsWrongAtSixLevelsOnly", "widened", 1e6),
        ("LosesItsTopLevel", "widened", 1e6),
        ("GivesLevelsForCodes", "widened", 0),
        ("TreatsAllChannelsAsTheFirst", "widened", 1e5),
        ("DithersInEvaluation", "widened", 1),
        ("MirrorsItsCodes", "symmetric", 1e6),
    ],
)
def test_a_mutant_that_computes_no_rule_is_none_of_them(name: str, claim: str, least: float) -> None:
    found = offender(name, claim)
    assert found.rules == ()
    assert not found.agrees
    assert found.nearest[0].units >= least
    assert found.differs


def test_one_moved_threshold_is_named_with_its_distance() -> None:
    found = offender("MovesOneThresholdBy30Units", "widened")
    assert found.nearest[0].rule == "widened"
    assert found.nearest[0].units == pytest.approx(30, abs=1)
    assert found.nearest[0].fits == (3, 4, 5, 6, 7)
    assert found.evidence is not None
    assert found.evidence.place == "step 3 of L = 8"


def test_a_wrong_gradient_is_a_difference_and_no_other_rule() -> None:
    found = offender("DoublesGradients", "widened")
    assert found.rules == ("widened",)
    assert found.agrees
    assert found.gradient.startswith("another: ")
    assert len(found.differs) == 1


# Black boxes


@pytest.mark.parametrize(
    ("name", "rule", "seen", "packing"),
    [
        ("CodesOnly", "widened", "codes", "it gives no indices"),
        ("IndicesOnly", "symmetric", "indices", "first channel least significant"),
        ("LastChannelFirst", "widened", "codes", "last channel least significant"),
    ],
)
def test_a_black_box_is_identified_by_codes_or_indices_alone(
    box: Callable[[str], Adapter], name: str, rule: str, seen: str, packing: str
) -> None:
    found = identify(name, box(name))
    assert found.rules == (rule,)
    assert found.agrees
    assert (found.claim, found.changed) == (None, None)
    assert found.seen == seen
    assert found.packing == packing


@pytest.mark.parametrize(
    "name", ["Sine", "Dithers", "NotANumber", "Constant", "Identity", "PaperCodesOfSymmetricLevels"]
)
def test_what_is_no_quantizer_of_a_known_rule_is_none(box: Callable[[str], Adapter], name: str) -> None:
    found = identify(name, box(name))
    assert found.rules == ()
    assert not found.agrees
    assert next(in_words(found)).endswith("computes none of the known rules")
    assert found.differs


def test_right_steps_with_other_codes_are_said_to_be_so(box: Callable[[str], Adapter]) -> None:
    found = identify("box", box("PaperCodesOfSymmetricLevels"))
    assert found.nearest[0].rule == "symmetric"
    assert found.nearest[0].units <= 1
    assert found.differs == ("codes at L = 3, 4, 5, 6, 7, 8",)


def test_a_target_of_fixed_levels_is_asked_the_list_that_is_named() -> None:
    fixed = replace(reference(), refuses=lambda setup: None if setup.levels == (8, 4, 5) else "only 8,4,5")
    with pytest.raises(NothingAskedError, match=r"only 8,4,5; name some with --levels"):
        identify("fixed", fixed)
    found = identify("fixed", fixed, "widened", [(8, 4, 5)])
    assert (found.asked, found.rules) == ((4, 5, 8), ("widened",))
    assert [one.levels for one in found.refused] == [(3,), (6,), (7,)]


def test_a_target_whose_name_fixes_its_levels_is_asked_these() -> None:
    only = replace(reference(), only_levels=(8, 4, 5), refuses=lambda setup: None if len(setup.levels) == 3 else "no")
    found = identify("only", only, "widened")
    assert (found.asked, found.rules, found.refused) == ((4, 5, 8), ("widened",), ())


def test_a_residual_quantizer_is_not_identified_and_the_reason_names_what_does() -> None:
    target = "fsqcheck.adapters.torch_residual:TorchResidualFSQ"
    with pytest.raises(
        NothingAskedError, match="only plain ones are identified; `fsqcheck run` finds the residual rule"
    ):
        identify(target, resolve(target))


def test_a_target_of_six_like_channels_is_asked_them() -> None:
    alike = replace(reference(), refuses=lambda setup: None if setup.levels == (8,) * 6 else "six alike")
    assert identify("alike", alike).asked == (8,)


def test_a_target_of_few_levels_is_asked_these_and_the_rest_is_told(box: Callable[[str], Adapter]) -> None:
    with pytest.raises(NothingAskedError, match="name some with --levels"):
        identify("box", box("TakesNothing"), None, [(9, 8, 9)])
    found = identify("reference", reference(), "ifsq")
    assert found.asked == (3, 5, 7)
    assert found.rules == ("ifsq",)
    assert [one.levels for one in found.refused] == [(4,), (6,), (8,)]
    assert found.changed_levels == (3, 5, 7)


# Dtypes, layouts and large L


@pytest.mark.parametrize("dtype", ["float32", "float16"])
def test_a_target_of_one_dtype_is_asked_in_it_and_differs_in_no_token(dtype: str) -> None:
    found = identify("reference", replace(reference(), dtypes=(dtype,)), "widened", [(2,)])
    assert found.rules == ("widened",)
    assert (found.dtype, found.accuracy, found.changed) == (dtype, dtype, 0.0)


def test_levels_that_the_dtype_cannot_tell_apart_are_not_asked() -> None:
    found = identify("reference", replace(reference(), dtypes=("bfloat16",)), "symmetric", [(64,), (8, 5)])
    assert 64 not in found.asked
    assert found.refused[0].reason == "at L = 64 the band of bfloat16 covers everything"
    assert "symmetric" in found.rules


@pytest.mark.parametrize("layout", ["d", "Bd"])
def test_any_layout_will_do(layout: str) -> None:
    found = identify("reference", replace(reference(), layouts=(layout,)), "paper-atanh", [(4, 5)], usual=())
    assert found.rules == ("paper-atanh",)
    assert found.gradient == "that of `paper-atanh`"


@pytest.mark.parametrize("layout", ["BdT", "BdHW"])
def test_channels_may_come_first(layout: str) -> None:
    found = identify("torch-fsq", replace(torch_fsq(), layouts=(layout,)), "paper-atanh", [(4, 5)], usual=())
    assert found.rules == ("paper-atanh",)
    assert found.packing == "first channel least significant"


@pytest.mark.parametrize("rule", ["paper", "widened", "symmetric"])
def test_levels_that_are_never_reached_hide_no_rule(rule: str) -> None:
    found = identify("reference", reference(), rule, [(2,), (1002,), (1003,)])
    assert found.rules == (rule,)
    assert found.asked == (2, 3, 4, 5, 6, 7, 8, 1002, 1003)
