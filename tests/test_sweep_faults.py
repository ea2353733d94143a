"""A sweep finds a fault in a single bit pattern, wherever it is, and is silent where there is none."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from fsqcheck.adapters import resolve
from fsqcheck.reference import PRECISIONS, RULES, staircase
from fsqcheck.sweeping import Fault, Question, SweepResult, result, sweep

from .sweep_miniatures import NUMPY, spoilt


def swept(asked: Question) -> SweepResult:
    lines = list(sweep(asked.checked(), resolve(asked.target), asked.ranges))
    return result(asked, lines, "now", 1.0)


def of(
    source: str,
    folder: Path,
    *,
    levels: tuple[int, ...] = (8,),
    dtype: str = "float32",
    first: int | None = None,
    end: int | None = None,
) -> SweepResult:
    """What a sweep says of a file's class; a float32 is swept around the middle of one level unless it says otherwise."""
    file = folder / "spoilt.py"
    file.write_text(source, encoding="utf-8")
    rule = "symmetric" if 'rule="symmetric"' in source else "widened"
    if dtype == "float32" and first is None:
        first, end = 0x3F3FF000, 0x3F43F000
    return swept(Question(f"{file}:FSQ", rule, levels, dtype, first=first, end=end))


def one(found: SweepResult) -> Fault:
    (fault,) = found.faults
    return fault


def test_a_right_target_has_no_fault(tmp_path: Path) -> None:
    found = of(spoilt(), tmp_path)
    assert (found.verdict, found.tried, found.faults) == ("conforms", 2**18, ())


@pytest.mark.parametrize("bits", [0x3F3FF000, 0x3F400000, 0x3F41234F, 0x3F43EFFF])
@pytest.mark.parametrize("levels", [(8,), (8, 5, 4)])
def test_one_wrong_code_among_many_is_found(bits: int, levels: tuple[int, ...], tmp_path: Path) -> None:
    found = of(spoilt(f"codes = torch.where(at(z, {bits}), codes - 0.25, codes)"), tmp_path, levels=levels)
    level = next(fault for fault in found.faults if fault.kind == "level" and fault.channel == 0)
    assert found.verdict == "does not conform"
    assert (level.count, level.worst.bits, level.simplest.bits) == (1, f"0x{bits:08x}", f"0x{bits:08x}")
    assert level.worst.observed == "level 5"
    assert level.worst.expected == "level 6"


@pytest.mark.parametrize(
    ("spoil", "kind", "observed"),
    [
        ("indices = torch.where(at(z, 0x3F41234F)[..., 0], 3, indices)", "index", "index 3"),
        ("codes = torch.where(at(z, 0x3F41234F), codes * (1 + 2e-6), codes)", "grid", "code 0.500001"),
        ("codes = torch.where(at(z, 0x3F41234F), torch.nan, codes)", "grid", "code nan"),
    ],
)
def test_every_other_single_fault_is_found_by_its_kind(spoil: str, kind: str, observed: str, tmp_path: Path) -> None:
    found = of(spoilt(spoil), tmp_path)
    fault = next(fault for fault in found.faults if fault.kind == kind)
    assert found.verdict == "does not conform"
    assert (fault.count, fault.worst.bits) == (1, "0x3f41234f")
    assert fault.worst.observed.startswith(observed)


def test_a_code_that_is_off_by_rounding_is_no_fault_but_told(tmp_path: Path) -> None:
    found = of(spoilt("codes = torch.where(at(z, 0x3F41234F), codes * (1 + 1.2e-7), codes)"), tmp_path)
    assert (found.faults, found.uneven) == ((), 1)


def test_a_negative_zero_among_zeros_is_told(tmp_path: Path) -> None:
    spoil = "codes = torch.where(at(z, 0x3D000003), -0.0, codes)"
    found = of(spoilt(spoil), tmp_path, first=0x3D000000, end=0x3D010000)
    assert (found.faults, found.uneven) == ((), 1)


def test_a_target_whose_codes_differ_by_rounding_everywhere_conforms(tmp_path: Path) -> None:
    found = of(spoilt("codes = codes * (1 + 1e-7 * torch.sin(z * 1e6))"), tmp_path)
    assert (found.verdict, found.faults, found.uneven) == ("conforms", (), 1)


