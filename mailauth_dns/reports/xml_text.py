"""XML as UTF-8 in pieces, mended where reporters break what every parser refuses."""

from __future__ import annotations

import codecs
import re
from collections.abc import Iterator

from mailauth_dns.reports.bounds import beginning
from mailauth_dns.reports.tolerated import Odd, Tolerated
from mailauth_dns.reports.unreadable import UnreadableReport

_DECLARED = re.compile(rb"""<\?xml[^>]{0,100}encoding\s*=\s*["']([A-Za-z0-9._:-]{1,40})["']""")
_UTF16 = {
    b"\xff\xfe": "utf-16",
    b"\xfe\xff": "utf-16",
    b"<\x00": "utf-16-le",
    b"\x00<": "utf-16-be",
}
_FAMILIES = ("iso8859-", "cp125", "koi8")  # one octet a character
_OTHERS = frozenset({"gbk", "gb2312", "gb18030", "big5", "shift_jis", "euc_jp", "euc_kr"})
_BARE = re.compile(r"&(?!(?:amp|lt|gt|quot|apos|#[0-9]{1,7}|#[xX][0-9a-fA-F]{1,6});)")
_LONGEST = 10  # characters of a reference, such as &#x10FFFF;


def utf8(chunks: Iterator[bytes], told: Tolerated) -> Iterator[bytes]:
    """Yield a text in UTF-8, whatever its encoding, without what stands before its first tag.

    Raises:
        UnreadableReport: it is in an encoding that is not known.
    """
    first, chunks = beginning(chunks)
    decoder = codecs.getincrementaldecoder(_encoding(first, told))("replace")
    text = _begun(decoder.decode(first), told)
    for chunk in chunks:
        # What may be the beginning of a reference waits for its end.
        at = text.rfind("&", max(len(text) - _LONGEST, 0))
        rest = text[at:] if at >= 0 else ""
        yield _mended(text[:at] if at >= 0 else text, told)
        text = rest + decoder.decode(chunk)
    yield _mended(text + decoder.decode(b"", final=True), told)


def _encoding(first: bytes, told: Tolerated) -> str:
    if first.startswith(codecs.BOM_UTF8):
        return "utf-8-sig"
    if (found := _UTF16.get(first[:2])) is not None:
        return found
    declared = _DECLARED.search(first[:400])
    if declared is None:
        return "utf-8"
    said = declared[1].decode("ascii")
    try:
        known = codecs.lookup(said).name
    except LookupError:
        known = ""
    if known.startswith(_FAMILIES) or known in _OTHERS:
        return known
    if known.startswith("utf-16"):  # .NET writes so into files that it saves as UTF-8
        told.tell(Odd.WRONG_ENCODING, said)
    elif known not in ("utf-8", "utf-8-sig", "ascii"):
        raise UnreadableReport(f"is in the encoding '{said}', which reports do not use")
    return "utf-8"


def _begun(text: str, told: Tolerated) -> str:
    """Return the first piece from its first tag on: nothing may stand before a declaration."""
    bare = text.lstrip("\ufeff \t\r\n")
    if len(bare) < len(text):
        told.tell(Odd.LEADING_SPACE)
    return bare


def _mended(text: str, told: Tolerated) -> bytes:
    if "\ufffd" in text:
        told.tell_once(Odd.BAD_CHARACTERS)
    if "&" in text:
        text, bare = _BARE.subn("&amp;", text)
        if bare:
            told.tell_once(Odd.BARE_AMPERSAND)
    return text.encode("utf-8", "replace")
