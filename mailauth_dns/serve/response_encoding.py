"""Responses in wire format (RFC 1035 §4.1), with names in the letter case of the zone."""

from __future__ import annotations

from typing import Any

import dns.message
import dns.name
import dns.renderer
import dns.rrset

_OPT = 11  # octets of an OPT record without options (RFC 6891 §6.1.2)


class _ByLetters(dict[dns.name.Name, int]):
    """A compression table in which names differ if their letter case does.

    dnspython's own ignores case, so rdata would come back in the case of the question. The key is a
    name's labels, as dnspython does not expect: hence the ignored types.
    """

    def get(  # type: ignore[override]
        self, name: dns.name.Name, default: int | None = None
    ) -> int | None:
        return super().get(name.labels, default)  # type: ignore[call-overload,no-any-return]

    def __setitem__(self, name: dns.name.Name, at: int) -> None:
        super().__setitem__(name.labels, at)  # type: ignore[index]


def to_wire(message: dns.message.Message, limit: int) -> bytes:
    """Return a message in at most `limit` octets.

    Raises:
        dns.exception.TooBig: it does not fit.
    """
    make: Any = dns.renderer.Renderer  # which has no types
    renderer = make(message.id, message.flags, limit - (_OPT if message.opt is not None else 0))
    renderer.compress = _ByLetters()
    for question in message.question:
        renderer.add_question(question.name, question.rdtype, question.rdclass)
    for section, sets in (
        (dns.renderer.ANSWER, message.answer),
        (dns.renderer.AUTHORITY, message.authority),
    ):
        for rrset in sets:
            renderer.add_rrset(section, rrset)
    renderer.max_size = limit
    if message.opt is not None:
        renderer.add_opt(message.opt)
    renderer.write_header()
    wire: bytes = renderer.get_wire()
    return wire
