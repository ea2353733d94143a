"""The files in which a release's quantizer is written: those whose code runs when it is used, and what these import."""

from __future__ import annotations

import ast
import hashlib
import sys
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from pathlib import Path
from types import FrameType
from typing import Any


@contextmanager
def files_run(folder: Path) -> Iterator[set[Path]]:
    """Within it, the Python files below `folder` of which any function runs on this thread are added to the set."""
    names: set[str] = set()
    found: set[Path] = set()

    def note(frame: FrameType, event: str, _: Any) -> None:
        if event == "call":
            names.add(frame.f_code.co_filename)

    before = sys.getprofile()
    sys.setprofile(note)
    try:
        yield found
    finally:
        sys.setprofile(before)
        home = folder.resolve()
        found.update(
            file for name in names if name.endswith(".py") and (file := Path(name).resolve()).is_relative_to(home)
        )


def with_imports(files: Iterable[Path], folder: Path) -> frozenset[Path]:
    """The files, and those below `folder` that they import, however deep; in functions too.

    The `__init__.py` of a package counts where something is taken from it, and not because a module lies beside it. Raises
    `OSError`, and `SyntaxError` for a file that is no Python.
    """
    home = folder.resolve()
    left, found = [file.resolve() for file in files], set[Path]()
    while left:
        file = left.pop()
        if file in found:
            continue
        found.add(file)
        if file.suffix == ".py":
            left += _imported(file, home)
    return frozenset(found)


def _imported(file: Path, home: Path) -> Iterator[Path]:
    package = file.relative_to(home).parts[:-1]
    for node in ast.walk(ast.parse(file.read_bytes())):
        if isinstance(node, ast.Import):
            for alias in node.names:
                parts = alias.name.split(".")
                for end in range(1, len(parts) + 1):  # `import a.b` binds a, and whatever a has
                    yield from _module(home, parts[:end])
        elif isinstance(node, ast.ImportFrom):
            above = package[: len(package) - node.level + 1] if node.level else ()
            base = (*above, *(node.module.split(".") if node.module else ()))
            inner = [_module(home, (*base, alias.name)) for alias in node.names]
            yield from (file for one in inner for file in one)
            if not all(inner):
                yield from _module(home, base)


def _module(home: Path, parts: Iterable[str]) -> list[Path]:
    """The file of a module below `home`: none for one that lies elsewhere."""
    place = home.joinpath(*parts)
    if place == home:
        return []
    for file in (place.with_name(f"{place.name}.py"), place / "__init__.py"):
        if file.is_file():
            return [file]
    return sorted(file for file in place.parent.glob(f"{place.name}.*") if file.suffix in (".so", ".pyd"))


def digest(files: Iterable[Path], folder: Path, besides: Iterable[str] = ()) -> str:
    """A hash of the names below `folder` and the bytes of the files, and of texts `besides`; `OSError`."""
    home = folder.resolve()
    whole = hashlib.sha256()
    for file in sorted(files):
        whole.update(f"{file.relative_to(home).as_posix()}\0".encode())
        whole.update(hashlib.sha256(file.read_bytes()).digest())
    for text in besides:
        whole.update(f"\0{text}".encode(errors="surrogatepass"))
    return whole.hexdigest()[:16]
