"""Rules about BIMI records, logos and their evidence (AuthIndicators draft)."""

from __future__ import annotations

from collections.abc import Callable, Iterator

from mailauth_dns.evaluate.observation import Unknown
from mailauth_dns.evaluate.web_page import Nothing, Page, Request, Untrusted
from mailauth_dns.lint import mark_certificate, remedies, svg_tiny_ps
from mailauth_dns.lint.live_rules import Fetched, Served, fetched, served
from mailauth_dns.lint.rule import Needs, Problem, Severity, Undecided, rule
from mailauth_dns.lint.subject import Subject
from mailauth_dns.policy.absent import ABSENT
from mailauth_dns.policy.repo import Route
from mailauth_dns.policy.sections.bimi import BimiSection
from mailauth_dns.records import bimi, dmarc
from mailauth_dns.records.family import Family
from mailauth_dns.records.zone import RRKey

_SOURCE = "BIMI draft"


_REDIRECTS = 3  # the draft does not say whether they are followed


def _sections(subject: Subject) -> Iterator[tuple[str, BimiSection]]:
    for selector, section in (subject.policy.body.bimi or {}).items():
        if section is not ABSENT:
            yield selector, section


def _at_https(tag: str, limit: int) -> Callable[[Subject], Iterator[tuple[Route, Request]]]:
    def requests(subject: Subject) -> Iterator[tuple[Route, Request]]:
        for selector, section in _sections(subject):
            url = getattr(section, tag)
            if url and url.lower().startswith("https://"):  # BIMI003 reports others
                yield ("bimi", selector, tag), Request(url, _REDIRECTS, limit)

    return requests


_logos = _at_https("l", svg_tiny_ps.LARGEST)


def _page(outcome: Page | Untrusted | Nothing) -> Page | str:
    """Return a page that holds what was asked for, or why there is none."""
    if not isinstance(outcome, Page):
        return outcome.reason
    return outcome if outcome.status == 200 else f"the server answers {outcome.status}"


@rule("BIMI001", "bimi-policy", Severity.ERROR, _SOURCE)
def bimi_policy(subject: Subject) -> Iterator[Problem]:
    """Mail programs show a logo only if DMARC is enforced, for the domain and all below it.

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


def _names(subject: Subject) -> Iterator[tuple[Route, RRKey]]:
    for selector, _ in _sections(subject):
        yield ("bimi", selector), (bimi.owner_name(selector, subject.domain), "TXT")


@served("BIMI002", "bimi-multiple", Severity.ERROR, _SOURCE, keys=_names)
def bimi_multiple(found: Served) -> Iterator[Problem]:
    """Mail programs that find several records show no logo.

    Bad:
        default._bimi.example.com. with two records
    Good:
        default._bimi.example.com. TXT "v=BIMI1; l=https://example.com/logo.svg"
    """
    records = found.of(Family.BIMI)
    if len(records) > 1:
        yield Problem(
            found.route,
            f"{found.key[0]} has {len(records)} records: no logo is shown",
            remedies.PUBLISH,
        )


@rule("BIMI003", "bimi-https", Severity.ERROR, _SOURCE)
def bimi_https(subject: Subject) -> Iterator[Problem]:
    """Mail programs fetch a logo and its evidence over HTTPS only: otherwise they show none.

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
    """Mail programs show only a logo that is SVG Tiny Portable/Secure.

    It has no script, no movement and no references, is square, and has a title.

    Bad:
        l=https://example.com/logo.svg, <svg version="1.1"> with a script in it
    Good:
        l=https://example.com/logo.svg, <svg version="1.2" baseProfile="tiny-ps"> with a title
    """
    page = _page(found.outcome)
    if isinstance(page, str):
        yield Problem(
            found.route, f"the logo could not be fetched: {page}", "serve it at this address"
        )
    elif not page.whole:
        yield Problem(
            found.route,
            f"the logo has over {found.request.limit} octets: it is not shown",
            "make it smaller",
        )
    else:
        for fault in svg_tiny_ps.faults(page.body):
            yield Problem(
                found.route, f"no logo is shown: {fault}", "make it SVG Tiny Portable/Secure"
            )


_evidence = _at_https("a", 1 << 18)


def _pair(subject: Subject) -> Iterator[tuple[Route, Request]]:
    yield from _logos(subject)
    yield from _evidence(subject)


@rule("BIMI005", "bimi-vmc", Severity.WARNING, _SOURCE, needs=Needs.WEB, requests=_pair)
def bimi_vmc(subject: Subject) -> Iterator[Problem | Undecided]:
    """Most mailbox providers show a logo only with a mark certificate for this domain and logo.

    Whether a provider accepts the certificate's issuer is not checked.

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
                "add a, the address of a mark certificate",
            )
    for route, request in _evidence(subject):
        yield from _evidence_faults(subject, route, request, logos.get(route[1]))


def _evidence_faults(
    subject: Subject, route: Route, evidence: Request, logo: Request | None
) -> Iterator[Problem | Undecided]:
    outcome = subject.fetched(evidence)
    if isinstance(outcome, Unknown):
        yield Undecided(route, f"{evidence.url}: {outcome.reason}")
        return
    page = _page(outcome)
    if isinstance(page, str):
        message = f"the evidence could not be fetched: {page}"
        yield Problem(route, message, "serve it at this address")
        return
    certificate = mark_certificate.read(page.body)
    if certificate is None:
        message = "the evidence is no certificate in PEM"
        yield Problem(route, message, "serve the mark certificate with its chain")
        return
    octets = None
    if logo is not None:
        answer = subject.fetched(logo)
        if isinstance(answer, Unknown):
            yield Undecided(route, f"whether it is for the logo: {logo.url}: {answer.reason}")
        # BIMI004 reports a logo that could not be fetched.
        elif isinstance(answer, Page) and answer.status == 200 and answer.whole:
            octets = answer.body
    for fault in mark_certificate.faults(
        certificate, subject.domain, str(route[1]), subject.today, octets
    ):
        message = f"the certificate is no evidence: {fault}"
        yield Problem(route, message, "get a mark certificate for this domain and logo")


@rule("BIMI006", "bimi-decline-form", Severity.INFO, _SOURCE)
def bimi_decline_form(subject: Subject) -> Iterator[Problem]:
    """Mail programs show no logo for a record without one; evidence beside it has no clear meaning.

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
