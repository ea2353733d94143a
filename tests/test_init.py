"""`fsqcheck init`: what it writes for classes that are unlike works as it stands, and what it cannot know is said."""

from __future__ import annotations

import ast
import os
import subprocess
import sys
from dataclasses import dataclass
from pathlib import Path

import pytest

from .commands import Said, fsqcheck, written
from .quantizers_to_draft import NUMPY, TORCH


@pytest.fixture
def here(tmp_path: Path) -> Path:
    """A folder with the classes, in which the user stands."""
    written(tmp_path, "in_torch.py", TORCH)
    written(tmp_path, "in_numpy.py", NUMPY)
    return tmp_path


def adapter(folder: Path) -> str:
    return (folder / "fsqcheck_adapter.py").read_text(encoding="utf-8")


def rows(folder: Path) -> dict[str, object]:
    """The arguments of the call in an adapter that was written."""
    (call,) = (node.value for node in ast.parse(adapter(folder)).body if isinstance(node, ast.Assign))
    assert isinstance(call, ast.Call)
    return {str(one.arg): ast.literal_eval(one.value) for one in call.keywords if one.arg != "beside"}


#: What shows that an adapter asks and understands: the numbers, the layouts, the indices, the gradient.
_CLAUSES = [part for name in ("BND", "SHP-1", "SHP-8", "SHP-11", "IDX", "GRD-1") for part in ("--clause", name)]


@dataclass(frozen=True)
class Kind:
    """What is to be found of a class, and which clauses are then not checked for want of something."""

    target: str
    rows: dict[str, object]
    verdict: str = "conforms: "
    status: int = 0


_LAST = ["BTd", "Bd", "BHWd", "d"]
_SPOKEN = {"encode": "q.codes_to_indices({codes})", "decode": "q.indices_to_codes({indices})"}

KINDS = {
    "conventional": Kind(
        "in_torch.py:Conventional", {"framework": "torch", "rules": ["widened"], "layouts": _LAST, **_SPOKEN}
    ),
    "other names": Kind(
        "in_torch.py:OtherNames",
        {
            "framework": "torch",
            "levels": "sizes",
            "rules": ["symmetric"],
            "layouts": _LAST,
            "forward": "q.quantize({z})",
            "encode": "q.tokens_of({codes})",
            "decode": "q.embed_tokens({indices})",
        },
    ),
    "a dictionary, with the input among it": Kind(
        "in_torch.py:Dictionary",
        {
            "framework": "torch",
            "rules": ["widened"],
            "layouts": _LAST,
            "forward": "((r := q({z}))['codes'], r['indices'])",
            **_SPOKEN,
        },
    ),
    "a dataclass, told its width": Kind(
        "in_torch.py:NamedResult",
        {
            "framework": "torch",
            "channels": "dim",
            "width": "dim",
            "rules": ["widened"],
            "layouts": _LAST,
            "forward": "((r := q({z})).z_q, r.ids[..., 0])",
        },
    ),
    "channels first, several codebooks": Kind(
        "in_torch.py:ChannelFirst",
        {
            "framework": "torch",
            "width": "dim",
            "num_codebooks": "num_codebooks",
            "rules": ["widened"],
            "layouts": ["BdT", "Bd", "BdHW", "BdTHW", "d"],
            **_SPOKEN,
        },
    ),
    "channels first to encode and decode too": Kind(
        "in_torch.py:EncodesChannelFirst",
        {
            "framework": "torch",
            "rules": ["paper"],
            "layouts": ["BdT"],
            "forward": "q({z}, length=None)",
            "encode": "q.codes_to_tokens({codes}.swapaxes(-1, 1))",
            "decode": "q.tokens_to_codes({indices}).movedim(-1, 1)",
        },
    ),
    "channels first in three axes only, whatever it does": Kind(
        "in_torch.py:TakesThreeAxes",
        {
            "framework": "torch",
            "rules": ["widened"],
            "layouts": ["BdT"],
            "encode": "q.codes_to_indices({codes}.reshape(1, -1, {codes}.shape[-1]).swapaxes(-1, 1))"
            ".reshape({codes}.shape[:-1])",
            "decode": "q.indices_to_codes({indices})",
        },
    ),
    "images, of codes with the channels last": Kind(
        "in_torch.py:TakesImages",
        {
            "framework": "torch",
            "rules": ["widened"],
            "layouts": ["BdHW"],
            "encode": "q.codes_to_indices({codes})",
            "decode": "q.indices_to_codes({indices}).movedim(-1, 1)",
        },
    ),
    "a codec, whose indices have an axis of codebooks": Kind(
        "in_torch.py:OfACodec",
        {
            "framework": "torch",
            "rules": ["widened"],
            "layouts": ["BdT"],
            "forward": "((r := q({z}))[0], r[1][:, 0])",
            "decode": "q.from_codes({indices}[:, None])[0]",
        },
    ),
    "built through a metaclass that hides its arguments": Kind(
        "in_torch.py:Registered",
        {"framework": "torch", "rules": ["widened"], "layouts": _LAST, **_SPOKEN},
    ),
    "codes only, no module": Kind(
        "in_torch.py:CodesOnly",
        {
            "framework": "torch",
            "rules": ["paper"],
            "layouts": _LAST,
            "forward": "(q({z}), None)",
            "lacks": ["indices", "train", "state", "cast", "compile"],
        },
    ),
    "codes only, and an encoder of latents": Kind(
        "in_torch.py:EncodesLatents",
        {
            "framework": "torch",
            "rules": ["widened"],
            "layouts": _LAST,
            "forward": "(q({z}), q.encode({z}))",
            "decode": "q.decode({indices})",
        },
    ),
    "codes only, and an encoder of codes": Kind(
        "in_torch.py:EncodesCodes",
        {
            "framework": "torch",
            "rules": ["widened"],
            "layouts": _LAST,
            "forward": "(q({z}), None)",
            "encode": "q.encode({codes})",
            "decode": "q.decode({indices})",
            "lacks": ["indices"],
        },
    ),
    "codes only, and the convention's encoder": Kind(
        "in_torch.py:EncodesCodesAlone",
        {
            "framework": "torch",
            "rules": ["widened"],
            "layouts": _LAST,
            "forward": "(q({z}), None)",
            "encode": "q.codes_to_indices({codes})",
            "lacks": ["indices"],
        },
    ),
    "indices only": Kind(
        "in_torch.py:IndicesOnly",
        {
            "framework": "torch",
            "levels": "n_levels",
            "rules": ["widened"],
            "layouts": _LAST,
            "forward": "(None, q.encode({z}))",
            "digits": True,
        },
    ),
    "NumPy": Kind(
        "in_numpy.py:Quantizer",
        {
            "framework": "numpy",
            "levels": "bins",
            "rules": ["widened"],
            "layouts": _LAST,
            **_SPOKEN,
            "offers": ["gradient", "train"],
        },
    ),
    "NumPy, no method, one width": Kind(
        "in_numpy.py:OnlyOneWidth", {"framework": "numpy", "rules": ["widened"], "layouts": _LAST}
    ),
}


