"""Rules about DKIM keys as servers hold them (RFC 6376, 8301)."""

from __future__ import annotations

from collections.abc import Iterator, Mapping

from mailauth_dns.diff.equivalence import parsed
from mailauth_dns.errors import Fault, RecordSyntaxError
from mailauth_dns.lint import remedies
from mailauth_dns.lint.live_rules import Served, served
from mailauth_dns.lint.rule import Problem, Severity
from mailauth_dns.lint.subject import Subject
from mailauth_dns.policy.repo import Route
from mailauth_dns.policy.sections.dkim import KeyState
from mailauth_dns.records import dkim, dkim_received
from mailauth_dns.records.family import Family
from mailauth_dns.records.tags import has_empty_tag, parse_tags
from mailauth_dns.records.zone import RRKey

_WHICH = (
    "find out which key signs (dkim check) before you publish the policy's: mail signed with the "
    "other one fails"
)


def _texts(subject: Subject) -> Iterator[tuple[Route, RRKey]]:
    for selector, entry in subject.signing.items():
        if entry.cname is None:
            yield (
                ("dkim", "selectors", selector),
                (dkim.owner_name(selector, subject.domain), "TXT"),
            )


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
    """Return the tags of a record, whose values may be broken; None where the list is broken."""
    try:
        return {tag.name: tag.value for tag in parse_tags(text)}
    except RecordSyntaxError:
        return None


def _tag(text: str, name: str) -> str | None:
    return (_tags(text) or {}).get(name)


def _fault(text: str) -> Fault | None:
    """Return what is wrong with a record; None where nothing is."""
    try:
        dkim.parse(text)
    except RecordSyntaxError as error:
        return error.fault
    return None


@served("DKIM001", "dkim-missing", Severity.ERROR, "RFC 6376 §3.6.2", keys=_texts)
def dkim_missing(found: Served) -> Iterator[Problem]:
    """Receivers cannot verify a signature whose key is not in DNS: the mail counts as unsigned.

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
    """Receivers take any one of several records at a selector: signatures fail now and then.

    Bad:
        s1._domainkey.example.com. with two TXT records
    Good:
        one TXT record at each selector
    """
    if len(found.values) > 1:
        message = (
            f"{found.key[0]} has {len(found.values)} TXT records, one is allowed: signatures fail "
            "now and then"
        )
        yield Problem(
            found.route,
            message,
            "keep the key that signs (`dkim check` says which), and delete the others",
        )


@served("DKIM003", "dkim-syntax", Severity.ERROR, "RFC 6376 §3.2", keys=_texts)
def dkim_syntax(found: Served) -> Iterator[Problem]:
    """Receivers read no key from a record that breaks the grammar or has a tag twice.

    Signatures with it fail.

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
                message = (
                    "a semicolon has no tag before it: some verifiers refuse the key, and "
                    "signatures with it fail there"
                )
                yield Problem(found.route, message, _mend(found))


@served("DKIM004", "dkim-version", Severity.ERROR, "RFC 6376 §3.6.1", keys=_texts)
def dkim_version(found: Served) -> Iterator[Problem]:
    """Receivers drop a key whose `v` is not first or not exactly DKIM1: signatures fail.

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
    """Receivers find no key in a record without `p`: signatures fail.

    Bad:
        s1._domainkey.example.com. TXT "v=DKIM1; k=rsa"
    Good:
        s1._domainkey.example.com. TXT "v=DKIM1; k=rsa; p=MIIB..."
    """
    for text in sorted(found.values):
        tags = _tags(text)
        if tags is not None and "p" not in tags:
            yield Problem(found.route, "has no p: receivers find no key", _mend(found))


@served("DKIM007", "dkim-revoked-active", Severity.ERROR, "RFC 6376 §3.6.1", keys=_texts)
def dkim_revoked_active(found: Served) -> Iterator[Problem]:
    """An empty `p` revokes the key: signatures of a selector that still signs fail.

    Bad:
        s1._domainkey.example.com. TXT "v=DKIM1; p="  # and the policy has s1 active
    Good:
        dkim: {selectors: {s1: {state: revoked}}}
    """
    for text in sorted(found.values):
        if _tag(text, "p") == "":
            message = (
                f"{found.key[0]} is revoked in DNS, and by the policy it signs: signatures fail"
            )
            fix = (
                "sign with a new key under a new selector (dkim keygen), and write state: revoked "
                "for this one"
            )
            yield Problem(found.route, message, fix)


@served("DKIM019", "dkim-g-tag", Severity.INFO, "RFC 6376 Appendix C", keys=_texts)
def dkim_g_tag(found: Served) -> Iterator[Problem]:
    """Receivers ignore `g`, a leftover of the first DKIM; very old ones refuse mail for it.

    Bad:
        s1._domainkey.example.com. TXT "v=DKIM1; g=*; p=MIIB..."
    Good:
        s1._domainkey.example.com. TXT "v=DKIM1; p=MIIB..."
    """
    if any(_tag(text, "g") is not None for text in found.values):
        yield Problem(
            found.route,
            "has the tag g, which receivers ignore; very old ones refuse mail for it",
            _mend(found),
        )


@served("DKIM021", "dkim-semicolon-escape", Severity.ERROR, "RFC 6376 §3.2", keys=_texts)
def dkim_semicolon_escape(found: Served) -> Iterator[Problem]:
    r"""Receivers cannot read the key: a backslash before a semicolon breaks the tag before it.

    A form or a tool put it there, and it is part of the record.

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


_IN_USE = (KeyState.PENDING, KeyState.ACTIVE, KeyState.RETIRING)


def _own_keys(subject: Subject) -> Iterator[tuple[Route, RRKey]]:
    for selector, record in subject.keys.items():
        if record.p and subject.selectors[selector].state in _IN_USE:
            yield (
                ("dkim", "selectors", selector),
                (dkim.owner_name(selector, subject.domain), "TXT"),
            )


@served("DKIM042", "dkim-other-key", Severity.ERROR, "RFC 6376 §3.6.2", keys=_own_keys)
def dkim_other_key(found: Served) -> Iterator[Problem]:
    """Receivers use the key in DNS: signatures with another one, such as the policy's, fail.

    `dkim check` says which of the two fits the private key. If DNS is right, put that key into the
    policy (`import`, or `--from-genkey`). A plan that replaces a key which may still sign is
    breaking.

    Bad:
        s1._domainkey.example.com. TXT "v=DKIM1; p=MIIBIjANBg...A"  # s1.pem holds another
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
        what = (
            f"DNS says k={', '.join(sorted(kinds))} for {selector}, the policy says "
            f"{wanted.effective_k}"
        )
    else:
        return
    state = found.subject.selectors[selector].state
    fix = (
        "give the pending key a selector of its own: caches keep the old one"
        if state is KeyState.PENDING
        else _WHICH
    )
    yield Problem(found.route, f"{what}: signatures with the policy's key fail", fix)
