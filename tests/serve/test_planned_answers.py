"""What `serve --plan` answers: the names of the plan, and all others as they are."""

from __future__ import annotations

import dns.flags
import dns.message
import dns.query
import dns.rcode
import dns.resolver
import pytest

from mailauth_dns.plan import plan_file
from mailauth_dns.records.server_address import ServerAddress
from mailauth_dns.serve.planned_dns import Foreseen
from mailauth_dns.serve.server import LoopbackServer
from tests.conftest import RepoFolder
from tests.evaluate.messages import ed25519_key
from tests.serve.planning import HEAD, OURS, ask, texts

FOREIGN = "_spf.sender.example"
KEY_ALIAS = "s1._domainkey.example.com CNAME _spf.sender.example."
SOA = "example.com SOA ns1.example.net. hostmaster.example.net. 41 7200 1800 1209600 300"
ELSEWHERE = "sender.example SOA ns1.sender.example. hostmaster.sender.example. 1 3600 600 86400 300"
ANSWERS = [  # question, response code, answer, authority
    (
        "example.com TXT",
        "NOERROR",
        {
            'example.com TXT "MS=ms1"',
            'example.com TXT "v=spf1 ip4:192.0.2.10 include:_spf.sender.example -all"',
        },
        set(),
    ),
    (
        "e1._domainkey.example.com TXT",
        "NOERROR",
        {f'e1._domainkey.example.com TXT "{ed25519_key().record}"'},
        set(),
    ),
    ("old._domainkey.example.com TXT", "NXDOMAIN", set(), {SOA}),
    ("www.example.com A", "NOERROR", {"www.example.com A 192.0.2.80"}, set()),
    ("www.example.com TXT", "NOERROR", set(), {SOA}),
    ("www.example.com TYPE65280", "NOERROR", set(), {SOA}),
    # Aliases, into zones that no plan knows of and that nobody answers for
    ("s1._domainkey.example.com CNAME", "NOERROR", {KEY_ALIAS}, set()),
    (
        "s1._domainkey.example.com TXT",
        "NOERROR",
        {KEY_ALIAS, f'{FOREIGN} TXT "v=spf1 ip4:203.0.113.0/24 -all"'},
        set(),
    ),
    (
        "away.example.com A",
        "NOERROR",
        {"away.example.com CNAME host.sender.example.", "host.sender.example A 203.0.113.9"},
        set(),
    ),
    (
        "away.example.com MX",
        "NOERROR",
        {"away.example.com CNAME host.sender.example."},
        {ELSEWHERE},
    ),
    (
        "lost.example.com A",
        "NXDOMAIN",
        {"lost.example.com CNAME gone.sender.example."},
        {ELSEWHERE},
    ),
    ("far.example.com A", "SERVFAIL", set(), set()),
    (f"{FOREIGN} TXT", "NOERROR", {f'{FOREIGN} TXT "v=spf1 ip4:203.0.113.0/24 -all"'}, set()),
    ("nothing.sender.example TXT", "NXDOMAIN", set(), {ELSEWHERE}),
    ("example.org TXT", "SERVFAIL", set(), set()),
    # ANY: that something is there, and no more (RFC 8482)
    ("example.com ANY", "NOERROR", {'example.com HINFO "RFC8482" ""'}, set()),
    ("host.sender.example ANY", "NOERROR", {'host.sender.example HINFO "RFC8482" ""'}, set()),
    ("s1._domainkey.example.com ANY", "NOERROR", {KEY_ALIAS}, set()),
    ("nothing.example.com ANY", "NXDOMAIN", set(), {SOA}),
    ("_domainkey.example.com ANY", "NOERROR", set(), {SOA}),  # an empty non-terminal
    ("example.org ANY", "SERVFAIL", set(), set()),
    ("example.com AXFR", "REFUSED", set(), set()),
    ("example.com MAILB", "NOTIMP", set(), set()),
]


@pytest.mark.parametrize(
    ("question", "rcode", "answer", "authority"), ANSWERS, ids=[row[0] for row in ANSWERS]
)
def test_planned_names_are_as_planned_and_the_rest_is_found_out(
    server: LoopbackServer, question: str, rcode: str, answer: set[str], authority: set[str]
) -> None:
    response = ask(server, *question.split())
    assert dns.rcode.to_text(response.rcode()) == rcode
    assert texts(response.answer) == answer
    assert texts(response.authority) == authority
    assert all(rrset.ttl == 0 for rrset in [*response.answer, *response.authority])
    assert not response.flags & dns.flags.AA
    assert response.flags & dns.flags.RA


def test_what_is_too_long_for_udp_comes_over_tcp_and_the_question_keeps_its_letters(
    planned: RepoFolder,
) -> None:
    planned.local(
        "example.com", OURS + "".join(f'@ IN TXT "token={n}-{"x" * 200}"\n' for n in range(9))
    )
    plan = planned.run("plan", "--out", "plan.json")
    assert plan.code == 0, plan.said
    source = Foreseen(
        planned.root / "served",
        "local",
        plan_file.read(planned.root / "plan.json"),
        (),
        ServerAddress("127.0.0.1", 0),
    )
    with LoopbackServer(source) as running:
        for question in (
            dns.message.make_query("eXaMple.Com", "TXT"),
            dns.message.make_query("eXaMple.Com", "TXT", use_edns=0, payload=4096),
        ):
            cut = dns.query.udp(question, "127.0.0.1", port=running.port, timeout=5)
            assert (bool(cut.flags & dns.flags.TC), bool(cut.flags & dns.flags.RA), cut.answer) == (
                True,
                True,
                [],
            )
            whole = dns.query.tcp(question, "127.0.0.1", port=running.port, timeout=5)
            [found] = whole.answer
            assert len(found) == 11
            assert str(whole.question[0].name) == str(found.name) == "eXaMple.Com."


def test_what_is_refused_says_that_there_is_recursion(server: LoopbackServer) -> None:
    later = dns.message.make_query("example.com", "TXT", use_edns=1)
    response = dns.query.udp(later, "127.0.0.1", port=server.port, timeout=5)
    assert (response.rcode(), bool(response.flags & dns.flags.RA)) == (dns.rcode.BADVERS, True)


def test_a_zone_that_is_known_in_part_is_not_guessed_at(planned: RepoFolder) -> None:
    planned.local("example.org", HEAD + "$INCLUDE other\n")
    ran = planned.run("serve", "--port", "0", "--plan", "plan.json")
    assert ran.code == 1
    assert "$INCLUDE and $GENERATE are not read here" in ran.err
