"""Releases whose quantizer is, byte for byte, that of another are run once; which files count as the quantizer's."""

from __future__ import annotations

from pathlib import Path

import pytest

from fsqcheck.history import read_history
from fsqcheck.history.lines import ReleaseLine
from fsqcheck.isolation.sources import digest, files_run, with_imports
from fsqcheck.releases.source import digest as digest_of_file

from .commands import Said, fsqcheck
from .wheels import only_from, wheel

#: A package whose quantizer lies in one file, with what it imports in others, and much beside them.
FILES = {
    "tiny/__init__.py": "from .other import unrelated\nfrom .fsq import FSQ\n",
    "tiny/fsq.py": "from . import scaling\nfrom .deep.shift import shift\nimport numpy\n\n"
    "class FSQ:\n    def run(self):\n        from tiny import late\n        return scaling.scale() + shift() + late.late()\n",
    "tiny/scaling.py": "def scale():\n    return 1\n",
    "tiny/deep/__init__.py": "NAME = 1\n",
    "tiny/deep/shift.py": "from ..deep import NAME\n\ndef shift():\n    return NAME\n",
    "tiny/late.py": "def late():\n    return 3\n",
    "tiny/other.py": "def unrelated():\n    return 4\n",
    "tiny/patch.py": "from . import patched_by\n\ndef run(self):\n    return 7\n",
    "tiny/patched_by.py": "",
}


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    for name, text in FILES.items():
        file = tmp_path / name
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_text(text, encoding="utf-8")
    return tmp_path


def names(files: frozenset[Path], folder: Path) -> set[str]:
    return {file.relative_to(folder.resolve()).as_posix() for file in files}


def test_what_a_file_imports_belongs_to_it_and_what_lies_beside_it_does_not(folder: Path) -> None:
    found = with_imports([folder / "tiny/fsq.py"], folder)
    assert names(found, folder) == {
        "tiny/fsq.py",
        "tiny/scaling.py",
        "tiny/deep/__init__.py",  # a name is taken from it
        "tiny/deep/shift.py",
        "tiny/late.py",  # imported in a function
    }
    everything = with_imports([folder / "tiny/__init__.py"], folder)
    assert names(everything, folder) == names(found, folder) | {"tiny/__init__.py", "tiny/other.py"}


@pytest.mark.parametrize(
    ("line", "wanted"),
    [
        ("import tiny.deep.shift", {"tiny/__init__.py", "tiny/deep/__init__.py", "tiny/deep/shift.py"}),
        ("import tiny", {"tiny/__init__.py"}),
        ("from tiny import FSQ", {"tiny/__init__.py"}),
        ("from tiny.scaling import *", {"tiny/scaling.py"}),
        ("from tiny import scaling, late", {"tiny/scaling.py", "tiny/late.py"}),
        ("from tiny import made", {"tiny/made.cpython-311.so"}),
        ("import os, torch.nn", set()),
    ],
)
def test_every_way_to_import(line: str, wanted: set[str], folder: Path) -> None:
    (folder / "asks.py").write_text(line, encoding="utf-8")
    (folder / "tiny/made.cpython-311.so").write_bytes(b"\x7fELF")
    (folder / "tiny/__init__.py").write_text("", encoding="utf-8")
    found = names(with_imports([folder / "asks.py"], folder), folder) - {"asks.py"}
    assert found - {"tiny/deep/__init__.py"} == wanted - {"tiny/deep/__init__.py"}
    assert ("tiny/deep/__init__.py" in found) == ("tiny/deep/__init__.py" in wanted)


