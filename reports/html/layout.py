"""What all pages in one file share: style and script inside, a policy that forbids the rest, and templates that escape."""

from __future__ import annotations

import base64
import hashlib
from importlib.resources import files

import jinja2
from markupsafe import Markup

from ..words import capital


def text_of(package: str, name: str) -> str:
    """A file of a package, without the space around it."""
    return files(package).joinpath(name).read_text(encoding="utf-8").strip()


def rendered_page(package: str, template: str, *, title: str, script: str, style: str = "", **values: object) -> str:
    """A template of a package, which extends base.html.j2, filled in; all text in `values` is escaped.

    Style and script are the page's own; what every page has stands around them: its look, copying, and last, when all that
    hides things has run, unfolding what a link leads to.
    """
    style = "\n".join(part for part in (text_of(__package__, "style.css"), style) if part)
    script = "\n".join([text_of(__package__, "copying.js"), script, text_of(__package__, "folding.js")])
    environment = jinja2.Environment(
        loader=jinja2.FunctionLoader(lambda name: text_of(package if name == template else __package__, name)),
        autoescape=True,
        trim_blocks=True,
        lstrip_blocks=True,
        undefined=jinja2.StrictUndefined,
    )
    environment.filters["capital"] = capital
    return environment.get_template(template).render(
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
