"""Quantizers side by side: another one that is built later has levels and codes of its own."""

from __future__ import annotations

from contextlib import suppress

import numpy as np

from ..reference import rule_named
from . import comparators, probes
from .findings import TargetRaisedError, UnsupportedError, WrongAnswerError
from .subject import Subject
from .witness import WitnessedQuantizer


def judge_beside_another(subject: Subject, quantizer: WitnessedQuantizer) -> None:
    """Where it takes the right levels, so does one of other levels or of another rule that is built after it."""
    mine = subject.levels
    lists = (mine[::-1], (*mine[:-1], 5), (*mine[:-1], 3), mine[:1] * 2, mine[:1])
    allowed = [levels for levels in lists if levels != mine and all(map(subject.rule.levels_allowed, levels))]
    other = subject.with_levels(allowed[0])
    right = []
    for held, asked in ((subject, quantizer), (other, other.quantizer())):
        settled = probes.settled(held.rule, held.levels, subject.case.dtype, 64)
        right.append((held.read(held.ask(settled, asked).codes), held.exact_levels(settled)))
    (mine_taken, mine_right), (taken, expected) = right
    if (mine_taken == mine_right).all():  # else it is wrong whatever was built before
        comparators.same_integers(taken, expected, "the levels of a quantizer that was built later")
    _decodes_apart(subject, other)
    _takes_levels_apart(subject, allowed[1:])


def _takes_levels_apart(subject: Subject, lists: list[tuple[int, ...]]) -> None:
    """Under another rule, where one of other levels is right, so is one of the levels that this case has."""
    for name in subject.adapter.rules:
        rule = rule_named(name)
        allowed = [levels for levels in lists if all(map(rule.levels_allowed, levels))]
        if name == subject.case.rule or not allowed or not all(map(rule.levels_allowed, subject.levels)):
            continue
        right = []
        with suppress(TargetRaisedError, UnsupportedError, WrongAnswerError):  # that it cannot is the affair of others
            for levels in (allowed[0], subject.levels):
                other = subject.with_levels(levels, rule=name)
                settled = probes.settled(other.rule, levels, subject.case.dtype, 64)
                right.append((other.read(other.ask(settled).codes), other.exact_levels(settled)))
        if len(right) == 2 and (right[0][0] == right[0][1]).all():
            comparators.same_integers(*right[1], f"the levels of a quantizer of the rule {name} that was built later")
        return


def _decodes_apart(subject: Subject, other: Subject) -> None:
    """Where it decodes the whole codebook right, so does one of other levels that was built later."""
    right = []
    for held in (subject, other):
        codes = held.decoded_codebook()
        if codes is None:
            return
        right.append((held.read(codes), held.codebook.unpack(np.arange(held.codebook.size))))
    (mine_taken, mine_right), (taken, expected) = right
    if (mine_taken == mine_right).all():
        comparators.same_integers(taken, expected, "the levels that a quantizer that was built later decodes")
