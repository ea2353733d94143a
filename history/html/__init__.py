"""The one-file page on a history. Jinja2, of the extra `html`, is imported when a page is made and not before."""

from __future__ import annotations

from importlib.util import find_spec

from ...reports import MissingExtra
from ..lines import History

__all__ = ["render_html"]


def render_html(history: History) -> str:
    """One HTML page that needs nothing else. Third-party text is shown and never run. Raises `MissingExtra`."""
    if find_spec("jinja2") is None:
        raise MissingExtra(["jinja2"])
    from .page import rendered

    return rendered(history)
