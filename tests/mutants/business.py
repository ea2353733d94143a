"""What each clause looks at, and so on which faults it has any business to fire.

A fault spoils parts of what a quantizer does; a clause that looks at none of these parts must stay silent.
"""

from __future__ import annotations

#: The parts that a fault can spoil.
PARTS = {
    "level": "which level a number takes",
    "code": "the code that a level has in the forward call",
    "index": "the index of the forward call",
    "encode": "codes_to_indices",
    "decode": "indices_to_codes",
    "gradient": "the gradient",
    "shape": "what shapes, layouts and strides it takes, and which it gives",
    "dtype": "the dtype of its answers",
    "context": "whether an answer depends on other positions, calls or modes",
    "written": "whether it writes to what it was given or gave",
    "copy": "whether it can be copied",
    "noise": "the noise of training",
    "nan": "NaN",
    "memory": "what it holds in memory",
    "device": "where its answers are",
    "refusal": "what it does with indices outside its codebook",
}

_LEVELS = "level code"

#: The parts that a clause looks at.
LOOKS_AT: dict[str, str] = {
    **dict.fromkeys(("BND-1", "BND-2", "BND-3", "BND-4", "BND-5"), _LEVELS),
    "BND-6": f"{_LEVELS} decode",
    "SYM-1": f"{_LEVELS} decode",
    "SYM-2": f"{_LEVELS} index",
    "SYM-3": _LEVELS,
    "SYM-4": _LEVELS,
    "SYM-5": f"{_LEVELS} decode",
    "SHP-1": f"{_LEVELS} index shape",
    "SHP-2": f"{_LEVELS} index shape",
    "SHP-3": "shape",
    "SHP-4": "context",
    "SHP-5": "context",
    "SHP-6": "shape context",
    "SHP-7": "written",
    "SHP-8": f"{_LEVELS} index decode shape",
    "SHP-9": "shape",
    "SHP-10": f"{_LEVELS} index shape",
    "SHP-11": "index decode shape",
    "SHP-12": "dtype",
    "SHP-13": "written",
    "IDX-1": "encode decode",
    "IDX-2": "encode decode",
    "IDX-3": "code index encode",
    "IDX-4": f"{_LEVELS} index encode decode",
    "IDX-5": f"{_LEVELS} index",
    "IDX-6": f"{_LEVELS} index encode decode",
    "IDX-7": f"{_LEVELS} index encode",
    "IDX-8": f"{_LEVELS} encode",
    "IDX-9": "decode refusal",
    "IDX-10": "code index decode shape",
    "IDX-11": "memory",
    "IDX-12": f"{_LEVELS} index",
    "IDX-13": "decode",
    "GRD-1": "gradient",
    "GRD-2": "gradient",
    "GRD-3": "gradient",
    "GRD-4": "gradient",
    "GRD-5": "gradient",
    "GRD-6": "code context",
    "GRD-7": "context",
    "GRD-8": "dtype shape gradient",
    "GRD-9": "gradient",
    "GRD-10": "gradient",
    "GRD-11": "gradient",
    "NUM-1": _LEVELS,
    "NUM-2": _LEVELS,
    "NUM-3": _LEVELS,
    "NUM-4": f"{_LEVELS} gradient",
    "NUM-5": "nan",
    "NUM-6": "nan context",
    "NUM-7": f"{_LEVELS} index",
    "NUM-8": f"{_LEVELS} code index shape dtype",
    "TRN-1": "context",
    "TRN-2": "noise context",
    "TRN-3": "noise",
    "TRN-4": "noise",
    "TRN-5": "noise",
    "TRN-6": "copy",
    "TRN-7": "noise",
    "TRN-8": "context",
    "DEV-1": "device",
    "DEV-2": "context",
    "DEV-3": f"{_LEVELS} index encode decode dtype",
    "DEV-4": f"{_LEVELS} index",
    "DEV-5": f"{_LEVELS} index",
    "DEV-6": "dtype context",
}


def concerned(parts: str) -> frozenset[str]:
    """The clauses that look at any of these parts; `KeyError` for a part that is not there."""
    spoiled = {part: PARTS[part] for part in parts.split()}.keys()
    return frozenset(clause for clause, looked in LOOKS_AT.items() if spoiled & set(looked.split()))
