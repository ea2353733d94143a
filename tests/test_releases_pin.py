"""Which targets name a release, and what is said of those that mean to."""

from __future__ import annotations

from pathlib import Path

import pytest

from fsqcheck.adapters import BUILT_IN
from fsqcheck.releases.pin import OURS, PinError, parse_pin

from .stand_ins import STAND_INS


@pytest.mark.parametrize(
    ("text", "package", "version", "target"),
    [
        ("vector-quantize-pytorch==1.22.2", "vector-quantize-pytorch", "1.22.2", "vector-quantize-pytorch"),
        ("Vector_Quantize.Pytorch == 1.22.2", "vector-quantize-pytorch", "1.22.2", "vector-quantize-pytorch"),
        ("some-package==1.0rc1#some_package:FSQ", "some-package", "1.0rc1", "some_package:FSQ"),
        ("some-package==1.0#some_package:FSQ(name='a#b==c')", "some-package", "1.0", "some_package:FSQ(name='a#b==c')"),
        ("some-package==1.0#folder/mine.py:Adapter", "some-package", "1.0", "folder/mine.py:Adapter"),
        ("some-package==1.0#an-adapter", "some-package", "1.0", "an-adapter"),
    ],
)
def test_a_release_is_a_pin(text: str, package: str, version: str, target: str) -> None:
    pin = parse_pin(text)
    assert pin is not None
    assert (pin.package, pin.version, pin.path, pin.target) == (package, version, None, target)


@pytest.mark.parametrize(
    ("text", "path", "target"),
    [
        ("pkg @ checkout", "checkout", "pkg"),
        ("pkg@./checkout", "checkout", "pkg"),
        ("pkg@pkg-1.0-py3-none-any.whl", "pkg-1.0-py3-none-any.whl", "pkg"),
        ("pkg @ dir#1/a.whl", "dir#1/a.whl", "pkg"),
        ("pkg @ dir#1/a.whl#pkg:FSQ(x='#')", "dir#1/a.whl", "pkg:FSQ(x='#')"),
        ("pkg @ my checkout#pkg:FSQ", "my checkout", "pkg:FSQ"),
    ],
)
def test_a_wheel_or_a_checkout_is_a_pin(
    text: str, path: str, target: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    pin = parse_pin(text)
    assert pin is not None
    assert (pin.package, pin.version, pin.path, pin.target) == ("pkg", None, tmp_path / path, target)


@pytest.mark.parametrize("text", ["Pkg == 1.0", "pkg==1#pkg:FSQ(a='=')", "pkg@./a#pkg:FSQ", "pkg@a.whl"])
def test_the_label_of_a_pin_is_the_same_pin(text: str) -> None:
    pin = parse_pin(text)
    assert pin is not None
    assert parse_pin(pin.label) == pin


@pytest.mark.parametrize(
    "text",
    [
        "torch-fsq",
        "vector-quantize-pytorch",
        "module:Class",
        "module:Class(arg='a==b')",
        "module:Class(arg='a @ b/c')",
        "module:Class(arg='#')",
        "file.py:Class(version='x==1.0')",
        "folder@v2/file.py:Class",
        "folder==2/file.py:Class",
        "name@word",
        "",
    ],
)
def test_an_ordinary_target_is_no_pin(text: str) -> None:
    assert parse_pin(text) is None


@pytest.mark.parametrize("name", sorted(OURS))
def test_no_index_is_asked_for_a_target_of_our_own(name: str) -> None:
    assert parse_pin(f"{name}==1.0") is None


def test_every_built_in_target_is_our_own_or_a_package() -> None:
    assert {known.name for known in BUILT_IN} == OURS | {"vector-quantize-pytorch", *STAND_INS}


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("pkg==", "pkg==: nothing is not a version; expected pkg==VERSION"),
        ("pkg==1.*", "1.* is not a version"),
        ("pkg==1,<2", "1,<2 is not a version"),
        ("pkg>=1.0", "pkg>=1.0 names no single release; expected pkg==VERSION"),
        ("pkg===1.0", "names no single release"),
        ("pkg[extra]==1.0", "extras are not installed"),
        ("pkg==1.0#", "behind # expected module:Class or the name of an adapter"),
        ("pkg==1.0#two words", "behind # expected"),
        ("torch==2.0", "torch is taken from the environment that fsqcheck runs in"),
        ("fsqcheck @ .", "fsqcheck is taken from the environment"),
        ("pkg @ https://host/a.whl", "links are not fetched; download the wheel"),
        ("pkg @ git+ssh://host/a", "links are not fetched"),
        ("pkg @  ", "expected the path of a wheel or a checkout behind @"),
        ("pkg==\x1b[31m", r"\x1b[31m is not a version"),
    ],
)
def test_a_wrong_pin_is_one_clear_line(text: str, said: str) -> None:
    with pytest.raises(PinError) as caught:
        parse_pin(text)
    assert said in str(caught.value)
    assert str(caught.value).isprintable()
