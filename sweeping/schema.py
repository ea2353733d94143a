"""The published JSON Schema of a sweep's record: made from the types, so that it cannot say anything else than they do."""

from __future__ import annotations

from typing import Any

from ..reports.schema import FIELDS as OF_RECORDS
from ..reports.schema import schema_of_lines
from .lines import SCHEMA_VERSION, SweepLine

ID = f"urn:fsqcheck:sweep:{SCHEMA_VERSION}"

_BITS = "as `0x` and hex digits"

#: What each field means. Types and names come from lines.py; a test holds the two together.
FIELDS: dict[str, dict[str, str]] = {
    "SweepHeader": {
        "type": "Which kind of line this is.",
        "schema": "The version of this schema; a reader refuses a greater one than it knows.",
        "fsqcheck": "The version of fsqcheck that made the sweep.",
        "started": "When it was started, as an ISO 8601 time.",
        "command": "The command line, one word an item.",
        "environment": "Where it was started.",
        "target": "What was asked, as the user named it.",
        "rule": "The rule by which it is judged.",
        "levels": "The number of levels of each channel; every input goes into all of them.",
        "judged": "Of which channels something can be judged: of others the bands leave nothing, or codes cannot be told apart.",
        "dtype": "The dtype of the inputs.",
        "held": "The dtype whose tolerance band is held against the target.",
        "device": "The device.",
        "mode": "The way in which it was run.",
        "first": f"The first bit pattern, {_BITS}.",
        "end": f"The bit pattern behind the last one, {_BITS}.",
        "every": "Whether every bit pattern between the two is tried, and not only windows of them.",
        "inputs": "How many inputs are tried.",
        "ranges": "In how many ranges.",
    },
    "SweptTarget": {
        "type": "Which kind of line this is.",
        "name": "The target, as the user named it.",
        "version": "The release that was loaded.",
        "origin": "Where its code came from.",
        "framework": "The framework that it runs on.",
        "loaded": "Whether it could be loaded and asked this.",
        "reason": "Why not, on one line.",
    },
    "SweptChannel": {
        "levels": "The number of levels of the channel.",
        "codes": "The dtype of its codes; null where none came.",
        "seen": "The levels that were seen.",
    },
    "SeenLevel": {
        "level": "The level index.",
        "count": "How many inputs took it.",
        "lowest": f"The lowest of them, {_BITS}.",
        "highest": f"The highest of them, {_BITS}.",
        "codes": f"The smallest and the largest code that they got, {_BITS} of the codes' dtype.",
    },
    "Sample": {
        "bits": f"The input, {_BITS}.",
        "decimal": "The input as the shortest decimal that gives it back in float64.",
        "observed": "What it got.",
        "expected": "What is right.",
        "units": "How far that is from what is right, in tolerance units: above 1 is wrong.",
        "ulps": "The number of floats to the nearest one for which it would be right.",
    },
    "Fault": {
        "kind": "In which way the inputs are wrong.",
        "channel": "The channel, counted from 0; null where it is not one channel's affair.",
        "count": "How many inputs.",
        "worst": "The one that is farthest off.",
        "simplest": "The one nearest to zero.",
    },
    "RangeLine": {
        "type": "Which kind of line this is.",
        "first": f"The first bit pattern, {_BITS}.",
        "end": f"The bit pattern behind the last one, {_BITS}.",
        "tried": "How many inputs were tried; fewer than there are where the target raised.",
        "nans": "How many of them were NaN.",
        "refused": "For how many of those the target raised.",
        "indices": "Whether indices came and were compared.",
        "channels": "What was seen of each channel.",
        "faults": "What is wrong.",
        "seconds": "How long it took.",
        "peak_mib": "The most memory that the process had held so far, in MiB.",
        "device_mib": "The most memory of the device that had been held so far, in MiB.",
    },
    "SeenStep": {
        "channel": "The channel, counted from 0.",
        "step": "The level that the step leads to.",
        "exact": f"The smallest float on or above the exact step, {_BITS}; null where there is none.",
        "lo": f"The lower border of its tolerance band, {_BITS}.",
        "hi": f"The upper border, which is outside of it, {_BITS}.",
        "observed": f"The smallest input that took this level or a higher one, {_BITS}; null where none did, or all did.",
        "units": "How far that is from the exact step in half-widths of the band, positive for too high.",
        "ulps": "The same in floats.",
        "overlap": "How many inputs from there up to the last one that took a lower level; 0 where it is monotone.",
    },
    "SweepResult": {
        "type": "Which kind of line this is.",
        "finished": "When the sweep ended, as an ISO 8601 time.",
        "verdict": "conforms, or does not conform.",
        "tried": "How many inputs were tried.",
        "nans": "How many of them were NaN.",
        "refused": "For how many of those the target raised.",
        "misclassified": "How many (input, channel) took a level that the staircase does not allow.",
        "monotone": "Whether no input took a lower level than a smaller one; null where not every input was tried.",
        "unmirrored": "How many inputs break the rule's mirror symmetry; null where it has none, or not every input was tried.",
        "indices": "Whether indices came and were compared.",
        "uneven": "How many levels have more than one code, within rounding.",
        "steps": "The steps of every channel, from below.",
        "faults": "What is wrong, over all ranges.",
        "seconds": "How long all ranges took together.",
        "peak_mib": "The most memory that a process held, in MiB.",
        "device_mib": "The most memory of a device that was held, in MiB.",
    },
    "Environment": OF_RECORDS["Environment"],
}


def sweep_schema() -> dict[str, Any]:
    """The JSON Schema (draft 2020-12) of one line of a sweep's record."""
    return schema_of_lines(
        SweepLine,
        FIELDS,
        header="SweepHeader",
        version=SCHEMA_VERSION,
        id=ID,
        title="A line of the record of an fsqcheck sweep",
        description=(
            "The record of a sweep is a JSON Lines file: a header, the target, one line a range of bit patterns as it ends, "
            "and a result when all have. One without a result was interrupted, and is gone on with by the same command. "
            "Readers ignore fields that they do not know."
        ),
    )
