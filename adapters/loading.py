"""Imports Python files that no package holds, and single files of packages that need more than is there."""

from __future__ import annotations

import hashlib
import importlib.util
import sys
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from importlib.abc import Loader, MetaPathFinder
from importlib.machinery import ModuleSpec
from importlib.metadata import PackageNotFoundError, distribution
from pathlib import Path
from types import ModuleType
from typing import Any

from .protocol import TargetUnavailableError


def load_file(path: Path) -> ModuleType:
    """The module in a file, imported once under a name of its own; raises whatever its import raises.

    Its folder is on the import path while it loads, so that it finds its neighbours.
    """
    resolved = path.resolve()
    name = f"{resolved.stem}_{hashlib.sha256(str(resolved).encode()).hexdigest()[:8]}"
    if name in sys.modules:
        return sys.modules[name]
    spec = importlib.util.spec_from_file_location(name, resolved)
    if spec is None or spec.loader is None:
        raise ImportError(f"{path} is not a Python file")
    module = importlib.util.module_from_spec(spec)
    sys.modules[name] = module
    sys.path.insert(0, str(resolved.parent))
    try:
        spec.loader.exec_module(module)
    except BaseException:
        del sys.modules[name]
        raise
    finally:
        sys.path.remove(str(resolved.parent))
    return module


def installed(package: str, install: str) -> str:
    """The version of an installed package; `TargetUnavailableError` says by which command it is installed."""
    try:
        return distribution(package).version
    except PackageNotFoundError:
        raise TargetUnavailableError(f"{package} is not installed; pip install {install}") from None


def load_alone(
    package: str, path: str, absent: Sequence[str] = (), given: Mapping[str, Any] | None = None
) -> ModuleType:
    """The module in one file of an installed package, without the import of the package; imported once.

    absent: packages that it imports and that need not be there. What it takes from them is an empty class, or what `given`
    has under that name; so long as the part of the file that is used needs no more, it computes as ever.
    `TargetUnavailableError` where the package has no such file.
    """
    held = distribution(package)
    found = next((one for one in held.files or () if one.as_posix() == path), None)
    file = Path(str(found.locate())) if found else None
    if file is None or not file.is_file():
        raise TargetUnavailableError(
            f"{package} {held.version} has no file {path}: this release keeps its FSQ elsewhere"
        )
    with _standing_in(absent, given or {}):
        return load_file(file)


class _StandIns(MetaPathFinder, Loader):
    """Finds every module of some packages: one whose names are what was given for them, or empty classes."""

    def __init__(self, packages: Sequence[str], given: Mapping[str, Any]) -> None:
        self._packages = packages
        self._given = given

    def find_spec(self, fullname: str, path: Any, target: Any = None) -> ModuleSpec | None:  # noqa: ARG002
        """A specification that this loads."""
        wanted = fullname.partition(".")[0] in self._packages
        return ModuleSpec(fullname, self, is_package=True) if wanted else None

    def exec_module(self, module: ModuleType) -> None:
        """Gives the module its names, on demand."""

        def name(wanted: str) -> Any:
            if wanted.startswith("__"):
                raise AttributeError(wanted)
            return self._given.get(wanted) or type(wanted, (), {"__init__": lambda *_, **__: None})

        module.__getattr__ = name  # type: ignore[method-assign]  # PEP 562


@contextmanager
def _standing_in(packages: Sequence[str], given: Mapping[str, Any]) -> Iterator[None]:
    """Within it, modules of these packages are stand-ins; what was imported of them before comes back afterwards."""

    def concerned() -> dict[str, ModuleType]:
        return {name: module for name, module in sys.modules.items() if name.partition(".")[0] in packages}

    before, finder = concerned(), _StandIns(packages, given)
    for name in before:
        del sys.modules[name]
    sys.meta_path.insert(0, finder)
    try:
        yield
    finally:
        sys.meta_path.remove(finder)
        for name in concerned():
            del sys.modules[name]
        sys.modules.update(before)
