"""What opendkim-genkey writes beside a private key: default.txt, one TXT record in master file form (RFC 1035 §5.1)."""

from __future__ import annotations

import re
from dataclasses import dataclass

from mailauth_dns.errors import RecordSyntaxError
from mailauth_dns.records import dkim
from mailauth_dns.records.name import DomainName, domain_name
from mailauth_dns.records.zone import unquoted

MAX_TEXT = 20_000  # characters; a 16384-bit key has 2900

_HEAD = re.compile(r"\s*(?P<owner>[^\s();\"]+)\s+(?:(?:[0-9]+|IN)\s+)*TXT\s+", re.IGNORECASE)
# The domain stands in the comment only, unless --append-domain was given.
_COMMENT = re.compile(r";[^\"\n]*\bfor\s+(?P<domain>\S+)\s*$")
_PART = re.compile(r'"(?:[^"\\]|\\.)*"|[()]|\s+|;[^\n]*|[^\s();"]+', re.DOTALL)


@dataclass(frozen=True, slots=True)
class Genkey:
    """One key record with the selector it is for; `domain` is None where the file does not tell it."""

    selector: str
    domain: DomainName | None
    record: dkim.Record


def parse(text: str) -> Genkey:
    """Return the key record in the text of default.txt.

    Raises:
        RecordSyntaxError: it is no such file, or the record in it breaks the grammar.
    """
    if len(text) > MAX_TEXT:
        raise RecordSyntaxError(text, MAX_TEXT, MAX_TEXT, f"a key record of {len(text)} characters; at most {MAX_TEXT} are read")
    head = _HEAD.match(text)
    if head is None:
        raise RecordSyntaxError(text, 0, len(text.split("\n", 1)[0]), "expected a line such as default._domainkey IN TXT ( ... )")
    selector, mark, rest = head["owner"].partition("._domainkey")
    if not mark or not selector or (rest and not rest.startswith(".")):
        raise RecordSyntaxError(text, head.start("owner"), head.end("owner"), "expected a selector's name: default._domainkey")
    value = _value(text, head.end())
    comment = _COMMENT.search(text, head.end())
    told = rest.strip(".") or (comment["domain"] if comment else "")
    return Genkey(domain_name(selector), domain_name(told) if told else None, dkim.parse(value))


def _value(text: str, at: int) -> str:
    """Return the character-strings from `at` on, joined; parentheses and comments between them are left out."""
    strings = []
    while at < len(text):
        part = _PART.match(text, at)
        if part is None:
            raise RecordSyntaxError(text, at, len(text), "expected a closing quote")
        if part[0][0] not in "(); \t\r\n":
            strings.append(part[0])
        at = part.end()
    if not strings:
        raise RecordSyntaxError(text, at, at, "expected the record's text in quotes")
    return unquoted(" ".join(strings))
