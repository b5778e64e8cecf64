"""How a page is written: templates that escape everything, one style element, nothing else.

What others wrote cannot leave its place: each value is made printable, then escaped, and the page
forbids scripts and every address by its Content-Security-Policy.
"""

from __future__ import annotations

import base64
import hashlib
from functools import cache
from typing import TYPE_CHECKING, Any

from mailauth_dns.diff.shown_values import public
from mailauth_dns.errors import printable
from mailauth_dns.pages.drawing import Drawing
from mailauth_dns.render.terminal_text import count, shown

if TYPE_CHECKING:
    from jinja2 import Environment


MAX_TOLD = 2_500_000  # characters in full; a browser opens such a page on a phone too
_PLAIN = (
    20_000  # characters; where a part of this size has no room, there is none for others either
)


def page(template: str, **values: object) -> str:
    """Return a page in ASCII: what else there is stands in it as references."""
    style = _style("colours.css", "page.css", "picture.css")
    digest = base64.b64encode(hashlib.sha256(f"\n{style}\n".encode()).digest()).decode()
    text = (
        _environment()
        .get_template(template)
        .render(style=_trusted(style), style_hash=f"sha256-{digest}", **values)
    )
    return _ascii(text)


def part(template: str, **values: object) -> Any:  # noqa: ANN401 - see _trusted
    """Return a part of a page as markup, so that its length is known before the page is made."""
    return _trusted(_environment().get_template(template).render(**values))


class Room:
    """What is left of a page's room for what is told in full; `left` counts what is not."""

    def __init__(self) -> None:
        self._room = MAX_TOLD
        self.left = 0

    @property
    def full(self) -> bool:
        """Whether nothing more is told in full."""
        return self._room <= 0

    def told(self, template: str, **values: object) -> Any:  # noqa: ANN401 - markup, or None
        """Return a part of the page; None where there is no room for it."""
        made = part(template, **values) if not self.full else None
        if made is None or len(made) > self._room:
            self.left += 1
            if made is not None and len(made) < _PLAIN:
                self._room = 0
            return None
        self._room -= len(made)
        return made

    def charge(self, characters: int) -> None:
        """Count what stands around the parts."""
        self._room -= characters


def picture(drawing: Drawing) -> str:
    """Return a picture as a file of its own, in ASCII."""
    text = (
        _environment()
        .get_template("alone.svg")
        .render(drawing=drawing, style=_trusted(_style("colours.css", "picture.css")))
    )
    return _ascii(text)


def _ascii(text: str) -> str:
    return text.encode("ascii", "xmlcharrefreplace").decode() + "\n"


@cache
def _environment() -> Environment:
    # Only pages need it, and it takes 30 ms to load.
    from jinja2 import Environment, PackageLoader, StrictUndefined

    environment = Environment(
        loader=PackageLoader("mailauth_dns.pages"),
        autoescape=True,
        undefined=StrictUndefined,
        finalize=_printable,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    environment.filters["value"] = shown
    environment.filters["public"] = public
    environment.globals["count"] = count
    return environment


def _printable(value: object) -> object:
    """Return what a template prints: text as it is fit for people, markup as it is."""
    return value if hasattr(value, "__html__") else printable(str(value))


def _style(*names: str) -> str:
    loader = _environment().loader
    assert loader is not None
    return "".join(loader.get_source(_environment(), name)[0] for name in names).strip()


def _trusted(text: str) -> Any:  # noqa: ANN401 - the type is the library's, which is loaded late
    from markupsafe import Markup

    return Markup(text)  # noqa: S704 - our own style, which holds nothing from outside
