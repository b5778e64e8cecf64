"""Domain names in one spelling: lower-case A-labels without the last dot (RFC 1035, IDNA 2008).

U-labels are encoded label by label, so that `_dmarc` and `*` pass as they are; octoDNS does the
same.
"""

from __future__ import annotations

from collections.abc import Iterator
from functools import lru_cache
from itertools import islice, takewhile
from typing import NewType

import idna

from mailauth_dns.errors import RecordSyntaxError

DomainName = NewType("DomainName", str)

ROOT = DomainName("")
# Octets of the text form without the trailing dot (RFC 1035 §2.3.4: 255 on the wire).
MAX_NAME = 253
MAX_LABEL = 63  # octets

_LABEL = frozenset("abcdefghijklmnopqrstuvwxyz0123456789-_")


@lru_cache(maxsize=1024)  # many policies share selectors and names of senders
def domain_name(text: str) -> DomainName:
    """Return `text` in the one spelling; a trailing dot is accepted, the root is refused.

    Labels hold letters, digits, `-` and `_`; the left-most may be `*`. An A-label stays what it is,
    even one that IDNA 2008 refuses: DNS and receivers take it as it stands.

    Raises:
        RecordSyntaxError: the text is not such a name, or is too long for DNS.
    """
    lowered = text.lower()
    bare = lowered[:-1] if lowered.endswith(".") else lowered
    if not bare:
        raise RecordSyntaxError(text, 0, len(text), "expected a domain name")
    labels: list[str] = []
    at = 0
    for label in bare.split("."):
        labels.append(_label(text, at, label))
        at += len(label) + 1
    if "*" in labels[1:]:
        raise RecordSyntaxError(text, 0, len(text), "'*' can only be the first label")
    name = ".".join(labels)
    if len(name) > MAX_NAME:
        raise RecordSyntaxError(
            text, 0, len(text), f"a name has at most {MAX_NAME} octets, this one has {len(name)}"
        )
    return DomainName(name)


def publishable_name(text: str) -> DomainName:
    """Return `domain_name` of a name that is to own records.

    It refuses A-labels that IDNA 2008 refuses, as octoDNS does.

    Raises:
        RecordSyntaxError: the text is no such name.
    """
    name = domain_name(text)
    if "xn--" not in name:
        return name
    at = 0
    for label in name.split("."):
        if label.startswith("xn--"):
            try:
                idna.ulabel(label)
            except idna.IDNAError as error:
                why = (
                    "not an internationalised label, and octoDNS takes no records below one: "
                    f"{error}"
                )
                raise RecordSyntaxError(text, at, min(at + len(label), len(text)), why) from error
        at += len(label) + 1
    return name


def _label(text: str, at: int, label: str) -> str:
    end = at + len(label)
    if not label:
        raise RecordSyntaxError(text, at, at + 1, "expected a label before the dot")
    if not label.isascii():
        if end - at > MAX_LABEL:  # its A-label is even longer, and takes time to compute
            raise RecordSyntaxError(
                text, at, end, f"a label has at most {MAX_LABEL} octets, this one has more"
            )
        try:
            label = idna.encode(label).decode("ascii")
        except idna.IDNAError as error:
            raise RecordSyntaxError(
                text, at, end, f"not an internationalised label: {error}"
            ) from error
    elif label != "*" and not _LABEL.issuperset(label):
        raise RecordSyntaxError(text, at, end, "a label holds letters, digits, '-' and '_'")
    if len(label) > MAX_LABEL:
        raise RecordSyntaxError(
            text, at, end, f"a label has at most {MAX_LABEL} octets, this one has {len(label)}"
        )
    return label


def is_at_or_below(name: DomainName, ancestor: DomainName) -> bool:
    """Tell whether `name` is `ancestor` or lies below it.

    >>> is_at_or_below(DomainName("a.example.com"), DomainName("example.com"))
    True
    >>> is_at_or_below(DomainName("aexample.com"), DomainName("example.com"))
    False
    """
    return ancestor in (name, ROOT) or name.endswith("." + ancestor)


def below(label: str, name: DomainName) -> DomainName:
    """Return the name that `label` (or several, with dots between) makes under `name`.

    >>> below("_dmarc", DomainName("example.com"))
    '_dmarc.example.com'
    """
    return DomainName(f"{label}.{name}") if name else DomainName(label)


def upwards(name: DomainName) -> Iterator[DomainName]:
    """Yield the name, then those above it, and last the root.

    >>> list(upwards(DomainName("a.example.com")))
    ['a.example.com', 'example.com', 'com', '']
    """
    while name:
        yield name
        name = DomainName(name.partition(".")[2])
    yield ROOT


def ancestors(name: DomainName, origin: DomainName) -> tuple[DomainName, ...]:
    """Return the names strictly between `name` and `origin`, nearest to `name` first.

    >>> ancestors(DomainName("s._domainkey.a.example.com"), DomainName("example.com"))
    ('_domainkey.a.example.com', 'a.example.com')
    """
    above = islice(upwards(name), 1, None)
    return tuple(
        takewhile(lambda each: each not in (origin, ROOT) and is_at_or_below(each, origin), above)
    )
