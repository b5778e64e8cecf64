"""Rules about DMARC records (RFC 9989)."""

from __future__ import annotations

from collections.abc import Iterator

from mailauth_dns.lint.rule import Problem, Severity, Subject, rule
from mailauth_dns.records import dmarc
from mailauth_dns.records.family import Family

_LEVEL = {"none": 0, "quarantine": 1, "reject": 2}


def _records(subject: Subject) -> Iterator[dmarc.Record]:
    if not subject.policy.body.parked:
        for _, text in subject.texts(Family.DMARC):
            yield dmarc.parse(text)


@rule("DMARC008", "dmarc-unknown-tag", Severity.WARNING, "RFC 9989 §4.7")
def dmarc_unknown_tag(subject: Subject) -> Iterator[Problem]:
    """Receivers ignore tags they do not know.

    Bad:
        dmarc: {p: reject, other: {polcy: reject}}
    Good:
        dmarc: {p: reject}
    """
    section = subject.policy.body.dmarc
    for tag in section.other if section is not None and section != "absent" else ():
        yield Problem(("dmarc", "other", tag), f"{tag} is not a DMARC tag: receivers ignore it", "take it out")


@rule("DMARC009", "dmarc-p-missing", Severity.ERROR, "RFC 9989 §4.10.1")
def dmarc_p_missing(subject: Subject) -> Iterator[Problem]:
    """Without `p` a record counts as p=none where it has a report address, and as no record where it has none.

    Bad:
        dmarc: {rua: ["mailto:dmarc@example.com"]}
    Good:
        dmarc: {p: none, rua: ["mailto:dmarc@example.com"]}
    """
    for record in _records(subject):
        if record.p is None:
            yield Problem(("dmarc",), "has no p: at best it counts as p=none", "add p: none, quarantine or reject")


@rule("DMARC011", "dmarc-removed-tag", Severity.WARNING, "RFC 9989 §9.3")
def dmarc_removed_tag(subject: Subject) -> Iterator[Problem]:
    """`pct`, `rf` and `ri` are historic: receivers ignore them, so a ramp by pct is the full policy.

    Bad:
        dmarc: {p: reject, pct: 10}
    Good:
        dmarc: {p: reject, t: y}
    """
    for record in _records(subject):
        for tag in ("pct", "rf", "ri"):
            if getattr(record, tag) is not None:
                yield Problem(("dmarc", tag), f"{tag} is historic: receivers ignore it", "take it out; t: y asks for one level less")


@rule("DMARC015", "dmarc-rua-missing", Severity.WARNING, "RFC 9989 §4.7")
def dmarc_rua_missing(subject: Subject) -> Iterator[Problem]:
    """Without a report address nobody tells the owner who sends as the domain, and whose mail fails.

    Bad:
        dmarc: {p: quarantine}
    Good:
        dmarc: {p: quarantine, rua: ["mailto:dmarc@example.com"]}
    """
    for record in _records(subject):
        if not record.rua:
            yield Problem(("dmarc",), "asks for no reports: nobody tells you whose mail fails", 'add rua: ["mailto:..."]')


@rule("DMARC023", "dmarc-sp-weaker", Severity.WARNING, "RFC 9989 §4.7")
def dmarc_sp_weaker(subject: Subject) -> Iterator[Problem]:
    """A weaker `sp` sends forgers to the subdomains.

    Bad:
        dmarc: {p: reject, sp: none, rua: ["mailto:dmarc@example.com"]}
    Good:
        dmarc: {p: reject, sp: reject, rua: ["mailto:dmarc@example.com"]}
    """
    for record in _records(subject):
        if record.p is not None and record.sp is not None and _LEVEL[record.sp.value] < _LEVEL[record.p.value]:
            yield Problem(
                ("dmarc", "sp"), f"subdomains have {record.sp.value}, weaker than p {record.p.value}", "raise sp, or leave it out"
            )


@rule("DMARC026", "dmarc-psd-misuse", Severity.ERROR, "RFC 9989 §4.10.2")
def dmarc_psd_misuse(subject: Subject) -> Iterator[Problem]:
    """`psd=y` is for registries: it makes each name below an organization of its own, so that nothing aligns with the domain.

    Bad:
        dmarc: {p: reject, psd: y}
    Good:
        dmarc: {p: reject, psd: n}
    """
    for record in _records(subject):
        if record.psd is not None and str(record.psd.value) == "y":
            yield Problem(
                ("dmarc", "psd"),
                "psd: y is for public suffixes: subdomains no longer align with this domain",
                "use psd: n, or leave it out",
            )
