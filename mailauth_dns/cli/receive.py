"""Commands that judge messages as a receiver does: test, simulate, check-message."""

from __future__ import annotations

import sys
from collections.abc import Mapping
from enum import StrEnum
from pathlib import Path
from typing import Annotated, TypeVar

import typer
from pydantic import ValidationError

from mailauth_dns.cli.app import Domains, OutputFormat, session_of
from mailauth_dns.cli.session import DIFFERS, DONE, FAILED, Format, Session, domains
from mailauth_dns.compile.publication import Publication
from mailauth_dns.errors import MailAuthError
from mailauth_dns.evaluate.message import DmarcResult, Message, Verdict, judge
from mailauth_dns.evaluate.resolver import Resolver
from mailauth_dns.plan import plan_file
from mailauth_dns.policy.mail_tests import NULL_PATH, EnvelopeSection, MessageSection
from mailauth_dns.policy.repo import POLICY_DIR, Policy
from mailauth_dns.records.mailbox import domain_of, is_address
from mailauth_dns.render.json_data import FORMAT


def register(app: typer.Typer) -> None:
    """Add the commands."""
    app.command("test")(run_tests)
    app.command("simulate")(simulate)
    app.command("check-message")(check_message)


AS_IT_IS, AS_IT_WOULD_BE = "as it is", "as it would be"

PlanOption = Annotated[
    Path | None, typer.Option("--plan", metavar="FILE", help="judge by DNS with this plan applied")
]


class TestFormat(StrEnum):
    """How the results of tests are written."""

    TEXT = "text"
    JSON = "json"
    JUNIT = "junit"


def run_tests(
    context: typer.Context,
    domain: Domains = None,
    format: Annotated[
        TestFormat, typer.Option("--format", help="text, json or junit")
    ] = TestFormat.TEXT,
) -> int:
    """Run the policies' tests against DNS as it is and as it would be."""
    from mailauth_dns.render import junit, message_verdict
    from mailauth_dns.simulate.before_after import (
        rehearse,  # these load dnspython and octoDNS, which other commands can do without
    )
    from mailauth_dns.simulate.mail_tests import TestResult

    session = session_of(context)
    repo, publications = session.load()
    named = frozenset(domains(domain))
    policies = repo.of(named)
    chosen = [publication.only(named) for publication in publications] if named else publications
    with session.progress(sum(len(policy.body.tests) for policy in policies), "testing") as step:
        found = rehearse(policies, repo, chosen, progress=step)
    if not found:
        session.say("no policy here has tests")
    match format:
        case TestFormat.TEXT:
            session.show(message_verdict.tests(found))
        case TestFormat.JSON:
            session.json(message_verdict.tests_data(found))
        case TestFormat.JUNIT:
            session.line(junit.tests(rehearsal.after for rehearsal in found).rstrip())
    outcomes = {rehearsal.after.outcome for rehearsal in found}
    return (
        FAILED
        if TestResult.UNKNOWN in outcomes
        else DIFFERS
        if TestResult.FAILED in outcomes
        else DONE
    )


def simulate(
    context: typer.Context,
    header_from: Annotated[str, typer.Option("--from", metavar="ADDRESS", help="the From header")],
    ip: Annotated[str, typer.Option("--ip", help="the client's address")],
    mail_from: Annotated[
        str | None,
        typer.Option("--mail-from", metavar="ADDRESS", help="the envelope's sender; '<>': none"),
    ] = None,
    helo: Annotated[
        str | None, typer.Option("--helo", metavar="NAME", help="what the client calls itself")
    ] = None,
    dkim: Annotated[
        list[str] | None,
        typer.Option("--dkim", metavar="[D:]S", help="a signature that is good where its key is"),
    ] = None,
    plan: PlanOption = None,
    format: OutputFormat = Format.TEXT,
) -> int:
    """Tell what a receiver makes of one message, by DNS as it is and as it would be."""
    from mailauth_dns.simulate.mail_tests import judged

    session = session_of(context)
    given = {"from": header_from, "ip": ip, "mail_from": mail_from, "helo": helo}
    message = _described(
        MessageSection, {**given, "dkim": [_signature(each) for each in dkim or ()]}, {}
    )
    author = domain_of(message.from_)
    live, published = worlds(session, plan)
    found = [(title, judged(author, message, resolver)) for title, resolver in (live, *published)]
    return _show(session, found, format)


MAX_MESSAGE = 50_000_000  # octets; receivers take less
STDIN = Path("-")


