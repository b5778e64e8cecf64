"""`serve --plan` denies, follows aliases and spells names as real BIND and PowerDNS do."""

from __future__ import annotations

import dns.message
import dns.query
import dns.rcode
import dns.rdatatype

from mailauth_dns.plan import plan_file
from mailauth_dns.policy.load import load_repo
from mailauth_dns.records.server_address import ServerAddress
from mailauth_dns.serve.planned_dns import Foreseen
from mailauth_dns.serve.server import LoopbackServer
from tests.conftest import RepoFolder
from tests.lab.conftest import Serving
from tests.lab.name_server import NameServer
from tests.lab.zones import HEAD

OURS = HEAD + (
    "@ IN MX 10 mail\n@ IN TXT here\nmail IN A 192.0.2.2\nlost IN CNAME gone.sender.example.\nempty IN CNAME host.sender.example.\n"
    "a.deep IN A 192.0.2.3\nwww IN CNAME mail\n"
)
SENDER = (
    HEAD.replace("hostmaster.example.net", "hostmaster.sender.example")
    + "host IN A 192.0.2.9\nx.deep IN A 192.0.2.8\n"
)

# The server to compare with: PowerDNS gives names in the letters of the question, and BIND follows
# no alias into another zone.
AS_BIND = [
    "eXaMPle.cOm MX",
    "EXAMPLE.COM NS",
    "WWW.Example.COM A",
    "LOST.example.com CNAME",
    "deep.example.com A",
    "deep.example.com ANY",
    "deep.sender.example ANY",
]
AS_POWERDNS = [
    "lost.example.com A",
    "empty.example.com MX",
    "www.example.com MX",
    "nothing.example.com A",
    "nothing.example.com ANY",
]


def seen(port: int, question: str) -> tuple[str, set[str], set[str]]:
    """Return the response code, what is answered without its TTL, and whose SOA denies."""
    name, type = question.split()
    response = dns.query.tcp(dns.message.make_query(name, type), "127.0.0.1", port=port, timeout=5)
    answer = {
        f"{str(rrset.name).lower()} {dns.rdatatype.to_text(rrset.rdtype)} {rdata.to_text()}"
        for rrset in response.answer
        for rdata in rrset
    }
    denied = {
        f"{str(rrset.name).lower()} {rrset[0].rname}"
        for rrset in response.authority
        if rrset.rdtype == dns.rdatatype.SOA
    }
    return dns.rcode.to_text(response.rcode()), answer, denied


def compared(repo: RepoFolder, real: NameServer, questions: list[str]) -> None:
    repo.local("example.com", OURS)
    repo.policy("domain: example.com\nproviders: [local]\ndmarc: {p: none}\n")
    repo.policy(
        f'domain: sender.example\nnameservers: ["127.0.0.1:{real.port}"]\nproviders: []\ndmarc: {{p: none}}\n',
        "sender",
    )
    assert repo.run("plan", "--no-live", "--out", "plan.json").code == 0
    plan = plan_file.read(repo.root / "plan.json")
    with LoopbackServer(
        Foreseen(
            repo.root / "served",
            "local",
            plan,
            load_repo(repo.root).policies,
            ServerAddress("127.0.0.1", 0),
        )
    ) as ours:
        assert [seen(ours.port, question) for question in questions] == [
            seen(real.port, question) for question in questions
        ]


def test_a_plan_is_served_as_bind_serves(
    repo: RepoFolder, serving_bind: Serving, no_resolvers: None
) -> None:
    compared(repo, serving_bind(example_com=OURS, sender_example=SENDER), AS_BIND)


def test_a_plan_is_served_as_powerdns_serves(
    repo: RepoFolder, serving_powerdns: Serving, no_resolvers: None
) -> None:
    compared(repo, serving_powerdns(example_com=OURS, sender_example=SENDER), AS_POWERDNS)
