"""The page: the view laid out by the template, with its style and script inside, and a policy that forbids the rest."""

from __future__ import annotations

import base64
import hashlib
from collections.abc import Sequence
from importlib.resources import files

import jinja2
from markupsafe import Markup

from ..record import Record
from ..words import capital
from .matrix import KINDS
from .pictures import Galleries
from .view import page_view


def rendered(records: Sequence[Record]) -> str:
    """The page as text."""
    galleries = Galleries()
    view = page_view(records, galleries)
    style = f"{_file('style.css')}\n{galleries.sheet.css()}"
    script = _file("page.js")
    return _TEMPLATES.get_template("page.html.j2").render(
        page=view,
        kinds=KINDS,
        style=Markup(style),
        script=Markup(script),
        policy=_policy(style, script),
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
