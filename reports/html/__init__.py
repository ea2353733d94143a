"""The one-file HTML pages. Jinja2 and Matplotlib, the extra `html`, are imported when a page is made and not before."""

from __future__ import annotations

from collections.abc import Sequence
from importlib.util import find_spec

from ..comparison import Comparison
from ..record import Record

__all__ = ["MissingExtra", "render_comparison_html", "render_html", "require_html"]

_NEEDS = ("jinja2", "matplotlib")


# Named like the ways in which a report can be bad, in reading.py.
class MissingExtra(Exception):  # noqa: N818
    """A library that HTML reports are made with is not installed."""

    def __init__(self, missing: Sequence[str]) -> None:
        super().__init__(f"an HTML report needs {' and '.join(missing)}; pip install 'fsqcheck[html]'")


def require_html(needs: Sequence[str] = _NEEDS) -> None:
    """Nothing where HTML can be made, else `MissingExtra`; imports nothing."""
    if missing := [name for name in needs if find_spec(name) is None]:
        raise MissingExtra(missing)


def render_html(records: Sequence[Record]) -> str:
    """One HTML page that needs nothing else, on every target of these records, in their order.

    Third-party text is shown and never run. Raises `MissingExtra` without the extra `html`.
    """
    require_html()
    from .page import rendered

    return rendered(records)


def render_comparison_html(comparison: Comparison) -> str:
    """One HTML page that needs nothing else on what changed, the worst first.

    Third-party text is shown and never run. Raises `MissingExtra` without Jinja2; it has no pictures.
    """
    require_html(["jinja2"])
    from .comparison import rendered

    return rendered(comparison)
