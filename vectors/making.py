"""The vectors of a rule, levels and dtype: every input that the clauses ask about, and what the reference answers."""

from __future__ import annotations

import hashlib
from dataclasses import dataclass
from itertools import product
from math import prod

import numpy as np
from numpy.typing import NDArray

from .. import __version__
from ..adapters import Capability, Identity
from ..conformance.case import Case
from ..conformance.findings import NotJudgedError
from ..conformance.plan import UsageError
from ..conformance.subject import Subject
from ..conformance.surrogate import gradient_tolerance
from ..reference import FSQ, PRECISIONS, Array, Codebook
from .form import Channel, Flag, Vector, Vectors
from .judgements import judgements
from .points import PointAdapter, Points, keys
from .questions import IN_A_FILE

#: The most numbers that a file holds, so that it stays small.
MOST_NUMBERS = 5000
#: Where more indices than this are allowed, they are left out.
_MOST_INDICES = 16
#: A port is a case of its own kind: it answers these vectors, and not what the suite asks a library.
VARIANT = "vectors"


@dataclass(frozen=True)
class Made:
    """The vectors as they are written, and their inputs: (N, d)."""

    document: Vectors
    z: Array


def make(rule: str, levels: tuple[int, ...], dtype: str) -> Made:
    """The vectors, the same in every call; `UsageError` for levels whose vectors would be too many numbers."""
    if 2 * sum(levels) > MOST_NUMBERS:  # every level is asked, alone and mirrored
        raise _too_many(levels)
    z = _asked(rule, levels, dtype)
    if z.size > MOST_NUMBERS:
        raise _too_many(levels)
    subject = subject_of("BND-3", rule, levels, dtype, _reference(rule, levels, dtype, []))
    document = Vectors(
        fsqcheck=__version__,
        rule=rule,
        levels=levels,
        dtype=dtype,
        digest=digest(rule, levels, dtype, [_hex(row) for row in z]),
        channels=_channels(subject),
        vectors=tuple(_vectors(subject, z)),
    )
    return Made(document, z)


def _too_many(levels: tuple[int, ...]) -> UsageError:
    return UsageError(
        f"--levels {','.join(map(str, levels))}: their vectors would be more than {MOST_NUMBERS} numbers; "
        "give fewer channels, or fewer levels"
    )


def subject_of(
    clause: str, rule: str, levels: tuple[int, ...], dtype: str, adapter: PointAdapter, told: str | None = None
) -> Subject:
    """A case of a port in the hands of its test; `told`: what is judged where it is not what stands first."""
    variant = f"{VARIANT}-{told}" if told else VARIANT
    case = Case(adapter.identity.name, clause, rule, levels, dtype, "cpu", "eval", variant)
    return Subject(case, adapter, asking=IN_A_FILE)


def _asked(rule: str, levels: tuple[int, ...], dtype: str) -> Array:
    """(N, d): every vector that any clause asks about, each once."""
    heard: list[Array] = []
    adapter = _reference(rule, levels, dtype, heard)
    for judgement in judgements(rule, levels, dtype):
        try:
            judgement.check(subject_of(judgement.clause, rule, levels, dtype, adapter))
        except NotJudgedError:
            continue
    every = np.concatenate(heard)
    first = {key: row for row, key in reversed(list(enumerate(keys(every))))}
    return every[sorted(first.values())]


def _reference(rule: str, levels: tuple[int, ...], dtype: str, heard: list[Array]) -> PointAdapter:
    """The reference as a port that keeps what it is asked."""
    quantizer = FSQ(levels, rule)

    def ask(z: Array) -> Points:
        heard.append(z.copy())
        codes, indices = quantizer(z)
        return Points(codes.astype(np.float64), indices, quantizer.vjp(z, np.ones_like(z)).astype(np.float64))

    told = frozenset({Capability.CODES, Capability.INDICES, Capability.GRADIENT})
    return PointAdapter(Identity("reference", __version__, None, "numpy"), (rule,), (dtype,), told, ask)


def digest(rule: str, levels: tuple[int, ...], dtype: str, z: list[tuple[str, ...]]) -> str:
    """What answers name: the SHA-256, 16 hex digits, of rule, levels, dtype and all inputs."""
    lines = [rule, " ".join(map(str, levels)), dtype, *(" ".join(row) for row in z)]
    return hashlib.sha256("\n".join(lines).encode()).hexdigest()[:16]


