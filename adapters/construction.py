"""A constructor call as data: it builds the quantizer, and it prints as the lines of a script that builds the same."""

from __future__ import annotations

import importlib
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from functools import reduce
from pathlib import Path
from types import ModuleType
from typing import Any

from .loading import load_file


@dataclass(frozen=True)
class Construction:
    """`module.name(**arguments)`; arguments may be constructions themselves.

    file: where the class is in a Python file that no package holds. loaded: the module, where it was loaded otherwise than
    by its name. attributes: what is set on the object afterwards; a name may have dots.
    """

    module: str
    name: str
    arguments: Mapping[str, Any] = field(default_factory=dict)
    file: Path | None = None
    loaded: ModuleType | None = None
    attributes: Mapping[str, Any] = field(default_factory=dict)

    def target(self) -> Any:
        """The class or function itself; raises whatever its import raises."""
        found: Any = self.loaded or (load_file(self.file) if self.file else importlib.import_module(self.module))
        for part in self.name.split("."):
            found = getattr(found, part)
        return found

    def build(self) -> Any:
        """The object; whatever the constructor raises comes through."""
        made = self.target()(**{name: _built(value) for name, value in self.arguments.items()})
        for name, value in self.attributes.items():
            *path, last = name.split(".")
            setattr(reduce(getattr, path, made), last, _built(value))
        return made

    def imports(self) -> tuple[str, ...]:
        """The import lines of a script."""
        inner = (line for one in self._parts() for line in one.imports())
        return tuple(dict.fromkeys([*inner, self._import()]))

    def _import(self) -> str:
        first = self.name.split(".")[0]
        if self.file is None:
            needs = "  # with all that it requires installed" if self.loaded else ""
            return f"from {self.module} import {first}{needs}"
        return f"import sys; sys.path.insert(0, {str(self.file.parent)!r}); from {self.file.stem} import {first}"

    def _parts(self) -> Iterator[Construction]:
        values = (*self.arguments.values(), *self.attributes.values())
        return (value for value in values if isinstance(value, Construction))

    def expression(self) -> str:
        """The call as source."""
        return f"{self.name}({', '.join(f'{name}={_said(value)}' for name, value in self.arguments.items())})"

    def assignments(self, name: str) -> tuple[str, ...]:
        """The lines that set the attributes of the object of this name."""
        return tuple(f"{name}.{attribute} = {_said(value)}" for attribute, value in self.attributes.items())


def idle_projections(channels: int) -> dict[str, object]:
    """The attributes that make `project_in` and `project_out` of a torch module, both linear and square, do and learn nothing."""
    one, none = Construction("torch", "eye", {"n": channels}), Construction("torch", "zeros", {"size": [channels]})
    found: dict[str, object] = {}
    for name in ("project_in", "project_out"):
        found |= {f"{name}.weight.data": one, f"{name}.bias.data": none}
        found |= {f"{name}.{weight}.requires_grad": False for weight in ("weight", "bias")}
    return found


def _built(value: Any) -> Any:
    return value.build() if isinstance(value, Construction) else value


def _said(value: Any) -> str:
    return value.expression() if isinstance(value, Construction) else repr(value)
