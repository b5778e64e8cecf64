"""Fuzz targets for what strangers send: records, answers of DNS servers and messages."""

from __future__ import annotations

from contextlib import suppress

from fuzz_checks import read, text_of
from fuzz_seeds import ANSWERED_TYPES, ORIGIN

from mailauth_dns.errors import RecordSyntaxError, octets, printable
from mailauth_dns.evaluate import dkim_verification, message_file
from mailauth_dns.evaluate import macro_expansion as macros
from mailauth_dns.evaluate.message import Message, judge
from mailauth_dns.evaluate.resolver import ZoneResolver
from mailauth_dns.lint import svg_tiny_ps
from mailauth_dns.live import any_answer, dns_message, plain_answer
from mailauth_dns.records import (
    address_list,
    dmarc,
    dmarc_received,
    spf_macro,
)
from mailauth_dns.records.name import DomainName
from mailauth_dns.records.zone import RRset, Zone, quoted, unquoted

KEY = "v=DKIM1; k=ed25519; p=11qYAYKxCrfVS/7TyWQHOg7hcvPapiMlrwIaaPcHURo="  # of RFC 8463 §A.2


RESOLVER = ZoneResolver(
    [
        Zone(
            ORIGIN,
            frozenset(
                {RRset(DomainName("s1._domainkey.example.com"), "TXT", 300, frozenset({KEY}))}
            ),
        )
    ]
)


MESSAGE = b"""Return-Path: <alice@example.com>\r
DKIM-Signature: v=1; a=ed25519-sha256; c=relaxed/simple; d=example.com; s=s1;\r
 h=from:to:from; t=1; x=99999999999; l=5; i=@example.com; bh=%s;\r
 b=%s\r
From: Alice <alice@example.com>\r
To: bob@example.org\r
\r
Hello Bob.\r
""" % (b"A" * 43 + b"=", b"A" * 86 + b"==")


def dmarc_as_received(octets: bytes) -> None:
    text = text_of(octets)
    received = dmarc_received.receive(text)
    with suppress(RecordSyntaxError):
        # Where nothing is wrong, a receiver drops nothing. The parser accepts white space in front;
        # the receiver here does not.
        parsed = dmarc_received.Received(dmarc.parse(text))
        assert text[:1] in (" ", "\t") or received == parsed, received


def txt_value(octets: bytes) -> None:
    text = octets.decode("latin-1")
    assert unquoted(quoted(text)) == text
    value = read(lambda: unquoted(text))
    assert value is None or unquoted(quoted(value)) == value


def macro_expansion(octets: bytes) -> None:
    text, sender, helo = [*text_of(octets).split("\n", 2), "", ""][:3]
    for ip in ("192.0.2.3", "2001:db8::cb01"):
        session = macros.envelope(macros.client_address(ip), sender, helo)
        with suppress(RecordSyntaxError):
            target = macros.target_name(
                spf_macro.domain_spec(text, 0, len(text)), session, "example.com", lambda: ()
            )
            if target is not None:
                macros.queryable(target)
        with suppress(RecordSyntaxError):
            macros.expand(spf_macro.explain_string(text), session, "example.com", lambda: ())


def shown_octets(text: bytes) -> None:
    said = printable(text_of(text))
    assert said.isprintable(), said
    assert printable(said) == said
    assert octets(text.decode("latin-1")).isascii()


def dns_answer(octets: bytes) -> None:
    """Read a reply to the question for a type at example.com.

    The octets choose the type (one), and are the reply's flags (two), its three counts (six), and
    all that follows the question.
    """
    type = ANSWERED_TYPES[octets[0] % len(ANSWERED_TYPES)] if octets else ANSWERED_TYPES[0]
    question = dns_message.question_section(ORIGIN, type)
    flags, counts = octets[1:3].ljust(2, b"\0"), octets[3:9].ljust(6, b"\0")
    message = b"\0\1" + flags + b"\0\1" + counts + question + octets[9:]
    if not dns_message.replies_to(message, question) or dns_message.is_truncated(message):
        return
    plain = plain_answer.read(message, ORIGIN, type)
    careful = any_answer.read(message, ORIGIN, type)
    assert plain is None or plain == careful, (plain, careful)


def received_message(octets: bytes) -> None:
    """Judge a stranger's message: the result is a verdict, or an error about the file."""
    received = read(lambda: message_file.read(octets), message_file.NoMessageError)
    if received is not None:
        sender = message_file.return_path(received)
        signatures = dkim_verification.verified(received, RESOLVER)
        authors, fields = message_file.author_addresses(received), len(received.values("from"))
        for client in ("192.0.2.3", "2001:db8::cb01"):
            message = Message(
                authors,
                sender or "",
                "",
                client,
                signatures,
                dkim_verification.unseen(received),
                fields,
            )
            verdict = judge(message, RESOLVER)
            assert all(verdict.why)


def from_field(octets: bytes) -> None:
    text = text_of(octets)
    found = read(lambda: address_list.addresses(text))
    # An address alone reads as itself.
    assert all(address_list.addresses(f"<{each}>") == (each,) for each in found or ()), found


def logo(octets: bytes) -> None:
    """Read what a web server returns for a logo: any octets give a list of faults, no exception."""
    assert all(svg_tiny_ps.faults(octets))
