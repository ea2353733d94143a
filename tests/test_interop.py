"""May one target stand in for another: what interop says of right and of odd targets."""

from __future__ import annotations

import json
import re
from pathlib import Path

import numpy as np
import pytest
from jsonschema import Draft202012Validator

from fsqcheck.interop import Interop, inputs, interop_schema, measure, verdict

from .commands import RIGHT, Said, fsqcheck, written

LEVELS = (8, 5, 5, 5)

#: Right quantizers but for what their names say.
ODD = (
    RIGHT
    + """
import numpy as np

class HalfCodes(FSQ):
    def __call__(self, z):
        codes, indices = super().__call__(z)
        return codes, indices

    def indices_to_codes(self, indices):
        return super().indices_to_codes(indices) / 2

class Renumbered(FSQ):
    def __call__(self, z):
        codes, indices = super().__call__(z)
        return codes, self.codebook.size - 1 - indices

    def indices_to_codes(self, indices):
        return super().indices_to_codes(self.codebook.size - 1 - indices)

class RaisesOnDecode(FSQ):
    def indices_to_codes(self, indices):
        raise RuntimeError("no decoder here")

class NoIndices(FSQ):
    def __call__(self, z):
        return super().__call__(z)[0]

class RaisesOnLarge(FSQ):
    def __call__(self, z):
        if z.size > 10_000:
            raise MemoryError("too large")
        return super().__call__(z)

class CodesOnly:
    def __init__(self, levels):
        self._inner = FSQ(levels)

    def __call__(self, z):
        return self._inner(z)[0]
"""
)


def compared(*targets: str, levels: tuple[int, ...] = LEVELS, count: int = 50_000) -> Interop:
    return measure(targets, levels, inputs("normal", len(levels), count))


def asked(*arguments: str, cwd: Path | None = None, columns: int = 80) -> Said:
    return fsqcheck("interop", *arguments, cwd=cwd, columns=columns)


@pytest.fixture
def odd(tmp_path: Path) -> str:
    return str(written(tmp_path, "odd.py", ODD))


def said(found: Interop) -> str:
    return verdict(found, found.pairs[0])


def test_a_target_stands_in_for_itself() -> None:
    found = compared("reference@symmetric", "reference@symmetric")
    assert found.status == 0
    assert said(found) == "the same tokens"
    assert [one.scope for one in found.pairs[0].decodings] == ["codebook"] * 2
    assert (found.pairs[0].gradient_largest, found.pairs[0].gradient_mean) == (0.0, 0.0)


def test_without_a_rule_it_is_the_first_that_the_target_claims() -> None:
    found = compared("vector-quantize-pytorch", "torch-fsq@widened")
    assert [one.name for one in found.members] == ["vector-quantize-pytorch@widened", "torch-fsq@widened"]
    assert found.pairs[0].tokens == found.pairs[0].borderline
    assert found.pairs[0].alike
    assert 0 < (found.pairs[0].gradient_largest or 0) < 1e-6


@pytest.mark.parametrize("rule", ["symmetric", "widened-clamp"])
def test_rounding_errors_are_told_from_other_changes(rule: str) -> None:
    pair = compared("reference@" + rule, "torch-fsq@" + rule, count=1_000_000).pairs[0]
    assert pair.tokens < 100
    assert pair.tokens == pair.borderline


def test_gradients_of_two_rules_differ_by_what_their_slopes_do() -> None:
    found = compared("reference@paper", "reference@symmetric", levels=(5,), count=20_000)
    z = np.concatenate(list(inputs("normal", 1, 20_000).chunks())).astype(np.float64)
    slope = 1 - np.tanh(z) ** 2
    assert found.pairs[0].gradient_largest == pytest.approx(float((slope * 0.001).max()), abs=2e-7)
    assert found.pairs[0].gradient_mean == pytest.approx(float((slope * 0.001).mean()), abs=2e-7)


def test_the_gradient_of_a_pair_is_over_all_channels() -> None:
    pair = compared("reference@paper", "reference@symmetric", levels=(8, 5), count=2_000).pairs[0]
    largest, mean = zip(*((one.gradient_largest, one.gradient_mean) for one in pair.channels), strict=True)
    assert largest[0] > 10 * largest[1] > 0
    assert pair.gradient_largest == largest[0]
    assert pair.gradient_mean == pytest.approx(sum(mean) / 2)


