"""May one target stand in for another? The tokens, codes and gradients of every two of some, on the same vectors."""

from .html import render as render_html
from .inputs import Inputs, inputs
from .markdown import render as render_markdown
from .measuring import measure
from .refusing import CannotCompareError
from .results import Interop, Pair, interop_schema, render_json
from .terminal import render as render_terminal
from .words import conclusion, verdict

__all__ = [
    "CannotCompareError",
    "Inputs",
    "Interop",
    "Pair",
    "conclusion",
    "inputs",
    "interop_schema",
    "measure",
    "render_html",
    "render_json",
    "render_markdown",
    "render_terminal",
    "verdict",
]
