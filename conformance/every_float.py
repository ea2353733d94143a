"""The judgement of NUM-8: every bit pattern of the case's dtype, by a sweep in this process."""

from __future__ import annotations

import msgspec
import numpy as np

from ..adapters import Probe
from ..adapters.streaming import refusal
from ..sweeping import KINDS, BadQuestion, Fault, Question, described, result, sweep
from .findings import Finding, NonConformanceError, NotJudgedError, UnsupportedError
from .subject import Subject


def judge_every_float(subject: Subject) -> None:
    """No bit pattern breaks a MUST; NaNs are fed too, and are the affair of NUM-5."""
    case = subject.case
    if reason := refusal(subject.adapter, subject.setup, case.mode):
        raise UnsupportedError(reason)
    subject.quantizer()  # what refuses to be built says so in its own words
    try:
        asked = Question(case.target, case.rule, case.levels, case.dtype, case.device, case.mode).checked()
    except BadQuestion as error:
        raise NotJudgedError(str(error)) from None
    lines = list(sweep(asked, subject.adapter, asked.ranges))
    subject.witness.heard(np.frombuffer(msgspec.json.encode([line.channels for line in lines]), dtype=np.uint8))
    found = result(asked, lines, "", 0.0)
    wrong = [fault for fault in found.faults if KINDS[fault.kind].severity == "must"]
    if wrong:
        raise NonConformanceError(_finding(subject, asked, wrong, found.tried))


def _finding(subject: Subject, asked: Question, wrong: list[Fault], tried: int) -> Finding:
    """The finding for the simplest input of the kind of fault that most inputs have."""
    fault = max(wrong, key=lambda one: one.count)
    one, worst = fault.simplest, fault.worst
    unsigned = np.dtype(f"u{subject.precision.integer.itemsize}")
    z = np.array([int(one.bits, 16)], dtype=unsigned).view(subject.precision.dtype)
    vector = np.repeat(z[None], len(subject.levels), axis=1)
    channel = 0 if fault.channel is None else fault.channel
    where = "" if fault.channel is None else f"L = {subject.levels[channel]}: "
    details = {"tried": f"every {subject.case.dtype}, each in all channels at once"}
    if fault.channel is not None:
        details["channel"] = f"{channel} (L = {subject.levels[channel]})"
    if worst != one:
        units = "" if worst.units is None else f"{worst.units:.3g} tolerance units at "
        details["worst"] = f"{units}z = {worst.decimal} ({worst.bits}): {worst.observed}, not {worst.expected}"
    if len(wrong) > 1:
        details["besides"] = "; ".join(described(other, asked) for other in wrong if other is not fault)
    return Finding(
        message=f"{where}{fault.count:,} of {tried:,} inputs {KINDS[fault.kind].words}: z = {one.decimal} gets {one.observed}",
        observed=one.observed,
        expected=one.expected,
        input=vector[0],
        input_note="the same number in all channels",
        units=one.units,
        ulps=one.ulps,
        wrong=fault.count,
        tried=tried,
        probe=Probe("forward", subject.layout.arrange(vector)),
        setup=subject.setup,
        details=details,
    )
