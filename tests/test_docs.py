"""What the documents say is so."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from fsqcheck.adapters import Capability
from fsqcheck.conformance.clause import FAMILIES, catalogue
from fsqcheck.conformance.settings import KEYS
from fsqcheck.reference import RESIDUAL_RULES, RULES
from fsqcheck.vectors.judgements import TABLE

from .commands import fsqcheck, written
from .comparisons import PAIRS

ROOT = Path(__file__).parent.parent
README = (ROOT / "README.md").read_text(encoding="utf-8")
ADAPTERS = (ROOT / "docs" / "adapters.md").read_text(encoding="utf-8")

LIBRARY = """
from fsqcheck.adapters.torch_fsq import TorchFSQ

class Quantizer(TorchFSQ):
    def __init__(self, sizes, symmetric):
        super().__init__(sizes, "symmetric" if symmetric else "widened")

    def forward(self, z):
        return super().forward(z.movedim(1, -1))[0].movedim(-1, 1) if z.ndim == 4 else super().forward(z)
"""


def indented(text: str, start: str) -> str:
    """The indented block of a page that starts with these words."""
    lines = text[text.index(start) :].splitlines()
    block: list[str] = []
    for line in lines:
        if line.strip() and not line.startswith("    ") and block:
            break
        block.append(line.removeprefix("    "))
    return "\n".join(block)


def test_the_readme_counts_the_clauses() -> None:
    assert f"{len(catalogue())} numbered clauses" in README
    assert f"{len(catalogue())} clauses in nine families" in (ROOT / "CHANGELOG.md").read_text(encoding="utf-8")
    assert len(FAMILIES) == 9


@pytest.mark.parametrize("name", [*RULES, *RESIDUAL_RULES])
def test_the_table_of_rules_has_every_rule(name: str) -> None:
    assert f"`{name}`" in (ROOT / "docs" / "rules.md").read_text(encoding="utf-8")


def test_the_adapter_of_the_page_works_as_it_stands(tmp_path: Path) -> None:
    written(tmp_path, "my_package.py", LIBRARY)
    written(tmp_path, "my_adapter.py", indented(ADAPTERS, "from fsqcheck.adapters import Capability"))
    said = fsqcheck("run", "my_adapter.py:adapter", "--clause", "BND", "--clause", "IDX-3", "-q", cwd=tmp_path)
    assert said.out.startswith("my_adapter.py:adapter: conforms"), said
    assert said.status == 0


def test_the_page_on_adapters_names_capabilities_that_exist() -> None:
    named = set(re.findall(r"Capability\.([A-Z]+)", ADAPTERS))
    assert named
    assert named <= {capability.name for capability in Capability}


def test_the_settings_of_the_readme_are_settings() -> None:
    table = README[README.index("[tool.fsqcheck]") :].split("\n\n")[0]
    keys = re.findall(r"^\s*(\w+) =", table, re.MULTILINE)
    assert keys
    assert set(keys) <= set(KEYS)


def test_the_page_of_comparisons_has_every_pair_and_how_to_repeat_them() -> None:
    page = (ROOT / "docs" / "comparisons.md").read_text(encoding="utf-8")
    for old, new, _ in PAIRS:
        assert f"## {old} → {new}: " in page
    assert "`make comparisons` repeats this page" in page
    assert "comparisons:" in (ROOT / "Makefile").read_text(encoding="utf-8")


def test_the_page_on_ports_names_every_clause_that_is_judged() -> None:
    page = (ROOT / "docs" / "ports.md").read_text(encoding="utf-8")
    judged = page[page.index("The tests of the suite judge") :].split("\n\n")[0]
    named = {
        f"{family}-{number}"
        for family, first, last in re.findall(r"([A-Z]{3})-(\d+)(?: to [A-Z]{3}-(\d+))?", judged)
        for number in range(int(first), int(last or first) + 1)
    }
    assert named == {judgement.clause for judgement in TABLE}


def test_every_page_that_is_linked_is_there() -> None:
    for page in (ROOT / "README.md", *(ROOT / "docs").rglob("*.md"), ROOT / "CONTRIBUTING.md"):
        for link in re.findall(r"\]\(([^)#:]+)\)", page.read_text(encoding="utf-8")):
            assert (page.parent / link).exists(), f"{page.name} links {link}"
