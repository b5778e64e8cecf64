"""Rules about BIMI records (AuthIndicators draft)."""

from __future__ import annotations

from collections.abc import Iterator

from mailauth_dns.lint.rule import Problem, Served, Severity, rule, served
from mailauth_dns.lint.subject import Subject
from mailauth_dns.policy.load import Route
from mailauth_dns.policy.sections import BimiSection
from mailauth_dns.records import bimi, dmarc
from mailauth_dns.records.family import Family, family
from mailauth_dns.records.zone import RRKey

_SOURCE = "BIMI draft"


def _sections(subject: Subject) -> Iterator[tuple[str, BimiSection]]:
    for selector, section in (subject.policy.body.bimi or {}).items():
        if section != "absent":
            yield selector, section


def _names(subject: Subject) -> Iterator[tuple[Route, RRKey]]:
    for selector, _ in _sections(subject):
        yield ("bimi", selector), (bimi.owner_name(selector, subject.domain), "TXT")


@rule("BIMI001", "bimi-policy", Severity.ERROR, _SOURCE)
def bimi_policy(subject: Subject) -> Iterator[Problem]:
    """Mail programs show a logo only where DMARC is enforced, for the domain and all below it: here they show none.

    Bad:
        dmarc: {p: none, rua: ["mailto:dmarc@example.com"]}
        bimi: {default: {l: "https://example.com/logo.svg"}}
    Good:
        dmarc: {p: quarantine, rua: ["mailto:dmarc@example.com"]}
        bimi: {default: {l: "https://example.com/logo.svg"}}
    """
    record = subject.dmarc_record
    if record is None:
        return
    weak = "p" if record.effective_p is dmarc.Policy.NONE else "sp" if record.effective_sp is dmarc.Policy.NONE else None
    for selector, section in _sections(subject):
        if weak is not None and section.l:
            yield Problem(("bimi", selector), f"no logo is shown while DMARC has {weak}=none", f"raise dmarc.{weak} first")
        elif record.effective_t is dmarc.Testing.YES and section.l:
            yield Problem(("bimi", selector), "no logo is shown while DMARC is only tried (t=y)", "take dmarc.t out first")


@served("BIMI002", "bimi-multiple", Severity.ERROR, _SOURCE, keys=_names)
def bimi_multiple(found: Served) -> Iterator[Problem]:
    """Mail programs that find several records show no logo.

    Bad:
        default._bimi.example.com. with two records
    Good:
        default._bimi.example.com. TXT "v=BIMI1; l=https://example.com/logo.svg"
    """
    records = [text for text in found.values if family(found.key[0], "TXT", text) is Family.BIMI]
    if len(records) > 1:
        yield Problem(found.route, f"{found.key[0]} has {len(records)} records: no logo is shown", "keep one")


@rule("BIMI003", "bimi-https", Severity.ERROR, _SOURCE)
def bimi_https(subject: Subject) -> Iterator[Problem]:
    """A logo or its evidence is fetched over HTTPS only: from another address it is not shown.

    Bad:
        bimi: {default: {l: "http://example.com/logo.svg"}}
    Good:
        bimi: {default: {l: "https://example.com/logo.svg"}}
    """
    for selector, section in _sections(subject):
        for tag, uri in (("l", section.l), ("a", section.a)):
            if uri and not uri.lower().startswith("https://"):
                yield Problem(("bimi", selector, tag), f"{uri} is not https: no logo is shown", "use https")


@rule("BIMI006", "bimi-decline-form", Severity.INFO, _SOURCE)
def bimi_decline_form(subject: Subject) -> Iterator[Problem]:
    """A record without a logo declines to have one shown; with evidence beside it, it is open what is meant.

    Bad:
        bimi: {default: {l: "", a: "https://example.com/vmc.pem"}}
    Good:
        bimi: {default: {l: "", a: ""}}
    """
    for selector, section in _sections(subject):
        if not section.l and section.a:
            yield Problem(("bimi", selector, "a"), "evidence for a logo that is not given", "give l, or decline with l and a empty")
