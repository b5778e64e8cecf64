"""What opendkim-genkey writes beside a private key: one TXT record for a zone file, in parentheses and several strings (RFC 1035 §5.1).

    default._domainkey  IN  TXT  ( "v=DKIM1; k=rsa; "
          "p=MIIB..." )  ; ----- DKIM key default for example.com

With -n the note's quotes are escaped, and quotes inside the note are not: the strings then end and open in odd places, and joined they
still are the record.
"""

from __future__ import annotations

from dataclasses import dataclass

from mailauth_dns.errors import MailAuthError, RecordSyntaxError
from mailauth_dns.records.name import DomainName, domain_name
from mailauth_dns.records.zone import unquoted

_BEFORE = ("._domainkey.", "._domainkey")


@dataclass(frozen=True, slots=True)
class GeneratedKey:
    """A selector with its record; `domain` is None where the file leaves it to the zone that it is put into."""

    selector: str
    domain: DomainName | None
    text: str


def read(text: str) -> GeneratedKey:
    """Return the record in a file of opendkim-genkey.

    Raises:
        MailAuthError: it holds a private key, or is no such file; the text never quotes the file.
    """
    if "PRIVATE KEY" in text:
        raise MailAuthError("this is the private key; give the .txt file that opendkim-genkey wrote beside it")
    owner, *words = _before_strings(text).split()
    if [word.upper() for word in words if not word.isdigit()] not in (["IN", "TXT"], ["TXT"]):
        raise MailAuthError("not what opendkim-genkey writes: expected <selector>._domainkey IN TXT and quoted strings")
    selector, domain = _names(owner)
    try:
        joined = unquoted(_record_data(text))
    except RecordSyntaxError:
        raise MailAuthError("not what opendkim-genkey writes: a quote is not closed") from None
    return GeneratedKey(selector, domain, joined)


def _before_strings(text: str) -> str:
    """Return what stands in front of the first quote: the owner, the class and the type."""
    lines = [line for line in text.partition('"')[0].splitlines() if not line.lstrip().startswith(";")]
    found = " ".join(lines).replace("(", " ").strip()
    if not found or '"' not in text:
        raise MailAuthError("not what opendkim-genkey writes: there is no quoted string, or no name in front of it")
    return found


def _names(owner: str) -> tuple[str, DomainName | None]:
    for middle in _BEFORE:
        selector, found, domain = owner.partition(middle)
        if found:
            break
    else:
        raise MailAuthError("not what opendkim-genkey writes: the name has no _domainkey in it")
    try:
        return domain_name(selector), domain_name(domain) if domain.strip(".") else None
    except RecordSyntaxError as error:
        raise MailAuthError(f"the name in front of the key: {error}") from None


def _record_data(text: str) -> str:
    """Return the strings as they stand, without the parenthesis and the comment behind them."""
    start = at = text.index('"')
    quoted = False
    while at < len(text):
        if text[at] == "\\":
            at += 1
        elif text[at] == '"':
            quoted = not quoted
        elif not quoted and text[at] in ");":
            return text[start:at]
        at += 1
    return text[start:]
