"""How each mistake in a value is undone: the published value in, what was entered out.

A function that finds nothing to undo returns the value as it is. Some need the wanted value, to see
what was lost.
"""

from __future__ import annotations

import html
import re
import unicodedata

from mailauth_dns.diff.equivalence import cut
from mailauth_dns.records.zone import strings

_DASHES = dict.fromkeys(map(ord, "‐‑‒–—―−﹣－"), "-")
_QUOTES = dict.fromkeys(map(ord, "“”„‟«»‘’‚‛′″"), '"')
_SPACES = dict.fromkeys(map(ord, "\u00a0\u2002\u2003\u2007\u2009\u202f\u3000"), " ")
_INVISIBLE = _SPACES | dict.fromkeys(map(ord, "\u00ad\u200b\u200c\u200d\u200e\u200f\u2060\ufeff"))
# Cyrillic and Greek letters that look like Latin ones.
_FOREIGN = "аеорсухівкмнтАВЕКМНОРСТХУІЅѕјԁɡαονικρτυχΑΒΕΖΗΙΚΜΝΟΡΤΥΧ"
_LATIN = "aeopcyxibkmhtABEKMHOPCTXYISsjdgaovikptuxABEZHIKMNOPTYX"
_LOOK_ALIKE = str.maketrans(_FOREIGN, _LATIN)


def _letters(there: str) -> str:
    """Return octets as the text that was typed: UTF-8, or what older forms store."""
    try:
        octets = there.encode("latin-1")
    except UnicodeError:
        return there  # they were decoded before
    for encoding in ("utf-8", "cp1252"):
        try:
            return octets.decode(encoding)
        except UnicodeError:
            continue
    return there


def without_quotes(there: str, _: str) -> str:
    """Take quotes away, and the gaps between quoted strings."""
    if not re.search("[\"'`]", there):
        return there
    return re.sub(r"\"\s*\"|'\s*'", "", there).strip().strip("\"'`")


def without_typographic_quotes(there: str, wanted: str) -> str:
    """Take typographic quotes away."""
    typed = _letters(there)
    straight = typed.translate(_QUOTES)
    return there if straight == typed else without_quotes(straight, wanted)


def without_backslashes(there: str, _: str) -> str:
    """Take backslashes away that stand before a sign."""
    return re.sub(r"\\([^0-9A-Za-z])", r"\1", there)


def on_one_line(there: str, _: str) -> str:
    """Take line breaks away, also those that are written out."""
    return re.sub(r"(?:\\[rnt]|[\r\n\t])+", "", there)


def spaces_for_breaks(there: str, _: str) -> str:
    """Put a space in place of line breaks."""
    return re.sub(r"(?:\\[rnt]|[\r\n\t])+", " ", there)


def unescaped(there: str, _: str) -> str:
    """Read characters that are written as in HTML."""
    return html.unescape(there)


def plain_dashes(there: str, _: str) -> str:
    """Put hyphens in place of typographic dashes."""
    return _letters(there).translate(_DASHES)


def visible(there: str, _: str) -> str:
    """Take invisible characters away, and put plain spaces in place of others."""
    return _letters(there).translate(_INVISIBLE)


def latin(there: str, _: str) -> str:
    """Put Latin letters in place of those that look like them."""
    return unicodedata.normalize("NFKC", _letters(there).translate(_LOOK_ALIKE))


def mailto(there: str, _: str) -> str:
    """Write addresses for reports as mailto:."""
    plain = re.sub(r"<a\b[^>]{0,400}>|</a>", "", there, flags=re.IGNORECASE)
    plain = re.sub(r"https?://(?:mailto:)?(?=[^\s,;/@]+@)", "mailto:", plain)
    return re.sub(r"(=|,)(\s*)(?!mailto:)(?=[^\s,;:/@=]+@)", r"\1\2mailto:", plain)


def without_label(there: str, _: str) -> str:
    """Take away what stands before `v=`: a host name, a type, the name of a field."""
    return re.sub(r"^[^=\"]*?(?:\bTXT|\bvalue:|\btext:)\s*(?=\"?v\s*=)", "", there, flags=re.I)


def without_dot(there: str, _: str) -> str:
    """Take a dot at the end away."""
    return there.removesuffix(".")


def without_zone(there: str, wanted: str) -> str:
    """Take a host name at the end away."""
    rest = there.removeprefix(wanted)
    return (
        wanted if rest != there and re.fullmatch(r"\.(?:[a-z0-9-]+\.)+[a-z0-9-]*", rest) else there
    )


def once(there: str, wanted: str) -> str:
    """Return the value once that stands there several times."""
    again = re.split(re.escape(wanted), there)
    return wanted if len(again) > 2 and not "".join(again).strip(' \t;"') else there


def whole(there: str, wanted: str) -> str:
    """Return the whole value of which the beginning is there."""
    return wanted if cut(frozenset({there}), frozenset({wanted})) is not None else there


def with_string(there: str, wanted: str) -> str:
    """Return the value of which one string is missing."""
    parts = strings(wanted)
    left = ("".join((*parts[:at], *parts[at + 1 :])) for at in range(len(parts)))
    return wanted if len(parts) > 1 and there in left else there


def in_order(there: str, wanted: str) -> str:
    """Return the value whose strings are there in reverse."""
    parts = strings(wanted)
    return wanted if len(parts) > 1 and there == "".join(reversed(parts)) else there


def as_spaced(there: str, wanted: str) -> str:
    """Return the value that is the same but for white space."""
    return wanted if "".join(there.split()) == "".join(wanted.split()) else there


def with_plus(there: str, wanted: str) -> str:
    """Return the value that is the same but for plus signs."""
    if "+" not in wanted:
        return there
    lost = "".join(wanted.replace("+", "").split())
    return wanted if "".join(there.replace("+", "").split()) == lost else there


def in_case(there: str, wanted: str) -> str:
    """Return the value that is the same but for small and capital letters."""
    return wanted if there.lower() == wanted.lower() else there


def without_frame(there: str, _: str) -> str:
    """Take the first and the last line of a key file away."""
    return re.sub(r"-----(?:BEGIN|END) [A-Z ]*PUBLIC KEY-----\s*", "", there)


def with_semicolons(there: str, wanted: str) -> str:
    """Return the value that is the same but for signs between tags."""
    plain = re.sub(r"[;,:\s]+", "", there)
    return wanted if plain == re.sub(r"[;,:\s]+", "", wanted) else there
