"""Safe ranges: for each rule and need, the releases that are good for it, written as pip reads them."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass

from ..reports.uses import BASE, State
from .lines import Fit, History, ReleaseLine
from .needs import CODES, CONFORMS, NEEDS


@dataclass(frozen=True)
class Span:
    """Neighbouring releases that are good: from `first` on, to `last`.

    `before` is the first release after `last`, None if there is none. `without` lie between them and are not known to
    be good, as they could not be run: they are named and left out.
    """

    first: str
    last: str
    before: str | None = None
    without: tuple[str, ...] = ()

    @property
    def specifier(self) -> str:
        """As pip reads it: `>=1.8.0,<1.21.0`, `==1.22.0`."""
        if self.first == self.last and self.before is not None:
            return f"=={self.first}"
        parts = [f">={self.first}", *([f"<{self.before}"] if self.before is not None else [])]
        return ",".join([*parts, *(f"!={version}" for version in self.without)])

    @property
    def words(self) -> str:
        """As it is said: `≥ 1.8.0, < 1.21.0`; a span of one release names it."""
        text = self.specifier.replace(">=", "≥ ").replace("<", "< ").replace("!=", "≠ ").replace(",", ", ")
        return text.removeprefix("==")


def spans(releases: Sequence[ReleaseLine], good: Callable[[ReleaseLine], bool]) -> tuple[Span, ...]:
    """The spans of releases that are good; one of which nothing is known is in none, and ends none between two good ones."""
    found: list[Span] = []
    run: list[int] = []

    def end(stop: int | None) -> None:
        if not run:
            return
        inside = range(run[0], run[-1] + 1)
        after = run[-1] + 1
        found.append(
            Span(
                first=releases[run[0]].version,
                last=releases[run[-1]].version,
                before=releases[after].version if stop is not None or after < len(releases) else None,
                without=tuple(releases[place].version for place in inside if place not in run),
            )
        )
        run.clear()

    for place, release in enumerate(releases):
        if release.reason is not None:
            continue
        if good(release):
            run.append(place)
        else:
            end(place)
    end(None)
    return tuple(found)


@dataclass(frozen=True)
class Safety:
    """Which releases are good for one need under one rule.

    `newest` is what the newest release that was run says of it, `against` the clauses that speak against it there.
    `judged` is false where no release was judged in what is the need's own, so that `none` would say too much.
    """

    rule: str
    need: str
    spans: tuple[Span, ...]
    newest: State
    against: tuple[str, ...]
    judged: bool

    @property
    def words(self) -> str:
        """`≥ 1.8.0, < 1.21.0; ≥ 1.22.16`, `none` or `not judged`."""
        return "; ".join(span.words for span in self.spans) or ("none" if self.judged else "not judged")


def safe_ranges(history: History, rule: str | None = None) -> tuple[Safety, ...]:
    """Every need under every rule (or one), in the order of the rules and of the needs."""
    rules = history.rules if rule is None else (rule,)
    return tuple(_safety(history, one, need) for one in rules for need in NEEDS)


def _safety(history: History, rule: str, need: str) -> Safety:
    fits = [fit for release in history.known if (fit := fit_of(release, rule, need)) is not None]
    newest = fit_of(history.newest, rule, need) if history.newest is not None else None
    return Safety(
        rule=rule,
        need=need,
        spans=spans(history.releases, lambda release: is_safe(release, rule, need)),
        newest=newest.state if newest is not None else "unknown",
        against=newest.against if newest is not None else (),
        judged=any(fit.state == "safe" or _speaks(need, fit) for fit in fits),
    )


def _speaks(need: str, fit: Fit) -> bool:
    """Whether something speaks against a need beside what every need rests on."""
    return fit.state == "unsafe" and (need in (CODES.words, CONFORMS) or not set(fit.against) <= set(BASE))


def fit_of(release: ReleaseLine, rule: str, need: str) -> Fit | None:
    """What a release says of a need under a rule, if it was tried under it."""
    return release.uses.get(rule, {}).get(need)


def is_safe(release: ReleaseLine, rule: str, need: str) -> bool:
    """Whether a release is known to be good for a need under a rule."""
    fit = fit_of(release, rule, need)
    return fit is not None and fit.state == "safe"
