"""Results of SPF and DKIM in a few words, as a file of evidence has them.

`?` stands for what the reporter did not say; no domain or selector is spelled like that.

>>> of_dkim(DkimResult(DomainName("example.com"), None, AuthResult.PASS))
'pass example.com ?'
>>> spf("fail mx.example.com helo")
SpfResult(domain='mx.example.com', result=<AuthResult.FAIL: 'fail'>, helo=True)
"""

from __future__ import annotations

from mailauth_dns.errors import RecordSyntaxError
from mailauth_dns.records.name import DomainName, domain_name
from mailauth_dns.reports.aggregate import (
    AuthResult,
    DkimResult,
    Override,
    OverrideReason,
    SpfResult,
)

UNSAID = "?"
_ARC = " arc"
_HELO = "helo"


def of_override(override: Override) -> str:
    """Return the words of a reason: `forwarded`, or `other arc`."""
    return f"{override.reason}{_ARC if override.arc else ''}"


def of_dkim(found: DkimResult) -> str:
    """Return the words of a signature: its result, domain and selector."""
    return f"{found.result or UNSAID} {found.domain or UNSAID} {found.selector or UNSAID}"


def of_spf(found: SpfResult) -> str:
    """Return the words of a result of SPF: the result, the domain, and where it is from."""
    said = f"{found.result or UNSAID} {found.domain or UNSAID}"
    return f"{said} {_HELO}" if found.helo else said


def override(text: str) -> Override:
    """Return what `of_override` wrote.

    Raises:
        ValueError: it wrote nothing like this; the text says what belongs there.
    """
    reason = text.removesuffix(_ARC)
    try:
        return Override(OverrideReason(reason), arc=reason != text)
    except ValueError:
        raise ValueError(f"one of {', '.join(OverrideReason)}, or one with `arc` behind") from None


def dkim(text: str) -> DkimResult:
    """Return what `of_dkim` wrote.

    Raises:
        ValueError: it wrote nothing like this; the text says what belongs there.
    """
    words = text.split(" ")
    if len(words) != 3:
        raise ValueError("a result, a domain and a selector: `pass example.com mx2026`")
    return DkimResult(name(words[1]), name(words[2]), _result(words[0]))


def spf(text: str) -> SpfResult:
    """Return what `of_spf` wrote.

    Raises:
        ValueError: it wrote nothing like this; the text says what belongs there.
    """
    words = text.split(" ")
    if len(words) not in (2, 3) or words[2:] not in ([], [_HELO]):
        raise ValueError("a result and a domain: `pass example.com`, or with `helo` behind")
    return SpfResult(name(words[1]), _result(words[0]), helo=len(words) == 3)


def name(text: str) -> DomainName | None:
    """Return a name in its one spelling; None for `?`.

    Raises:
        ValueError: it is no such name.
    """
    if text == UNSAID:
        return None
    try:
        if text.isascii() and domain_name(text) == text:
            return DomainName(text)
    except RecordSyntaxError:
        pass
    raise ValueError("a domain name in small letters, or `?`")


def _result(text: str) -> AuthResult | None:
    try:
        return None if text == UNSAID else AuthResult(text)
    except ValueError:
        raise ValueError(f"a result such as {', '.join(AuthResult)}, or `?`") from None
