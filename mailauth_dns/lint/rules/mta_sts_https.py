"""Rules about the MTA-STS policy as its host serves it (RFC 8461 §3.2, §3.3)."""

from __future__ import annotations

from collections.abc import Iterator

from mailauth_dns.errors import RecordSyntaxError
from mailauth_dns.evaluate.fetched_mta_sts import (
    LARGEST,
    policy_request,
    policy_text,
    served_policy,
)
from mailauth_dns.evaluate.observation import Unknown
from mailauth_dns.evaluate.web_page import Nothing, Page, Request, Untrusted
from mailauth_dns.lint.live_rules import Fetched, fetched
from mailauth_dns.lint.rule import Needs, Problem, Severity, Undecided, rule
from mailauth_dns.lint.subject import Subject
from mailauth_dns.policy.absent import ABSENT
from mailauth_dns.policy.repo import Route
from mailauth_dns.records import mta_sts
from mailauth_dns.records.family import Family, family
from mailauth_dns.records.zone import RRKey

_ROUTE: Route = ("mta_sts",)


def _declared(subject: Subject) -> Iterator[tuple[Route, Request]]:
    if subject.mta_sts is not None:
        yield _ROUTE, policy_request(subject.domain)


def _live_ids(subject: Subject) -> frozenset[str] | Unknown:
    """Return the ids that the zone's servers give now."""
    key = (mta_sts.owner_name(subject.domain), "TXT")
    found = (
        subject.observation.agreed(key)
        if subject.observation is not None
        else Unknown("no server was asked")
    )
    if isinstance(found, Unknown):
        return found
    ids = set()
    for text in found.values if found is not None else ():
        if family(key[0], "TXT", text) is Family.MTA_STS:
            try:
                ids.add(mta_sts.parse(text).id)
            except RecordSyntaxError:
                continue  # STS002 says it
    return frozenset(ids)


def _serve(found: Fetched) -> str:
    return f"serve zones/mta-sts/{found.subject.domain}.txt there"


def _record(subject: Subject) -> Iterator[tuple[Route, RRKey]]:
    if subject.mta_sts is not None:
        yield _ROUTE, (mta_sts.owner_name(subject.domain), "TXT")


@rule(
    "STS003",
    "sts-id-not-bumped",
    Severity.ERROR,
    "RFC 8461 §3.1",
    needs=Needs.WEB,
    keys=_record,
    requests=_declared,
)
def sts_id_not_bumped(subject: Subject) -> Iterator[Problem | Undecided]:
    """Senders fetch a policy again only when the record's id changes: they keep the old one.

    Judged only if the live record already has the id of the policy in the repo. Before the record
    is applied, the old policy may still be served.

    Bad:
        the host serves mode: testing, while the record announces the policy that enforces
    Good:
        zones/mta-sts/example.com.txt is served, and then the record is applied
    """
    section = subject.mta_sts
    outcome = subject.fetched(policy_request(subject.domain))
    if section is None:
        return
    if isinstance(outcome, Unknown):
        yield Undecided(_ROUTE, f"{policy_request(subject.domain).url}: {outcome.reason}")
        return
    served = served_policy(outcome)
    if isinstance(served, str) or _content(served) == _content(section.policy):
        return
    live = _live_ids(subject)
    if isinstance(live, Unknown):
        yield Undecided(_ROUTE, live.reason)
    elif mta_sts.parse(section.text).id in live:
        yield Problem(
            _ROUTE,
            "the policy that is served is not the one of this id: it has "
            f"{_difference(served, section.policy)}",
            f"serve zones/mta-sts/{subject.domain}.txt"
            + (", and take id out, so that it changes with the policy" if section.id else ""),
        )


def _content(policy: mta_sts.Policy) -> tuple[object, ...]:
    return policy.mode, frozenset(policy.mx), policy.max_age


def _difference(served: mta_sts.Policy, meant: mta_sts.Policy) -> str:
    parts = [
        ("mode", served.mode.value, meant.mode.value),
        ("mx", " ".join(sorted(served.mx)) or "nothing", " ".join(sorted(meant.mx)) or "nothing"),
        ("max_age", str(served.max_age), str(meant.max_age)),
    ]
    return ", ".join(f"{name} {now} instead of {then}" for name, now, then in parts if now != then)


@fetched("STS004", "sts-txt-without-policy", Severity.ERROR, "RFC 8461 §3.3", requests=_declared)
def sts_txt_without_policy(found: Fetched) -> Iterator[Problem | Undecided]:
    """Senders that hold no policy yet and can fetch none deliver as without MTA-STS.

    The others go on with the one that they hold until its max_age ends.

    Bad:
        mta_sts: {mode: enforce, mx: [mx.example.com], max_age: 604800}  # no mta-sts host
    Good:
        mta-sts.example.com. A 192.0.2.80, which serves the file in zones/mta-sts
    """
    outcome = found.outcome
    if isinstance(outcome, Nothing):
        yield Problem(
            found.route, f"{outcome.reason}: no sender can fetch the policy", _serve(found)
        )
    elif isinstance(outcome, Page) and outcome.status != 200 and not outcome.location:
        yield Problem(
            found.route,
            f"{found.request.url} answers {outcome.status}: senders get no policy",
            _serve(found),
        )


