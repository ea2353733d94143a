"""One file that needs nothing else: a template laid out with the style and script inside, and a policy that forbids the rest."""

from __future__ import annotations

import base64
import hashlib
from importlib.resources import files
from typing import Any

import jinja2
from markupsafe import Markup

from ..words import capital


def document(template: str, title: str, more_style: str = "", **values: Any) -> str:
    """The page as text; `more_style` is CSS of this page alone, all text in `values` is escaped."""
    style = "\n".join(part for part in (_file("style.css"), more_style) if part)
    script = _file("page.js")
    return _TEMPLATES.get_template(template).render(
        title=title, style=Markup(style), script=Markup(script), policy=_policy(style, script), **values
    )


def _policy(style: str, script: str) -> str:
    """Nothing may be fetched, sent or framed; of styles and scripts only the page's own may run."""
    return (
        f"default-src 'none'; style-src '{_hash(style)}'; script-src '{_hash(script)}'; "
        "base-uri 'none'; form-action 'none'"
    )


def _hash(text: str) -> str:
    return f"sha256-{base64.b64encode(hashlib.sha256(text.encode()).digest()).decode()}"


def _file(name: str) -> str:
    return files(__package__).joinpath(name).read_text(encoding="utf-8").strip()


_TEMPLATES = jinja2.Environment(
    loader=jinja2.FunctionLoader(_file),
    autoescape=True,
    trim_blocks=True,
    lstrip_blocks=True,
    undefined=jinja2.StrictUndefined,
)
_TEMPLATES.filters["capital"] = capital
