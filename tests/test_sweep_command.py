"""`fsqcheck sweep` as a user meets it: what it prints, what it refuses, and its exit status."""

from __future__ import annotations

from pathlib import Path

import pytest

from fsqcheck.sweeping import read_sweep

from .commands import fsqcheck, written
from .sweep_miniatures import NUMPY, spoilt

SHORT = ("--rule", "widened", "--levels", "8", "--dtype", "float16")


def test_a_sweep_fits_into_80_columns_and_says_what_was_proven(tmp_path: Path) -> None:
    said = fsqcheck("sweep", "vector-quantize-pytorch", *SHORT, cwd=tmp_path, columns=80)
    assert said.status == 0, said
    lines = said.out.splitlines()
    assert max(map(len, lines)) <= 80
    for words in (
        "tried     65,536 inputs: all of float16",
        "levels    0 misclassified outside the bands of float16",
        "monotone  yes",
        "indices   all belong to their codes",
        "nan       2,046 patterns; not all stay visible",
        "SHOULD NUM-5: 2,046 inputs are NaN and get an index that stands for a code",
        "vector-quantize-pytorch 1.32.0 conforms (widened, levels 8, float16)",
    ):
        assert words in said.out
    assert sum(" → " in line for line in lines) == 7


def test_a_fault_has_the_exit_status_1_and_a_command_that_shows_it_alone(tmp_path: Path) -> None:
    written(tmp_path, "mine.py", spoilt("codes = np.where(at(z, 0x3A00), codes + 3, codes)", base=NUMPY))
    said = fsqcheck("sweep", "mine.py:FSQ", *SHORT, cwd=tmp_path)
    assert said.status == 1
    assert "MUST BND-3: 1 inputs take a level that the exact staircase does not allow" in said.out
    assert "z = 0.75 (0x3a00): level 18, expected level 6" in said.out
    again = " ".join(said.out.split("again")[1].split("\n\n")[0].replace("\\\n", " ").split())
    assert again == "fsqcheck sweep mine.py:FSQ --rule widened --levels 8 --dtype float16 --from 0x3a00 --to 0x3a01"
    alone = fsqcheck(*again.split()[1:], "-q", cwd=tmp_path)
    assert alone.status == 1
    assert "1 inputs, 1 misclassified" in alone.out


@pytest.mark.parametrize("mode", ["train", "autocast", "tf32"])
def test_torch_targets_are_swept_in_every_mode(mode: str, tmp_path: Path) -> None:
    said = fsqcheck("sweep", "torch-fsq", *SHORT, "--mode", mode, "-q", "--report", "r.jsonl", cwd=tmp_path)
    assert said.status == 0, said
    assert read_sweep(tmp_path / "r.jsonl").header.mode == mode


def test_float64_is_said_to_be_tried_in_windows(tmp_path: Path) -> None:
    said = fsqcheck("sweep", "reference", *SHORT[:4], "--dtype", "float64", "--report", "r.jsonl", cwd=tmp_path)
    assert said.status == 0, said
    assert "not every value" in said.out
    assert said.complaint.splitlines()[-1].endswith("windows around every threshold and at the ends were tried")
    assert not read_sweep(tmp_path / "r.jsonl").header.every


def test_channels_that_cannot_be_judged_are_named(tmp_path: Path) -> None:
    options = ("--rule", "widened", "--levels", "8,64", "--dtype", "bfloat16")
    said = fsqcheck("sweep", "reference", *options, cwd=tmp_path)
    assert said.status == 0, said
    assert "L = 64: the band covers every input" in said.out
    assert "indices   not compared" in said.out


@pytest.mark.parametrize(
    ("arguments", "says"),
    [
        (("reference", "--rule", "wide", "--levels", "8"), "unknown rule 'wide'; expected one of paper,"),
        (("reference", "--rule", "widened", "--levels", "x"), "expected whole numbers separated by commas"),
        (("reference", "--rule", "ifsq", "--levels", "8"), "levels hold 8, but the rule ifsq needs odd L ≥ 3"),
        (("reference", *SHORT, "--dtype", "int8"), "unknown dtype 'int8'; expected one of float64, float32"),
        (("reference", *SHORT, "--mode", "fast"), "unknown mode 'fast'; expected one of eval, train"),
        (("reference", *SHORT, "--from", "1.5"), "--from '1.5': expected a bit pattern such as 0x3f000000"),
        (("reference", *SHORT, "--from", "9", "--to", "9"), "expected two ascending ones, up to 0x10000"),
        (("reference", "--rule", "widened", "--levels", "100", "--dtype", "bfloat16"), "nothing can be judged of"),
        (("reference", *SHORT, "--mode", "tf32"), "reference cannot be asked this: it declares no autocast"),
        (("reference", *SHORT, "--device", "cuda"), "no CUDA device answers here"),
        (("no.such:Thing", *SHORT), "no.such:Thing cannot be loaded"),
        (("no.such:Thing", *SHORT, "-n", "2"), "no.such:Thing cannot be loaded"),
        (("vector-quantize-pytorch", "--rule", "widened", "--levels", "2", "--dtype", "float16"), "refuses L = 2"),
        (("reference", *SHORT, "--cluster", "tcp://127.0.0.1:9"), "no Dask scheduler answers at tcp://127.0.0.1:9"),
        (("reference", *SHORT, "--report", "/dev/null/x"), "cannot write the report"),
    ],
)
def test_what_cannot_be_done_is_said_in_one_line(arguments: tuple[str, ...], says: str, tmp_path: Path) -> None:
    said = fsqcheck("sweep", *arguments, cwd=tmp_path)
    assert said.status == 2, said
    assert said.out == ""
    last = said.err.splitlines()[-1]
    assert last.startswith("fsqcheck: ")
    assert says in last
    assert "Traceback" not in said.err


def test_a_process_that_dies_breaks_the_sweep_and_says_where(tmp_path: Path) -> None:
    source = spoilt("if bool(at(z, 0x9000).any()): os.kill(os.getpid(), signal.SIGSEGV)")
    written(tmp_path, "mine.py", source)
    said = fsqcheck("sweep", "mine.py:FSQ", *SHORT, "-n", "2", "--report", "r.jsonl", cwd=tmp_path)
    assert said.status == 3, said
    assert "was ended by SIGSEGV" in said.err
    assert "while it tried the bit patterns 0x8000 to 0xc000" in said.err
    assert "the same command goes on with the others" in said.err
    assert 0x8000 not in read_sweep(tmp_path / "r.jsonl").ranges
