"""What a run leaves behind: the record, its reading and writing, its verdict, and how it is shown."""

from .accepting import Acceptance, NothingToKnow, baseline_of
from .accepting import render as render_baseline
from .badge import Badge, badge, render_shields
from .badge import render_svg as render_badge
from .baseline import (
    BadBaseline,
    Baseline,
    Entry,
    MissingKey,
    NewerBaseline,
    NotToml,
    UnknownKey,
    UnreadableBaseline,
    WrongValue,
    read_baseline,
)
from .comparing import compare
from .comparison import Change, Comparison, Group, Pair, comparison_schema
from .comparison import render_json as render_comparison_json
from .comparison_markdown import render as render_comparison_markdown
from .comparison_terminal import render as render_comparison_terminal
from .expecting import expected
from .family import Family, families
from .finding import Cause, Finding, findings
from .fingerprint import fingerprint
from .html import MissingExtra, render_comparison_html, render_html, require_html
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
    GradientLine,
    Header,
    Line,
    Measurement,
    Number,
    Outcome,
    Record,
    ResultLine,
    Severity,
    StaircaseLine,
    TargetLine,
    tally,
)
from .schema import json_schema, schema_of_object
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
    "Acceptance",
    "BadBaseline",
    "BadLine",
    "BadReport",
    "Badge",
    "Baseline",
    "BaselineLine",
    "Cause",
    "Change",
    "ClauseLine",
    "Comparison",
    "Distance",
    "DuplicateCase",
    "EmptyReport",
    "Entry",
    "Environment",
    "Evidence",
    "Family",
    "Finding",
    "Footer",
    "GradientLine",
    "Group",
    "Header",
    "Line",
    "Measurement",
    "MissingExtra",
    "MissingHeader",
    "MissingKey",
    "NewerBaseline",
    "NewerSchema",
    "NotARecord",
    "NotToml",
    "NothingToKnow",
    "Number",
    "Outcome",
    "Pair",
    "Reason",
    "Record",
    "RecordWriter",
    "ResultLine",
    "Severity",
    "StaircaseLine",
    "Status",
    "TargetLine",
    "UnexpectedLine",
    "UnknownKey",
    "UnknownTarget",
    "UnreadableBaseline",
    "UnreadableReport",
    "UnwritableReport",
    "Verdict",
    "WrongValue",
    "badge",
    "baseline_of",
    "compare",
    "comparison_schema",
    "exit_status",
    "expected",
    "families",
    "findings",
    "fingerprint",
    "gap",
    "json_schema",
    "judge",
    "plan_digest",
    "read",
    "read_baseline",
    "reasons",
    "render_badge",
    "render_baseline",
    "render_comparison_html",
    "render_comparison_json",
    "render_comparison_markdown",
    "render_comparison_terminal",
    "render_html",
    "render_junit",
    "render_markdown",
    "render_markdown_together",
    "render_shields",
    "render_terminal",
    "require_html",
    "schema_of_object",
    "stream",
    "tally",
    "verdicts",
]
