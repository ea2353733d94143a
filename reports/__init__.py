"""What a run leaves behind: the record, its reading and writing, its verdict, and how it is shown."""

from .badge import Badge, badge, render_shields
from .badge import render_svg as render_badge
from .comparing import compare
from .comparison import Change, Comparison, Group, Pair, comparison_schema
from .comparison import render_json as render_comparison_json
from .comparison_html import JinjaMissing
from .comparison_html import render as render_comparison_html
from .comparison_markdown import render as render_comparison_markdown
from .comparison_terminal import render as render_comparison_terminal
from .family import Family, families
from .finding import Cause, Finding, findings
from .fingerprint import fingerprint
from .junit import render as render_junit
from .markdown import render as render_markdown
from .reading import (
    BadLine,
    BadReport,
    DuplicateCase,
    EmptyReport,
    MissingHeader,
    NewerSchema,
    NotARecord,
    UnexpectedLine,
    UnknownTarget,
    UnreadableReport,
    read,
    stream,
)
from .reason import Reason, reasons
from .record import (
    BAD,
    JUDGED,
    OUTCOMES,
    SCHEMA_VERSION,
    SEVERITIES,
    BaselineLine,
    ClauseLine,
    Distance,
    Environment,
    Evidence,
    Footer,
    Header,
    Line,
    Number,
    Outcome,
    Record,
    ResultLine,
    Severity,
    TargetLine,
    tally,
)
from .schema import json_schema
from .terminal import render as render_terminal
from .together import render as render_markdown_together
from .verdict import Status, Verdict, exit_status, gap, judge, plan_digest, verdicts
from .writing import RecordWriter, UnwritableReport

__all__ = [
    "BAD",
    "JUDGED",
    "OUTCOMES",
    "SCHEMA_VERSION",
    "SEVERITIES",
    "BadLine",
    "BadReport",
    "Badge",
    "BaselineLine",
    "Cause",
    "Change",
    "ClauseLine",
    "Comparison",
    "Distance",
    "DuplicateCase",
    "EmptyReport",
    "Environment",
    "Evidence",
    "Family",
    "Finding",
    "Footer",
    "Group",
    "Header",
    "JinjaMissing",
    "Line",
    "MissingHeader",
    "NewerSchema",
    "NotARecord",
    "Number",
    "Outcome",
    "Pair",
    "Reason",
    "Record",
    "RecordWriter",
    "ResultLine",
    "Severity",
    "Status",
    "TargetLine",
    "UnexpectedLine",
    "UnknownTarget",
    "UnreadableReport",
    "UnwritableReport",
    "Verdict",
    "badge",
    "compare",
    "comparison_schema",
    "exit_status",
    "families",
    "findings",
    "fingerprint",
    "gap",
    "json_schema",
    "judge",
    "plan_digest",
    "read",
    "reasons",
    "render_badge",
    "render_comparison_html",
    "render_comparison_json",
    "render_comparison_markdown",
    "render_comparison_terminal",
    "render_junit",
    "render_markdown",
    "render_markdown_together",
    "render_shields",
    "render_terminal",
    "stream",
    "tally",
    "verdicts",
]
