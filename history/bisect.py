"""The release that changed a clause, in a logarithmic number of runs; and what so few runs cannot tell."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from itertools import pairwise

from ..reports import plain as safe
from ..reports.words import counted, listed
from .standing import BROKEN, Standing

#: How the clause stands in one release: `absent` where it has no case of it, `unknown` where it could not be run.
Asked = Callable[[str], Standing]


@dataclass(frozen=True)
class Change:
    """Between two releases the clause changes; `skipped` lie between them and could not be asked."""

    before: str
    after: str
    old: Standing
    new: Standing
    skipped: tuple[str, ...] = ()


@dataclass(frozen=True)
class Bisection:
    """What was found: the changes in ascending order, and every answer that was had, in ascending order too.

    `monotone` is true where all answers agree with a single change, which the releases that were not asked may belie;
    false where they show more; None where no answers differ, so that nothing was found. A clause that is new in a release
    has not changed in it.
    """

    changes: tuple[Change, ...]
    answers: Mapping[str, Standing]
    monotone: bool | None
    words: str


def bisect(releases: Sequence[str], ask: Asked) -> Bisection:
    """Finds where a clause changes among these releases, which are in ascending order.

    It asks both ends, halves to where the clause is there at all, and halves what lies between. That is right if there
    is one change only, and no bisection can be sure of it: therefore some more releases are asked, in the middle of the
    widest gaps, about as many as the halving took; where one disagrees, its neighbourhood is halved too, and the clause is
    said not to be monotone. If the ends agree only these are asked. A release that could not be run gives way to its
    neighbours. `ask` is called at most once for a release.
    """
    search = _Search(releases, ask)
    low, high = search.known_from(0, 1), search.known_from(len(releases) - 1, -1)
    if low is None or high is None:
        return search.result()
    low, high = search.present(low, high)
    search.halve(low, high)
    for _ in range(max(2, (high - low).bit_length())):
        gap = search.widest_gap(low, high)
        if gap is None:
            break
        middle = search.known_between(*gap)
        if middle is not None:
            search.halve(gap[0], middle)
            search.halve(middle, gap[1])
    return search.result()


class _Search:
    """The releases, and what is known of them so far."""

    def __init__(self, releases: Sequence[str], ask: Asked) -> None:
        self._releases = releases
        self._ask = ask
        self._answers: dict[int, Standing] = {}

    def known_from(self, place: int, step: int) -> int | None:
        """The first place from here on that can be asked."""
        while 0 <= place < len(self._releases):
            if self._asked(place) != "unknown":
                return place
            place += step
        return None

    def known_between(self, low: int, high: int) -> int | None:
        """A place strictly between two that can be asked, as near to the middle as possible."""
        middle = (low + high) // 2
        for place in sorted(range(low + 1, high), key=lambda place: abs(place - middle)):
            if self._asked(place) != "unknown":
                return place
        return None

    def present(self, low: int, high: int) -> tuple[int, int]:
        """The outermost places of a stretch in which the clause is there, if one of the ends is in it."""
        one, two = self._state(low), self._state(high)
        if (one == "absent") == (two == "absent"):
            return low, high
        left, right = self.halve(low, high, lambda state: state == "absent")
        return (right, high) if one == "absent" else (low, left)

    def halve(self, low: int, high: int, of: Callable[[str], object] = str) -> tuple[int, int]:
        """Two neighbours between which the state (or what `of` makes of it) changes; the places themselves if it does not."""
        while of(self._state(low)) != of(self._state(high)):
            middle = self.known_between(low, high)
            if middle is None:
                break
            low, high = (low, middle) if of(self._state(middle)) != of(self._state(low)) else (middle, high)
        return low, high

    def widest_gap(self, low: int, high: int) -> tuple[int, int] | None:
        """The widest stretch between two answers in which nothing was asked; None where nothing is left to ask."""
        gaps = [
            (left, right)
            for left, right in pairwise(self._known())
            if low <= left and right <= high and any(place not in self._answers for place in range(left + 1, right))
        ]
        return max(gaps, key=lambda gap: gap[1] - gap[0], default=None)

    def result(self) -> Bisection:
        """What has been found."""
        known = self._known()
        turns = [pair for pair in pairwise(known) if self._state(pair[0]) != self._state(pair[1])]
        changes = tuple(self._change(*pair) for pair in turns)
        answers = {self._releases[place]: self._answers[place] for place in sorted(self._answers)}
        real = [change for change in changes if "absent" not in (change.old, change.new)]
        monotone = None if not real else len(real) == 1
        return Bisection(changes, answers, monotone, _words(changes, monotone, answers, len(self._releases)))

    def _known(self) -> list[int]:
        return [place for place in sorted(self._answers) if self._answers[place] != "unknown"]

    def _asked(self, place: int) -> Standing:
        if place not in self._answers:
            self._answers[place] = self._ask(self._releases[place])
        return self._answers[place]

    def _state(self, place: int) -> str:
        """Failing in one way or another is one state."""
        answer = self._answers[place]
        return "bad" if answer in BROKEN else answer

    def _change(self, left: int, right: int) -> Change:
        skipped = tuple(self._releases[left + 1 : right])
        return Change(self._releases[left], self._releases[right], self._answers[left], self._answers[right], skipped)


def _words(changes: Sequence[Change], monotone: bool | None, answers: Mapping[str, Standing], releases: int) -> str:
    known = [version for version, answer in answers.items() if answer != "unknown"]
    runs = f"{counted(len(answers), 'run')} of {counted(releases, 'release')}"
    if not known:
        return f"no release could be run ({runs})"
    said = "; ".join(_said(change) for change in changes)
    if monotone:
        return f"{said} ({runs}, which agree with a single change)"
    if monotone is False:
        return f"not monotone, there may be more changes than these: {said} ({runs}); run the whole history"
    if said:
        return f"{said}; the others that were asked agree: bisecting cannot tell whether it changed and changed back ({runs})"
    outcome = answers[known[0]]
    if len(known) == 1:
        return f"only {_v(known[0])} could be run: {outcome}; there is nothing to compare it with ({runs})"
    ends = f"{outcome} in {_v(known[0])}, in {_v(known[-1])} and in all that were asked between them"
    return f"{ends}: bisecting cannot tell whether it changed and changed back ({runs})"


def _said(change: Change) -> str:
    if change.old == "absent":
        words = f"{_v(change.after)} is the first that has it: {change.new}"
    elif change.new == "absent":
        words = f"{_v(change.before)} is the last that has it: {change.old}"
    else:
        words = f"{_v(change.after)} changed it: {change.old} in {_v(change.before)}, then {change.new}"
    if not change.skipped:
        return words
    skipped = [_v(one) for one in change.skipped]
    named = listed(skipped if len(skipped) <= 4 else [*skipped[:3], f"{len(skipped) - 3:,} more"])
    return f"{words} ({named} could not be run, so it may have been there)"


def _v(version: str) -> str:
    return safe.line(version, 60)
