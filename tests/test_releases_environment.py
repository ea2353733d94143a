"""A release lies in a layer of its own, made once; the environment below it stays as it was."""

from __future__ import annotations

import subprocess
import sys
import sysconfig
import threading
import zipfile
from collections.abc import Callable
from pathlib import Path

import pytest

from fsqcheck.releases import alone, environment
from fsqcheck.releases.base import Base, describe
from fsqcheck.releases.environment import Environments, InstallError, Layer
from fsqcheck.releases.installer import pip
from fsqcheck.releases.pin import Pin, parse_pin
from fsqcheck.releases.store import MARKER

from .wheels import checkout, index, only_from, sdist, wheel

Install = Callable[..., Layer]


@pytest.fixture
def links(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """The folder that pip knows."""
    folder = tmp_path / "links"
    folder.mkdir()
    only_from(monkeypatch, folder)
    return folder


@pytest.fixture
def install(tmp_path: Path) -> Install:
    """The layer of a pin, over this environment, kept in a cache of the test."""

    def layer(text: str, *, allow_build: bool = False, base: Path | None = None) -> Layer:
        return Environments(tmp_path / "cache", base).layer(pinned(text), allow_build=allow_build)

    return layer


def pinned(text: str) -> Pin:
    pin = parse_pin(text)
    assert pin is not None
    return pin


def seen(layer: Layer, expression: str) -> str:
    """What an expression is in a process of this Python with the layer first."""
    start = f"import sys; sys.path.insert(0, {str(layer.site)!r}); "
    done = subprocess.run(
        [sys.executable, "-P", "-c", f"{start}{expression}"], capture_output=True, text=True, check=True
    )
    return done.stdout.strip()


def listing(folder: Path) -> list[tuple[str, int, int]]:
    """The files of a folder, with size and time; without what Python compiles as it goes."""
    return sorted(
        (str(file.relative_to(folder)), file.lstat().st_size, file.lstat().st_mtime_ns)
        for file in folder.rglob("*")
        if not file.is_dir() and "__pycache__" not in file.parts
    )


def over(folder: Path, *options: str, wheels: tuple[Path, ...] = ()) -> Path:
    """The Python of another environment that sees the packages of this one."""
    subprocess.run([sys.executable, "-I", "-m", "venv", "--without-pip", *options, folder], check=True)
    site = Path(sysconfig.get_path("purelib", "venv", vars={"base": str(folder)}))
    below = sysconfig.get_path("purelib")
    (site / "below.pth").write_text(f"import site; site.addsitedir({below!r})\n", encoding="utf-8")
    for one in wheels:
        with zipfile.ZipFile(one) as opened:
            opened.extractall(site)
    return folder / "bin" / "python"


def test_each_release_lies_in_a_layer_of_its_own(links: Path, install: Install) -> None:
    for version in ("1.0", "1.1"):
        wheel(links, "demo-fsq", version)
    for version in ("1.0", "1.1"):
        layer = install(f"demo-fsq=={version}")
        assert layer.provides == {"demo_fsq"}
        assert (layer.version, layer.date) == (version, None)
        assert seen(layer, "import demo_fsq; print(demo_fsq.VERSION)") == version


def test_the_environment_below_stays_as_it_was(links: Path, install: Install, tmp_path: Path) -> None:
    base = over(tmp_path / "base", wheels=(wheel(links, "demo-fsq", "1.0"), wheel(links, "needed", "1.0")))
    wheel(links, "needed", "2.0")
    wheel(links, "demo-fsq", "1.1", requires=["needed>=2"])
    below = Path(sysconfig.get_path("purelib"))
    before = listing(tmp_path / "base"), {one.name: one.stat().st_mtime_ns for one in below.iterdir()}
    for version in ("1.0", "1.1"):
        assert install(f"demo-fsq=={version}", base=base).version == version
    assert (listing(tmp_path / "base"), {one.name: one.stat().st_mtime_ns for one in below.iterdir()}) == before


def test_a_dependency_that_is_there_is_not_installed_again(links: Path, install: Install) -> None:
    wheel(links, "demo-fsq", "1.0", requires=["numpy", "torch>=2", "absent-dependency"])
    wheel(links, "absent-dependency", "1.0")
    assert install("demo-fsq==1.0").provides == {"demo_fsq", "absent_dependency"}


def test_a_package_of_which_one_file_is_checked_is_installed_without_what_it_requires(
    links: Path, install: Install, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setitem(alone.PACKAGES, "demo-fsq", ("needed",))
    wheel(links, "demo-fsq", "1.0", requires=["gigabytes"])
    for name in ("needed", "gigabytes"):
        wheel(links, name, "1.0")
    assert install("demo-fsq==1.0").provides == {"demo_fsq", "needed"}
    assert install("demo-fsq==1.0#demo_fsq:FSQ").provides == {"demo_fsq", "gigabytes"}


def test_a_layer_holds_its_release_even_if_the_base_has_the_same(links: Path, install: Install, tmp_path: Path) -> None:
    same = wheel(links, "demo-fsq", "1.0", requires=["numpy"])
    base = over(tmp_path / "base", wheels=(same,))
    tree = checkout(tmp_path / "tree", "demo-fsq", "1.0", links / "told")
    for text in ("demo-fsq==1", f"demo-fsq @ {same}", f"demo-fsq @ {tree}"):
        assert install(text, base=base, allow_build=True).provides == {"demo_fsq"}


def test_no_code_of_a_wheel_runs_while_it_is_installed(links: Path, install: Install, tmp_path: Path) -> None:
    told = links / "told"
    touch = f"import pathlib; pathlib.Path({str(told)!r}).touch()\n"
    for name in ("sitecustomize", "usercustomize", "pip-hook"):
        wheel(links, name, "1.0", source=touch, more={f"{name}.pth": touch})
    hooks = ["sitecustomize", "usercustomize", "pip-hook"]
    base = over(tmp_path / "base", wheels=(wheel(links, "demo-fsq", "1.0", requires=hooks),))  # which it lacks
    wheel(links, "demo-fsq", "1.1", requires=hooks, more={"demo.pth": touch, "demo_fsq-1.1.data/scripts/pip": touch})
    for version in ("1.0", "1.1"):
        assert install(f"demo-fsq=={version}", base=base).version == version
    assert not told.exists()


def test_a_base_that_is_layered_itself_serves(links: Path, install: Install, tmp_path: Path) -> None:
    middle = over(tmp_path / "middle", wheels=(wheel(links, "in-between", "1.0"),))
    top = over(tmp_path / "top")
    (tmp_path / "top" / Path(describe(top).site) / "middle.pth").write_text(
        f"import site; site.addsitedir({str(tmp_path / 'middle' / describe(middle).site)!r})\n", encoding="utf-8"
    )
    wheel(links, "demo-fsq", "1.0", requires=["in-between", "numpy"])
    assert install("demo-fsq==1.0", base=top).provides == {"demo_fsq"}


def test_a_base_with_the_packages_of_the_system_serves(links: Path, install: Install, tmp_path: Path) -> None:
    base = over(tmp_path / "base", "--system-site-packages")
    sites = describe(base).sites
    assert str(tmp_path / "base" / describe(base).site) in sites
    assert any(not Path(one).is_relative_to(tmp_path) for one in sites)
    wheel(links, "demo-fsq", "1.0", requires=["numpy"])
    assert install("demo-fsq==1.0", base=base).provides == {"demo_fsq"}


def test_another_base_is_another_layer() -> None:
    def key(tag: str = "cpython-311", **packages: str) -> str:
        return Base(tag, [], packages, [], "", "").key

    assert len({key(), key("cpython-312"), key(numpy="1"), key(numpy="2"), key(torch="1")}) == 5
    assert key(numpy="1", fsqcheck="1", pip="1") == key(fsqcheck="2", numpy="1", pip="2")


def test_what_is_kept_needs_no_pip(links: Path, install: Install, monkeypatch: pytest.MonkeyPatch) -> None:
    wheel(links, "demo-fsq", "1.0")
    first = install("demo-fsq==1.0")
    monkeypatch.setattr(environment, "pip", None)
    assert install("Demo_FSQ == 1.0.0") == first


@pytest.mark.parametrize("rubble", ["no marker", "a cut marker", "an unfinished folder"])
def test_what_a_killed_process_left_is_replaced(rubble: str, links: Path, install: Install) -> None:
    wheel(links, "demo-fsq", "1.0")
    layer = install("demo-fsq==1.0")
    folder = next(parent for parent in layer.site.parents if (parent / MARKER).exists())
    left = folder
    if rubble == "no marker":
        (folder / MARKER).unlink()
    elif rubble == "a cut marker":
        (folder / MARKER).write_bytes((folder / MARKER).read_bytes()[:-5])
    else:
        left = folder.rename(folder.parent / f".{folder.name}.abc")
    (left / "rubble").touch()
    assert install("demo-fsq==1.0") == layer
    assert [one.name for one in folder.parent.iterdir()] == [folder.name]
    assert not (folder / "rubble").exists()


def test_of_two_that_want_the_same_one_waits_and_says_so(
    links: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    wheel(links, "demo-fsq", "1.0")
    said: list[str] = []
    at_it, told = threading.Event(), threading.Event()
    made: list[str] = []

    def slow(python: Path, *arguments: str) -> str:
        made.append(arguments[-1])
        at_it.set()
        assert told.wait(60)
        return pip(python, *arguments)

    monkeypatch.setattr(environment, "pip", slow)

    def waiting(text: str) -> None:
        said.append(text)
        told.set()

    layers: list[Layer] = []
    first = threading.Thread(
        target=lambda: layers.append(Environments(tmp_path / "cache").layer(pinned("demo-fsq==1.0")))
    )
    first.start()
    assert at_it.wait(60)
    second = Environments(tmp_path / "cache", waiting=waiting).layer(pinned("demo-fsq==1.0"))
    first.join()
    assert layers == [second]
    assert said == ["waiting for another fsqcheck that installs demo-fsq==1.0"]
    assert made == ["demo-fsq==1.0"]


def test_the_day_of_a_release_is_kept_where_the_index_tells_it(
    tmp_path: Path, install: Install, monkeypatch: pytest.MonkeyPatch
) -> None:
    file = wheel(tmp_path / "files", "dated-fsq", "1.0").name
    with index(tmp_path / "files", {file: "2023-09-29T01:02:03Z"}, yanked=[file]) as address:
        only_from(monkeypatch, index=address)
        assert install("dated-fsq==1.0").date == "2023-09-29"  # withdrawn, and named all the same
    assert install("dated-fsq==1.0").date == "2023-09-29"


def test_a_wheel_is_installed_by_its_path_and_anew_when_it_changes(links: Path, install: Install) -> None:
    file = wheel(links / "own", "demo-fsq", "1.0", source="VERSION = 'first'\n")
    first = install(f"demo-fsq @ {file}")
    file = wheel(links / "own", "demo-fsq", "1.0", source="VERSION = 'second'\n")
    second = install(f"demo-fsq @ {file}")
    assert [seen(one, "import demo_fsq; print(demo_fsq.VERSION)") for one in (first, second)] == ["first", "second"]


def test_a_checkout_is_built_from_a_copy_and_anew_when_it_changes(
    links: Path, install: Install, tmp_path: Path
) -> None:
    tree = checkout(tmp_path / "tree", "demo-fsq", "1.0", links / "told")
    before = listing(tree)
    first = install(f"demo-fsq @ {tree}", allow_build=True)
    assert first.version == "1.0"
    assert listing(tree) == before
    assert not list(first.site.parents[2].glob("checkout"))
    (tree / "build").mkdir()
    (tree / "build" / "left.txt").touch()
    assert install(f"demo-fsq @ {tree}") == first  # kept: nothing is built, and leftovers are no change
    (tree / "new.py").touch()
    assert install(f"demo-fsq @ {tree}", allow_build=True) != first


def test_setup_code_runs_only_where_it_is_allowed(links: Path, install: Install) -> None:
    sdist(links, "demo-fsq", "1.0", links / "told")
    with pytest.raises(InstallError, match="has no wheel for this Python; --allow-build would run its setup code"):
        install("demo-fsq==1.0")
    assert not (links / "told").exists()
    assert install("demo-fsq==1.0", allow_build=True).version == "1.0"
    assert (links / "told").exists()