def test_a_method_that_was_put_in_from_elsewhere_is_found_where_it_runs(
    folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.syspath_prepend(str(folder))
    import importlib

    fsq, patch = importlib.import_module("tiny.fsq"), importlib.import_module("tiny.patch")
    with files_run(folder) as found:
        assert fsq.FSQ().run() == 5
    assert names(frozenset(found), folder) == {"tiny/fsq.py", "tiny/scaling.py", "tiny/deep/shift.py", "tiny/late.py"}
    monkeypatch.setattr(fsq.FSQ, "run", patch.run)
    with files_run(folder) as found:
        assert fsq.FSQ().run() == 7
    assert names(frozenset(found), folder) == {"tiny/patch.py"}
    assert names(with_imports(found, folder), folder) == {"tiny/patch.py", "tiny/patched_by.py"}


def test_a_hash_is_of_names_bytes_and_what_is_said_besides(folder: Path) -> None:
    files = [folder.resolve() / "tiny/fsq.py", folder.resolve() / "tiny/scaling.py"]
    first = digest(files, folder, ["widened"])
    assert digest(reversed(files), folder, ["widened"]) == first
    assert digest(files, folder, ["paper"]) != first
    assert digest(files[:1], folder, ["widened"]) != first
    files[1].write_text("def scale():\n    return 2\n", encoding="utf-8")
    changed = digest(files, folder, ["widened"])
    assert changed != first
    moved = files[1].rename(files[1].with_name("scales.py"))
    assert digest([files[0], moved], folder, ["widened"]) != changed
    assert len(digest_of_file(moved)) == 64


#: One file of a package in which a right quantizer lies, but for `body`.
QUANTIZER = """
from fsqcheck.adapters.torch_fsq import TorchFSQ
from .scaling import SCALE

class FSQ(TorchFSQ):
    def __init__(self, levels):
        super().__init__(levels, "widened")

    def forward(self, z):
        {body}
        return super().forward(z * SCALE)
"""
QUESTION = ("--target", "tiny:FSQ", "--rule", "widened", "--clause", "BND-3", "-n", "2")


def release(home: Path, version: str, *, body: str = "pass", scale: str = "1", top: str = "") -> None:
    """A release of tiny; `top` is what its `__init__` has beside the class."""
    wheel(
        home / "links",
        "tiny",
        version,
        source="unused = 0\n",
        more={
            "tiny/__init__.py": f"VERSION = {version!r}\nfrom .fsq import FSQ\n{top}\n",
            "tiny/fsq.py": QUANTIZER.format(body=body),
            "tiny/scaling.py": f"SCALE = {scale}\n",
            "tiny/other.py": f"# of {version}\n",
        },
    )


@pytest.fixture
def home(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Six releases with four quantizers."""
    release(tmp_path, "1.0", scale="0.5")
    release(tmp_path, "1.1", scale="0.5")
    release(tmp_path, "1.2")
    release(tmp_path, "1.3", top="raise ImportError('forgot a name')")
    release(tmp_path, "1.4")
    release(tmp_path, "1.5", top="FSQ.forward = lambda self, z: super(FSQ, self).forward(z / 2)")
    only_from(monkeypatch, tmp_path / "links")
    monkeypatch.setenv("FSQCHECK_CACHE", str(tmp_path / "cache"))
    return tmp_path


def history(home: Path, *more: str) -> Said:
    return fsqcheck("history", "tiny", *QUESTION, *more, cwd=home, columns=80)


def releases(home: Path) -> dict[str, ReleaseLine]:
    return {one.version: one for one in read_history(home / "tiny.history.jsonl").releases}


def outcomes(line: ReleaseLine) -> dict[str, int]:
    return {str(outcome): count for outcome, count in line.clauses["widened"]["BND-3"].outcomes.items()}


def test_one_of_the_releases_that_share_a_quantizer_is_run_and_the_others_say_so(home: Path) -> None:
    said = history(home, "--records", "records", "--markdown", "h.md")
    assert said.status == 1, said.err
    found = releases(home)
    copies = {version: line.as_in for version, line in found.items() if line.as_in}
    assert copies in ({"1.0": "1.1", "1.2": "1.4"}, {"1.1": "1.0", "1.2": "1.4"}, {"1.0": "1.1", "1.4": "1.2"})
    assert {file.stem for file in (home / "records").iterdir()} == found.keys() - copies.keys()
    assert "forgot a name" in (found["1.3"].reason or "")  # the file is that of 1.2, and cannot be imported
    assert found["1.5"].source not in (None, found["1.4"].source)  # so is the file, and its method is another
    for copy, run in copies.items():
        assert found[copy].source == found[run].source
        assert outcomes(found[copy]) == outcomes(found[run])
        assert found[copy].seconds is None
    assert {version for version, line in found.items() if not line.reason and "fail" in outcomes(line)} == {
        *("1.0", "1.1", "1.5")
    }
    for version in ("1.0", "1.1"):  # one of them is a copy
        again = found[version].clauses["widened"]["BND-3"].example
        assert again is not None
        assert (again.rerun or "").startswith(f"fsqcheck run 'tiny=={version}#tiny:FSQ'")
    assert "4 run, 2 with the quantizer of one of these" in " ".join(said.out.split())
    assert "4 run, 2 with the quantizer of one of these" in (home / "h.md").read_text(encoding="utf-8")
    (copy,) = copies.keys() & {"1.0", "1.1"}
    asked = history(home, "--ask", copy)
    assert f"its quantizer is, byte for byte, that of {copies[copy]}" in " ".join(asked.out.split())


def test_a_later_release_with_a_known_quantizer_is_not_run_unless_every_one_is_to_be(home: Path) -> None:
    assert history(home).status == 1
    release(home, "1.6")
    said = history(home)
    assert said.status == 0, said.err
    assert "checking 1 release" in said.err
    first = releases(home)
    assert first["1.6"].as_in == (first["1.4"].as_in or "1.4")

    said = history(home, "--every", "--records", "records")
    assert "checking 3 releases" in said.err
    second = releases(home)
    assert not [version for version, line in second.items() if line.as_in]
    assert {file.stem for file in (home / "records").iterdir()} == {v for v, line in first.items() if line.as_in}
    for version, line in first.items():
        if not line.reason:
            assert second[version].source == line.source
            assert second[version].clauses == line.clauses, version  # what was copied is what a run finds
            assert second[version].uses == line.uses, version
