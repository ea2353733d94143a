"""Ports in a few lines of Python: the reference's answers to test vectors, with one fault each."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import msgspec
import numpy as np
from numpy.typing import NDArray

from fsqcheck.reference import FSQ, rule_named
from fsqcheck.reports import Record, ResultLine, read
from fsqcheck.vectors import check, make, write
from fsqcheck.vectors.form import Answers, Told
from fsqcheck.vectors.making import Made


@dataclass(frozen=True)
class Port:
    """What a port would print, as arrays: codes and gradients (N, d), indices (N,); None: it does not tell."""

    z: NDArray[Any]
    levels: tuple[int, ...]
    rule: str
    codes: NDArray[np.float64] | None
    index: NDArray[np.int64] | None
    gradient: NDArray[np.float64] | None
    told: NDArray[np.int64] | None = None
    refused: frozenset[int] = frozenset()

    def coded(self, change: Callable[[NDArray[np.float64]], NDArray[np.float64]]) -> Port:
        """The same with other codes."""
        assert self.codes is not None
        return replace(self, codes=change(self.codes))

    def wide(self) -> NDArray[np.float64]:
        """The inputs in float64."""
        return self.z.astype(np.float64)

    def level(self) -> NDArray[np.int64]:
        """The levels of the reference."""
        rule = rule_named(self.rule)
        return np.stack([rule.level(self.z[:, i], L) for i, L in enumerate(self.levels)], axis=-1)


#: A fault: the right port → the wrong one.
Fault = Callable[[Port], Port]


def right(made: Made, rule: str | None = None) -> Port:
    """The reference as a port, of the vectors' own rule or of another."""
    document = made.document
    name = rule or document.rule
    quantizer = FSQ(document.levels, name)
    codes, index = quantizer(made.z)
    gradient = quantizer.vjp(made.z, np.ones_like(made.z)).astype(np.float64)
    return Port(made.z, document.levels, name, codes.astype(np.float64), index, gradient)


def answers(port: Port, made: Made, name: str = "miniature") -> Answers:
    """What the port prints."""
    every = []
    for row in range(len(port.z)):
        if row in port.refused:
            every.append(Told(id=row, refused=True))
            continue
        reals = {"codes": port.codes, "gradient": port.gradient}
        fields: dict[str, Any] = {
            field: tuple(float(value).hex() for value in values[row])
            for field, values in reals.items()
            if values is not None
        }
        if port.index is not None:
            fields["index"] = int(port.index[row])
        if port.told is not None:
            fields["levels"] = tuple(int(level) for level in port.told[row])
        every.append(Told(id=row, **fields))
    return Answers(vectors=made.document.digest, target=name, environment="Python", answers=tuple(every))


def as_text(given: Answers) -> str:
    """Answers as a port without JSON prints them."""
    lines = ["fsqcheck-answers 1", f"vectors {given.vectors}", f"target {given.target}"]
    for told in given.answers:
        words: list[object] = [told.id, *(["refused"] if told.refused else [])]
        for name in ("codes", "levels", "gradient"):
            values = getattr(told, name)
            words += [] if values is None else [name, *values]
        words += [] if told.index is None else ["index", told.index]
        lines.append(" ".join(map(str, words)))
    return "\n".join(lines) + "\n"


def judged(folder: Path, fault: Fault, rule: str, levels: tuple[int, ...], dtype: str = "float32") -> Record:
    """The record of a port with a fault."""
    made = make(rule, levels, dtype)
    write(made.document, folder)
    (folder / "answers.json").write_bytes(msgspec.json.encode(answers(fault(right(made)), made)))
    check(folder, folder / "answers.json", folder / "record.jsonl")
    return read(folder / "record.jsonl")


def of_outcome(record: Record, *outcomes: str) -> dict[str, ResultLine]:
    """The results of a record with one of these outcomes, by clause (and what they are judged by, if it is told)."""
    return {
        result.clause + (result.variant or "").removeprefix("vectors"): result
        for result in record.results
        if result.outcome in outcomes
    }
