"""From the words of a command line to an adapter: every spelling, and every way in which one can be wrong."""

from __future__ import annotations

from importlib.metadata import version
from pathlib import Path

import pytest

from fsqcheck import __version__
from fsqcheck.adapters import BUILT_IN, Adapter, Probe, Setup, TargetUnavailableError, known_targets, resolve

from .commands import RIGHT, written
from .stand_ins import STAND_INS

ADAPTER = """
from dataclasses import replace
from fsqcheck.adapters import Adapter, NativeAdapter, resolve
from fsqcheck.adapters.protocol import Identity

def made(name="made"):
    return replace(resolve("reference"), identity=Identity(name, None, None, "numpy"))

READY = made("ready")

class Mine:
    def __init__(self, name="mine"):
        self.inner = made(name)
    def __getattr__(self, name):
        return getattr(self.inner, name)
    def build(self, setup): return self.inner.build(setup)
    def refusal(self, setup): return self.inner.refusal(setup)
    def guard(self): return self.inner.guard()
"""


@pytest.fixture
def here(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """An empty folder, in which the user stands."""
    monkeypatch.chdir(tmp_path)
    monkeypatch.syspath_prepend(str(tmp_path))
    return tmp_path


def complaint(target: str) -> str:
    """The one line that is said of a target that cannot be loaded."""
    with pytest.raises(TargetUnavailableError) as caught:
        resolve(target)
    said = str(caught.value)
    assert "\n" not in said
    return said


#: Installed nowhere by default: test_jax.py makes an environment for it.
ELSEWHERE = (*STAND_INS, "jax-fsq")


@pytest.mark.parametrize("name", [known.name for known in BUILT_IN if known.name not in ELSEWHERE])
def test_a_known_name_is_an_adapter(name: str) -> None:
    adapter = resolve(name)
    assert isinstance(adapter, Adapter)
    assert adapter.identity.name == name


def test_the_built_in_targets_come_first() -> None:
    assert known_targets()[: len(BUILT_IN)] == BUILT_IN


def test_a_release_that_is_installed_can_be_pinned() -> None:
    installed = version("vector-quantize-pytorch")
    assert resolve(f"vector-quantize-pytorch=={installed}").identity.version == installed


def test_another_release_is_refused_with_the_way_to_install_it() -> None:
    said = complaint("torch-fsq==0.0.0")
    assert f"which is {__version__}" in said
    assert "pip install 'torch-fsq==0.0.0'" in said


def test_a_class_of_a_module_is_found() -> None:
    assert resolve("fsqcheck.adapters.torch_fsq:TorchFSQ").identity.framework.startswith("torch")


def test_a_class_of_a_file_is_found(here: Path) -> None:
    written(here, "deep/mine.py", RIGHT)
    identity = resolve("deep/mine.py:FSQ").identity
    assert identity.framework.startswith("numpy")
    assert identity.origin == str(here / "deep/mine.py")


def test_a_module_of_the_current_folder_is_found(here: Path) -> None:
    written(here, "of_the_folder.py", RIGHT)
    assert resolve("of_the_folder:FSQ").identity.name == "of_the_folder:FSQ"


def test_a_file_finds_its_neighbours(here: Path) -> None:
    written(here, "deep/the_neighbour.py", RIGHT)
    written(here, "deep/mine.py", "from the_neighbour import FSQ\n")
    assert resolve("deep/mine.py:FSQ").identity.name == "deep/mine.py:FSQ"


def test_a_class_inside_a_class_is_found(here: Path) -> None:
    written(here, "mine.py", RIGHT + "\nclass Outer:\n    class Inner(FSQ):\n        pass\n")
    assert resolve("mine.py:Outer.Inner").identity.name == "mine.py:Outer.Inner"


def test_arguments_reach_the_constructor() -> None:
    adapter = resolve("fsqcheck.reference:FSQ(rule='ifsq', noise=0.25)")
    script = adapter.script(Setup((5, 7), "ifsq"), Probe("construct"))
    assert script is not None
    assert "FSQ(levels=[5, 7], rule='ifsq', noise=0.25)" in script


@pytest.mark.parametrize(
    ("spelled", "name"),
    [
        ("READY", "ready"),
        ("made", "made"),
        ("made(name='other')", "other"),
        ("Mine", "mine"),
        ("Mine(name='other')", "other"),
    ],
)
def test_an_adapter_of_ones_own_is_taken_as_it_is(spelled: str, name: str, here: Path) -> None:
    written(here, "own.py", ADAPTER)
    assert resolve(f"own.py:{spelled}").identity.name == name


def test_what_a_target_warns_of_on_import_is_not_ours(here: Path) -> None:
    written(here, "mine.py", f"import warnings\nwarnings.warn('old')\n{RIGHT}")
    assert resolve("mine.py:FSQ").identity.name == "mine.py:FSQ"


# What is wrong


def test_an_unknown_name_is_refused_with_the_nearest_and_all_known() -> None:
    said = complaint("vector_quantize_pytorch")
    assert "did you mean vector-quantize-pytorch?" in said
    assert all(known.name in said for known in BUILT_IN)
    assert "a class of your own is module:Class" in said


def test_a_name_like_no_other_gets_no_guess() -> None:
    assert "did you mean" not in complaint("zzz")


@pytest.mark.parametrize("target", ["mine.py:", ":FSQ", "mine.py:3", "mine.py:FSQ(", "mine.py:FSQ()x"])
def test_what_is_no_spelling_is_refused_with_the_right_one(target: str) -> None:
    assert "expected module:Class or path/to/file.py:Name" in complaint(target)


def test_a_file_that_is_not_there_is_named_with_the_folder(here: Path) -> None:
    assert complaint("none.py:FSQ") == f"none.py:FSQ: there is no file none.py (looked in {here})"


def test_a_module_that_is_not_there_is_named() -> None:
    assert "ModuleNotFoundError: No module named 'there_is_none'" in complaint("there_is_none:FSQ")


def test_a_name_that_a_file_does_not_have_is_refused_with_its_nearest(here: Path) -> None:
    written(here, "mine.py", RIGHT)
    assert "has no FSK; it has FSQ" in complaint("mine.py:FSK")


@pytest.mark.parametrize("arguments", ["8", "eps=x", "eps=1e-3)(", "eps=1)+f(eps=2", "**{}", "eps="])
def test_arguments_that_are_no_literals_are_refused(arguments: str) -> None:
    said = complaint(f"fsqcheck.reference:FSQ({arguments})")
    assert "are not keyword arguments with literal values" in said


def test_a_file_that_does_not_parse_is_refused_in_one_line(here: Path) -> None:
    written(here, "mine.py", "class FSQ(:\n")
    assert "cannot be loaded: SyntaxError" in complaint("mine.py:FSQ")


@pytest.mark.parametrize(
    ("source", "says"),
    [
        ("raise RuntimeError('line one\\nline two')", "RuntimeError: line one"),
        ("raise SystemExit(3)", "SystemExit: 3"),
        ("import there_is_none", "No module named 'there_is_none'"),
    ],
)
def test_a_file_that_raises_on_import_is_refused_in_one_line(source: str, says: str, here: Path) -> None:
    written(here, "mine.py", source + "\n")
    assert says in complaint("mine.py:FSQ")


def test_a_file_that_failed_once_is_read_again(here: Path) -> None:
    file = written(here, "mine.py", "raise RuntimeError\n")
    complaint("mine.py:FSQ")
    file.write_text(RIGHT, encoding="utf-8")
    assert resolve("mine.py:FSQ").identity.name == "mine.py:FSQ"


def test_a_constructor_that_raises_is_shown_with_the_convention(here: Path) -> None:
    written(here, "mine.py", "class FSQ:\n    def __init__(self, size):\n        pass\n")
    said = complaint("mine.py:FSQ")
    assert "unexpected keyword argument 'levels'" in said
    assert "FSQ(levels=[…])" in said
    assert "drafts an adapter for any other class" in said


def test_what_cannot_be_called_is_refused(here: Path) -> None:
    written(here, "mine.py", "FSQ = 3\n")
    assert "is int, not a class or a function" in complaint("mine.py:FSQ")


def test_a_keyboard_interrupt_is_not_a_broken_target(here: Path) -> None:
    written(here, "mine.py", "raise KeyboardInterrupt\n")
    with pytest.raises(KeyboardInterrupt):
        resolve("mine.py:FSQ")
