"""Rules about DKIM keys as servers hold them (RFC 6376, 8301)."""

from __future__ import annotations

from collections.abc import Iterator, Mapping

from mailauth_dns.diff.equivalence import parsed
from mailauth_dns.errors import Fault, RecordSyntaxError
from mailauth_dns.lint import remedies
from mailauth_dns.lint.rule import (
    Asked,
    Needs,
    Problem,
    Served,
    Severity,
    Undecided,
    asked,
    rule,
    served,
)
from mailauth_dns.lint.subject import Subject
from mailauth_dns.policy.repo import Route
from mailauth_dns.records import dkim, dkim_received
from mailauth_dns.records.family import Family
from mailauth_dns.records.name import MAX_NAME, DomainName
from mailauth_dns.records.tags import has_empty_tag, parse_tags
from mailauth_dns.records.zone import RRKey

_SHIELD = 'declare selectors: {"*": {state: revoked}}, which answers in its place'
_WHICH = "find out which key signs (dkim check) before you publish the policy's: what the other signed fails"
_PROBE = "mailauth-dns-no-such-selector"  # a selector that nobody has


def _texts(subject: Subject) -> Iterator[tuple[Route, RRKey]]:
    for selector, entry in subject.signing.items():
        if entry.cname is None:
            yield (
                ("dkim", "selectors", selector),
                (dkim.owner_name(selector, subject.domain), "TXT"),
            )


def _retired(subject: Subject) -> Iterator[tuple[Route, RRKey]]:
    for selector, entry in subject.selectors.items():
        if entry.state in ("revoked", "absent"):
            yield (
                ("dkim", "selectors", selector),
                (dkim.owner_name(selector, subject.domain), "TXT"),
            )


def _parked(subject: Subject) -> Iterator[tuple[Route, RRKey]]:
    if subject.parked:
        yield ("parked",), (dkim.owner_name("*", subject.domain), "TXT")


def _selector(found: Served) -> str:
    return found.key[0].partition("._domainkey.")[0]


def _live_keys(found: Served) -> frozenset[str]:
    return frozenset(key for text in found.values for key in dkim_received.keys(text) if key)


def _is_other(found: Served) -> bool:
    """Tell whether verifiers find a key here, and never the policy's."""
    live, wanted = _live_keys(found), found.subject.keys.get(_selector(found))
    return (
        bool(live)
        and wanted is not None
        and not any(dkim_received.same_key(key, wanted.p) for key in live)
    )


def _mend(found: Served) -> str:
    return _WHICH if _is_other(found) else remedies.PUBLISH


def _tags(text: str) -> Mapping[str, str] | None:
    """Return the tags of a record, whose values may be broken; None where even the list cannot be read."""
    try:
        return {tag.name: tag.value for tag in parse_tags(text)}
    except RecordSyntaxError:
        return None


def _tag(text: str, name: str) -> str | None:
    return (_tags(text) or {}).get(name)


@served("DKIM001", "dkim-missing", Severity.ERROR, "RFC 6376 §3.6.2", keys=_texts)
def dkim_missing(found: Served) -> Iterator[Problem]:
    """Signatures with a selector whose key is not in DNS cannot be verified: the mail counts as unsigned.

    Bad:
        s1._domainkey.example.com. is not there
    Good:
        s1._domainkey.example.com. TXT "v=DKIM1; k=rsa; p=MIIB..."
    """
    if not found.values:
        yield Problem(
            found.route,
            f"{found.key[0]} has no key: signatures with it fail",
            "publish it (plan, apply) before anything signs",
        )


@served("DKIM002", "dkim-multiple-txt", Severity.ERROR, "RFC 6376 §3.6.2.2", keys=_texts)
def dkim_multiple_txt(found: Served) -> Iterator[Problem]:
    """With two records at a selector it is open which one a receiver takes: signatures fail now and then.

    Bad:
        s1._domainkey.example.com. with two TXT records
    Good:
        one TXT record at each selector
    """
    if len(found.values) > 1:
        message = f"{found.key[0]} has {len(found.values)} TXT records, one is allowed"
        yield Problem(
            found.route,
            message,
            "keep the key that signs, which `dkim check` tells, and take the others away",
        )


@served("DKIM003", "dkim-syntax", Severity.ERROR, "RFC 6376 §3.2", keys=_texts)
def dkim_syntax(found: Served) -> Iterator[Problem]:
    """A tag list that breaks the grammar, or has a tag twice, is no key: signatures fail.

    Bad:
        s1._domainkey.example.com. TXT "v=DKIM1; k=rsa; k=rsa; p=MIIB..."
    Good:
        s1._domainkey.example.com. TXT "v=DKIM1; k=rsa; p=MIIB..."
    """
    for text in sorted(found.values):
        try:
            dkim.parse(text)
        except RecordSyntaxError as error:
            if error.fault not in (Fault.VERSION, Fault.NO_KEY):  # they have rules of their own
                yield Problem(found.route, f"{error}: signatures with it fail", _mend(found))
        else:
            if has_empty_tag(text):
                message = "a semicolon has no tag before it: some verifiers refuse the key, and signatures with it fail there"
                yield Problem(found.route, message, _mend(found))


