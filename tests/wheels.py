"""Packages made by hand: small wheels, checkouts that say when their setup code runs, and an index of them."""

from __future__ import annotations

import contextlib
import http.server
import json
import os
import tarfile
import threading
import zipfile
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path

import pytest

#: A build backend in the checkout itself: it needs nothing from an index, and tells that it ran.
_BACKEND = """
import pathlib, zipfile
def build_wheel(folder, config_settings=None, metadata_directory=None):
    pathlib.Path({told!r}).touch()
    pathlib.Path("build").mkdir(exist_ok=True)
    with zipfile.ZipFile(pathlib.Path(folder, {wheel!r}), "w") as made:
        for name, text in {members!r}.items():
            made.writestr(name, text)
    return {wheel!r}
"""
_BUILD_SYSTEM = '[build-system]\nrequires = []\nbuild-backend = "backend"\nbackend-path = ["."]\n'


def members(
    name: str, version: str, requires: Sequence[str] = (), source: str = "", more: Mapping[str, str] | None = None
) -> dict[str, str]:
    """The files of a wheel that holds one module, and more if need be."""
    module = name.replace("-", "_")
    information = f"{module}-{version}.dist-info"
    needs = "".join(f"Requires-Dist: {need}\n" for need in requires)
    metadata = f"Metadata-Version: 2.1\nName: {name}\nVersion: {version}\n{needs}"
    files = {
        f"{module}.py": source or f"VERSION = {version!r}\n",
        f"{information}/METADATA": metadata,
        f"{information}/WHEEL": "Wheel-Version: 1.0\nGenerator: hand\nRoot-Is-Purelib: true\nTag: py3-none-any\n",
        **(more or {}),
    }
    names = [*files, f"{information}/RECORD"]
    return {**files, f"{information}/RECORD": "".join(f"{one},,\n" for one in names)}


def wheel(
    folder: Path,
    name: str,
    version: str,
    requires: Sequence[str] = (),
    source: str = "",
    more: Mapping[str, str] | None = None,
) -> Path:
    """A wheel in this folder."""
    folder.mkdir(parents=True, exist_ok=True)
    file = folder / f"{name.replace('-', '_')}-{version}-py3-none-any.whl"
    with zipfile.ZipFile(file, "w") as made:
        for member, text in members(name, version, requires, source, more).items():
            made.writestr(member, text)
    return file


def checkout(folder: Path, name: str, version: str, told: Path) -> Path:
    """A source tree in this folder; building it leaves the file `told`."""
    folder.mkdir(parents=True, exist_ok=True)
    file = f"{name.replace('-', '_')}-{version}-py3-none-any.whl"
    source = _BACKEND.format(told=str(told), wheel=file, members=members(name, version))
    (folder / "backend.py").write_text(source, encoding="utf-8")
    (folder / "pyproject.toml").write_text(_BUILD_SYSTEM, encoding="utf-8")
    (folder / "PKG-INFO").write_text(f"Metadata-Version: 2.1\nName: {name}\nVersion: {version}\n", encoding="utf-8")
    return folder


def sdist(folder: Path, name: str, version: str, told: Path) -> Path:
    """A source distribution in this folder; building it leaves the file `told`."""
    stem = f"{name.replace('-', '_')}-{version}"
    tree = checkout(folder / "trees" / stem, name, version, told)
    file = folder / f"{stem}.tar.gz"
    with tarfile.open(file, "w:gz") as made:
        made.add(tree, stem)
    return file


def only_from(monkeypatch: pytest.MonkeyPatch, links: Path | None = None, index: str | None = None) -> None:
    """pip knows these files, or this index, and nothing else."""
    for name in [one for one in os.environ if one.startswith("PIP_")]:
        monkeypatch.delenv(name)
    monkeypatch.setenv("PIP_CONFIG_FILE", os.devnull)
    monkeypatch.setenv("NO_PROXY", "127.0.0.1")
    monkeypatch.setenv("no_proxy", "127.0.0.1")
    if index:
        monkeypatch.setenv("PIP_INDEX_URL", index)
    else:
        monkeypatch.setenv("PIP_NO_INDEX", "1")
    if links:
        monkeypatch.setenv("PIP_FIND_LINKS", str(links))


@contextlib.contextmanager
def index(folder: Path, uploaded: dict[str, str], yanked: Sequence[str] = ()) -> Iterator[str]:
    """An index of the wheels in a folder, one package, by HTTP and JSON (PEP 691, 700): its address.

    `uploaded`: file name and time; `yanked`: the files that were withdrawn.
    """

    class Handler(http.server.SimpleHTTPRequestHandler):
        def __init__(self, *arguments: object, **named: object) -> None:
            super().__init__(*arguments, directory=str(folder), **named)  # type: ignore[arg-type]  # handed through

        def do_GET(self) -> None:
            if not self.path.startswith("/simple/"):
                return super().do_GET()
            name = self.path.split("/")[2]
            held = [file.name for file in sorted(folder.iterdir()) if file.name.startswith(name.replace("-", "_"))]
            if not held:
                return self.send_error(404)
            files = [
                {"filename": one, "url": f"/{one}", "hashes": {}, "yanked": one in yanked}
                | ({"upload-time": uploaded[one]} if one in uploaded else {})
                for one in held
            ]
            body = json.dumps({"meta": {"api-version": "1.1"}, "name": name, "files": files}).encode()
            self.send_response(200)
            self.send_header("Content-Type", "application/vnd.pypi.simple.v1+json")
            self.send_header("Content-Length", str(len(body)))
            self.end_headers()
            self.wfile.write(body)
            return None

        def log_message(self, format: str, *arguments: object) -> None:
            pass

    with http.server.ThreadingHTTPServer(("127.0.0.1", 0), Handler) as server:
        thread = threading.Thread(target=server.serve_forever)
        thread.start()
        try:
            yield f"http://127.0.0.1:{server.server_port}/simple"
        finally:
            server.shutdown()
            thread.join()
