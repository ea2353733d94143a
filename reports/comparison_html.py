"""A comparison as one offline HTML page. Needs Jinja2: the extra `html`."""

from __future__ import annotations

from importlib.resources import files

from .comparison import Comparison
from .comparison_words import TITLES, became, caution, counts, heading, timing
from .html import MissingExtra


def render(comparison: Comparison) -> str:
    """The page; it loads nothing from elsewhere, and all third-party text in it is escaped. `MissingExtra`."""
    try:
        from jinja2 import Environment, StrictUndefined
    except ImportError:
        raise MissingExtra(["jinja2"]) from None
    environment = Environment(autoescape=True, undefined=StrictUndefined, trim_blocks=True, lstrip_blocks=True)
    environment.filters |= {"shown": _shown}
    template = environment.from_string(files(__package__).joinpath("comparison.html.jinja").read_text(encoding="utf-8"))
    return template.render(
        comparison=comparison,
        titles=TITLES,
        became=became,
        caution=caution(comparison),
        counts=counts,
        heading=heading,
        timing=timing,
    )


def _shown(text: str | None, limit: int = 400) -> str:
    from . import plain

    return plain.line(text or "", limit)