def _given_up(subject: Subject) -> Iterator[tuple[Route, Request]]:
    if subject.policy.body.mta_sts is ABSENT:
        yield _ROUTE, policy_request(subject.domain)


def _given_up_record(subject: Subject) -> Iterator[tuple[Route, RRKey]]:
    if subject.policy.body.mta_sts is ABSENT:
        yield _ROUTE, (mta_sts.owner_name(subject.domain), "TXT")


@rule(
    "STS005",
    "sts-policy-without-txt",
    Severity.WARNING,
    "RFC 8461 §8.3",
    needs=Needs.WEB,
    keys=_given_up_record,
    requests=_given_up,
)
def sts_policy_without_txt(subject: Subject) -> Iterator[Problem | Undecided]:
    """Senders that hold a policy obey it until max_age ends; without a record no other finds it.

    Nothing is said while a record that is to go is still live: plan and apply judge its end
    (STS017).

    Bad:
        mta_sts: absent  # and mta-sts.example.com goes on serving mode: enforce
    Good:
        mta_sts: {mode: none, max_age: 604800}  # for the old max_age, then absent
    """
    for route, request in _given_up(subject):
        outcome = subject.fetched(request)
        if isinstance(outcome, Unknown):
            yield Undecided(route, f"{request.url}: {outcome.reason}")
            continue
        policy = served_policy(outcome)
        if isinstance(policy, str) or policy.mode is mta_sts.Mode.NONE:
            continue
        live = _live_ids(subject)
        if isinstance(live, Unknown):
            yield Undecided(route, live.reason)
        elif not live:
            message = (
                f"{request.url} still serves mode {policy.mode.value}, which no record announces"
            )
            yield Problem(route, message, "serve mode none for its max_age, then nothing")


@fetched("STS006", "sts-cert", Severity.ERROR, "RFC 8461 §3.3", requests=_declared)
def sts_cert(found: Fetched) -> Iterator[Problem | Undecided]:
    """Senders take a policy only from a host with a valid certificate for its name.

    Bad:
        mta-sts.example.com answers with a certificate for www.example.com
    Good:
        mta-sts.example.com answers with a certificate for mta-sts.example.com
    """
    if isinstance(found.outcome, Untrusted):
        host = f"mta-sts.{found.subject.domain}"
        yield Problem(
            found.route,
            f"senders do not trust {host}: {found.outcome.reason}",
            f"serve TLS there with a certificate for {host}",
        )


@fetched("STS007", "sts-redirect", Severity.ERROR, "RFC 8461 §3.3", requests=_declared)
def sts_redirect(found: Fetched) -> Iterator[Problem | Undecided]:
    """Senders follow no redirect when they fetch a policy: they get none.

    Bad:
        mta-sts.example.com redirects to https://www.example.com/mta-sts.txt
    Good:
        https://mta-sts.example.com/.well-known/mta-sts.txt answers 200 with the policy
    """
    if isinstance(found.outcome, Page) and found.outcome.location:
        yield Problem(
            found.route,
            f"{found.request.url} redirects to {found.outcome.location}: senders do not follow",
            _serve(found),
        )


@fetched("STS008", "sts-content-type", Severity.WARNING, "RFC 8461 §3.2", requests=_declared)
def sts_content_type(found: Fetched) -> Iterator[Problem | Undecided]:
    """Some senders take a policy only as text/plain, as the RFC advises.

    Other types may be somebody else's upload.

    Bad:
        Content-Type: text/html
    Good:
        Content-Type: text/plain
    """
    outcome = found.outcome
    if isinstance(outcome, Page) and outcome.status == 200 and outcome.media_type != "text/plain":
        kind = outcome.media_type or "nothing"
        yield Problem(
            found.route,
            f"the policy is served as {kind}: some senders do not take it",
            "serve it as text/plain",
        )


@fetched("STS009", "sts-policy-syntax", Severity.ERROR, "RFC 8461 §3.2", requests=_declared)
def sts_policy_syntax(found: Fetched) -> Iterator[Problem | Undecided]:
    """Senders drop a policy that breaks the grammar; of a field given twice they take the first.

    Bad:
        version: STSv1, and then mode=enforce
    Good:
        the file in zones/mta-sts
    """
    text = policy_text(found.outcome)
    if text is None:
        return
    if isinstance(found.outcome, Page) and not found.outcome.whole:
        yield Problem(
            found.route,
            f"the policy has over {LARGEST} octets: senders may not read it",
            _serve(found),
        )
        return
    try:
        mta_sts.parse_policy(text)
    except RecordSyntaxError as error:
        message = (
            f"line {mta_sts.line_of(error)} of the policy that is served: {error.expected}: "
            "senders get no policy"
        )
        yield Problem(found.route, message, _serve(found))
        return
    names = [line.partition(":")[0] for line in text.split("\n")]
    for name in dict.fromkeys(name for name in names if name != "mx" and names.count(name) > 1):
        yield Problem(
            found.route,
            f"the policy that is served gives {name} twice: senders take the first",
            _serve(found),
        )