def check_message(
    context: typer.Context,
    file: Annotated[
        Path,
        typer.Argument(
            metavar="FILE", help="a message as it came, head and body; -: standard input"
        ),
    ],
    ip: Annotated[str, typer.Option("--ip", help="the address of the client that it came from")],
    helo: Annotated[
        str | None, typer.Option("--helo", metavar="NAME", help="what the client called itself")
    ] = None,
    mail_from: Annotated[
        str | None,
        typer.Option(
            "--mail-from",
            metavar="ADDRESS",
            help="the envelope's sender; default: Return-Path, else From",
        ),
    ] = None,
    plan: PlanOption = None,
    format: OutputFormat = Format.TEXT,
) -> int:
    """Tell what a receiver finds in a real message: SPF, DKIM and DMARC. Results that it carries in its head are not looked at."""
    from mailauth_dns.evaluate import dkim_verification, message_file

    session = session_of(context)
    called = "standard input" if file == STDIN else str(file)
    try:
        received = message_file.read(_octets(session, file))
    except OSError as error:
        raise MailAuthError(f"{called}: {error.strerror}") from None
    except message_file.NoMessageError as error:
        raise MailAuthError(f"{called}: {error}") from None
    authors, fields = message_file.author_addresses(received), len(received.values("from"))
    sender, origin = mail_from, "--mail-from"
    if sender is None:
        sender, origin = message_file.return_path(received), f"{called}: Return-Path"
    if sender is None and authors:
        sender, origin = authors[0], f"{called}: From"
    # What stands in the message may be anything, and is judged as it is.
    odd = (
        sender
        if mail_from is None and sender and sender not in NULL_PATH and not is_address(sender)
        else None
    )
    if odd is not None:
        session.say(
            f"{origin}: {odd!r} is no address with a domain name; --mail-from gives the sender of the envelope"
        )
    envelope = _described(
        EnvelopeSection,
        {"mail_from": sender if odd is None else None, "helo": helo, "ip": ip},
        {"mail_from": origin},
    )
    sender = odd or envelope.sender
    live, changed = worlds(session, plan)
    found = []
    for title, resolver in (live, *(changed if plan is not None else ())):
        signatures = dkim_verification.verified(received, resolver)
        message = Message(
            authors,
            sender,
            envelope.client or sender.rpartition("@")[2],
            envelope.ip,
            signatures,
            dkim_verification.unseen(received),
            from_fields=fields,
        )
        found.append((title, judge(message, resolver)))
    return _show(session, found, format)


def _octets(session: Session, file: Path) -> bytes:
    """Return a message in a file.

    Raises:
        MailAuthError: it is too big.
        OSError: it cannot be read.
    """
    if file == STDIN:
        octets = sys.stdin.buffer.read(MAX_MESSAGE + 1)
    else:
        with session.path(file).open("rb") as stream:
            octets = stream.read(MAX_MESSAGE + 1)
    if len(octets) > MAX_MESSAGE:
        raise MailAuthError(
            f"{'standard input' if file == STDIN else file}: is bigger than {MAX_MESSAGE} octets, which no receiver takes"
        )
    return octets


def _show(session: Session, found: list[tuple[str, Verdict]], format: Format) -> int:
    """Show the verdicts; the exit code is by the last: 2 where DMARC fails or cannot pass, 1 where nobody can tell."""
    from mailauth_dns.render import message_verdict

    if format is Format.JSON:
        keys = {AS_IT_IS: "before", AS_IT_WOULD_BE: "after"}
        session.json(
            {
                "format": FORMAT,
                **{keys[title]: message_verdict.verdict_data(each) for title, each in found},
            }
        )
    else:
        session.show(message_verdict.one(found))
    result = found[-1][1].dmarc
    if result is DmarcResult.TEMPERROR:
        return FAILED
    return DIFFERS if result in (DmarcResult.FAIL, DmarcResult.PERMERROR) else DONE


_Described = TypeVar("_Described", bound=EnvelopeSection)


def _described(
    kind: type[_Described], given: Mapping[str, object], called: Mapping[str, str]
) -> _Described:
    """Return the message that was described; `called` says what a user knows a field by, where that is no option of its name."""
    try:
        return kind.model_validate(given)
    except ValidationError as error:
        problems = []
        for detail in error.errors(include_url=False, include_input=False):
            field = str(detail["loc"][0]) if detail["loc"] else "mail_from"
            label = called.get(field, f"--{field.replace('_', '-')}")
            problems.append(f"{label}: {detail.get('ctx', {}).get('message', detail['msg'])}")
        raise MailAuthError("\n".join(problems)) from None


def _signature(text: str) -> dict[str, str]:
    d, colon, s = text.rpartition(":")
    return {"d": d, "s": s} if colon else {"s": s}


_World = tuple[str, Resolver]


def worlds(session: Session, plan: Path | None) -> tuple[_World, tuple[_World, ...]]:
    """Return DNS as it is; and as `plan` or, without one, the policies would make it, where there are any."""
    from mailauth_dns.simulate.dns_views import as_it_is, as_planned, as_published

    policies: tuple[Policy, ...] = ()
    publications: tuple[Publication, ...] = ()
    if (session.root / POLICY_DIR).is_dir():  # a machine that only receives has no repo
        repo, publications = session.load()
        policies = repo.policies
    live = as_it_is(policies)
    if plan is not None:
        return (AS_IT_IS, live), (
            (AS_IT_WOULD_BE, as_planned(plan_file.read(session.path(plan)), live)),
        )
    published = ((AS_IT_WOULD_BE, as_published(publications, live)),) if publications else ()
    return (AS_IT_IS, live), published