def _channels(subject: Subject) -> tuple[Channel, ...]:
    one = np.ones((1, len(subject.levels)))
    slopes = gradient_tolerance(subject, one, subject.held)[0]
    return tuple(
        Channel(
            levels=L,
            codes=_hex(subject.grid(np.arange(L), channel)),
            code_tolerance=float(f"{subject.grid_tolerance(channel):.9g}"),
            gradient_tolerance=float(f"{slopes[channel]:.9g}"),
        )
        for channel, L in enumerate(subject.levels)
    )


def _vectors(subject: Subject, z: Array) -> list[Vector]:
    wide = z.astype(np.float64)
    known = np.where(np.isnan(wide), 0, wide).astype(z.dtype)
    bounds = [subject.stair(channel).allowed(known[:, channel]) for channel in range(z.shape[1])]
    exact = subject.exact_levels(z)
    slopes = np.stack([subject.rule.slope(z[:, i], L) for i, L in enumerate(subject.levels)], axis=-1)
    tolerance = np.array([channel.gradient_tolerance for channel in _channels(subject)])
    found = []
    for row in range(len(z)):
        levels = tuple(
            _allowed(
                subject, channel, wide[row, channel], int(lowest[row]), int(highest[row]), int(exact[row, channel])
            )
            for channel, (lowest, highest) in enumerate(bounds)
        )
        flags = _flags(subject, wide[row], levels, np.abs(slopes[row]) <= tolerance)
        few = prod(map(len, levels)) <= _MOST_INDICES
        found.append(
            Vector(
                id=row,
                flags=flags if few else (*flags, "many-indices"),
                z=_hex(z[row]),
                decimal=tuple(str(value) for value in z[row]),
                levels=levels,
                indices=_indices(subject.codebook, levels) if few else (),
                # Nine digits: any machine's tanh gives the same ones, and no tolerance is as fine.
                gradient=tuple(None if np.isnan(slope) else float(f"{slope:.9g}") for slope in slopes[row]),
            )
        )
    return found


def _allowed(subject: Subject, channel: int, z: float, lowest: int, highest: int, exact: int) -> tuple[int, ...]:
    if np.isnan(z):
        return ()
    if z == 0 and _ties(subject, channel):
        return (exact,)
    return tuple(range(lowest, highest + 1))


def _ties(subject: Subject, channel: int) -> bool:
    """Whether 0 lies exactly between two levels of a channel."""
    return not subject.rule.lopsided and subject.levels[channel] % 2 == 0


def _indices(codebook: Codebook, levels: tuple[tuple[int, ...], ...]) -> tuple[int, ...]:
    """The index of every choice of levels, ascending; none where a channel has no level."""
    choices = list(product(*levels))
    return tuple(sorted(int(index) for index in codebook.pack(np.array(choices)))) if choices else ()


def _flags(
    subject: Subject, z: NDArray[np.float64], levels: tuple[tuple[int, ...], ...], flat: NDArray[np.bool_]
) -> tuple[Flag, ...]:
    precision = PRECISIONS[subject.case.dtype]
    zero, size = z == 0, np.abs(z)
    ties = np.array([_ties(subject, channel) for channel in range(len(z))])
    holds: dict[Flag, NDArray[np.bool_]] = {
        "band": np.array([len(allowed) > 1 for allowed in levels]),
        "tie": zero & ties,
        "saturated": flat & np.isfinite(z),
        "zero": zero & ~np.signbit(z),
        "negative-zero": zero & np.signbit(z),
        "subnormal": ~zero & (size < precision.smallest_normal),
        "largest": size == precision.largest,
        "inf": np.isinf(z),
        "nan": np.isnan(z),
    }
    return tuple(flag for flag, which in holds.items() if which.any())


def _hex(values: Array) -> tuple[str, ...]:
    """Numbers as C writes them with %a, without needless zeros."""
    return tuple(_short(float(value).hex()) for value in values)


def _short(text: str) -> str:
    digits, power, exponent = text.partition("p")
    return (digits.rstrip("0").rstrip(".") if "." in digits else digits) + power + exponent
