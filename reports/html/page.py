"""The report page: its view laid out, with the colours that its pictures use."""

from __future__ import annotations

from collections.abc import Sequence

from ..record import Record
from .document import document
from .matrix import KINDS
from .pictures import Galleries
from .view import page_view


def rendered(records: Sequence[Record]) -> str:
    """The page as text."""
    galleries = Galleries()
    view = page_view(records, galleries)
    return document("page.html.j2", view.title, galleries.sheet.css(), page=view, kinds=KINDS)
