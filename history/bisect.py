"""The release that changed a clause, in a logarithmic number of runs; and what so few runs cannot tell."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from itertools import pairwise

from ..reports import BAD, Outcome
from ..reports import plain as safe
from ..reports.words import counted, listed

#: What a run says of the clause in one release; None if it could not be run or has no case of it.
Asked = Callable[[str], Outcome | None]


@dataclass(frozen=True)
class Change:
    """Between two releases the clause changes; `skipped` lie between them and could not be asked."""

    before: str
    after: str
    old: Outcome
    new: Outcome
    skipped: tuple[str, ...] = ()


@dataclass(frozen=True)
class Bisection:
    """What was found: the changes in ascending order, and every answer that was had.

    `monotone` is true where all answers agree with a single change, which the releases that were not asked may belie;
    false where they show more; None where the ends agree and no answer between them differs, so that nothing was found.
    """

    changes: tuple[Change, ...]
    answers: dict[str, Outcome | None]
    monotone: bool | None
    words: str


def bisect(releases: Sequence[str], ask: Asked) -> Bisection:
    """Finds where a clause changes among these releases, which are in ascending order.

    It asks both ends and halves what lies between. That is right if there is one change only, and no bisection can be
    sure of it: therefore some more releases are asked, in the middle of the widest gaps, about as many as the halving
    took; where one disagrees, its neighbourhood is halved too, and the clause is said not to be monotone. If the ends
    agree only these are asked. A release that cannot be asked gives way to its neighbours. `ask` is called at most once
    for a release.
    """
    search = _Search(releases, ask)
    low, high = search.known_from(0, 1), search.known_from(len(releases) - 1, -1)
    if low is None or high is None or low == high:
        return search.result()
    search.halve(low, high)
    for _ in range(max(2, (high - low).bit_length())):
        gap = search.widest_gap(low, high)
        if gap is None:
            break
        left, right = gap
        middle = search.known_between(left, right)
        if middle is None:
            continue
        search.halve(left, middle)
        search.halve(middle, right)
    return search.result()


class _Search:
    """The releases, and what is known of them so far."""

    def __init__(self, releases: Sequence[str], ask: Asked) -> None:
        self._releases = releases
        self._ask = ask
        self._answers: dict[int, Outcome | None] = {}

    def known_from(self, place: int, step: int) -> int | None:
        """The first place from here on that can be asked."""
        while 0 <= place < len(self._releases):
            if self._asked(place) is not None:
                return place
            place += step
        return None

    def known_between(self, low: int, high: int) -> int | None:
        """A place strictly between two that can be asked, as near to the middle as possible."""
        middle = (low + high) // 2
        for place in sorted(range(low + 1, high), key=lambda place: abs(place - middle)):
            if self._asked(place) is not None:
                return place
        return None

    def halve(self, low: int, high: int) -> None:
        """Finds one change between two places whose answers differ; does nothing where they agree."""
        while self._state(low) != self._state(high):
            middle = self.known_between(low, high)
            if middle is None:
                return
            low, high = (low, middle) if self._state(middle) != self._state(low) else (middle, high)

    def widest_gap(self, low: int, high: int) -> tuple[int, int] | None:
        """The widest gap between two neighbouring answers that agree; None where nothing is left to ask."""
        known = [place for place in sorted(self._answers) if self._answers[place] is not None]
        gaps = [
            (left, right)
            for left, right in pairwise(known)
            if low <= left and right <= high and any(place not in self._answers for place in range(left + 1, right))
        ]
        return max(gaps, key=lambda gap: gap[1] - gap[0], default=None)

    def result(self) -> Bisection:
        """What has been found."""
        known = [place for place in sorted(self._answers) if self._answers[place] is not None]
        changes = tuple(
            self._change(left, right)
            for left, right in pairwise(known)
            if self._state(left) != self._state(right)
        )
        answers = {self._releases[place]: self._answers[place] for place in sorted(self._answers)}
        monotone = None if not changes else len(changes) == 1
        return Bisection(changes, answers, monotone, _words(changes, known, self._releases, answers))

    def _asked(self, place: int) -> Outcome | None:
        if place not in self._answers:
            self._answers[place] = self._ask(self._releases[place])
        return self._answers[place]

    def _state(self, place: int) -> str | None:
        """Failing in one way or another is one state."""
        outcome = self._answers[place]
        return "bad" if outcome in BAD else outcome

    def _change(self, left: int, right: int) -> Change:
        old, new = self._answers[left], self._answers[right]
        assert old is not None  # both are known
        assert new is not None
        skipped = tuple(self._releases[left + 1 : right])
        return Change(self._releases[left], self._releases[right], old, new, skipped)


def _words(
    changes: Sequence[Change], known: Sequence[int], releases: Sequence[str], answers: dict[str, Outcome | None]
) -> str:
    runs = f"{counted(len(answers), 'run')} of {counted(len(releases), 'release')}"
    if not known:
        return f"no release could be judged ({runs})"
    if not changes:
        first, last = releases[known[0]], releases[known[-1]]
        outcome = answers[first]
        if len(known) == 1:
            return f"only {_v(first)} could be judged: {outcome}; there is nothing to compare it with ({runs})"
        ends = f"{outcome} in {_v(first)}, in {_v(last)} and in all that were asked between them"
        return f"{ends}: bisecting cannot tell whether it changed and changed back ({runs})"
    said = listed([_said(change) for change in changes])
    if len(changes) == 1:
        return f"{said} ({runs}; all of them agree with a single change)"
    return f"not monotone, there may be more changes than these {len(changes)}: {said} ({runs}); run the whole history"


def _said(change: Change) -> str:
    words = f"{_v(change.after)} changed it: {change.old} in {_v(change.before)}, then {change.new}"
    if not change.skipped:
        return words
    skipped = [_v(one) for one in change.skipped]
    named = listed(skipped if len(skipped) <= 4 else [*skipped[:3], f"{len(skipped) - 3:,} more"])
    return f"{words} ({named} could not be judged, so it may have been one of them)"


def _v(version: str) -> str:
    return safe.line(version, 60)