@pytest.mark.parametrize("name", KINDS)
def test_the_adapter_that_is_written_is_right_and_works(name: str, here: Path) -> None:
    kind = KINDS[name]
    said = fsqcheck("init", kind.target, "--into", "made", cwd=here)
    assert said.status == 0, said
    assert said.out.splitlines()[-1] == f"next: fsqcheck run {Path('made/fsqcheck_adapter.py')}:adapter"
    assert rows(here / "made") == kind.rows
    assert len(adapter(here / "made").splitlines()) <= 16
    run = fsqcheck("run", "made/fsqcheck_adapter.py:adapter", "-q", *_CLAUSES, cwd=here)
    assert run.out.startswith("made/fsqcheck_adapter.py:adapter: conforms: "), run
    assert run.status == 0


def test_a_wrong_quantizer_is_drafted_and_found_wrong(here: Path) -> None:
    said = fsqcheck("init", "in_torch.py:Shifted", cwd=here)
    assert said.out.splitlines()[-1] == "next: fsqcheck run fsqcheck_adapter.py:adapter --rule NAME"
    assert "it computes none of the known rules; the nearest is" in adapter(here)
    run = fsqcheck("run", "fsqcheck_adapter.py:adapter", "--rule", "widened", "--clause", "BND-3", cwd=here)
    assert run.status == 1
    assert "from in_torch import Shifted" in run.out


def test_the_test_that_is_written_runs_the_suite(here: Path) -> None:
    assert fsqcheck("init", "in_numpy.py:Quantizer", cwd=here).status == 0
    said = pytest_in(here, "test_fsqcheck.py", "-k", "IDX-1 or BND-3")
    assert said.status == 0, said
    assert " passed" in said.out
    assert "failed" not in said.out


def pytest_in(folder: Path, *arguments: str) -> Said:
    done = subprocess.run(
        [sys.executable, "-m", "pytest", "-q", "-p", "no:cacheprovider", *arguments],
        cwd=folder,
        env={**os.environ, "OMP_NUM_THREADS": "1"},
        capture_output=True,
        text=True,
        encoding="utf-8",
        check=False,
    )
    return Said(done.returncode, done.stdout, done.stderr)


def test_the_settings_that_are_written_are_those_of_a_run(here: Path) -> None:
    assert fsqcheck("init", "in_torch.py:Conventional", cwd=here).status == 0
    assert (here / "pyproject.toml").read_text(encoding="utf-8") == (
        '[tool.fsqcheck]\ntargets = ["fsqcheck_adapter.py:adapter"]\n'
    )
    run = fsqcheck("run", "--clause", "IDX-4", "-q", cwd=here)
    assert run.out.startswith("fsqcheck_adapter.py:adapter: conforms"), run


