"""From a finding to the evidence of a record: numbers with their bits, a command, a script."""

from __future__ import annotations

import shlex

import numpy as np

from ..adapters import Adapter, Probe, Setup
from ..reference import PRECISIONS, bit_pattern
from ..reports.record import Distance, Evidence, Number
from .case import DRAWN_VARIANT, Case
from .findings import Array, Finding, TargetRaisedError

#: Inputs of more numbers than this are described and not listed.
_MOST_NUMBERS = 32


def rerun_command(case: Case, seed: int) -> str:
    """The command that runs this one case again."""
    again = f"fsqcheck run {_quoted(case.target)} --case {_quoted(case.id)}"
    return f"{again} --seed {seed}" if seed and case.variant == DRAWN_VARIANT else again


def _quoted(text: str) -> str:
    """Text as one word of a shell: in double quotes where it has single ones and nothing that a shell would read."""
    return f'"{text}"' if "'" in text and not set(text) & set('"$`\\!') else shlex.quote(text)


def evidence_of(finding: Finding, case: Case, adapter: Adapter, seed: int = 0) -> Evidence:
    """The evidence of a failure."""
    units, ulps = (
        None if value is None or not np.isfinite(value) else float(value) for value in (finding.units, finding.ulps)
    )
    return Evidence(
        observed=finding.observed,
        expected=finding.expected,
        input=() if finding.input is None else numbers(finding.input),
        input_note=finding.input_note,
        distance=None if units is None and ulps is None else Distance(tolerance_units=units, ulps=ulps),
        wrong=finding.wrong,
        tried=finding.tried,
        rerun=rerun_command(case, seed),
        script=_script(finding.setup, finding.probe, adapter, finding.observed, finding.expected),
        details=finding.details,
    )


def evidence_of_raise(raised: TargetRaisedError, case: Case, adapter: Adapter, seed: int = 0) -> Evidence:
    """The evidence of an error: what was asked and what was raised."""
    return Evidence(
        observed=f"raised {raised.what()}",
        expected="an answer",
        rerun=rerun_command(case, seed),
        script=_script(raised.setup, raised.probe, adapter, f"raised {raised.what()}", "an answer"),
    )


def numbers(values: Array) -> tuple[Number, ...]:
    """Numbers as decimals and bits; nothing for an array that is too long to print."""
    flat = np.asarray(values).ravel()
    if flat.size > _MOST_NUMBERS:
        return ()
    if flat.dtype.kind in "iu":
        return tuple(Number(decimal=str(int(value)), bits=hex(int(value))) for value in flat)
    precision = PRECISIONS[flat.dtype.name]
    return tuple(Number(decimal=repr(float(value)), bits=bit_pattern(float(value), precision)) for value in flat)


def _script(setup: Setup | None, probe: Probe | None, adapter: Adapter, observed: str, expected: str) -> str | None:
    if setup is None or probe is None:
        return None
    script = adapter.script(setup, probe)
    if script is None:
        return None
    notes = [f"# observed: {_comment(observed)}", f"# expected: {_comment(expected)}"]
    return "\n".join([script, *notes])


def _comment(text: str) -> str:
    return " ".join(text.split())[:160]
