"""`ask`: what is wrong with exactly one release, until when, and which one to take in its place."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from ..reports import SEVERITIES, ClauseLine
from ..reports import plain as safe
from .lines import Example, History, ReleaseLine
from .needs import NEEDS
from .ordering import key
from .ranges import fit_of, is_safe
from .standing import BROKEN, KEPT, Standing, of_held, worst


class UnknownRelease(ValueError):  # noqa: N818 - named for what is wrong, as in reports/reading.py
    """The history has no such release."""

    def __init__(self, history: History, version: str) -> None:
        near = _near(history, version)
        known = f"; the nearest it has {'is' if len(near) == 1 else 'are'} {' and '.join(near)}" if near else ""
        package = safe.line(history.header.package, 100)
        super().__init__(f"the history of {package} has no release {safe.line(version, 60)}{known}")


@dataclass(frozen=True)
class Fault:
    """One clause that a release does not keep, under these rules.

    `since` is the release that it has not been kept from, None if none before kept it; `fixed_in` the first later one that
    keeps it under all of them.
    """

    clause: ClauseLine
    rules: tuple[str, ...]
    standing: Standing
    example: Example | None
    since: str | None
    fixed_in: str | None


@dataclass(frozen=True)
class Choice:
    """One need under one rule: whether the release is good for it, and the nearest ones that are, on either side."""

    rule: str
    need: str
    state: str
    against: tuple[str, ...]
    older: str | None
    newer: str | None


@dataclass(frozen=True)
class Answer:
    """Everything that a history says of one release; of one that was not run, its reason alone."""

    package: str
    release: ReleaseLine
    faults: tuple[Fault, ...]
    choices: tuple[Choice, ...]


def ask(history: History, version: str) -> Answer:
    """What is wrong with one release; `UnknownRelease` if the history has no such one."""
    places = {key(release.version): place for place, release in enumerate(history.releases)}
    place = places.get(key(version.strip()))
    if place is None:
        raise UnknownRelease(history, version)
    release = history.releases[place]
    faults = [fault for clause in history.clauses if (fault := _fault(history, place, clause)) is not None]
    choices = tuple(_choice(history, place, rule, need) for rule in release.clauses for need in NEEDS)
    ordered = sorted(faults, key=lambda fault: SEVERITIES.index(fault.clause.severity))
    return Answer(history.header.package, release, tuple(ordered), choices)


def _fault(history: History, place: int, clause: ClauseLine) -> Fault | None:
    held = {
        rule: found
        for rule, clauses in history.releases[place].clauses.items()
        if (found := clauses.get(clause.id)) is not None and of_held(found) in BROKEN
    }
    if not held:
        return None

    def keeps(release: ReleaseLine) -> bool:
        found = [release.clauses.get(rule, {}).get(clause.id) for rule in held]
        return all(one is not None and of_held(one) in KEPT for one in found)

    before = _nearest(history, range(place - 1, -1, -1), keeps)
    after = _nearest(history, range(place + 1, len(history.releases)), keeps)
    return Fault(
        clause=clause,
        rules=tuple(held),
        standing=worst(map(of_held, held.values())),
        example=next((one.example for one in held.values() if one.example is not None), None),
        since=None if before is None else _next_known(history, before),
        fixed_in=None if after is None else history.releases[after].version,
    )


def _choice(history: History, place: int, rule: str, need: str) -> Choice:
    fit = fit_of(history.releases[place], rule, need)

    def good(release: ReleaseLine) -> bool:
        return is_safe(release, rule, need) and not release.yanked

    older = _nearest(history, range(place - 1, -1, -1), good)
    newer = _nearest(history, range(place + 1, len(history.releases)), good)
    return Choice(
        rule=rule,
        need=need,
        state=fit.state if fit is not None else "unknown",
        against=fit.against if fit is not None else (),
        older=None if older is None else history.releases[older].version,
        newer=None if newer is None else history.releases[newer].version,
    )


def _nearest(history: History, places: range, good: Callable[[ReleaseLine], bool]) -> int | None:
    return next((place for place in places if good(history.releases[place])), None)


def _next_known(history: History, place: int) -> str | None:
    """The first release after this one of which something is known."""
    return next((release.version for release in history.releases[place + 1 :] if release.reason is None), None)


def _near(history: History, version: str) -> list[str]:
    """The releases on either side of one that is not there."""
    wanted = key(version.strip())
    below = [release.version for release in history.releases if key(release.version) < wanted]
    above = [release.version for release in history.releases if key(release.version) > wanted]
    return [safe.line(one, 60) for one in (*below[-1:], *above[:1])]
