"""Matplotlib's SVG made small, silent and themed: classes for styles, CSS variables for colours, a title for readers.

What comes out has no style attribute, so that the page's Content-Security-Policy can name every style by its hash; no
id that another picture could have too; and no colour of its own, so that dark mode and print are the page's affair.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from xml.etree import ElementTree

from markupsafe import Markup, escape

_SVG = "{http://www.w3.org/2000/svg}"
_NUMBER = re.compile(r"-?\d+\.\d+")
_KEPT = frozenset({"d", "x", "y", "width", "height", "transform", "viewBox"})
#: What every shape of the page's pictures has anyway, or what Matplotlib says of nothing.
_DEFAULTS = frozenset({"stroke-opacity:1", "stroke-linejoin:round", "stroke-linejoin:miter", "stroke-linecap:butt"})


@dataclass
class Sheet:
    """The styles that the pictures of a page share, each once, as CSS classes."""

    colours: Mapping[str, str]
    _classes: dict[str, str] = field(default_factory=dict)

    def class_of(self, style: str) -> str:
        """The class of a style attribute's text."""
        declarations = [part.strip().replace(": ", ":") for part in style.split(";") if part.strip()]
        kept = ";".join(sorted(part for part in declarations if part not in _DEFAULTS and not part.startswith("font")))
        for colour, variable in self.colours.items():
            kept = kept.replace(colour, variable)
        return self._classes.setdefault(kept, f"g{len(self._classes)}") if kept else ""

    def css(self) -> str:
        """The rules of all classes."""
        return "\n".join(f".{name}{{{style}}}" for style, name in self._classes.items())


def inlined(svg: str, sheet: Sheet, name: str, title: str, description: str) -> Markup:
    """One picture of Matplotlib as an inline `<svg>`; `name` is part of its ids and must be the picture's own."""
    root = ElementTree.fromstring(svg)
    shapes = "".join(_shapes(root, sheet))
    return Markup(
        '<svg viewBox="{box}" role="img" aria-labelledby="{name}t {name}d">'
        '<title id="{name}t">{title}</title><desc id="{name}d">{description}</desc>{shapes}</svg>'
    ).format(box=root.get("viewBox"), name=name, title=title, description=description, shapes=Markup(shapes))


def _shapes(element: ElementTree.Element, sheet: Sheet) -> list[str]:
    """The shapes below an element, without groups: none of them has a transform of its own."""
    found: list[str] = []
    for child in element:
        tag = child.tag.removeprefix(_SVG)
        if tag == "g":
            found += _shapes(child, sheet)
        elif tag == "path" and child.get("d", "").strip():
            found.append(f"<path{_attributes(child, sheet)}/>")
        elif tag == "text":
            found.append(f"<text{_attributes(child, sheet)}>{escape(''.join(child.itertext()))}</text>")
    return found


def _attributes(element: ElementTree.Element, sheet: Sheet) -> str:
    name = sheet.class_of(element.get("style", ""))
    parts = [f' class="{name}"'] if name else []
    for key, value in element.attrib.items():
        if key not in _KEPT or (key == "transform" and value.startswith("rotate(-0 ")):
            continue
        short = _NUMBER.sub(lambda match: f"{float(match[0]):.1f}".removesuffix(".0"), " ".join(value.split()))
        parts.append(f' {key}="{escape(_tight(short) if key == "d" else short)}"')
    return "".join(parts)


def _tight(path: str) -> str:
    """`M 1 2 L 3 4` as `M1 2L3 4`."""
    return re.sub(r" ?([A-Zz]) ?", r"\1", path)