def test_codes_that_were_rounded_otherwise_are_the_same() -> None:
    found = compared("reference@symmetric", "torch-fsq@symmetric", levels=(8, 7), count=2_000)  # sevenths and thirds
    (decoding, _) = found.pairs[0].decodings
    assert 0 < (decoding.largest or 0) < 1e-7
    assert decoding.differ == 0


def test_even_levels_have_other_codes_under_another_grid() -> None:
    found = compared("reference@widened", "reference@symmetric")
    assert re.fullmatch(r"3\d\.\d % of tokens change, and indices decode to other codes", said(found))
    assert found.status == 1


def test_other_codes_for_the_same_tokens(odd: str) -> None:
    found = compared("reference@widened", f"{odd}:HalfCodes@widened")
    assert found.status == 1
    assert said(found) == "other codes for the same tokens"
    assert found.pairs[0].decodings[0].differ == 999  # all but the code of zeros
    assert found.pairs[0].decodings[0].largest == 0.5


def test_other_indices_for_the_same_levels(odd: str) -> None:
    found = compared("reference@widened", f"{odd}:Renumbered@widened")
    assert said(found) == "the same levels under other indices"
    assert found.pairs[0].renumbered == 50_000
    assert not any(channel.changed for channel in found.pairs[0].channels)
    assert not found.pairs[0].alike


def test_a_decoder_that_raises_is_no_stand_in(odd: str) -> None:
    found = compared("reference@widened", f"{odd}:RaisesOnDecode@widened")
    assert found.status == 1
    assert "no decoder here" in (found.pairs[0].decodings[0].reason or "")


def test_what_decodes_nothing_is_compared_in_the_other_direction_and_said(odd: str) -> None:
    found = compared("reference@widened", f"{odd}:CodesOnly@widened")
    there, back = found.pairs[0].decodings
    assert (there.scope, back.scope, back.differ) == ("none", "samples", 0)
    assert said(found).startswith("the same tokens; not all codes are compared: ")
    assert "does not decode" in said(found)
    assert (found.members[1].no_gradient or "").endswith("declares no gradient")


@pytest.mark.parametrize("lacking", ["", "Capability.CODES, "])
def test_what_encodes_only_is_compared_by_its_indices(tmp_path: Path, lacking: str) -> None:
    encoder = written(
        tmp_path,
        "encoder.py",
        "from dataclasses import replace\n"
        "from fsqcheck.adapters import Capability\n"
        "from fsqcheck.adapters.torch_fsq import adapter as whole\n"
        f"adapter = replace(whole(), lacks=frozenset({{{lacking}Capability.DECODE, Capability.GRADIENT}}))\n",
    )
    found = compared(f"{encoder}:adapter@paper", "torch-fsq@paper")
    there, back = found.pairs[0].decodings
    assert found.pairs[0].tokens == 0
    assert (there.scope, back.scope) == ("none" if lacking else "samples", "none")
    assert found.status == 0
    assert "not all codes are compared" in said(found)
    assert found.pairs[0].gradient_largest is None


def test_a_gradient_that_raises_is_told(tmp_path: Path) -> None:
    source = RIGHT + "\n    def vjp(self, z, upstream):\n        raise RuntimeError('no slope \\ud800\\nhere')\n"
    detached = written(tmp_path, "detached.py", source)
    told = asked("reference@widened", f"{detached}:FSQ@widened", "-N", "1000", "--json", "-", cwd=tmp_path)
    found = json.loads(told.out)
    Draft202012Validator(interop_schema()).validate(found)
    assert "RuntimeError: no slope \\ud800 here" in found["members"][1]["no_gradient"]
    assert found["pairs"][0]["gradient_largest"] is None
    assert told.status == 0


def test_indices_are_those_of_the_codes_where_the_forward_call_gives_none(odd: str) -> None:
    assert compared("reference@widened", f"{odd}:NoIndices@widened").pairs[0].tokens == 0


def test_a_large_codebook_is_compared_by_samples() -> None:
    found = compared("reference@paper", "reference@widened", levels=(16,) * 5, count=120_000)
    first_chunk = 2**19 // 5
    assert {(one.scope, one.compared, one.differ) for one in found.pairs[0].decodings} == {("samples", first_chunk, 0)}


def test_other_codes_are_seen_in_samples(odd: str) -> None:
    found = compared("reference@widened", f"{odd}:HalfCodes@widened", levels=(16,) * 5, count=2_000)
    there, back = found.pairs[0].decodings
    assert (there.scope, there.compared, there.largest) == ("samples", 2_000, 0.5)
    assert there.differ > 1_900
    assert back.differ == 0  # its forward call gives the codes that the reference decodes


