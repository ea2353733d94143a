"""A sweep: every bit pattern of a dtype through a target, judged by the exact staircase.

`Question` says what is asked, and in which ranges; `sweep` tries ranges in this process, and `make` those that a file does
not hold yet, wherever its `Try` tries them. `result` is what ranges say together, `read_sweep` reads a record back,
`render` shows it, `compare_sweeps` sets two beside each other.
"""

from .comparing import MovedStep, NotComparable, SweepComparison, compare_sweeps
from .comparison_terminal import comparison_headline, comparison_status, render_sweep_comparison
from .lines import Fault, RangeLine, Sample, SeenStep, SweepHeader, SweepResult, SweptTarget
from .making import TargetNotLoadedError, header_of, make
from .memory import keep_memory
from .question import BadQuestion, Question, Span
from .record import SweepRecord, SweepWriter, goes_on, is_sweep, read_sweep
from .result import KINDS, described, result
from .schema import sweep_schema
from .sweep import UnanswerableError, sweep, swept_target
from .terminal import headline, render, status_of

__all__ = [
    "KINDS",
    "BadQuestion",
    "Fault",
    "MovedStep",
    "NotComparable",
    "Question",
    "RangeLine",
    "Sample",
    "SeenStep",
    "Span",
    "SweepComparison",
    "SweepHeader",
    "SweepRecord",
    "SweepResult",
    "SweepWriter",
    "SweptTarget",
    "TargetNotLoadedError",
    "UnanswerableError",
    "compare_sweeps",
    "comparison_headline",
    "comparison_status",
    "described",
    "goes_on",
    "header_of",
    "headline",
    "is_sweep",
    "keep_memory",
    "make",
    "read_sweep",
    "render",
    "render_sweep_comparison",
    "result",
    "status_of",
    "sweep",
    "sweep_schema",
    "swept_target",
]
