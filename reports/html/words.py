"""What the page says in sentences."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from ..uses import Fitness, State
from ..verdict import Verdict
from ..words import counted, listed

#: The symbol and the CSS class of each exit status that a target earns.
STATUS = {0: ("✓", "pass"), 1: ("✗", "must"), 2: ("⊘", "must"), 3: ("?", "should")}


@dataclass(frozen=True)
class Purpose:
    """One use in the list below a verdict, and the clauses that speak against it."""

    words: str
    against: str


@dataclass(frozen=True)
class Purposes:
    """What a target is safe for, what not, and what is not known."""

    safe: tuple[Purpose, ...]
    unsafe: tuple[Purpose, ...]
    unknown: tuple[Purpose, ...]

    @property
    def sentence(self) -> str:
        """`safe to use for …`; empty where nothing is known."""
        if self.safe:
            return f"safe to use for {listed([one.words for one in self.safe])}"
        if self.unknown:
            return "not known to be safe for any use"
        return "safe for no use" if self.unsafe else ""


def purposes(fits: Sequence[Fitness]) -> Purposes:
    """The uses of a target, sorted by what the record says of them."""

    def of(state: State) -> tuple[Purpose, ...]:
        found = [fit for fit in fits if fit.state == state]
        return tuple(Purpose(fit.words, listed(fit.against[:4]) if state != "safe" else "") for fit in found)

    return Purposes(of("safe"), of("unsafe"), of("unknown"))


def summary(judged: Sequence[Verdict]) -> str:
    """Several verdicts in one line: `6 targets: 2 conform, 4 do not`."""
    counts = [sum(one.status == status for one in judged) for status in range(4)]
    says = (("conforms", "conform"), ("does not", "do not"), ("not loaded",) * 2, ("incomplete or not judged",) * 2)
    parts = [f"{number:,} {words[number > 1]}" for number, words in zip(counts, says, strict=True) if number]
    return f"{counted(len(judged), 'target')}: {', '.join(parts)}"


def shortened(label: str, limit: int = 27) -> str:
    """A target's label for the head of a column: its last part, and of that, if it is long, the start and the end."""
    last = label.rpartition(":")[2].strip() or label
    if len(last) <= limit:
        return last
    half = (limit - 1) // 2
    return f"{last[:half].rstrip()}…{last[-half:].lstrip()}"
