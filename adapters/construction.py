"""A constructor call as data: it builds the quantizer, and it prints as the line of a script that builds the same."""

from __future__ import annotations

import importlib
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from .loading import load_file


@dataclass(frozen=True)
class Construction:
    """`module.name(**arguments)`; `file` when the class is in a Python file that no package holds."""

    module: str
    name: str
    arguments: Mapping[str, Any] = field(default_factory=dict)
    file: Path | None = None

    def target(self) -> Any:
        """The class or function itself; raises whatever its import raises."""
        found: Any = load_file(self.file) if self.file else importlib.import_module(self.module)
        for part in self.name.split("."):
            found = getattr(found, part)
        return found

    def build(self) -> Any:
        """The object; whatever the constructor raises comes through."""
        return self.target()(**self.arguments)

    def imports(self) -> str:
        """The import line of a script."""
        first = self.name.split(".")[0]
        if self.file is None:
            return f"from {self.module} import {first}"
        return f"import sys; sys.path.insert(0, {str(self.file.parent)!r}); from {self.file.stem} import {first}"

    def expression(self) -> str:
        """The call as source."""
        return f"{self.name}({', '.join(f'{name}={value!r}' for name, value in self.arguments.items())})"
