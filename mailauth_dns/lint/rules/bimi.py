"""Rules about BIMI records, logos and their evidence (AuthIndicators draft)."""

from __future__ import annotations

from collections.abc import Callable, Iterator

from mailauth_dns.evaluate.observation import Unknown
from mailauth_dns.evaluate.web_page import Nothing, Page, Request, Untrusted
from mailauth_dns.lint import mark_certificate, remedies, svg_tiny_ps
from mailauth_dns.lint.rule import (
    Fetched,
    Needs,
    Problem,
    Served,
    Severity,
    Undecided,
    fetched,
    rule,
    served,
)
from mailauth_dns.lint.subject import Subject
from mailauth_dns.policy.absent import ABSENT
from mailauth_dns.policy.repo import Route
from mailauth_dns.policy.sections.bimi import BimiSection
from mailauth_dns.records import bimi, dmarc
from mailauth_dns.records.family import Family, family
from mailauth_dns.records.zone import RRKey

_SOURCE = "BIMI draft"
_REDIRECTS = 3  # the draft does not say whether they are followed


def _sections(subject: Subject) -> Iterator[tuple[str, BimiSection]]:
    for selector, section in (subject.policy.body.bimi or {}).items():
        if section is not ABSENT:
            yield selector, section


def _names(subject: Subject) -> Iterator[tuple[Route, RRKey]]:
    for selector, _ in _sections(subject):
        yield ("bimi", selector), (bimi.owner_name(selector, subject.domain), "TXT")


def _at_https(tag: str, limit: int) -> Callable[[Subject], Iterator[tuple[Route, Request]]]:
    def requests(subject: Subject) -> Iterator[tuple[Route, Request]]:
        for selector, section in _sections(subject):
            url = getattr(section, tag)
            if url and url.lower().startswith("https://"):  # BIMI003 tells of others
                yield ("bimi", selector, tag), Request(url, _REDIRECTS, limit)

    return requests


_logos = _at_https("l", svg_tiny_ps.LARGEST)
_evidence = _at_https("a", 1 << 18)


def _pair(subject: Subject) -> Iterator[tuple[Route, Request]]:
    yield from _logos(subject)
    yield from _evidence(subject)


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
    weak = (
        "p"
        if record.effective_p is dmarc.Policy.NONE
        else "sp"
        if record.effective_sp is dmarc.Policy.NONE
        else None
    )
    for selector, section in _sections(subject):
        if weak is not None and section.l:
            yield Problem(
                ("bimi", selector),
                f"no logo is shown while DMARC has {weak}=none",
                f"raise dmarc.{weak} first, step by step as the reports allow",
            )
        elif record.effective_t is dmarc.Testing.YES and section.l:
            yield Problem(
                ("bimi", selector),
                "no logo is shown while DMARC is only tried (t=y)",
                "take dmarc.t out first, when the reports allow it",
            )


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
        yield Problem(
            found.route,
            f"{found.key[0]} has {len(records)} records: no logo is shown",
            remedies.PUBLISH,
        )


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
                yield Problem(
                    ("bimi", selector, tag), f"{uri} is not https: no logo is shown", "use https"
                )


@fetched("BIMI004", "bimi-svg", Severity.ERROR, _SOURCE, requests=_logos)
def bimi_svg(found: Fetched) -> Iterator[Problem | Undecided]:
    """Mail programs show a logo that is SVG Tiny Portable/Secure and no other: no script, no movement, no references, square, with a title.

    Bad:
        l=https://example.com/logo.svg, which is <svg version="1.1"> with a script in it
    Good:
        l=https://example.com/logo.svg, which is <svg version="1.2" baseProfile="tiny-ps"> with a title
    """
    page = _page(found.outcome)
    if isinstance(page, str):
        yield Problem(found.route, f"the logo cannot be had: {page}", "serve it there")
    elif not page.whole:
        yield Problem(
            found.route, f"the logo has over {found.request.limit} octets", "make it smaller"
        )
    else:
        for fault in svg_tiny_ps.faults(page.body):
            yield Problem(
                found.route, f"no logo is shown: {fault}", "make it SVG Tiny Portable/Secure"
            )


@rule("BIMI005", "bimi-vmc", Severity.WARNING, _SOURCE, needs=Needs.WEB, requests=_pair)
def bimi_vmc(subject: Subject) -> Iterator[Problem | Undecided]:
    """Most mailbox providers show a logo only with a mark certificate that covers the domain and holds this logo.

    Whether a provider accepts the certificate's issuer is not looked at.

    Bad:
        bimi: {default: {l: "https://example.com/logo.svg"}}
    Good:
        bimi: {default: {l: "https://example.com/logo.svg", a: "https://example.com/vmc.pem"}}
    """
    logos = {route[1]: request for route, request in _logos(subject)}
    for selector, section in _sections(subject):
        if section.l and not section.a:
            yield Problem(
                ("bimi", selector),
                "there is no evidence for the logo: most mailbox providers do not show it",
                "give a",
            )
    for route, request in _evidence(subject):
        outcome = subject.fetched(request)
        if isinstance(outcome, Unknown):
            yield Undecided(route, f"{request.url}: {outcome.reason}")
            continue
        page = _page(outcome)
        if isinstance(page, str):
            yield Problem(route, f"the evidence cannot be had: {page}", "serve it there")
            continue
        certificate = mark_certificate.read(page.body)
        if certificate is None:
            yield Problem(
                route,
                "the evidence is no certificate in PEM",
                "serve the mark certificate with its chain",
            )
            continue
        octets = None
        if (wanted := logos.get(route[1])) is not None:
            logo = subject.fetched(wanted)
            if isinstance(logo, Unknown):
                yield Undecided(route, f"whether it is for the logo: {wanted.url}: {logo.reason}")
            elif (
                isinstance(logo, Page) and logo.status == 200 and logo.whole
            ):  # BIMI004 tells of one that cannot be had
                octets = logo.body
        for fault in mark_certificate.faults(
            certificate, subject.domain, str(route[1]), subject.today, octets
        ):
            yield Problem(
                route,
                f"the certificate is no evidence: {fault}",
                "get a mark certificate for this domain and logo",
            )


def _page(outcome: Page | Untrusted | Nothing) -> Page | str:
    """Return a page that holds what was asked for, or why there is none."""
    if not isinstance(outcome, Page):
        return outcome.reason
    return outcome if outcome.status == 200 else f"the server answers {outcome.status}"


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
            yield Problem(
                ("bimi", selector, "a"),
                "evidence for a logo that is not given",
                "give l, or decline with l and a empty",
            )
