"""`suggest`: the releases that keep all that a user needs, and, where there is none, those that come nearest."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from ..reports import plain as safe
from ..reports.family import family_of
from ..reports.words import listed
from .lines import History, ReleaseLine
from .needs import NEEDS
from .ranges import Span, fit_of, is_safe, spans
from .standing import KEPT, standing

#: More releases that come near are not named.
NEAR_LIMIT = 3


class UnknownNeed(ValueError):  # noqa: N818 - named for what is wrong, as in reports/reading.py
    """A rule, clause or use was asked for that the history does not know."""


@dataclass(frozen=True)
class Near:
    """A release that lacks little, and the clauses or uses that speak against it."""

    version: str
    against: tuple[str, ...]


@dataclass(frozen=True)
class Suggestion:
    """The releases that satisfy what was asked for under one rule.

    `best` is the newest of them that was not withdrawn; `near` is empty where there is one.
    """

    package: str
    rule: str
    needs: tuple[str, ...]
    clauses: tuple[str, ...]
    spans: tuple[Span, ...]
    best: str | None
    near: tuple[Near, ...]


def suggest(
    history: History, *, clauses: Sequence[str] = (), uses: Sequence[str] = (), rule: str | None = None
) -> tuple[Suggestion, ...]:
    """The releases that keep these clauses (ids or families) and are good for these uses: an answer for each rule.

    uses: words of a need (`history.NEEDS`) or a part of them that fits one only. rule: one rule; None is each that the
    newest release has. With neither clauses nor uses, the codes of the rule are asked for. Raises `UnknownNeed`.
    """
    wanted = _wanted(history, clauses)
    needs = tuple(dict.fromkeys(_need(use) for use in uses)) or (() if wanted else NEEDS[:1])
    if rule is not None and rule not in history.rules:
        raise UnknownNeed(f"no release was tried under the rule {safe.line(rule, 60)}; {_have(history.rules)}")
    newest = history.newest
    rules = (rule,) if rule is not None else tuple(newest.clauses) if newest is not None else ()
    return tuple(_suggestion(history, one, wanted, needs) for one in rules)


def _suggestion(history: History, rule: str, clauses: tuple[str, ...], needs: tuple[str, ...]) -> Suggestion:
    # A clause that no release has a case of under this rule, such as one on another grid, asks nothing of it.
    asked = [id for id in clauses if any(standing(one, id, rule) != "absent" for one in history.known)]
    having = [one for one in history.known if rule in one.clauses and (asked or needs)]
    lacking = {one.version: _lacking(one, rule, asked, needs) for one in having}
    offered = [one.version for one in history.known if one.version in lacking and not one.yanked]
    good = [version for version in offered if not lacking[version]]
    return Suggestion(
        package=history.header.package,
        rule=rule,
        needs=needs,
        clauses=clauses,
        spans=spans(history.releases, lambda release: lacking.get(release.version) == ()),
        best=good[-1] if good else None,
        near=() if good else _near({version: lacking[version] for version in reversed(offered)}),
    )


def _lacking(release: ReleaseLine, rule: str, clauses: Sequence[str], needs: Sequence[str]) -> tuple[str, ...]:
    """What speaks against a release: clauses that are not known to hold, and those against uses."""
    against = [id for id in clauses if standing(release, id, rule) not in KEPT]
    for need in needs:
        fit = fit_of(release, rule, need)
        if not is_safe(release, rule, need):
            against += fit.against if fit is not None and fit.against else (need,)
    return tuple(dict.fromkeys(against))


def _near(lacking: Mapping[str, tuple[str, ...]]) -> tuple[Near, ...]:
    """The releases that lack least, the newest first; among those that lack the same only the newest."""
    told: dict[tuple[str, ...], Near] = {}
    for version, against in lacking.items():
        told.setdefault(against, Near(version, against))
    return tuple(sorted(told.values(), key=lambda one: len(one.against))[:NEAR_LIMIT])


def _wanted(history: History, clauses: Sequence[str]) -> tuple[str, ...]:
    known = [clause.id for clause in history.clauses]
    found: list[str] = []
    for one in clauses:
        named = [id for id in known if one.upper() in (id.upper(), family_of(id).upper())]
        if not named:
            raise UnknownNeed(f"the history has no clause or family {safe.line(one, 60)}; `fsqcheck list clauses`")
        found += named
    return tuple(dict.fromkeys(found))


def _need(words: str) -> str:
    asked = words.casefold().strip()
    exact = [need for need in NEEDS if need.casefold() == asked]
    part = exact or [need for need in NEEDS if asked in need.casefold()]
    if len(part) != 1 or not asked:
        raise UnknownNeed(
            f"{safe.line(words, 60)!r} fits {'several uses' if part else 'no use'}; {_have(part or NEEDS)}"
        )
    return part[0]


def _have(names: Sequence[str]) -> str:
    return f"there {'is' if len(names) == 1 else 'are'} {listed([safe.line(name, 60) for name in names]) or 'none'}"