def _fault(text: str) -> Fault | None:
    try:
        dkim.parse(text)
    except RecordSyntaxError as error:
        return error.fault
    return None


@served("DKIM004", "dkim-version", Severity.ERROR, "RFC 6376 §3.6.1", keys=_texts)
def dkim_version(found: Served) -> Iterator[Problem]:
    """A `v` that is not first or not exactly DKIM1 makes receivers drop the key: signatures fail.

    Bad:
        s1._domainkey.example.com. TXT "k=rsa; v=DKIM1; p=MIIB..."
    Good:
        s1._domainkey.example.com. TXT "v=DKIM1; k=rsa; p=MIIB..."
    """
    for text in sorted(found.values):
        if _fault(text) is Fault.VERSION:
            yield Problem(
                found.route,
                "v must be the first tag and exactly DKIM1: receivers drop this key",
                _mend(found),
            )


@served("DKIM005", "dkim-p-missing", Severity.ERROR, "RFC 6376 §3.6.1", keys=_texts)
def dkim_p_missing(found: Served) -> Iterator[Problem]:
    """A record without `p` holds no key: signatures fail.

    Bad:
        s1._domainkey.example.com. TXT "v=DKIM1; k=rsa"
    Good:
        s1._domainkey.example.com. TXT "v=DKIM1; k=rsa; p=MIIB..."
    """
    for text in sorted(found.values):
        tags = _tags(text)
        if tags is not None and "p" not in tags:
            yield Problem(found.route, "has no p: there is no key", _mend(found))


@served("DKIM007", "dkim-revoked-active", Severity.ERROR, "RFC 6376 §3.6.1", keys=_texts)
def dkim_revoked_active(found: Served) -> Iterator[Problem]:
    """An empty `p` says that the key is revoked: signatures of a selector that still signs fail.

    Bad:
        s1._domainkey.example.com. TXT "v=DKIM1; p="  # and the policy has s1 active
    Good:
        dkim: {selectors: {s1: {state: revoked}}}
    """
    for text in sorted(found.values):
        if _tag(text, "p") == "":
            message = f"{found.key[0]} is revoked in DNS and signs by the policy"
            fix = "sign with a new key under a new selector (dkim keygen), and write state: revoked for this one"
            yield Problem(found.route, message, fix)


@served("DKIM019", "dkim-g-tag", Severity.INFO, "RFC 6376 Appendix C", keys=_texts)
def dkim_g_tag(found: Served) -> Iterator[Problem]:
    """`g` is a leftover of the first DKIM: receivers ignore it, very old ones refuse mail for it.

    Bad:
        s1._domainkey.example.com. TXT "v=DKIM1; g=*; p=MIIB..."
    Good:
        s1._domainkey.example.com. TXT "v=DKIM1; p=MIIB..."
    """
    if any(_tag(text, "g") is not None for text in found.values):
        yield Problem(found.route, "has the tag g, which no standard knows any more", _mend(found))


@served("DKIM021", "dkim-semicolon-escape", Severity.ERROR, "RFC 6376 §3.2", keys=_texts)
def dkim_semicolon_escape(found: Served) -> Iterator[Problem]:
    r"""A backslash that a form or a tool put before a semicolon is part of the record: the tag before it is broken.

    Bad:
        s1._domainkey.example.com. TXT "v=DKIM1\\; k=rsa\\; p=MIIB..."
    Good:
        s1._domainkey.example.com. TXT "v=DKIM1; k=rsa; p=MIIB..."
    """
    if any("\\;" in text for text in found.values):
        yield Problem(
            found.route,
            "has a backslash before a semicolon in the served text: no receiver can read it",
            _mend(found),
        )


def _doubled(subject: Subject) -> Iterator[tuple[Route, DomainName]]:
    for selector in subject.signing:
        name = DomainName(f"{dkim.owner_name(selector, subject.domain)}.{subject.domain}")
        if len(name) <= MAX_NAME:
            yield ("dkim", "selectors", selector), name


