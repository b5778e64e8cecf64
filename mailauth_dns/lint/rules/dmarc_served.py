"""Rules about DMARC records as servers hold them, and what receivers apply of each (RFC 9989).

Remedies never make a policy stricter in one step than what receivers apply now.
"""

from __future__ import annotations

import re
from collections.abc import Iterator

from mailauth_dns.errors import RecordSyntaxError
from mailauth_dns.lint import remedies
from mailauth_dns.lint.live_rules import Served, served
from mailauth_dns.lint.rule import Problem, Severity
from mailauth_dns.lint.subject import Subject
from mailauth_dns.policy.repo import Route
from mailauth_dns.records import dmarc
from mailauth_dns.records.dmarc_received import receive
from mailauth_dns.records.family import Family, family
from mailauth_dns.records.name import DomainName
from mailauth_dns.records.zone import RRKey

# What its owner takes for a DMARC record.
_MEANT = re.compile(r"[\s\"'\xef\xbb\xbf]*v\s*=\s*dmarc1\b", re.IGNORECASE)


def _own(subject: Subject) -> Iterator[tuple[Route, RRKey]]:
    yield ("dmarc",), (dmarc.owner_name(subject.domain), "TXT")


def _alias(subject: Subject) -> Iterator[tuple[Route, RRKey]]:
    yield ("dmarc",), (dmarc.owner_name(subject.domain), "CNAME")


def _is_declared(found: Served) -> bool:
    """Tell whether the policy declares the name, so that plan and apply correct it."""
    return found.subject.parked or found.subject.policy.body.dmarc is not None


def _mend(found: Served, by_hand: str) -> str:
    return remedies.PUBLISH if _is_declared(found) else by_hand


def _ignored(found: Served, text: str, message: str, by_hand: str) -> Problem:
    """Return the problem of a text that receivers do not take for a record.

    Once corrected, its policy comes into force.
    """
    if any(receive(other) is not None for other in found.values):
        fix = "delete it: there is a record that counts beside it, and two count as none"
    elif not _is_declared(found):
        fix = f"{by_hand}, with p=none at first: no policy is in force now"
    elif family(found.key[0], "TXT", text) is Family.DMARC:
        fix = _mend(found, by_hand)
    else:
        fix = "delete it: plan keeps it as foreign, and publishes what the policy says"
    return Problem(found.route, message, fix)


@served("DMARC002", "dmarc-multiple", Severity.ERROR, "RFC 9989 §4.10", keys=_own)
def dmarc_multiple(found: Served) -> Iterator[Problem]:
    """Receivers drop all of several DMARC records at one name: the domain has no policy.

    Bad:
        _dmarc.example.com. with "v=DMARC1; p=none" and "v=DMARC1; p=reject"
    Good:
        _dmarc.example.com. TXT "v=DMARC1; p=reject"
    """
    records = [text for text in found.values if receive(text) is not None]
    if len(records) > 1:
        message = f"{found.key[0]} has {len(records)} DMARC records: receivers drop all of them"
        yield Problem(
            found.route,
            message,
            _mend(found, "keep one, with p=none at first: neither is in force now"),
        )


@served("DMARC003", "dmarc-version", Severity.ERROR, "RFC 9989 §4.7", keys=_own)
def dmarc_version(found: Served) -> Iterator[Problem]:
    """Receivers see no DMARC record unless its first tag is exactly `v=DMARC1`.

    Bad:
        _dmarc.example.com. TXT "v=dmarc1; p=reject"
    Good:
        _dmarc.example.com. TXT "v=DMARC1; p=reject"
    """
    for text in sorted(found.values):
        if _MEANT.match(text) and receive(text.strip()) is None:
            yield _ignored(
                found,
                text,
                f"{text[:30]!r} is no DMARC record to receivers",
                "open it with v=DMARC1; in this spelling",
            )


@served("DMARC005", "dmarc-unrelated-txt", Severity.WARNING, "RFC 9989 §4.10", keys=_own)
def dmarc_unrelated_txt(found: Served) -> Iterator[Problem]:
    """Receivers should pass over other texts at `_dmarc`, but some trip over them.

    Bad:
        _dmarc.example.com. with "v=DMARC1; p=reject" and "v=spf1 -all"
    Good:
        _dmarc.example.com. with the DMARC record alone
    """
    for text in sorted(found.values):
        if not _MEANT.match(text) and receive(text) is None:
            fix = (
                "delete it; before you enter it at another name, look first that nothing like it "
                "is there"
            )
            yield Problem(
                found.route,
                f"{found.key[0]} also has {text[:30]!r}, which some receivers trip over",
                fix,
            )


@served("DMARC006", "dmarc-leading-space", Severity.ERROR, "RFC 9989 §4.7", keys=_own)
def dmarc_leading_space(found: Served) -> Iterator[Problem]:
    """Many receivers see no DMARC record in a text that begins with a blank.

    Bad:
        _dmarc.example.com. TXT " v=DMARC1; p=reject"
    Good:
        _dmarc.example.com. TXT "v=DMARC1; p=reject"
    """
    for text in sorted(found.values):
        if receive(text) is None and receive(text.strip()) is not None:
            yield _ignored(
                found,
                text,
                "opens with a blank: many receivers see no record",
                "publish it without the blank",
            )