@pytest.mark.parametrize("bits", [0x7F800001, 0x7FC00000, 0x7FA12345, 0xFF800001, 0xFFFFFFFF])
def test_one_nan_pattern_that_gets_a_number_is_found(bits: int, tmp_path: Path) -> None:
    start = max(bits - 40_000, 0x7F800001) if bits < 0x80000000 else max(bits - 40_000, 0xFF800001)
    spoil = f"codes = torch.where(at(z, {bits}), 0.5, codes)"
    found = of(spoilt(spoil), tmp_path, first=start, end=min(bits + 40_000, 0x100000000))
    fault = one(found)
    assert (fault.kind, fault.count, fault.worst.bits) == ("nan code", 1, f"0x{bits:08x}")
    assert found.verdict == "conforms"  # NUM-5 is a SHOULD


@pytest.mark.parametrize("base", [spoilt("indices = torch.where(at(z, 0x7FA12345)[..., 0], 5, indices)")])
def test_one_nan_pattern_that_gets_a_token_is_found(base: str, tmp_path: Path) -> None:
    fault = one(of(base, tmp_path, first=0x7FA00000, end=0x7FB00000))
    assert (fault.kind, fault.count, fault.worst.bits) == ("nan index", 1, "0x7fa12345")
    assert fault.worst.observed == "index 5, a token of the codebook"


def test_a_nan_index_that_decodes_to_a_code_is_found() -> None:
    found = swept(Question("vector-quantize-pytorch", "widened", (8,), "float16"))
    assert one(found).kind == "nan index"
    assert one(found).count == found.nans == 2046


def test_a_target_that_refuses_nan_is_right(tmp_path: Path) -> None:
    source = spoilt("assert not bool(z.isnan().any()), 'NaN'")
    found = of(source, tmp_path, dtype="float16")
    assert (found.verdict, found.faults, found.refused) == ("conforms", (), 2046)


@pytest.mark.parametrize(
    ("bits", "simplest"), [(0x7F800000, "inf"), (0xFF800000, "-inf"), (0x00000001, "1.401298464324817e-45")]
)
def test_the_ends_of_the_line_are_tried(bits: int, simplest: str, tmp_path: Path) -> None:
    spoil = f"codes = torch.where(at(z, {bits}), codes - codes.sign() * 0.25 - 0.25 * (codes == 0), codes)"
    found = of(spoilt(spoil), tmp_path, first=bits - 1, end=bits + 1)
    fault = next(fault for fault in found.faults if fault.kind == "level")
    assert (fault.count, fault.simplest.decimal) == (1, simplest)


def test_a_tie_at_zero_that_goes_the_wrong_way_is_found(tmp_path: Path) -> None:
    source = spoilt("codes = torch.where(at(z, 0x80000000), -1 / 7, codes)", rule="symmetric")
    found = of(source, tmp_path, first=0x80000000, end=0x80001000)
    tie = next(fault for fault in found.faults if fault.kind == "tie")
    assert (tie.count, tie.worst.decimal, tie.worst.observed, tie.worst.expected) == (1, "-0.0", "level 3", "level 4")


def test_a_target_that_raises_at_one_number_is_found_there(tmp_path: Path) -> None:
    source = spoilt("\n        ".join(["if bool(at(z, 0x3F41234F).any()):", "    raise ValueError('not this one')"]))
    fault = one(of(source, tmp_path))
    assert (fault.kind, fault.worst.bits, fault.worst.observed) == ("raised", "0x3f41234f", "ValueError: not this one")


def test_an_answer_of_another_shape_is_said(tmp_path: Path) -> None:
    fault = one(of(spoilt("codes = codes[:, 1:]"), tmp_path))
    assert fault.kind == "shape"
    assert fault.worst.observed == "codes of shape (1, 131071, 1) for an input of shape (1, 131072, 1)"


@pytest.mark.parametrize("dtype", ["float16", "bfloat16", "float64"])
def test_numpy_targets_are_swept_too(dtype: str, tmp_path: Path) -> None:
    found = of(spoilt(base=NUMPY), tmp_path, dtype=dtype, levels=(8, 5))
    assert (found.verdict, found.faults) == ("conforms", ())


