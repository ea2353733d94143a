"""What a run consists of: level lists, cases and their ids, and what makes no sense to ask for."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterator
from dataclasses import fields, replace
from math import prod
from typing import Any

import pytest

from fsqcheck.adapters import Adapter, NativeAdapter, Quantizer, Setup, resolve
from fsqcheck.conformance.case import Case
from fsqcheck.conformance.clause import FAMILIES, Span, catalogue
from fsqcheck.conformance.levels import LARGEST_PRODUCT, LEVEL_SETS, level_lists
from fsqcheck.conformance.plan import UsageError, Wanted, counted, parse_levels, planned_cases
from fsqcheck.conformance.session import Session, checks, parsed_case
from fsqcheck.reference import LARGEST_SIZE, RULES, Rule

TIERS = ("quick", "standard")
#: The sets that are about certain numbers, which a choice of levels does not replace.
CERTAIN = ("large", "wide", "fine", "growth")


@pytest.fixture(scope="module")
def reference() -> Adapter:
    return resolve("reference")


def cases_of(adapter: Adapter, **wanted: object) -> list[Case]:
    asked = replace(Wanted(("reference",)), **wanted)  # type: ignore[arg-type]  # each test names real fields
    return list(planned_cases(asked, "reference", adapter, checks()))


def every_list(name: str, tier: str) -> Iterator[tuple[Rule, tuple[int, ...]]]:
    for rule in RULES.values():
        for levels in level_lists(name, rule, tier, ()):
            yield rule, levels


# Levels


@pytest.mark.parametrize("rule", RULES.values(), ids=lambda rule: rule.name)
def test_the_standard_tier_tries_every_number_of_levels_up_to_64(rule: Rule) -> None:
    tried = {level for levels in level_lists("channels", rule, "standard", ()) for level in levels}
    assert tried == {level for level in range(2, 65) if rule.levels_allowed(level)}


@pytest.mark.parametrize("name", sorted(LEVEL_SETS))
@pytest.mark.parametrize("tier", TIERS)
def test_every_list_is_allowed_by_its_rule(name: str, tier: str) -> None:
    wrong = [
        (rule.name, levels) for rule, levels in every_list(name, tier) if not all(map(rule.levels_allowed, levels))
    ]
    assert wrong == []


@pytest.mark.parametrize("name", sorted(set(LEVEL_SETS) - {"large", "stored", "mixed and large"}))
@pytest.mark.parametrize("tier", TIERS)
def test_a_library_that_builds_its_codebook_can_afford_every_list(name: str, tier: str) -> None:
    limit = 16**5 if name == "codebooks" else LARGEST_PRODUCT
    assert [levels for _, levels in every_list(name, tier) if prod(levels) > limit] == []


@pytest.mark.parametrize("tier", TIERS)
def test_large_codebooks_are_above_2_to_22_and_fit_an_index(tier: str) -> None:
    sizes = [prod(levels) for _, levels in every_list("large", tier)]
    assert min(sizes) > 2**22
    assert max(sizes) < LARGEST_SIZE
    assert any(size > 2**31 for size in sizes)


@pytest.mark.parametrize("name", sorted(set(LEVEL_SETS) - {"drawn"}))
def test_no_list_is_tried_twice(name: str) -> None:
    counts = Counter((rule.name, levels) for rule, levels in every_list(name, "standard"))
    assert [found for found, count in counts.items() if count > 1] == []


def test_two_levels_stand_in_a_list_of_their_own() -> None:
    lists = [levels for _, levels in every_list("channels", "standard") if 2 in levels]
    assert lists
    assert set(lists) == {(2,)}


@pytest.mark.parametrize(("name", "parity"), [("even", 0), ("odd", 1)])
def test_a_set_of_one_parity_holds_no_other(name: str, parity: int) -> None:
    assert {level % 2 for _, levels in every_list(name, "standard") for level in levels} == {parity}


def test_only_mirrored_levels_are_tried_for_symmetry() -> None:
    assert all(rule.is_mirrored(level) for rule, levels in every_list("mirrored", "standard") for level in levels)


@pytest.mark.parametrize("tier", TIERS)
def test_the_channels_of_a_list_for_layouts_all_differ(tier: str) -> None:
    lists = {levels for rule, levels in every_list("mixed", tier) if rule.name != "s3"}
    assert all(len(set(levels)) == len(levels) == 3 for levels in lists)


@pytest.mark.parametrize("name", sorted(set(LEVEL_SETS) - {"drawn", *CERTAIN}))
def test_chosen_levels_take_the_place_of_a_set(name: str) -> None:
    assert level_lists(name, RULES["symmetric"], "quick", ((6, 7),)) == ((6, 7),)


@pytest.mark.parametrize("name", CERTAIN)
def test_chosen_levels_leave_out_sets_about_other_numbers(name: str) -> None:
    assert level_lists(name, RULES["symmetric"], "standard", ((6, 7),)) == ()


@pytest.mark.parametrize("name", CERTAIN)
def test_a_set_about_certain_numbers_is_kept_when_they_are_chosen(name: str) -> None:
    some = level_lists(name, RULES["symmetric"], "standard", ())[0]
    assert level_lists(name, RULES["symmetric"], "standard", (some, (6, 7))) == (some,)


def test_chosen_levels_that_a_rule_does_not_allow_are_left_out() -> None:
    assert level_lists("channels", RULES["ifsq"], "quick", ((6, 7), (5, 7))) == ((5, 7),)


def test_chosen_levels_without_a_channel_for_the_set_are_left_out() -> None:
    assert level_lists("even", RULES["symmetric"], "quick", ((5, 7), (5, 6))) == ((5, 6),)


# Cases


@pytest.mark.parametrize("tier", TIERS)
def test_no_two_cases_have_the_same_id(tier: str, reference: Adapter) -> None:
    counts = Counter(case.id for case in cases_of(reference, tier=tier))
    assert [id for id, count in counts.items() if count > 1] == []


@pytest.mark.parametrize("tier", TIERS)
def test_every_id_reads_back_as_its_case(tier: str, reference: Adapter) -> None:
    planned = cases_of(reference, tier=tier)
    assert [parsed_case("reference", case.id) for case in planned] == planned


def test_every_planned_case_is_found_again_by_its_id(reference: Adapter) -> None:
    for case in cases_of(reference, rules=("widened",))[::17]:
        assert Session(Wanted(("reference",), case=case.id)).cases("reference") == (case,)


def test_an_id_names_everything_but_the_target() -> None:
    case = Case("any", "BND-3", "symmetric", (8, 5, 5, 5), "float32", "cpu", "eval")
    assert case.id == "BND-3/symmetric/8x5x5x5/float32/cpu/eval"
    assert replace(case, variant="BdT").id == "BND-3/symmetric/8x5x5x5/float32/cpu/eval/BdT"
    assert replace(case, levels=()).id == "BND-3/symmetric/drawn/float32/cpu/eval"


@pytest.mark.parametrize("tier", TIERS)
def test_every_clause_of_a_tier_is_planned(tier: str, reference: Adapter) -> None:
    planned = set(counted(cases_of(reference, tier=tier)))
    assert planned == {clause.id for clause, span in checks() if tier in span.tiers}


@pytest.mark.parametrize("tier", TIERS)
def test_every_dtype_mode_and_variant_of_a_clause_is_tried(tier: str, reference: Adapter) -> None:
    planned = cases_of(reference, tier=tier)
    for clause, span in checks():
        mine = [case for case in planned if case.clause == clause.id]
        if tier in span.tiers:
            assert {case.dtype for case in mine} >= set(span.dtypes), clause.id
            assert {case.mode for case in mine} >= set(span.modes), clause.id
            if span.variants != "layouts":
                assert {case.variant for case in mine} >= set(span.variants), clause.id


def test_layouts_are_those_that_the_target_takes(reference: Adapter) -> None:
    layouts = {case.variant for case in cases_of(reference, clauses=("SHP-1",))}
    assert layouts == set(reference.layouts)


def test_a_family_or_a_clause_can_be_asked_for_alone(reference: Adapter) -> None:
    found = {case.clause for case in cases_of(reference, clauses=("SYM", "BND-3"))}
    assert found == {"BND-3", *(id for id in catalogue() if id.startswith("SYM"))}


def test_only_the_rules_and_dtypes_asked_for_are_planned(reference: Adapter) -> None:
    planned = cases_of(reference, rules=("ifsq",), dtypes=("float64",))
    assert {(case.rule, case.dtype) for case in planned} == {("ifsq", "float64")}


def test_the_rules_are_those_that_the_target_claims_when_none_is_asked_for(reference: Adapter) -> None:
    assert {case.rule for case in cases_of(reference, clauses=("BND-1",))} == set(reference.rules)


def test_a_clause_about_some_rules_is_planned_for_these_alone(reference: Adapter) -> None:
    assert {case.rule for case in cases_of(reference, clauses=("SYM-3",))} == {
        "symmetric",
        "symmetric-even",
        "symmetric-clamp",
    }


def test_a_clause_about_accelerators_stays_in_the_plan_without_one(reference: Adapter) -> None:
    assert {case.device for case in cases_of(reference, clauses=("DEV-2",))} == {"cuda"}


def test_the_device_asked_for_is_planned_everywhere(reference: Adapter) -> None:
    assert {case.device for case in cases_of(reference, devices=("cuda",))} == {"cuda"}


# Targets that take certain levels only


def session(adapter: Adapter, takes: Callable[[tuple[int, ...]], bool], **wanted: Any) -> Session:
    """A run of the reference, whose constructor raises for all levels but these."""

    class Choosy(NativeAdapter):
        def build(self, setup: Setup) -> Quantizer:
            if not takes(setup.levels):
                raise ValueError("not these")
            return super().build(setup)

    assert isinstance(adapter, NativeAdapter)
    choosy = Choosy(**{field.name: getattr(adapter, field.name) for field in fields(adapter)})
    return Session(Wanted(("x",), **{"rules": ("widened",), **wanted}), lambda _: choosy)


@pytest.mark.parametrize(
    ("takes", "first"),
    [
        (lambda levels: min(levels) >= 5, (8, 5, 5, 5)),
        (lambda levels: len(set(levels)) == 1, (26, 26, 26)),
        (lambda levels: levels == (8,) * 6, (8,) * 6),
        (lambda levels: all(level & (level - 1) == 0 for level in levels), (8, 4, 16)),
    ],
    ids=["five and more", "one number", "six channels", "powers of two"],
)
def test_a_list_that_it_takes_comes_before_those_of_the_suite(
    takes: Callable[[tuple[int, ...]], bool], first: tuple[int, ...], reference: Adapter
) -> None:
    run = session(reference, takes)
    planned = [case for case in run.cases("x") if case.clause == "GRD-8"]
    assert list(dict.fromkeys(case.levels for case in planned)) == [first, (4, 3, 5)]
    assert {case.variant for case in planned if case.levels == first} == {"BTd", "Bd", "d"}
    assert run.measured("x").levels == (first,)


def test_the_plan_of_a_target_that_takes_all_levels_is_that_of_the_suite(reference: Adapter) -> None:
    run = session(reference, lambda _: True, tier="quick")
    assert list(run.cases("x")) == [replace(case, target="x") for case in cases_of(reference, rules=("widened",))]
    assert run.measured("x").levels == ()


def test_a_target_that_takes_none_says_to_name_some(reference: Adapter) -> None:
    run = session(reference, lambda levels: levels == (6, 9))
    assert run.adapters == {}
    assert "(levels [4, 3, 5], rule widened: ValueError: not these); name levels that it takes" in run.unavailable["x"]
    assert session(reference, lambda levels: levels == (6, 9), levels=((6, 9),)).adapters.keys() == {"x"}


def test_levels_that_its_name_fixes_are_as_good_as_chosen(reference: Adapter) -> None:
    assert isinstance(reference, NativeAdapter)
    fixed = replace(reference, only_levels=(8, 8, 4))
    asked = Wanted(("x",), rules=("widened",))
    assert Session(asked, lambda _: fixed).cases("x") == Session(
        replace(asked, levels=((8, 8, 4),)), lambda _: fixed
    ).cases("x")
    assert Session(replace(asked, levels=((7, 5),)), lambda _: fixed).asked("x").levels == ((7, 5),)


def test_levels_that_its_name_fixes_must_be_those_of_the_rule(reference: Adapter) -> None:
    assert isinstance(reference, NativeAdapter)
    run = Session(Wanted(("x",), rules=("ifsq",)), lambda _: replace(reference, only_levels=(8, 8)))
    assert run.adapters == {}
    assert run.unavailable["x"] == "x: levels hold 8, but the rule ifsq needs odd L ≥ 3"


# What makes no sense to ask for


@pytest.mark.parametrize(
    ("field", "value", "says"),
    [
        ("tier", "fast", "unknown tier 'fast'; expected one of quick, standard"),
        ("rules", ("wide",), "unknown rule 'wide'; expected one of paper, "),
        ("dtypes", ("float8",), "unknown dtype 'float8'; expected one of float64, "),
        ("devices", ("gpu",), "unknown device 'gpu'; expected one of cpu, cuda, "),
    ],
)
def test_an_unknown_name_is_refused_with_the_known_ones(field: str, value: object, says: str) -> None:
    with pytest.raises(UsageError) as caught:
        replace(Wanted(("reference",)), **{field: value}).checked()  # type: ignore[arg-type]  # wrong on purpose
    assert str(caught.value).startswith(says)


def test_levels_that_the_rule_does_not_allow_are_refused() -> None:
    with pytest.raises(UsageError, match=r"levels hold 4, but the rule ifsq needs odd L ≥ 3"):
        Wanted(("reference",), rules=("ifsq",), levels=((5, 4),)).checked()


def test_what_makes_sense_is_given_back() -> None:
    wanted = Wanted(("reference",), "standard", ("ifsq",), ((5, 7),), ("bfloat16",), ("cuda",), ("BND",))
    assert wanted.checked() is wanted


@pytest.mark.parametrize(("text", "levels"), [("8,5,5,5", (8, 5, 5, 5)), (" 8 , 5", (8, 5)), ("2", (2,))])
def test_levels_are_read(text: str, levels: tuple[int, ...]) -> None:
    assert parse_levels(text) == levels


@pytest.mark.parametrize(
    ("text", "says"),
    [
        ("8,five", "expected whole numbers separated by commas"),
        ("8.5", "expected whole numbers separated by commas"),
        ("8,,5", "expected whole numbers separated by commas"),
        ("", "levels are empty"),
        ("8,1", "each must be a whole number ≥ 2"),
        ("-8", "each must be a whole number ≥ 2"),
        (",".join(["1000"] * 7), "more than 2^62 codes"),
    ],
)
def test_levels_that_are_none_are_refused(text: str, says: str) -> None:
    with pytest.raises(UsageError) as caught:
        parse_levels(text)
    assert str(caught.value).startswith(f"--levels {text!r}: ")
    assert says in str(caught.value)


@pytest.mark.parametrize(
    "id",
    [
        "BND-3",
        "BND-99/widened/8x5/float32/cpu/eval",
        "BND-3/wide/8x5/float32/cpu/eval",
        "BND-3/widened/8xfive/float32/cpu/eval",
        "BND-3/ifsq/8x5/float32/cpu/eval",
        "BND-3/widened/8x5/float8/cpu/eval",
        "BND-3/widened/8x5/float32/gpu/eval",
    ],
)
def test_what_is_no_case_id_is_refused(id: str) -> None:
    with pytest.raises(UsageError):
        parsed_case("reference", id)


@pytest.mark.parametrize("name", ["BND-99", "bnd", ""])
def test_an_unknown_clause_or_family_is_refused(name: str) -> None:
    with pytest.raises(UsageError, match="there is no clause or family"):
        Session(Wanted(("reference",), clauses=(name,)))


def test_a_run_without_a_target_is_refused() -> None:
    with pytest.raises(UsageError, match="no target given"):
        Session(Wanted(()))


def test_every_span_names_a_level_set() -> None:
    spans: list[Span] = [span for _, span in checks()]
    assert {span.levels for span in spans} <= set(LEVEL_SETS)
    assert {clause.family for clause, _ in checks()} == set(FAMILIES)


def test_dtypes_that_take_long_are_tried_only_where_they_are_named(reference: Adapter) -> None:
    plain = {case.dtype for case in cases_of(reference, tier="standard", clauses=("DEV-5",))}
    named = {case.dtype for case in cases_of(reference, tier="standard", clauses=("DEV-5",), dtypes=("bfloat16",))}
    assert (plain, named) == ({"float32"}, {"bfloat16"})