@served("DMARC007", "dmarc-syntax", Severity.ERROR, "RFC 9989 §4.8", keys=_own)
def dmarc_syntax(found: Served) -> Iterator[Problem]:
    """Receivers drop a broken tag; a broken `p`, `sp` or `np` makes the whole policy count as none.

    Bad:
        _dmarc.example.com. TXT "v=DMARC1; p=rejct"
    Good:
        _dmarc.example.com. TXT "v=DMARC1; p=reject"
    """
    for text in sorted(found.values):
        received = receive(text)
        if received is None:
            continue
        try:
            dmarc.parse(_without(text, received.dropped & {"rua", "ruf"}))
        except RecordSyntaxError as error:
            applied = received.applied
            if applied is None:
                message, fix = (
                    "receivers drop the tag, and with it the whole record",
                    "correct it, with p=none at first",
                )
            else:
                message = f"receivers drop the tag and apply p={applied.effective_p}"
                fix = f"correct it, with p={applied.effective_p} at first: that is in force now"
            yield Problem(found.route, f"{error}: {message}", _mend(found, fix))


def _without(text: str, tags: frozenset[str]) -> str:
    """Return a record without the values of some tags, which DMARC016 reports.

    Everything else keeps its place in the text.
    """
    # RFC 9989 §4.7: unknown tags are no error.
    unknown = {tag: f"{'x' * at}=" for at, tag in enumerate(sorted(tags), start=1)}
    names = [part.partition("=")[0].strip().lower() for part in text.split(";")]
    return ";".join(
        unknown[name].ljust(len(part), "x") if name in unknown else part
        for name, part in zip(names, text.split(";"), strict=True)
    )


@served("DMARC010", "dmarc-p-not-second", Severity.INFO, "practice", keys=_own)
def dmarc_p_not_second(found: Served) -> Iterator[Problem]:
    """Receivers from before RFC 9989 want `p` right after `v`; some drop the record otherwise.

    Bad:
        _dmarc.example.com. TXT "v=DMARC1; rua=mailto:dmarc@example.com; p=reject"
    Good:
        _dmarc.example.com. TXT "v=DMARC1; p=reject; rua=mailto:dmarc@example.com"
    """
    for text in found.values:
        received = receive(text)
        if received is not None and received.record.p is not None:
            second = next(
                name
                for part in text.split(";")[1:]
                if (name := part.partition("=")[0].strip().lower())
            )
            if second != "p":
                fix = (
                    "plan --normalize writes it in order"
                    if _is_declared(found)
                    else "write p right after v=DMARC1;"
                )
                yield Problem(
                    found.route,
                    f"{second} stands before p: some older receivers drop the record",
                    fix,
                )


@served("DMARC016", "dmarc-rua-uri", Severity.ERROR, "RFC 9989 §4.8", keys=_own)
def dmarc_rua_uri(found: Served) -> Iterator[Problem]:
    """Receivers send no reports to a report address that is not a URI.

    Bad:
        _dmarc.example.com. TXT "v=DMARC1; p=none; rua=dmarc@example.com"
    Good:
        _dmarc.example.com. TXT "v=DMARC1; p=none; rua=mailto:dmarc@example.com"
    """
    for text in sorted(found.values):
        received = receive(text)
        for tag in sorted(received.dropped & {"rua", "ruf"}) if received is not None else ():
            fix = _mend(found, "write each address as mailto:name@domain, separated by commas")
            yield Problem(
                found.route, f"{tag} holds something that is no address: no reports go there", fix
            )


@served("DMARC037", "dmarc-cname-delegated", Severity.INFO, "RFC 1034 §3.6.2", keys=_alias)
def dmarc_cname_delegated(found: Served) -> Iterator[Problem]:
    """Somebody else decides what receivers do with failing mail: `_dmarc` is an alias.

    Bad:
        _dmarc.example.com. CNAME example.com.dmarc.example.net.
    Good:
        _dmarc.example.com. TXT "v=DMARC1; p=reject"
    """
    for target in found.values:
        yield Problem(
            found.route,
            f"{found.key[0]} is an alias of {target}: its owner decides what receivers do",
            "make sure that you know and trust its owner",
        )


@served("DMARC038", "dmarc-cname-dangling", Severity.ERROR, "RFC 9989 §4.10", keys=_alias)
def dmarc_cname_dangling(found: Served) -> Iterator[Problem]:
    """Receivers find no policy where `_dmarc` is an alias that leads nowhere.

    Whoever gets the target can set one.

    Bad:
        _dmarc.example.com. CNAME gone.example.net.
    Good:
        _dmarc.example.com. TXT "v=DMARC1; p=reject"
    """
    for target in found.values:
        if found.subject.resolver is not None and not found.subject.resolver.lookup(
            DomainName(target.removesuffix(".").lower()), "TXT"
        ):
            message = (
                f"{found.key[0]} is an alias of {target}, where there is nothing: receivers find "
                "no policy"
            )
            yield Problem(
                found.route,
                message,
                "replace it with a record, with p=none at first: no policy is in force now",
            )


@served("DMARC039", "dmarc-parked-form", Severity.WARNING, "practice", keys=_own)
def dmarc_parked_form(found: Served) -> Iterator[Problem]:
    """Forgers can use the name of a parked domain that does not ask receivers for reject.

    Bad:
        parked: true  # and the zone has v=DMARC1; p=none
    Good:
        _dmarc.example.com. TXT "v=DMARC1; p=reject; sp=reject; np=reject"
    """
    if not found.subject.parked:
        return
    records = [received for text in found.values if (received := receive(text)) is not None]
    applied = records[0].applied if len(records) == 1 else None
    if applied is None or {applied.effective_p, applied.effective_sp, applied.effective_np} != {
        dmarc.Policy.REJECT
    }:
        yield Problem(
            ("parked",),
            f"{found.subject.domain} is parked and does not ask for reject",
            remedies.park(found.subject),
        )
