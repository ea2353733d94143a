"""One target under one rule, asked for tokens, gradients and codes; all through its adapter, in float32."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from ..adapters import Adapter, Capability, TargetUnavailableError, resolve
from ..conformance.case import Case
from ..conformance.findings import NonConformanceError, TargetRaisedError, UnsupportedError, WrongAnswerError
from ..conformance.subject import Subject
from ..conformance.witness import WitnessedQuantizer
from ..reference import RULES
from ..reports import plain
from .refusing import CannotCompareError

Array = NDArray[Any]
Integers = NDArray[np.int64]

DTYPE = "float32"
#: The rule that may stand behind a target: `TARGET@rule`.
_AT_RULE = re.compile(r"(?P<target>.+)@(?P<rule>[\w-]+)", re.DOTALL)


@dataclass(frozen=True)
class Tokens:
    """What a target makes of (N, d) vectors: level indices (N, d), -1 where unreadable; indices (N,); codes (N, d)."""

    level: Integers
    index: Array
    codes: Array


class Party:
    """A target that takes part in a comparison; `name` is the target and its rule."""

    def __init__(self, name: str, adapter: Adapter, rule: str, levels: tuple[int, ...]) -> None:
        self.name = name
        self.adapter = adapter
        self.subject = Subject(Case(name, "", rule, levels, DTYPE, "cpu", "eval"), adapter)
        known = self.subject.has(Capability.GRADIENT)
        self.no_gradient = None if known else f"{name} declares no gradient"
        with self._named():
            self._quantizer: WitnessedQuantizer = self.subject.quantizer()

    @property
    def decodes(self) -> bool:
        """Whether it turns indices into codes."""
        return self.subject.has(Capability.DECODE) and self.subject.layout.long_axis is not None

    @property
    def has_codes(self) -> bool:
        """Whether its forward call gives codes of its own, and not digits read off an index."""
        return self.subject.has(Capability.CODES)

    def tokens(self, vectors: Array) -> Tokens:
        """Its tokens. The indices are those of its forward call; else those of its codes; else packed from its levels."""
        with self._named():
            reply = self.subject.ask(vectors, self._quantizer)
            level = self.subject.read(reply.codes)
            if reply.indices is not None:
                index = reply.indices
            elif self.subject.has(Capability.ENCODE):
                index = self._quantizer.codes_to_indices(reply.codes).reshape(-1)
            else:
                known = np.all((level >= 0) & (level < np.array(self.subject.levels)), axis=-1)
                index = np.where(known, self.subject.codebook.pack(np.where(known[:, np.newaxis], level, 0)), -1)
        if index.shape != (len(vectors),):
            raise CannotCompareError(f"{self.name}: {index.size} indices for {len(vectors)} vectors")
        return Tokens(level, index, reply.codes)

    def gradient(self, vectors: Array) -> Array | None:
        """d Σ codes / d z, (N, d): as the Jacobian is diagonal, the slope of each channel; None where there is none."""
        if self.no_gradient is not None:
            return None
        try:
            return self.subject.vjp(vectors, np.ones_like(vectors), self._quantizer)[1].astype(np.float64)
        except (TargetRaisedError, WrongAnswerError, NonConformanceError) as error:
            self.no_gradient = plain.line(f"{self.name}: {error}")
            return None

    def decoded(self, indices: Array) -> Array:
        """The codes (N, d) of (N,) indices; `TargetRaisedError` or `WrongAnswerError` where it gives none."""
        arranged = self.subject.laid_out(indices)
        codes = self.subject.layout.flatten(self._quantizer.indices_to_codes(arranged))
        if codes.shape != (len(indices), len(self.subject.levels)):
            raise WrongAnswerError(f"codes of shape {codes.shape} for {len(indices)} indices")
        return codes

    @contextmanager
    def _named(self) -> Iterator[None]:
        try:
            yield
        except (TargetRaisedError, UnsupportedError, WrongAnswerError) as error:
            raise CannotCompareError(plain.line(f"{self.name}: {error}")) from error


def party(target: str, levels: tuple[int, ...], load: Callable[[str], Adapter] = resolve) -> Party:
    """The party that `TARGET` or `TARGET@rule` names; without a rule it is the first that the target claims.

    load: what finds a target's adapter, or raises `TargetUnavailableError`.

    Raises `CannotCompareError` for a target that cannot be loaded or built, and for a rule that is unknown, that the target
    does not claim, or that is not defined for these levels.
    """
    match = _AT_RULE.fullmatch(target)
    where, wanted = (match["target"], match["rule"]) if match else (target, None)
    if wanted is not None and wanted not in RULES:
        raise CannotCompareError(f"{target}: unknown rule {wanted!r}; the known rules are {', '.join(RULES)}")
    try:
        adapter = load(where)
    except TargetUnavailableError as error:
        raise CannotCompareError(str(error)) from error
    if wanted is None and not adapter.rules:
        raise CannotCompareError(f"{target} does not say which rule it follows; write {target}@rule")
    rule = wanted or adapter.rules[0]
    if adapter.rules and rule not in adapter.rules:
        raise CannotCompareError(f"{target}: its rules are {', '.join(adapter.rules)}")
    if refused := [L for L in levels if not RULES[rule].levels_allowed(L)]:
        words = RULES[rule].levels_words
        raise CannotCompareError(f"{target}: the rule {rule} is not defined for {refused[0]} levels; it needs {words}")
    return Party(plain.line(f"{where}@{rule}"), adapter, rule, levels)
