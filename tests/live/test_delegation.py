"""The servers of a zone are found through its delegation, by recursive resolvers."""

from __future__ import annotations

import time
from collections.abc import Iterable, Mapping

import dns.rcode
import dns.resolver
import pytest

from mailauth_dns.evaluate.observation import Observation, Unknown
from mailauth_dns.live import delegation
from mailauth_dns.live import observe as module
from mailauth_dns.live.lookup import Question, ServerAddress, ask
from mailauth_dns.live.observe import Wanted, observe
from mailauth_dns.live.server_answer import ServerAnswer
from mailauth_dns.records.name import DomainName
from tests.live.authority import Authority, Behaviour, zone
from tests.live.observed_zone import APEX, NS, PRIMARY, SPF, ZONE, reason
from tests.live.unanswering import closed_port, silent_port

# --- by delegation: the documentation's addresses lead to servers on loopback


class Network:
    """Leads questions to 192.0.2.x and others to servers of this process, and keeps them."""

    def __init__(self, routes: Mapping[str, ServerAddress]) -> None:
        self.routes = routes
        self.asked: list[Question] = []
        self.rounds = 0

    def ask(
        self, questions: Iterable[Question], *, timeout: float, tries: int
    ) -> dict[Question, ServerAnswer | Unknown]:
        self.rounds += 1
        led = {}
        for question in questions:
            self.asked.append(question)
            led[question] = question._replace(
                server=self.routes.get(question.server.address, question.server)
            )
        answers = ask(led.values(), timeout=timeout, tries=tries)
        return {question: answers[there] for question, there in led.items()}


NET = zone(
    "example.net",
    """
ns1 300 IN A 192.0.2.1
ns1 300 IN AAAA 2001:db8::1
ns2 300 IN CNAME host
host 300 IN A 192.0.2.2
ns6 300 IN AAAA 2001:db8::6
bare 300 IN TXT "no address"
""",
)


class Delegated:
    """example.com as a resolver finds it; 192.0.2.1, .2, 2001:db8::1 and ::6 are this server."""

    def __init__(self, monkeypatch: pytest.MonkeyPatch) -> None:
        self._monkeypatch = monkeypatch

    def observe(
        self,
        *nameservers: str,
        ipv6: bool = False,
        before: Iterable[ServerAddress] = (),
        resolver: Behaviour | None = None,
        wanted: Iterable[Wanted] = (Wanted(ZONE, frozenset({APEX})),),
    ) -> tuple[dict[DomainName, Observation], Network]:
        """Observe with the resolvers `before`, then one that works."""
        behaviour = resolver or Behaviour(recursive=True)
        with (
            Authority([zone("example.com", "", nameservers), NET], behaviour) as recursive,
            Authority([PRIMARY]) as primary,
        ):
            addresses = ("192.0.2.1", "192.0.2.2", "2001:db8::1", "2001:db8::6")
            network = Network(dict.fromkeys(addresses, primary.server))
            self._monkeypatch.setattr(module, "ask", network.ask)
            self._monkeypatch.setattr(delegation, "has_route", lambda *_: ipv6)
            seen = observe(list(wanted), resolvers=[*before, recursive.server], timeout=0.3)
        return seen, network


@pytest.fixture
def delegated(monkeypatch: pytest.MonkeyPatch) -> Delegated:
    return Delegated(monkeypatch)


def servers(observation: Observation) -> list[str]:
    return [view.server for view in observation.servers]


def test_the_delegated_servers_are_found_and_asked(delegated: Delegated) -> None:
    """Also through a CNAME, which RFC 2181 §10.3 forbids and resolvers follow."""
    seen, network = delegated.observe("ns1.example.net", "ns2.example.net")
    assert servers(seen[ZONE]) == [
        "ns1.example.net (192.0.2.1:53)",
        "ns2.example.net (192.0.2.2:53)",
    ]
    assert seen[ZONE].delegated == frozenset(
        map(DomainName, ("ns1.example.net", "ns2.example.net"))
    )
    assert seen[ZONE].problem is None
    assert seen[ZONE].agreed(APEX) == SPF
    asked = {(question.server.name is not None, question.recurse) for question in network.asked}
    assert asked == {(False, True), (True, False)}, (
        "resolvers are asked to recurse, the zone's own servers are not"
    )


def test_every_address_of_a_server_is_asked_where_ipv6_works(delegated: Delegated) -> None:
    seen, _ = delegated.observe("ns1.example.net", ipv6=True)
    assert servers(seen[ZONE]) == [
        "ns1.example.net (192.0.2.1:53)",
        "ns1.example.net ([2001:db8::1]:53)",
    ]


def test_ipv6_without_a_route_is_left_out_only_beside_ipv4(delegated: Delegated) -> None:
    seen, _ = delegated.observe("ns1.example.net", "ns6.example.net")
    assert servers(seen[ZONE]) == [
        "ns1.example.net (192.0.2.1:53)",
        "ns6.example.net ([2001:db8::6]:53)",
    ]


NO_ADDRESS = [
    ("bare.example.net", "its name has no address"),
    ("missing.example.net", "its name does not exist (NXDOMAIN)"),
    ("odd\\032name.example.net", "is not a host name"),
]