def test_one_wrong_float_of_a_numpy_target_is_found(tmp_path: Path) -> None:
    source = spoilt("codes = np.where(at(z, 0x3A00), codes - codes.dtype.type(0.25), codes)", base=NUMPY)
    found = of(source, tmp_path, dtype="float16")
    told = [(fault.kind, fault.count, fault.worst.bits) for fault in found.faults]
    assert told == [("index", 1, "0x3a00"), ("level", 1, "0x3a00")]


def test_a_whole_level_that_is_wrong_is_counted_to_the_last_float(tmp_path: Path) -> None:
    source = spoilt("wrong = codes == 0.5\n        codes = torch.where(wrong, 0.25, codes)")
    found = of(source, tmp_path, first=0x3F000000, end=0x3F800000)
    stair = staircase(RULES["widened"], 8, "float32")
    hi, lo = (int(np.float32(border).view(np.uint32)) for border in (stair.hi[5], stair.lo[6]))
    fault = next(fault for fault in found.faults if fault.kind == "level")
    assert fault.count == 0x3F800000 - hi
    assert fault.simplest.bits == f"0x{hi:08x}"
    assert fault.worst.bits == "0x3f7fffff"
    assert lo > 0x3F800000


@pytest.mark.parametrize("dtype", ["float16", "bfloat16"])
@pytest.mark.parametrize("rule", ["widened", "symmetric", "paper", "ifsq", "symmetric-clamp"])
def test_what_is_misclassified_is_what_looking_at_each_input_says(dtype: str, rule: str, tmp_path: Path) -> None:
    """The proof by two numbers and the comparison of every input agree, on a target of another rule."""
    L = 5
    file = tmp_path / "other.py"
    file.write_text(spoilt(rule="paper-atanh" if rule != "paper" else "symmetric"), encoding="utf-8")
    found = swept(Question(f"{file}:FSQ", rule, (L,), dtype))
    precision = PRECISIONS[dtype]
    z = np.arange(2**16, dtype=np.uint16).view(precision.dtype)
    with np.errstate(invalid="ignore"):
        z = z[~np.isnan(z.astype(np.float64))]
    taken = RULES["paper-atanh" if rule != "paper" else "symmetric"].level(z, L)
    grid = RULES["paper-atanh" if rule != "paper" else "symmetric"].grid.code(taken, L)
    level = np.rint(RULES[rule].grid.coordinate(grid, L)).astype(np.int64)
    lowest, highest = staircase(RULES[rule], L, dtype).allowed(z)
    wrong = int(((level < lowest) | (level > highest)).sum())
    assert found.misclassified == wrong
    assert found.tried == 2**16


@pytest.mark.parametrize(
    "spoil",
    [
        "indices = torch.where(z.isnan()[..., 0], 5, indices)",
        "codes = torch.where(z.isnan(), 0.5, codes)",
        "indices = torch.where(z.isnan()[..., 0], 5, indices)\n        codes = torch.where(z.isnan(), 0.5, codes)",
    ],
)
@pytest.mark.parametrize("few", [2, 2**12, 2**20])
def test_nans_that_are_all_wrong_alike_are_counted_as_one_by_one(
    spoil: str, few: int, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """What is told does not depend on how many are settled at once: an odd one among them makes its part uneven."""
    source = spoilt(f"{spoil}\n        indices = torch.where(at(z, 0x7E07)[..., 0], 6, indices)")
    usual = of(source, tmp_path, dtype="float16")
    monkeypatch.setattr("fsqcheck.sweeping.judging.FEW", few)
    assert of(source, tmp_path, dtype="float16").faults == usual.faults
    monkeypatch.setattr("fsqcheck.sweeping.judging.Judge._alike", lambda *_: False)
    assert of(source, tmp_path, dtype="float16").faults == usual.faults
    told = {fault.kind: (fault.count, fault.worst.bits, fault.simplest.bits) for fault in usual.faults}
    every = (2046, "0x7fff", "0x7c01")
    assert told["nan index"] == (every if "5, indices" in spoil else (1, "0x7e07", "0x7e07"))
    assert told.get("nan code", every) == every
