"""Logos as BIMI wants them: SVG Tiny Portable/Secure, a still drawing that asks for nothing.

The source is draft-svg-tiny-ps-abrotman. What is checked is what it asks of every file; a validator
of the whole profile has a schema for it.
"""

from __future__ import annotations

import re
import zlib
from collections.abc import Iterator
from typing import TYPE_CHECKING, NoReturn

if TYPE_CHECKING:
    from xml.etree.ElementTree import Element

LARGEST = 32768  # octets that a logo should have at most (BIMI draft)
# Octets that are taken out of a compressed logo. defusedxml limits what XML may declare, not its
# size: a kilobyte of gzip holds a megabyte, and all of it becomes elements in memory.
_UNPACKED = 1 << 20

_SVG = "{http://www.w3.org/2000/svg}"
_HREF = "{http://www.w3.org/1999/xlink}href"
_MOVING = ("animate", "animateColor", "animateMotion", "animateTransform", "set", "discard")
_ACTIVE = ("script", "handler", "listener")
_FOREIGN = ("image", "foreignObject", "audio", "video", "animation")
# Possessive repeats: a long attribute must not be tried again from each of its characters.
_OUTSIDE = re.compile(r"@import|\burl\(\s*+(?![\"']?#)", re.IGNORECASE)
_NUMBER = re.compile(
    r"\s*+\+?((?:[0-9]++(?:\.[0-9]++)?|\.[0-9]++)(?:[eE][-+]?[0-9]{1,3})?)\s*+(?:px)?\s*+"
)


def unpacked(octets: bytes) -> bytes | None:
    """Return a logo as XML: it may be compressed with gzip.

    None where it breaks off, or is far too large.
    """
    if not octets.startswith(b"\x1f\x8b"):
        return octets
    reader = zlib.decompressobj(wbits=31)
    try:
        text = reader.decompress(octets, _UNPACKED)
    except zlib.error:
        return None
    return text if reader.eof else None


def faults(octets: bytes) -> Iterator[str]:
    """Yield what keeps mail programs from showing this logo."""
    text = unpacked(octets)
    if text is None:
        yield "it is not whole gzip data, or far too large"
        return
    # Imported here: most runs look at no logo.
    from defusedxml.common import DTDForbidden, EntitiesForbidden

    try:
        root = _parsed(text)
    except EntitiesForbidden:
        yield "it declares entities"
        return
    except DTDForbidden:
        yield "it declares attributes"
        return
    # LookupError: an encoding that does not exist. ParseError is a SyntaxError.
    except (SyntaxError, ValueError, LookupError) as error:
        yield f"it is no XML: {error}"
        return
    if root.tag != f"{_SVG}svg":
        yield "it is no SVG: the root is not svg in SVG's namespace"
        return
    yield from _root_faults(root)
    yield from _content_faults(root)


def _parsed(text: bytes) -> Element:
    """Return the root of an XML text.

    Raises:
        EntitiesForbidden: the text declares entities.
        DTDForbidden: the text declares attributes.
        SyntaxError, ValueError, LookupError: the text is no XML.
    """
    from xml.etree.ElementTree import TreeBuilder

    from defusedxml.common import DTDForbidden
    from defusedxml.ElementTree import XMLParser

    def refuse(name: str, *_: object) -> NoReturn:
        raise DTDForbidden(name, None, None)

    parser = XMLParser(target=TreeBuilder())
    # defusedxml lets them pass: each default is added to every element of its name, so that five
    # kilobytes of gzip become five gigabytes. A document type on its own does no harm, and many
    # drawing programs write one.
    parser.parser.AttlistDeclHandler = refuse
    parser.feed(text)
    return parser.close()


def _root_faults(root: Element) -> Iterator[str]:
    for attribute, wanted in (("version", "1.2"), ("baseProfile", "tiny-ps")):
        if root.get(attribute) != wanted:
            yield (
                f'svg has {attribute}="{root.get(attribute)}" where "{wanted}" must stand'
                if attribute in root.attrib
                else (f'svg lacks {attribute}="{wanted}"')
            )
    for attribute in ("x", "y"):
        if attribute in root.attrib:
            yield f"svg has the attribute {attribute}, which must not be"
    title = root.find(f"{_SVG}title")
    if title is None or not "".join(title.itertext()).strip():
        yield "it has no title"
    size = _size(root)
    if size is not None and size[0] != size[1]:
        yield f"it is not square: {size[0]:g} by {size[1]:g}"


def _size(root: Element) -> tuple[float, float] | None:
    box = root.get("viewBox", "").replace(",", " ").split()
    sides = box[2:] if len(box) == 4 else [root.get("width", ""), root.get("height", "")]
    matches = [_NUMBER.fullmatch(side) for side in sides]
    return (float(matches[0][1]), float(matches[1][1])) if matches[0] and matches[1] else None


def _content_faults(root: Element) -> Iterator[str]:
    kinds = {"moves": _MOVING, "is active": _ACTIVE, "holds other media": _FOREIGN}
    seen = {
        element.tag.removeprefix(_SVG) for element in root.iter() if isinstance(element.tag, str)
    }
    for what, names in kinds.items():
        for name in sorted(seen & set(names)):
            yield f"it {what}: <{name}>"
    for name in sorted(
        {
            name
            for element in root.iter()
            for name in element.attrib
            if name.lower().startswith("on")
        }
    ):
        yield f"it is active: the attribute {name}"
    if any(_leads_outside(element) for element in root.iter()):
        yield "it refers to something outside"


def _leads_outside(element: Element) -> bool:
    # Style sheets are in attributes and in elements; only what is in this file may be named.
    if any((value := element.get(name)) and value[0] != "#" for name in (_HREF, "href")):
        return True
    sheet = (element.text or "") if element.tag == f"{_SVG}style" else ""
    return any(_OUTSIDE.search(text) for text in (sheet, *element.attrib.values()))
