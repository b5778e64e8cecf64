"""What a DKIM signature covers: canonical forms and signed fields (RFC 6376 §3.4, §3.7).

Every step takes time in proportion to the message, whatever a stranger put in it.
"""

from __future__ import annotations

import re
from collections import defaultdict
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from enum import StrEnum

from mailauth_dns.evaluate.message_file import Field, ReceivedMessage

_WSP = re.compile(rb"[ \t]+")


class Form(StrEnum):
    """A canonical form."""

    SIMPLE = "simple"
    RELAXED = "relaxed"


@dataclass(frozen=True, slots=True)
class Forms:
    """The `c=` of a signature: the forms of the head and of the body."""

    head: Form
    body: Form


def forms(c: str) -> Forms:
    """Return the forms that a `c=` names (RFC 6376 §3.5); the body's is simple if it is left out.

    Raises:
        ValueError: there is no such form.
    """
    head, _, body = c.partition("/")
    return Forms(Form(head), Form(body) if "/" in c else Form.SIMPLE)


def body(octets: bytes, form: Form) -> bytes:
    """Return a body in its canonical form (RFC 6376 §3.4.3, §3.4.4)."""
    if form is Form.RELAXED:
        octets = _WSP.sub(b" ", octets).replace(b" \r\n", b"\r\n").removesuffix(b" ")
    end = len(octets)
    while octets.endswith(b"\r\n", 0, end):
        end -= 2
    if end or form is Form.SIMPLE:
        return octets[:end] + b"\r\n"
    return b""


def field(name: bytes, value: bytes, form: Form) -> bytes:
    """Return a header field in its canonical form, CRLF included (RFC 6376 §3.4.1, §3.4.2)."""
    if form is Form.SIMPLE:
        return name + b":" + value
    unfolded = _WSP.sub(b" ", value.replace(b"\r\n", b"")).strip(b" ")
    return name.lower().rstrip(b" \t") + b":" + unfolded + b"\r\n"


def by_name(message: ReceivedMessage) -> Mapping[bytes, list[Field]]:
    """Return the fields of a message by name in lower case; those of one name from the top."""
    found: dict[bytes, list[Field]] = defaultdict(list)
    for each in message.head:
        found[each.key].append(each)
    return found


def signed_head(
    fields: Mapping[bytes, list[Field]],
    names: Iterable[bytes],
    signature: Field,
    bare: bytes,
    form: Form,
) -> bytes:
    """Return what a signature covers of the head.

    That is the fields that `names` (its h=) chooses, and the signature itself with the value
    `bare`. Fields of one name are chosen from the bottom. A name for which no field is left covers
    the absence of a further one, so nobody can add it (RFC 6376 §5.4.2).
    """
    chosen: list[bytes] = []
    left: dict[bytes, int] = {}
    for name in names:
        found = fields.get(name, ())
        at = left.get(name, len(found))
        if at:
            each = found[at - 1]
            chosen.append(field(each.name, each.value, form))
            left[name] = at - 1
    return b"".join([*chosen, field(signature.name, bare, form).removesuffix(b"\r\n")])
