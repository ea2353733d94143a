"""Residual quantizers from the outside: who is judged, by which rule, what is spared, and what is said of bad input."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest

import fsqcheck
from fsqcheck.adapters import Capability, Setup, residual_of, resolve
from fsqcheck.adapters import vector_quantize_pytorch as package
from fsqcheck.conformance.clause import catalogue
from fsqcheck.reference import RESIDUAL_RULES
from fsqcheck.reports import BAD, Record

from .commands import fsqcheck as command
from .commands import written

RIGHT = Path(__file__).parent / "right_residual_quantizers.py"
TORCH = "fsqcheck.adapters.torch_residual:TorchResidualFSQ"
GROUPED = "fsqcheck.adapters.torch_residual:TorchGroupedResidualFSQ"
CLAUSES = tuple(id for id in catalogue() if id.startswith("RES-"))
#: The rules of old releases; their stages cannot refine, and that is all that is wrong with them.
OLD = tuple(RESIDUAL_RULES)[1:]


def bad(record: Record) -> list[tuple[str, str | None]]:
    assert record.footer is not None
    assert record.footer.broke is None
    return [(one.id, one.message) for one in record.results if one.outcome in BAD]


def passed(record: Record, target: str) -> set[str]:
    results = [one for one in record.results if one.target == target]
    failed = {one.clause for one in results if one.outcome in BAD}
    return {one.clause for one in results if one.outcome == "pass"} - failed


#: What every clause on plain quantizers says of a residual one.
SAID = "it is a residual quantizer: the clauses of RES are about it, by a residual rule"


# What is right is spared


def test_our_own_are_asked_everything_and_not_blamed() -> None:
    record = fsqcheck.check("reference", "torch-fsq", clauses=["RES"])
    assert bad(record) == []
    other = {one.clause for one in record.results if one.outcome != "pass"}
    assert other == {"RES-17", "RES-18", "RES-19"}  # NumPy has no inference mode, no autocast, and no module to move
    assert passed(record, "reference") | {"RES-18"} == passed(record, "torch-fsq") == set(CLAUSES)


#: Each, and the clauses that are free to fail, or cannot be judged.
WAYS: dict[str, tuple[set[str], set[str]]] = {
    "StageByStage": ({"RES-22"}, {"RES-7", "RES-8", "RES-9", "RES-10", "RES-14"}),
    "MultipliesByPowers": ({"RES-22"}, {"RES-7", "RES-8", "RES-9", "RES-10", "RES-14"}),
    "InFloat64": ({"RES-22"}, {"RES-7", "RES-8", "RES-9", "RES-10", "RES-14"}),
    "GivesInt32Indices": ({"RES-22"}, {"RES-7", "RES-8", "RES-9", "RES-10", "RES-14"}),
    "TakesGradientsThroughWhatItTakesOff": ({"RES-12", "RES-22"}, {"RES-7", "RES-8", "RES-9", "RES-10", "RES-14"}),
    "ProjectsAlways": ({"RES-22"}, {"RES-7", "RES-8", "RES-9", "RES-10", "RES-14"}),
    "OfImages": ({"RES-22"}, {"RES-7", "RES-8", "RES-9", "RES-10", "RES-14"}),
    "InNumpy": (set(), {"RES-7", "RES-8", "RES-9", "RES-10", "RES-11", "RES-12", "RES-14", "RES-18"}),
    "EncodesOnly": (
        set(),
        {"RES-5", "RES-6", "RES-7", "RES-8", "RES-9", "RES-10", "RES-11", "RES-12", "RES-14", "RES-18"},
    ),
}


@pytest.mark.parametrize("name", WAYS)
def test_what_is_right_in_another_way_is_spared(name: str) -> None:
    target = f"{RIGHT}:{name}"
    missed, unsupported = WAYS[name]
    record = fsqcheck.check(target, clauses=["RES"])
    assert [one for one in bad(record) if one[0].split("/")[0] not in missed] == []
    assert set(CLAUSES) - passed(record, target) == unsupported | missed
    assert resolve(target).rules == ("symmetric-clamp",)


def test_bad_indices_that_its_own_do_not_hold_are_asked_for_all_the_same() -> None:
    record = fsqcheck.check(f"{RIGHT}:GivesInt16Indices", rules=["residual"], clauses=["RES-22"])
    assert {one.outcome for one in record.results if one.variant == "indices"} <= {"pass", "fail"}
    assert record.footer is not None
    assert record.footer.broke is None


@pytest.mark.parametrize("target", [TORCH, "vector_quantize_pytorch:ResidualFSQ"])
def test_one_that_is_told_to_drop_stages_is_judged_as_one_that_is_not(target: str) -> None:
    clauses = ("RES-1", "RES-3", "RES-9", "RES-12")
    plain, told = (fsqcheck.check(f"{target}{how}", clauses=clauses) for how in ("", "(quantize_dropout=True)"))
    assert bad(told) == bad(plain)
    assert ("RES-9" in passed(told, told.targets[0].name)) is ("RES-9" in passed(plain, target))


@pytest.mark.parametrize("levels", [(16, 16), (2, 2, 3), (31,), (64, 5), (3,) * 8])
def test_no_level_list_of_a_user_makes_a_right_one_wrong(levels: tuple[int, ...]) -> None:
    record = fsqcheck.check("reference", "torch-fsq", rules=["residual"], clauses=["RES"], levels=[levels])
    assert bad(record) == []
    assert passed(record, "torch-fsq") >= {"RES-1", "RES-3", "RES-5", "RES-11"}


@pytest.mark.parametrize("rule", OLD)
def test_old_rules_are_right_by_themselves_but_cannot_refine(rule: str) -> None:
    record = fsqcheck.check("reference", "torch-fsq", rules=[rule])
    assert {id.split("/")[0] for id, _ in bad(record)} == {"RES-13"}
    assert passed(record, "torch-fsq") == set(CLAUSES) - {"RES-13"}
    assert {one.rule for one in record.results} == {rule}


# By which rule


@pytest.mark.parametrize("rule", RESIDUAL_RULES)
def test_the_rule_of_a_class_that_does_not_say_is_found_by_trying(rule: str) -> None:
    residual = residual_of(resolve(f"{TORCH}(rule={rule!r})"))
    assert residual is not None
    assert residual.rules == (rule,)


@pytest.mark.parametrize(
    ("release", "rule"),
    [
        ("1.10.1", "residual-paper"),
        ("1.12.1", "residual-paper"),
        ("1.12.4", "residual-atanh"),
        ("1.12.5", "residual-atanh-twice"),
        ("1.12.11", "residual-atanh-twice"),
        ("1.12.12", "residual-widened-twice"),
        ("1.18.3", "residual-widened-twice"),
        ("1.18.5", "residual-widened"),
        ("1.25.2", "residual-widened"),
        ("1.26.0", "residual"),
        ("1.32.0", "residual"),
    ],
)
def test_each_release_claims_the_rule_of_its_era(release: str, rule: str) -> None:
    residual = package._residual(release)
    assert residual is not None
    assert residual.rules == (rule,)


def test_a_plain_rule_leaves_the_residual_quantizer_out_and_a_residual_one_the_plain() -> None:
    plain = fsqcheck.check("torch-fsq", rules=["widened"], clauses=["RES", "BND-1"])
    assert {one.clause for one in plain.results} == {"BND-1"}
    residual = fsqcheck.check("torch-fsq", rules=["residual"], clauses=["RES-1", "BND-1"])
    assert {one.clause for one in residual.results} == {"RES-1"}
    assert residual.targets[0].rules == ("residual",)


def test_a_case_is_run_again_by_its_id() -> None:
    said = command("run", "torch-fsq", "--case", "RES-3/residual/8x5x3/float32/cpu/eval", "-q")
    assert said.status == 0
    assert "checking 1 cases" in said.err


# What a class can do


def test_a_class_is_judged_as_far_as_its_signature_goes() -> None:
    record = fsqcheck.check(TORCH, GROUPED, clauses=["RES"])
    assert bad(record) == []
    assert set(CLAUSES) - passed(record, TORCH) == {"RES-14"}
    assert set(CLAUSES) - passed(record, GROUPED) == {"RES-8", "RES-9", "RES-10"}


def test_the_clauses_on_plain_quantizers_are_unsupported_for_it_and_say_why() -> None:
    record = fsqcheck.check(TORCH, clauses=["BND", "IDX", "GRD"])
    assert {(one.outcome, one.message) for one in record.results} == {("unsupported", SAID)}
    assert any("drawn" in one.id for one in record.results)


def test_by_a_plain_rule_it_is_not_judged_and_the_reason_comes_first() -> None:
    said = command("run", TORCH, "--rule", "widened", "--clause", "BND", "--clause", "DEV", "-q")
    assert said.status == 3
    assert f"{TORCH}: nothing was judged: {SAID} (" in said.out


def test_a_drawn_case_says_what_the_target_refuses_whatever_is_drawn() -> None:
    record = fsqcheck.check("fsqcheck.adapters.torch_fsq:TorchFSQ(levels=[7, 5])", rules=["widened"], clauses=["IDX-4"])
    drawn = [(one.outcome, one.message) for one in record.results if "drawn" in one.id]
    assert drawn == [("unsupported", "its levels are fixed to [7, 5]")]


@pytest.mark.parametrize(
    ("changes", "words"),
    [
        ({"groups": 2}, "its constructor has no argument groups"),
        ({"stage_dropout": True}, "its constructor has no argument quantize_dropout"),
    ],
)
def test_what_it_cannot_be_built_as_is_said(changes: dict[str, object], words: str) -> None:
    residual = residual_of(resolve(f"{RIGHT}:InNumpy"))
    assert residual is not None
    setup = Setup(**{"levels": (8, 5), "rule": "residual", "stages": 2, **changes})  # type: ignore[arg-type]  # by name
    assert words in str(residual.refusal(setup))


def test_one_that_holds_its_codebook_is_asked_for_no_large_one() -> None:
    residual = residual_of(resolve("vector_quantize_pytorch:ResidualFSQ"))
    assert residual is not None
    setup = Setup((8,) * 9, "residual", stages=2)
    assert "it builds its whole codebook, about" in str(residual.refusal(setup))
    assert residual.refusal(replace(setup, levels=(8, 5))) is None


def test_levels_in_parentheses_are_the_only_ones() -> None:
    residual = residual_of(resolve(f"{TORCH}(levels=[7, 5])"))
    assert residual is not None
    assert residual.refusal(Setup((7, 5), "residual", stages=2)) is None
    assert residual.refusal(Setup((8, 5), "residual", stages=2)) == "its levels are fixed to [7, 5]"


# Scripts


@pytest.mark.parametrize("target", ["vector-quantize-pytorch", "torch-fsq", "reference"])
def test_each_part_of_an_adapter_offers_what_its_clauses_need(target: str) -> None:
    residual = residual_of(resolve(target))
    assert residual is not None
    assert {Capability.INDICES, Capability.DECODE, Capability.STAGE_CODES} <= residual.capabilities


def test_a_failure_has_a_script_that_shows_it() -> None:
    record = fsqcheck.check("vector-quantize-pytorch", clauses=["RES-6"])
    failed = next(one for one in record.results if one.outcome == "fail" and one.variant == "BdT")
    assert failed.evidence is not None
    assert "ResidualFSQ(dim=3, levels=[8, 5, 3], num_quantizers=4, is_channel_first=True)" in str(
        failed.evidence.script
    )
    with pytest.raises(Exception, match="Failed to determine the size of all axes"):
        exec(str(failed.evidence.script), {})


# Bad input


@pytest.mark.parametrize(
    ("arguments", "status", "words"),
    [
        (("reference", "--rule", "residul"), 2, "unknown rule 'residul'; expected one of"),
        (("reference", "--rule", "residual-atanh", "--levels", "2,5"), 2, "residual-atanh needs L ≥ 3"),
        ((f"{RIGHT}:Missing",), 2, "has no Missing; it has"),
        (
            ("plain.py:FSQ", "--rule", "widened"),
            2,
            "the clauses RES are not judged by the rules widened: those of RES go by",
        ),
        (("plain.py:FSQ",), 2, "plain.py:FSQ has no residual quantizer, which RES are about; name the class of one"),
        (("broken.py:Residual",), 2, "num_quantizers=3 raised KeyError"),
        (
            ("silent.py:Residual",),
            2,
            "does not say which rule it computes; add --rule, e.g. --rule residual, for residual",
        ),
    ],
)
def test_bad_input_is_one_line(arguments: tuple[str, ...], status: int, words: str, tmp_path: Path) -> None:
    written(tmp_path, "plain.py", "from fsqcheck.reference import FSQ")
    written(tmp_path, "broken.py", "class Residual:\n    def __init__(self, levels, num_quantizers):\n        {}['x']")
    written(
        tmp_path,
        "silent.py",
        "class Residual:\n    def __init__(self, levels, num_quantizers): ...\n    def __call__(self, z): return z\n",
    )
    said = command("run", *arguments, "--clause", "RES", "-q", cwd=tmp_path)
    assert said.status == status
    assert words in said.complaint
    assert len(said.complaint.splitlines()) == 1


@pytest.mark.parametrize(
    "arguments",
    [
        ("identify", "reference", "--rule", "residual"),
        ("vectors", "--rule", "residual", "--levels", "8,5", "-o", "folder"),
    ],
)
def test_commands_that_know_plain_rules_only_say_so(arguments: tuple[str, ...], tmp_path: Path) -> None:
    said = command(*arguments, cwd=tmp_path)
    assert said.status == 2
    assert "unknown rule 'residual'" in said.complaint
    assert len(said.complaint.splitlines()) == 1


def test_a_residual_rule_for_a_plain_class_is_one_line(tmp_path: Path) -> None:
    written(tmp_path, "plain.py", "from fsqcheck.reference import FSQ")
    said = command("run", "plain.py:FSQ", "--rule", "residual", "-q", cwd=tmp_path)
    assert said.status == 2
    assert said.complaint == (
        "fsqcheck: plain.py:FSQ has no residual quantizer, and the rule residual is for residual ones"
    )