def test_more_vectors_than_a_chunk_are_all_compared() -> None:
    found = compared("reference@paper", "reference@widened", count=300_000)
    assert found.inputs.compared == 300_000
    shares = [compared("reference@paper", "reference@widened", count=n).pairs[0].tokens / n for n in (300_000, 100_000)]
    assert shares[0] == pytest.approx(shares[1], rel=0.2)


def test_three_targets_make_a_matrix_that_fits_a_terminal(tmp_path: Path) -> None:
    told = asked("reference@paper", "torch-fsq@paper", "reference@widened", "-N", "20000", cwd=tmp_path)
    assert told.status == 1, told
    assert told.err == ""
    assert max(map(len, told.out.splitlines())) <= 80
    assert "Tokens that change" in told.out
    assert "around z = " in told.out
    assert re.search(r"^  1 +- +0 % +1\.\d\d %$", told.out, re.MULTILINE)
    assert told.out.splitlines()[-1] == "2 of 3 pairs differ in tokens or codes"


def test_many_targets_are_told_a_line_each(tmp_path: Path) -> None:
    rules = ("paper", "paper-atanh", "widened", "symmetric", "symmetric-even", "widened-clamp", "symmetric-clamp")
    told = asked(*(f"reference@{rule}" for rule in rules), "-N", "2000", cwd=tmp_path)
    assert max(map(len, told.out.splitlines())) <= 80
    assert "gradients" not in told.out
    assert len(re.findall(r"^  \d  +", told.out, re.MULTILINE)) == 7 * 3  # the list, and two parts of the matrix


def test_the_same_tokens_are_exit_status_0(tmp_path: Path) -> None:
    told = asked("torch-fsq@paper", "torch-fsq@paper", "-N", "1000", "-q", cwd=tmp_path)
    assert (told.status, told.out) == (0, "torch-fsq@paper and torch-fsq@paper: the same tokens\n")


def test_markdown_html_and_json_say_the_same(tmp_path: Path) -> None:
    np.save(tmp_path / "latents.npy", np.random.default_rng(0).normal(size=(10, 500, 2)))
    files = ("--markdown", "page.md", "--html", "page.html", "--json", "-")
    pair = ("reference@paper", "reference@widened")
    told = asked(*pair, "--levels", "8,5", "--input", "latents.npy", *files, cwd=tmp_path)
    found = json.loads(told.out)
    page = (tmp_path / "page.md").read_text(encoding="utf-8")
    assert told.status == 1
    assert found["inputs"] == {"words": "from latents.npy (float64)", "compared": 5_000, "left_out": 0}
    (result,) = found["pairs"]
    assert f"- tokens: {result['tokens']:,} of 5,000 change" in page
    assert page.count("| 0 | 8 | ") == 1
    assert "both ways: all 40 indices decode to the same codes" in page
    html = (tmp_path / "page.html").read_text(encoding="utf-8")
    assert f"{result['tokens']:,} of 5,000 change" in html


@pytest.mark.parametrize(
    ("arguments", "complaint"),
    [
        (["reference@paper"], "interop compares two targets or more"),
        (["reference", "nowhere"], "unknown target 'nowhere'"),
        (["reference", "torch-fsq@papre"], "torch-fsq@papre: unknown rule 'papre'; the known rules are paper,"),
        (["reference", "vector-quantize-pytorch@ifsq"], "vector-quantize-pytorch@ifsq: its rules are widened,"),
        (["reference@s3", "reference"], "the rule s3 is not defined for 8 levels; it needs L = 3"),
        (["reference", "odd.py:FSQ"], "odd.py:FSQ does not say which rule it follows; write odd.py:FSQ@rule"),
        (["reference", "odd.py:RaisesOnLarge@widened"], "odd.py:RaisesOnLarge@widened: quantizing an array of shape"),
        (["reference", "reference", "--levels", "8,x"], "--levels '8,x': expected whole numbers"),
        (["reference", "reference", "--input", "gone.npy"], "--input gone.npy: there is no such file"),
        (["reference", "reference", "--markdown", "odd.py/page.md"], "odd.py"),
    ],
)
def test_what_cannot_be_compared_is_one_line(tmp_path: Path, odd: str, arguments: list[str], complaint: str) -> None:
    assert odd
    told = asked(*arguments, cwd=tmp_path)
    assert told.status == 2, told
    assert complaint in told.err
    assert len(told.err.splitlines()) == 1
    assert told.out == ""
