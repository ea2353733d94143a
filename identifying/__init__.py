"""Which rule does a target compute? Nothing of what it claims is believed: its steps, codes and ties are found and compared."""

from .identification import Evidence, Identification, Nearness, Refused, identification_schema
from .identify import NothingAskedError, identify
from .words import in_words

__all__ = [
    "Evidence",
    "Identification",
    "Nearness",
    "NothingAskedError",
    "Refused",
    "identification_schema",
    "identify",
    "in_words",
]
