"""A release that cannot be installed: one line each, and nothing is left behind."""

from __future__ import annotations

import contextlib
import signal
import socket
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from fsqcheck.releases.environment import Environments, InstallError
from fsqcheck.releases.pin import parse_pin

from .wheels import checkout, only_from, wheel


@pytest.fixture
def links(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """The folder that pip knows, with releases that work and that do not."""
    folder = tmp_path / "links"
    for version in ("1.0", "1.1"):
        wheel(folder, "demo-fsq", version)
    wheel(folder, "old-fsq", "1.0", requires=["torch<1"])
    wheel(folder, "rude-fsq", "1.0", requires=["pytest<2"])
    wheel(folder, "lonely-fsq", "1.0", requires=["nowhere-to-be-found"])
    only_from(monkeypatch, folder)
    return folder


def complaint(text: str, cache: Path, base: Path | None = None) -> str:
    """The line that is said of a pin."""
    pin = parse_pin(text)
    assert pin is not None
    with pytest.raises(InstallError) as caught:
        Environments(cache, base).layer(pin)
    said = str(caught.value)
    assert said.isprintable()
    return said


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("demo-fsq==3.0", "there is no such release for this Python; the index has 2, the newest is 1.1"),
        ("absent-fsq==1.0", "cannot be installed: the index has no release of absent-fsq"),
        ("old-fsq==1.0", "old-fsq 1.0 depends on torch<1; The user requested (constraint) torch=="),
        ("rude-fsq==1.0", "rude-fsq 1.0 depends on pytest<2; The user requested (constraint) pytest>="),
        ("lonely-fsq==1.0", "No matching distribution found for nowhere-to-be-found"),
    ],
)
@pytest.mark.usefixtures("links")
def test_a_release_that_does_not_resolve(text: str, said: str, tmp_path: Path) -> None:
    line = complaint(text, tmp_path / "cache")
    assert line.startswith(f"{text} cannot be installed: ")
    assert said in line
    assert not list((tmp_path / "cache" / "environments" / text.partition("==")[0]).iterdir())


def test_no_network(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    only_from(monkeypatch, index="http://127.0.0.1:9/simple")
    line = complaint("demo-fsq==1.0", tmp_path / "cache")
    assert line.endswith("it is not in the cache and the index cannot be reached (offline?)")


def test_paths_that_are_no_wheel(links: Path, tmp_path: Path) -> None:
    tree = checkout(tmp_path / "tree", "demo-fsq", "1.0", tmp_path / "told")
    (tmp_path / "demo_fsq-1.0-py3-none-any.whl").write_text("no zip", encoding="utf-8")
    cache = tmp_path / "cache"
    assert complaint("demo-fsq @ nowhere/at-all", cache).endswith(f"there is no {Path.cwd()}/nowhere/at-all")
    assert "is no wheel: installing it runs its setup code; permit that with --allow-build" in complaint(
        f"demo-fsq @ {tree}", cache
    )
    assert not (tmp_path / "told").exists()
    assert "demo_fsq-1.0-py3-none-any.whl" in complaint(f"demo-fsq @ {tmp_path}/demo_fsq-1.0-py3-none-any.whl", cache)
    assert "demo_fsq-1.0" in complaint(f"other-fsq @ {links}/demo_fsq-1.0-py3-none-any.whl", cache)


@pytest.mark.usefixtures("links")
def test_a_base_without_pip(tmp_path: Path) -> None:
    subprocess.run([sys.executable, "-I", "-m", "venv", "--without-pip", tmp_path / "base"], check=True)
    base = tmp_path / "base" / "bin" / "python"
    assert complaint("demo-fsq==1.0", tmp_path / "cache", base).endswith(
        f"{base} has no pip; `{base} -m ensurepip` adds it"
    )
    assert f"{tmp_path}/no-python cannot be run" in complaint(
        "demo-fsq==1.0", tmp_path / "cache", tmp_path / "no-python"
    )


@pytest.mark.usefixtures("links")
def test_a_cache_that_is_a_file(tmp_path: Path) -> None:
    (tmp_path / "cache").touch()
    assert complaint("demo-fsq==1.0", tmp_path / "cache").endswith(
        f"{tmp_path}/cache/environments/locks: not a directory; set FSQCHECK_CACHE to a folder that can be written"
    )


@contextlib.contextmanager
def mounted(folder: Path, options: str) -> Iterator[None]:
    """A small file system of its own at this folder; skips where it may not be made."""
    folder.mkdir(exist_ok=True)
    try:
        subprocess.run(["mount", "-t", "tmpfs", "-o", options, "fsqcheck", folder], check=True, capture_output=True)
    except (OSError, subprocess.CalledProcessError):
        pytest.skip("needs the right to mount a file system")
    try:
        yield
    finally:
        subprocess.run(["umount", "-l", folder], check=True)


@pytest.mark.usefixtures("links")
@pytest.mark.parametrize("kilobytes", [4, 16, 32, 64])  # the marker's folder, the venv, the package
def test_a_full_disk(kilobytes: int, links: Path, tmp_path: Path) -> None:
    wheel(links, "large-fsq", "1.0", source="#" * 1_000_000)
    with mounted(tmp_path / "cache", f"size={kilobytes}k"):
        line = complaint("large-fsq==1.0", tmp_path / "cache")
    assert "the disk is full, of the cache or of temporary files; `fsqcheck cache clear` frees some" in line


@pytest.mark.usefixtures("links")
def test_a_cache_that_is_read_only_still_gives_what_it_has(tmp_path: Path) -> None:
    kept, other = parse_pin("demo-fsq==1.0"), "demo-fsq==1.1"
    assert kept is not None
    cache = tmp_path / "cache"
    with mounted(cache, "size=10m"):
        first = Environments(cache).layer(kept)
        subprocess.run(["mount", "-o", "remount,ro", cache], check=True)
        assert Environments(cache).layer(kept) == first
        assert complaint(other, cache).endswith(
            "read-only file system; set FSQCHECK_CACHE to a folder that can be written"
        )


_INSTALLING = """
import sys
from pathlib import Path
from fsqcheck.releases.environment import Environments
from fsqcheck.releases.pin import parse_pin
Environments(Path(sys.argv[1])).layer(parse_pin("demo-fsq==1.0"))
"""


@pytest.mark.parametrize("sent", [signal.SIGINT, signal.SIGKILL])
def test_an_interruption_leaves_nothing_that_a_next_run_could_take_for_whole(
    sent: signal.Signals, links: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    cache = tmp_path / "cache"
    folder = cache / "environments" / "demo-fsq"
    with socket.create_server(("127.0.0.1", 0)) as silent:  # an index that never answers
        only_from(monkeypatch, index=f"http://127.0.0.1:{silent.getsockname()[1]}/simple")
        installing = subprocess.Popen([sys.executable, "-c", _INSTALLING, cache], stderr=subprocess.DEVNULL)
        silent.settimeout(60)
        silent.accept()[0].close()  # pip is at it; it asks again
        installing.send_signal(sent)
        assert installing.wait(60) != 0
    left = list(folder.iterdir())
    assert all(one.name.startswith(".") for one in left)
    assert bool(left) == (sent == signal.SIGKILL)
    only_from(monkeypatch, links)
    pin = parse_pin("demo-fsq==1.0")
    assert pin is not None
    assert Environments(cache).layer(pin).version == "1.0"
    assert [one.name.partition("-")[0] for one in folder.iterdir()] == ["1"]
