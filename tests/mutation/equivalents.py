"""Mutants that compute the same as the code: which, and why nobody can tell. `equivalents.toml` holds them by reason."""

from __future__ import annotations

import tomllib
from collections import Counter
from collections.abc import Collection, Iterator, Mapping
from pathlib import Path

_FILE = Path(__file__).with_suffix(".toml")


def reasons() -> Mapping[str, tuple[str, ...]]:
    """The texts of the mutants that are listed, by the reason why nobody can tell them from the code."""
    groups = tomllib.loads(_FILE.read_text(encoding="utf-8"))["equivalent"]
    return {group["why"]: tuple(group["mutants"].splitlines()) for group in groups}


def known() -> Mapping[str, str]:
    """The reason for each mutant that is listed."""
    return {mutant: why for why, mutants in reasons().items() for mutant in mutants}


def wrongly_listed(
    file: str, there: Collection[str], killed: Collection[str], surviving: Collection[str]
) -> Iterator[str]:
    """What is wrong with the list for a file, of the texts of its mutants: all there are, those killed, and those not.

    Places that read alike have mutants of one text: it is listed rightly when one of them survives.
    """
    for mutant in known():
        if mutant.startswith(f"{file}: "):
            if mutant not in there:
                yield f"no mutant any more: {mutant}"
            elif mutant in killed and mutant not in surviving:
                yield f"not equivalent, as it was killed: {mutant}"


def table() -> str:
    """The reasons, how many mutants each has, and in which files."""
    lines = ["| why nobody can tell | mutants | in |", "|---|--:|---|"]
    for why, mutants in sorted(reasons().items(), key=lambda one: -len(one[1])):
        files = Counter(mutant.partition(": ")[0].rpartition("/")[2] for mutant in mutants)
        where = ", ".join(f"`{file}` {count}" for file, count in files.most_common())
        lines.append(f"| {why} | {len(mutants)} | {where} |")
    return "\n".join(lines)
