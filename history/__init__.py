"""The history of a package: what the runs on many releases say together. All of it is a pure function of records.

To make one: `making.make` runs what is missing. By hand, `digest(Entry(version, date, yanked, record, reason))` is what is
kept of a release, `HistoryWriter` keeps it in a file as the runs end, `read_history` reads it back; `goes_on` says whether an
interrupted history can go on, and `HistoryWriter(…, kept=old)` then takes its releases over. `history(header, clauses,
releases)` makes one in memory.

To ask it: `timeline`, `milestones`, `changes`, `safe_ranges`, `ask`, `suggest`; `bisect` asks for runs itself, through a
function that it is given.

To show it: `render_terminal`, `render_markdown`, `render_html` (needs the extra `html`), and `render_answer`,
`render_suggestions`, `render_bisection` for what was asked.
"""

from .answering import render_answer, render_bisection, render_suggestions
from .asking import Answer, Choice, Fault, UnknownRelease, ask
from .assembling import history
from .bisect import Bisection, Change, bisect
from .changes import Step, Turn, changes
from .digest import Entry, digest
from .html import render_html
from .lines import (
    SCHEMA_VERSION,
    Example,
    Fit,
    Held,
    History,
    HistoryHeader,
    HistoryLine,
    ReleaseLine,
)
from .markdown import render as render_markdown
from .needs import NEEDS
from .ranges import Safety, Span, safe_ranges
from .reading import read_history
from .schema import history_schema
from .standing import Standing, standing
from .status import status_of
from .suggesting import Near, Suggestion, UnknownNeed, suggest
from .terminal import render as render_terminal
from .timeline import Bar, Milestones, Row, milestones, timeline
from .words import headline
from .writing import HistoryWriter, goes_on

__all__ = [
    "NEEDS",
    "SCHEMA_VERSION",
    "Answer",
    "Bar",
    "Bisection",
    "Change",
    "Choice",
    "Entry",
    "Example",
    "Fault",
    "Fit",
    "Held",
    "History",
    "HistoryHeader",
    "HistoryLine",
    "HistoryWriter",
    "Milestones",
    "Near",
    "ReleaseLine",
    "Row",
    "Safety",
    "Span",
    "Standing",
    "Step",
    "Suggestion",
    "Turn",
    "UnknownNeed",
    "UnknownRelease",
    "ask",
    "bisect",
    "changes",
    "digest",
    "goes_on",
    "headline",
    "history",
    "history_schema",
    "milestones",
    "read_history",
    "render_answer",
    "render_bisection",
    "render_html",
    "render_markdown",
    "render_suggestions",
    "render_terminal",
    "safe_ranges",
    "standing",
    "status_of",
    "suggest",
    "timeline",
]