@pytest.mark.parametrize(("name", "why"), NO_ADDRESS)
def test_a_server_without_an_address_is_unknown_and_the_others_are_seen(
    delegated: Delegated, name: str, why: str
) -> None:
    seen, _ = delegated.observe("ns1.example.net", name)
    view = next(view for view in seen[ZONE].servers if view.server == name)
    assert set(view.sets) == {APEX, NS}
    assert why in reason(view.sets[APEX])
    assert reason(seen[ZONE].agreed(APEX)).startswith(f"{name}: ")
    assert any(view.sets[APEX] == SPF for view in seen[ZONE].servers)


def test_a_zone_that_does_not_exist_or_is_none(delegated: Delegated) -> None:
    missing, inside = DomainName("missing.example"), DomainName("host.example.net")
    seen, _ = delegated.observe(
        "ns1.example.net", wanted=[Wanted(name, frozenset()) for name in (ZONE, missing, inside)]
    )
    assert list(seen) == [ZONE, missing, inside]
    assert seen[missing] == Observation(
        missing, (), frozenset(), "missing.example does not exist in DNS (NXDOMAIN)"
    )
    assert seen[inside] == Observation(
        inside,
        (),
        frozenset(),
        "host.example.net has no NS set, so it is not a zone of its own in DNS",
    )
    assert seen[ZONE].problem is None


def test_the_next_resolver_is_asked_when_one_fails(delegated: Delegated) -> None:
    """And one that stays silent is waited for in one round only."""
    with (
        silent_port() as silent,
        Authority([], Behaviour(rcode=dns.rcode.SERVFAIL)) as failing,
        Authority([], Behaviour(lame=True)) as lame,
    ):
        before = [silent, failing.server, lame.server]
        start = time.monotonic()
        seen, network = delegated.observe("ns1.example.net", before=before)
    assert seen[ZONE].agreed(APEX) == SPF
    assert sum(question.server == silent for question in network.asked) == 1
    assert time.monotonic() - start < 2


def test_without_a_resolver_that_works_nothing_is_known(delegated: Delegated) -> None:
    with closed_port() as closed:
        seen, network = delegated.observe(
            "ns1.example.net", before=[closed], resolver=Behaviour(lame=True)
        )
    problem = seen[ZONE].problem or ""
    assert problem.startswith("cannot find the name servers of example.com: ")
    assert (
        f"resolver {closed}: refused: nothing listens on UDP port {closed.port}; resolver 127.0.0.1:"
        in problem
    )
    assert seen[ZONE].servers == ()
    assert seen[ZONE].delegated is None
    assert problem == reason(seen[ZONE].agreed(APEX))
    assert {question.type for question in network.asked} == {"NS"}


@pytest.mark.parametrize(
    ("behaviour", "why"),
    [(Behaviour(rcode=dns.rcode.REFUSED), "answers REFUSED"), (Behaviour(), "does not recurse")],
)
def test_a_resolver_that_does_not_resolve_is_named(behaviour: Behaviour, why: str) -> None:
    parent = zone("com", "example 300 IN NS ns1.example.net.\n")
    with Authority([parent], behaviour) as authority:
        seen = observe([Wanted(ZONE, frozenset())], resolvers=[authority.server], timeout=0.3)
    assert f"resolver {authority.text} {why}" in (seen[ZONE].problem or "")


def test_no_resolver_is_configured(monkeypatch: pytest.MonkeyPatch) -> None:
    def unconfigured() -> None:
        raise dns.resolver.NoResolverConfiguration

    monkeypatch.setattr(dns.resolver, "Resolver", unconfigured)
    assert "this machine has no recursive resolver" in (
        observe([Wanted(ZONE, frozenset())])[ZONE].problem or ""
    )


def test_the_systems_resolvers_are_the_default(monkeypatch: pytest.MonkeyPatch) -> None:
    with Authority([], Behaviour(recursive=True)) as recursive:
        system = dns.resolver.Resolver(configure=False)
        system.nameservers, system.port = [recursive.address], recursive.port
        monkeypatch.setattr(dns.resolver, "Resolver", lambda: system)
        seen = observe([Wanted(ZONE, frozenset())], timeout=0.3)
    assert seen[ZONE].problem == "example.com does not exist in DNS (NXDOMAIN)"


def test_many_zones_are_observed_together(delegated: Delegated) -> None:
    """Their servers' names are looked up once, and the rounds are as many as for one zone."""
    zones = [DomainName(f"z{n}.example.net") for n in range(50)]
    records = "".join(f"z{n} 300 IN NS ns1\n" for n in range(50))
    with Authority(
        [zone("example.net", records + "ns1 300 IN A 192.0.2.1\n")], Behaviour(recursive=True)
    ) as recursive:
        resolver = [recursive.server]
        seen, network = delegated.observe(
            "ns1.example.net",
            before=resolver,
            wanted=[Wanted(name, frozenset({(name, "TXT")})) for name in zones],
        )
    assert list(seen) == zones
    assert {entry.delegated for entry in seen.values()} == {
        frozenset({DomainName("ns1.example.net")})
    }
    assert sum(question.type in ("A", "AAAA") for question in network.asked) == 2
    assert network.rounds == 3


def test_given_and_delegated_zones_go_together(delegated: Delegated) -> None:
    other = DomainName("example.org")
    with Authority([zone("example.org", "")]) as authority:
        wanted = [Wanted(other, frozenset(), (authority.text,)), Wanted(ZONE, frozenset({APEX}))]
        seen, _ = delegated.observe("ns1.example.net", wanted=wanted)
    assert servers(seen[other]) == [authority.text]
    assert seen[other].delegated is None
    assert seen[ZONE].agreed(APEX) == SPF
