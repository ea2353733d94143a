"""Measures how far targets may stand in for one another: every two of them, on the same vectors."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from contextlib import ExitStack
from itertools import combinations

import numpy as np

from .. import __version__
from ..adapters import Adapter, resolve
from .decoding import Decodings
from .inputs import Inputs
from .naming import STAGES, party
from .party import Party, Tokens
from .refusing import CannotCompareError
from .results import SCHEMA_VERSION, Interop, Latents, Member, Pair
from .tally import PairTally


def measure(
    targets: Sequence[str],
    levels: tuple[int, ...],
    latents: Inputs,
    load: Callable[[str], Adapter] = resolve,
    stages: int = STAGES,
) -> Interop:
    """Compares every two of the targets, each `TARGET` or `TARGET@rule`, with these levels on these vectors.

    load: what finds a target's adapter, or raises `TargetUnavailableError`. stages: how many the residual quantizers have,
    those that are named with a residual rule; they are compared among themselves only.
    Vectors that hold NaN are counted and left out. Raises `CannotCompareError` for fewer than two targets, for one that
    cannot be loaded, built or asked, and where no vector is left.
    """
    if len(targets) < 2:
        raise CannotCompareError("interop compares two targets or more")
    with ExitStack() as guards:
        parties = tuple(party(target, levels, load, stages) for target in targets)
        if len({one.has_thresholds for one in parties}) > 1:
            raise CannotCompareError("residual quantizers give an index a stage; compare them among themselves")
        for one in parties:
            guards.enter_context(one.adapter.guard())
        return _measured(parties, levels, latents)


def _measured(parties: tuple[Party, ...], levels: tuple[int, ...], latents: Inputs) -> Interop:
    pairs = list(combinations(range(len(parties)), 2))
    tallies = {(a, b): PairTally(parties[a], parties[b]) for a, b in pairs}
    samples: tuple[Tokens, ...] | None = None
    left_out = 0
    for chunk in latents.chunks():
        vectors = chunk[~np.isnan(chunk).any(axis=1)]
        left_out += len(chunk) - len(vectors)
        if not len(vectors):
            continue
        answers = tuple(one.tokens(vectors) for one in parties)
        slopes = [one.gradient(vectors) for one in parties]
        samples = samples or answers
        for (a, b), tally in tallies.items():
            tally.add(vectors, answers[a], answers[b])
            tally.add_slopes(slopes[a], slopes[b])
    if samples is None:
        raise CannotCompareError(f"all {latents.count:,} vectors {latents.words} hold NaN")
    decodings = Decodings(parties, samples)
    return Interop(
        schema=SCHEMA_VERSION,
        fsqcheck=__version__,
        levels=levels,
        inputs=Latents(latents.words, latents.count - left_out, left_out),
        members=tuple(_member(one) for one in parties),
        pairs=tuple(_pair(a, b, tallies[a, b], decodings) for a, b in pairs),
    )


def _member(one: Party) -> Member:
    identity = one.adapter.identity
    rule = one.subject.case.rule
    return Member(one.name, rule, identity.version, identity.framework, one.decodes, one.no_gradient)


def _pair(a: int, b: int, tally: PairTally, decodings: Decodings) -> Pair:
    largest, mean = tally.slopes()
    return Pair(
        first=a,
        second=b,
        tokens=tally.tokens,
        renumbered=tally.renumbered,
        borderline=tally.borderline,
        channels=tally.channels(),
        decodings=(decodings.between(a, b), decodings.between(b, a)),
        gradient_largest=largest,
        gradient_mean=mean,
    )
