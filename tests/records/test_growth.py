"""No reader of others' text takes more than its share: four times the text takes about four times as long.

What is fast is not measured further; of what is not, the times are the process's own and the best of several runs, so that a busy machine
does not decide. A reader that looks at all of the text for each of its parts takes sixteen times as long.
"""

from __future__ import annotations

from collections.abc import Callable
from functools import partial

import pytest

from mailauth_dns.errors import MailAuthError
from mailauth_dns.evaluate.resolver import ZoneResolver
from mailauth_dns.evaluate.spf_addresses import passing
from mailauth_dns.octo import masterfile
from mailauth_dns.policy import document, keys, lock, stanza
from mailauth_dns.policy.rewritten import rewritten
from mailauth_dns.records import bimi, dkim, dmarc, dmarc_received, family, genkey, mailbox, mta_sts, name, server, spf, tlsrpt, zone
from mailauth_dns.records.name import DomainName
from tests.evaluate.zones import zone as of_sets
from tests.growth import seconds

LARGE = 50_000  # characters
FAST = 0.08  # seconds of a text that long
MOST = 8.0  # times as long as a fourth of it: between four and sixteen

PIECES = {
    *(" ", "a", ".", ";", "=", ":", "/", "%", "%{", "%{i", "(", ")", '"', "\\", "\\(", "<", ">", "@", ",", "-", "\n", "\r\n", "\t", "\0"),
    *("é", "ß", "xn--a.", "a.", "1", "00:", "[", "{", "{a: ", "&a ", "*a ", "- ", "# ", "a: b\n", "? ", "'", "|\n", "!!a ", "::", "~", "+"),
    *("v=spf1 ", "ip4:192.0.2.1 ", "include:a.example ", "v=DMARC1; ", "p=none; ", "rua=mailto:a@b.example,", "x=y; ", "mx: a.example\n"),
    *("IN TXT ", '"a" ', "( ", "p=AAAA", "\ufeff", "\u2028", "%{d}.", "a@", "(a", "a:b:"),
}
NAME = DomainName("example.com")


def addresses(text: str) -> object:
    """Evaluate what may be a record, as `spf lock` does."""
    return passing(NAME, ZoneResolver([of_sets("", {"example.com TXT": text})])) if len(text) <= lock.MAX_RECORD else None


HEADS = {
    "spf": (
        spf.parse,
        ("", "v=spf1 ", "v=spf1 exists:", "v=spf1 exists:%{", "v=spf1 ip4:", "v=spf1 a", "v=spf1 include:"),
    ),
    "term": (spf.parse_term, ("", "exists:%{i}", "exp=", "ip6:", "mx/")),
    "dmarc": (
        dmarc.parse,
        ("", "v=DMARC1; p=none; ", "v=DMARC1; p=none; rua=", "v=DMARC1; p=none; rua=mailto:a@b.example!"),
    ),
    "dmarc as received": (dmarc_received.receive, ("", "v=DMARC1; p=none; ", "v=DMARC1; p=none; rua=mailto:")),
    "dkim": (dkim.parse, ("", "v=DKIM1; p=", "v=DKIM1; h=", "v=DKIM1; t=", "p=AAAA; n=")),
    "bimi": (bimi.parse, ("", "v=BIMI1; l=", "v=BIMI1; l=https://a.example/")),
    "mta-sts": (mta_sts.parse, ("", "v=STSv1; ", "v=STSv1; id=")),
    "mta-sts policy": (mta_sts.parse_policy, ("", "version: STSv1\nmode: none\nmax_age: 1\n", "version: STSv1\nmax_age: ")),
    "tlsrpt": (tlsrpt.parse, ("", "v=TLSRPTv1; rua=", "v=TLSRPTv1; rua=mailto:")),
    "name": (name.domain_name, ("", "a.")),
    "mailbox": (mailbox.domain_of, ("", "a@", '"', "a <")),
    "server": (server.server, ("", "[", "192.0.2.1:")),
    "genkey": (partial(genkey.parse, domain=NAME), ("", 'a._domainkey IN TXT ( "', "a._domainkey IN TXT ( ")),
    "unquoted": (zone.unquoted, ("", '"')),
    "family": (lambda text: family.family(DomainName("example.com"), "TXT", text), ("", "v=")),
    "addresses": (addresses, ("v=spf1 ",)),
    "private key": (dkim.holds_private_key, ("", "-----BEGIN ", "p=")),
    "rewritten": (rewritten, ("v=spf1 ", "v=DMARC1; ")),
    "policy": (lambda text: document.read("x", text.encode("utf-8", "replace")), ("", "a: ", "a: [", "a: '", "a: |\n ")),
    "stanza": (lambda text: stanza.read("x", "x", text.encode("utf-8", "replace")), ("class: a.B\nx: ", "class: a.B\nx: [")),
    "lock": (lambda text: lock.read("x", text.encode("utf-8", "replace")), ("", '{"format": 1, "a": "', '{"format": ')),
    "key": (lambda text: keys.read(text.encode("utf-8", "replace")), ("-----BEGIN PUBLIC KEY-----\n",)),
    "master file": (lambda text: masterfile.parse(DomainName("example.com"), text), ("", "@ IN TXT ", '@ IN TXT "', "@ IN SOA ")),
}


def least(read: Callable[[str], object], text: str, runs: int) -> float:
    """Return the least time that reading takes; what has a cache gets a text of its own each time."""
    errors = (MailAuthError, document.DocumentError, keys.KeyFileError)
    return min(seconds(read, f"{text}{number}", *errors) for number in range(runs))


def growth(read: Callable[[str], object], head: str, piece: str) -> float:
    """Return how many times as long the whole text takes as a fourth of it; 0 where it is fast."""
    whole = head + piece * (LARGE // len(piece))
    if least(read, whole, 1) < FAST:
        return 0.0
    return least(read, whole, 3) / least(read, head + piece * (LARGE // len(piece) // 4), 3)


@pytest.mark.parametrize("name", HEADS)
def test_no_reader_grows_faster_than_its_text(name: str) -> None:
    read, heads = HEADS[name]
    times = {(head, piece): growth(read, head, piece) for head in heads for piece in sorted(PIECES)}
    assert {what: many for what, many in times.items() if many > MOST} == {}


def test_a_reader_that_does_is_found() -> None:
    assert growth(lambda text: [text.count("b") for _ in range(0, len(text), 5)], "", "a") > MOST
