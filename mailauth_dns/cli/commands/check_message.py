"""The check-message command: a receiver's verdict about a real message."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import Annotated

import typer

from mailauth_dns.cli import headings, verdict_result
from mailauth_dns.cli.described_message import described
from mailauth_dns.cli.dns_before_after import resolvers
from mailauth_dns.cli.options import OutputOrPage, PlanOption
from mailauth_dns.cli.session import PageFormat, Session, session_of
from mailauth_dns.errors import MailAuthError
from mailauth_dns.evaluate import dkim_verification, message_file
from mailauth_dns.evaluate.message import Message, judge
from mailauth_dns.evaluate.message_file import ReceivedMessage
from mailauth_dns.evaluate.resolver import Resolver
from mailauth_dns.evaluate.verdict import Verdict
from mailauth_dns.pages.identities import Identities
from mailauth_dns.policy.mail_tests import NULL_PATH, EnvelopeSection
from mailauth_dns.records.mailbox import is_address

MAX_MESSAGE = 50_000_000  # octets; receivers take less
STDIN = Path("-")


def command(
    context: typer.Context,
    file: Annotated[
        Path,
        typer.Argument(
            metavar="FILE", help="a message as it came, header and body; -: standard input"
        ),
    ],
    ip: Annotated[
        str,
        typer.Option(
            "--ip",
            metavar="IP",
            help="the address of the client that sent it",
            rich_help_panel=headings.MESSAGE,
        ),
    ],
    helo: Annotated[
        str | None,
        typer.Option(
            "--helo",
            metavar="NAME",
            help="what the client called itself",
            rich_help_panel=headings.MESSAGE,
        ),
    ] = None,
    mail_from: Annotated[
        str | None,
        typer.Option(
            "--mail-from",
            metavar="ADDRESS",
            help="the envelope's sender; default: Return-Path, else From",
            rich_help_panel=headings.MESSAGE,
        ),
    ] = None,
    plan: PlanOption = None,
    format: OutputOrPage = PageFormat.TEXT,
) -> int:
    """Judge a real message as a receiver would.

    It checks SPF, DKIM and DMARC. It ignores results that stand in the message's header.
    """
    session = session_of(context)
    received = _read(session, file)
    envelope, sender = _envelope(
        session, received, file, {"mail_from": mail_from, "helo": helo, "ip": ip}
    )
    live, changed = resolvers(session, plan, told=True)
    with session.waiting("asking DNS"):
        found = [
            (title, _judged(received, envelope, sender, resolver))
            for title, resolver in (live, *(changed if plan is not None else ()))
        ]
    identities = Identities(
        message_file.author_addresses(received), sender, _client(envelope, sender), envelope.ip
    )
    return verdict_result.show(session, found, identities, format)


def _name(file: Path) -> str:
    return "standard input" if file == STDIN else str(file)


def _read(session: Session, file: Path) -> ReceivedMessage:
    try:
        return message_file.read(_octets(session, file))
    except OSError as error:
        raise MailAuthError(f"{_name(file)}: {error.strerror}") from None
    except message_file.NoMessageError as error:
        raise MailAuthError(f"{_name(file)}: {error}") from None


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
            f"{_name(file)}: is bigger than {MAX_MESSAGE} octets, which no receiver takes"
        )
    return octets


def _envelope(
    session: Session,
    received: ReceivedMessage,
    file: Path,
    given: dict[str, str | None],
) -> tuple[EnvelopeSection, str]:
    """Return the envelope and its sender, which the message tells where no option does."""
    sender, origin = given["mail_from"], "--mail-from"
    if sender is None:
        sender, origin = message_file.return_path(received), f"{_name(file)}: Return-Path"
    if sender is None and (authors := message_file.author_addresses(received)):
        sender, origin = authors[0], f"{_name(file)}: From"
    # A message may hold anything, and is judged as it is.
    odd = (
        given["mail_from"] is None
        and bool(sender)
        and sender not in NULL_PATH
        and not is_address(sender or "")
    )
    if odd:
        session.say(
            f"{origin}: {sender!r} is no address with a domain name; "
            "--mail-from gives the sender of the envelope"
        )
    checked = {**given, "mail_from": None if odd else sender}
    envelope = described(EnvelopeSection, checked, {"mail_from": origin})
    return envelope, (sender or "") if odd else envelope.sender


def _client(envelope: EnvelopeSection, sender: str) -> str:
    """Return what the client called itself."""
    return envelope.client or sender.rpartition("@")[2]


def _judged(
    received: ReceivedMessage, envelope: EnvelopeSection, sender: str, resolver: Resolver
) -> Verdict:
    message = Message(
        message_file.author_addresses(received),
        sender,
        _client(envelope, sender),
        envelope.ip,
        dkim_verification.verified(received, resolver),
        dkim_verification.unseen(received),
        from_fields=len(received.values("from")),
    )
    return judge(message, resolver)