# What it cannot find out


def test_a_class_that_needs_a_config_says_what_to_fill_in(here: Path) -> None:
    said = fsqcheck("init", "in_torch.py:Configured", cwd=here)
    assert said.status == 0, said
    assert "wrote fsqcheck_adapter.py  # look for FILL IN" in said.out
    run = fsqcheck("run", "fsqcheck_adapter.py:adapter", "--rule", "widened", "-q", cwd=here)
    assert run.status == 2
    assert "FILL IN the function `arguments` of fsqcheck_adapter.py: what Configured(config) is called with" in run.err
    # What the file asks for, filled in.
    text = adapter(here)
    start, end = text.index("    raise NotImplementedError"), text.index("\n\n\nadapter = ")
    filled = '    return {"config": Construction("in_torch", "Config", {"quantization_levels": levels})}'
    text = text[:start] + filled + text[end:]
    text = text.replace("import adapter_of", "import Construction, adapter_of")
    (here / "fsqcheck_adapter.py").write_text(text, encoding="utf-8")
    run = fsqcheck("run", "fsqcheck_adapter.py:adapter", "--rule", "widened", "-q", cwd=here)
    assert run.out.startswith("fsqcheck_adapter.py:adapter: conforms"), run


def test_a_class_that_cannot_be_called_says_what_to_fill_in(here: Path) -> None:
    said = fsqcheck("init", "in_torch.py:Silent", cwd=here)
    assert said.status == 0, said
    assert "FILL IN: a call that gives (codes, indices)" in adapter(here)
    run = fsqcheck("run", "fsqcheck_adapter.py:adapter", "--rule", "widened", "-q", cwd=here)
    assert run.status == 1
    assert "Traceback" not in run.err


# What it refuses


def test_of_a_residual_quantizer_no_adapter_is_written(here: Path) -> None:
    target = "fsqcheck.adapters.torch_residual:TorchResidualFSQ"
    said = fsqcheck("init", target, cwd=here)
    assert said.status == 2
    assert said.err.startswith(
        f"fsqcheck: {target} is a residual quantizer, of which no adapter is written; `fsqcheck run"
    )
    assert not (here / "fsqcheck_adapter.py").exists()


@pytest.mark.parametrize("file", ["fsqcheck_adapter.py", "test_fsqcheck.py"])
def test_no_file_is_overwritten_and_nothing_is_written_beside_one(file: str, here: Path) -> None:
    written(here, file, "# mine\n")
    said = fsqcheck("init", "in_numpy.py:Quantizer", cwd=here)
    assert said.status == 2
    assert said.err == (
        f"fsqcheck: {file} is there already, and nothing was written; "
        "remove it, or write into another folder with --into DIR\n"
    )
    assert (here / file).read_text(encoding="utf-8") == "# mine\n"
    assert sorted(one.name for one in here.iterdir() if one.suffix) == sorted(["in_torch.py", "in_numpy.py", file])


def test_the_lines_for_a_pyproject_that_is_there_are_said_and_not_written(here: Path) -> None:
    written(here, "pyproject.toml", '[project]\nname = "mine"\n')
    said = fsqcheck("init", "in_numpy.py:Quantizer", cwd=here)
    assert said.status == 0
    assert "pyproject.toml is yours; add to it:" in said.out
    assert '    targets = ["fsqcheck_adapter.py:adapter"]' in said.out
    assert (here / "pyproject.toml").read_text(encoding="utf-8") == '[project]\nname = "mine"\n'


@pytest.mark.parametrize(
    ("target", "says"),
    [
        ("nowhere", "nowhere is not a target; expected module:Class or path/to/file.py:Name"),
        ("nowhere:FSQ", "nowhere:FSQ cannot be loaded: ModuleNotFoundError: No module named 'nowhere'"),
        ("gone.py:FSQ", "gone.py:FSQ: there is no file gone.py"),
        ("in_numpy.py:Quantiser", "in_numpy.py:Quantiser: in_numpy has no Quantiser; it has Quantizer"),
        ("in_numpy.py:Quantizer(8)", "give keyword arguments only"),
        ("in_numpy.py:__doc__", "in_numpy.py:__doc__ is NoneType, not a class or a function"),
    ],
)
def test_a_class_that_is_not_there_is_one_line(target: str, says: str, here: Path) -> None:
    said = fsqcheck("init", target, cwd=here)
    assert said.status == 2
    assert says in said.err
    assert said.err.count("\n") == 1
    assert not (here / "fsqcheck_adapter.py").exists()


def test_a_folder_that_cannot_be_made_is_one_line(here: Path) -> None:
    said = fsqcheck("init", "in_numpy.py:Quantizer", "--into", "in_numpy.py/made", cwd=here)
    assert (said.status, said.err) == (2, "fsqcheck: in_numpy.py/made cannot be written: not a directory\n")