@asked("DKIM022", "dkim-name-doubled", Severity.ERROR, "RFC 6376 §3.6.2.1", things=_doubled)
def dkim_name_doubled(found: Asked[DomainName]) -> Iterator[Problem | Undecided]:
    """A form that adds the domain by itself made the name twice as long: receivers look elsewhere and find no key.

    Bad:
        s1._domainkey.example.com.example.com. TXT "v=DKIM1; p=MIIB..."
    Good:
        s1._domainkey.example.com. TXT "v=DKIM1; p=MIIB..."
    """
    if any(map(dkim_received.keys, found.resolver.lookup(found.thing, "TXT") or ())):
        message = f"there is a key at {found.thing}: the domain is in the name twice"
        yield Problem(
            found.route,
            message,
            f"publish it at {found.thing.removesuffix(f'.{found.subject.domain}')}, then delete this one",
        )


@rule("DKIM023", "dkim-wildcard-shadow", Severity.WARNING, "RFC 6376 §3.6.2", needs=Needs.DNS)
def dkim_wildcard_shadow(subject: Subject) -> Iterator[Problem | Undecided]:
    """A wildcard answers for every selector that is not there: a key that was taken away seems to be there still.

    Bad:
        "*.example.com. TXT hello" in the zone of a domain that signs
    Good:
        no wildcard TXT or CNAME above _domainkey
    """
    if subject.resolver is None or not subject.selectors or "*" in subject.selectors:
        return
    name = dkim.owner_name(_PROBE, subject.domain)
    if subject.resolver.lookup(name, "CNAME") or subject.resolver.lookup(name, "TXT"):
        yield Problem(
            ("dkim",),
            f"a wildcard answers for selectors of {subject.domain} that do not exist",
            _SHIELD,
        )


@served("DKIM029", "dkim-retired-still-published", Severity.INFO, "RFC 6376 §3.6.1", keys=_retired)
def dkim_retired_still_published(found: Served) -> Iterator[Problem]:
    """A key that the policy has ended and DNS still holds goes on verifying what somebody who has it signs.

    Bad:
        s1._domainkey.example.com. TXT "v=DKIM1; p=MIIB..."  # and the policy has s1 revoked
    Good:
        s1._domainkey.example.com. TXT "v=DKIM1; p="
    """
    if any(dkim_received.keys(text) - {""} for text in found.values):
        yield Problem(found.route, f"{found.key[0]} still has a key", remedies.PUBLISH)


@served("DKIM036", "dkim-parked-revoke", Severity.INFO, "RFC 6376 §3.6.1", keys=_parked)
def dkim_parked_revoke(found: Served) -> Iterator[Problem]:
    """A parked domain whose every selector is revoked leaves no old key of it alive.

    Bad:
        parked: true  # and the zone has no *._domainkey
    Good:
        *._domainkey.example.com. TXT "v=DKIM1; p="
    """
    if not found.values or any(dkim_received.keys(text) - {""} for text in found.values):
        yield Problem(
            found.route,
            f"{found.key[0]} {'holds a key' if found.values else 'is not there'}",
            remedies.park(found.subject),
        )


def _own_keys(subject: Subject) -> Iterator[tuple[Route, RRKey]]:
    for selector, record in subject.keys.items():
        if record.p and subject.selectors[selector].state in ("pending", "active", "retiring"):
            yield (
                ("dkim", "selectors", selector),
                (dkim.owner_name(selector, subject.domain), "TXT"),
            )


@served("DKIM042", "dkim-other-key", Severity.ERROR, "RFC 6376 §3.6.2", keys=_own_keys)
def dkim_other_key(found: Served) -> Iterator[Problem]:
    """DNS holds another key under the selector than the policy: one of the two is not the one that signs, and its signatures fail.

    `dkim check` tells which of them the private key fits. If DNS is right, the policy gets that key (import, or `--from-genkey`); a plan
    that replaces a key which may still sign is breaking.

    Bad:
        s1._domainkey.example.com. TXT "v=DKIM1; p=MIIBIjANBg...A"  # and s1.pem holds MIIBIjANBg...B
    Good:
        s1._domainkey.example.com. TXT "v=DKIM1; p=MIIBIjANBg...B"
    """
    selector = _selector(found)
    wanted, live = found.subject.keys[selector], _live_keys(found)
    kinds = {
        record.effective_k
        for text in found.values
        if isinstance(record := parsed(Family.DKIM, "TXT", text), dkim.Record)
    }
    if _is_other(found):
        what = f"DNS holds another key for {selector}"
    elif live and len(found.values) == 1 and kinds - {wanted.effective_k}:
        what = f"DNS says k={', '.join(sorted(kinds))} for {selector}, the policy says {wanted.effective_k}"
    else:
        return
    state = found.subject.selectors[selector].state
    fix = (
        "give the pending key a selector of its own: caches keep the old one"
        if state == "pending"
        else _WHICH
    )
    yield Problem(found.route, f"{what}: signatures with the policy's key fail", fix)
