"""A second writer in the moment between our last look and our write, at real servers."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import dns.query
import dns.rcode
import dns.update
import pytest

from mailauth_dns.records.zone import quoted
from tests.conftest import RepoFolder
from tests.lab.between import Between
from tests.lab.bind import Bind
from tests.lab.knot import Knot
from tests.lab.name_server import NameServer
from tests.lab.newer_powerdns import SingleValues, has_single_values
from tests.lab.powerdns import PowerDns
from tests.lab.zones import HEAD

Serving = Callable[..., NameServer]

SPF, OLD, TOKEN, ADDED = "v=spf1 mx -all", "v=spf1 ~all", "token=1", "token=added"
ZONE = HEAD + f'@ 300 IN TXT "{OLD}"\n@ 300 IN TXT "{TOKEN}"\n'
POLICY = "domain: example.com\nspf: {terms: [mx], all: fail}\n"


def add_token(server: NameServer) -> None:
    served = sorted(f'"{value}"' for value in server.served("example.com", "TXT") | {ADDED})
    server.put("example.com", "example.com", "TXT", 300, *served)


def before_an_update(
    server: NameServer,
    monkeypatch: pytest.MonkeyPatch,
    add: Callable[[NameServer], None] = add_token,
) -> None:
    """Let somebody add a token just before our update is sent, once."""
    really = dns.query.tcp
    waiting = [add]

    def tcp(message: Any, *args: Any, **kwargs: Any) -> Any:
        if isinstance(message, dns.update.UpdateMessage) and waiting:
            waiting.pop()(server)
        return really(message, *args, **kwargs)

    monkeypatch.setattr(dns.query, "tcp", tcp)


@pytest.mark.parametrize("serving", [Bind, Knot], indirect=True, ids=lambda kind: kind.id)
def test_an_update_that_was_overtaken_is_refused_as_a_whole(
    repo: RepoFolder, serving: Serving, monkeypatch: pytest.MonkeyPatch
) -> None:
    server = serving(example_com=ZONE)
    repo.policy(POLICY + "dmarc: {p: none}\n")
    assert repo.run("plan", "--out", "plan.json").code == 0
    before_an_update(server, monkeypatch)
    applied = repo.run("apply", "plan.json")
    assert applied.code == 1
    assert "a set changed at the provider since it was read; plan again" in applied.out
    assert "0 of 2 changes are done" in applied.out
    assert server.served("example.com", "TXT") == {OLD, TOKEN, ADDED}
    assert repo.run("apply", "plan.json").code == 0  # the same reviewed plan
    assert server.served("example.com", "TXT") == {SPF, TOKEN, ADDED}


def test_a_big_set_is_required_as_it_was_value_by_value(
    repo: RepoFolder, serving_bind: Serving, monkeypatch: pytest.MonkeyPatch
) -> None:
    """60 tokens of 700 octets: a message of 42 kB, which only TCP carries."""
    tokens = {f"{number:03}" + "x" * 697 for number in range(60)}
    server = serving_bind(example_com=HEAD + f'@ 300 IN TXT "{OLD}"\n')
    assert isinstance(server, Bind)
    for token in tokens:
        server.exchange("example.com", "example.com", "TXT", 300, set(), {quoted(token)})
    repo.policy(POLICY)
    assert repo.run("plan", "--out", "plan.json").code == 0
    added = {quoted(ADDED)}
    with monkeypatch.context() as patched:
        before_an_update(
            server,
            patched,
            lambda _: server.exchange("example.com", "example.com", "TXT", 300, set(), added),
        )
        assert repo.run("apply", "plan.json").code == 1
    assert server.served("example.com", "TXT") == tokens | {OLD, ADDED}
    assert repo.run("apply", "plan.json").code == 0
    assert server.served("example.com", "TXT") == tokens | {SPF, ADDED}
    # A TTL goes with each value, so all of them would be sent twice: as they are, and anew.
    repo.policy(POLICY + "ttl: 7200\n")
    assert repo.run("plan", "--normalize", "--out", "plan.json").code == 0
    ran = repo.run("apply", "plan.json")
    assert ran.code == 1
    assert "a set is too big for one update of 64 kB that names what is there" in ran.out
    assert server.served("example.com", "TXT") == tokens | {SPF, ADDED}


def overtaken(repo: RepoFolder, server: PowerDns, there: Between, then: Any = None) -> Any:
    """Apply while somebody adds a token just before our write."""
    waiting = [add_token]

    def sent(changes: Any) -> Any:
        if waiting:
            waiting.pop()(server)
        return then(changes) if then is not None else changes

    assert repo.run("plan", "--out", "plan.json").code == 0
    there.sent = sent
    return repo.run("apply", "plan.json")


@pytest.fixture
def at_powerdns(
    repo: RepoFolder, between: tuple[PowerDns, Between]
) -> tuple[RepoFolder, PowerDns, Between]:
    server, there = between
    for name, values in {"example.com": (OLD, TOKEN), "_dmarc.example.com": ()}.items():
        server.put("example.com", name, "TXT", 300, *(f'"{value}"' for value in values))
    repo.policy(POLICY)
    return repo, server, there


NEWER = ["4.9.12", "5.0.2", "5.1.0"]
OLDER = ["4.7.3", "4.9.11", "5.0.1", "5.1.0-alpha1", "master"]


@pytest.mark.parametrize("version", NEWER)
def test_a_newer_powerdns_keeps_what_was_added_in_the_moment_before(
    at_powerdns: tuple[RepoFolder, PowerDns, Between], version: str
) -> None:
    repo, server, there = at_powerdns
    there.version = version
    newer = SingleValues(server)
    applied = overtaken(repo, server, there, newer)
    assert applied.code == 0, applied.said
    assert server.served("example.com", "TXT") == {SPF, TOKEN, ADDED}
    assert newer.sent == ["PRUNE", "EXTEND"]


def test_the_real_powerdns_keeps_what_was_added_or_it_is_told(
    at_powerdns: tuple[RepoFolder, PowerDns, Between],
) -> None:
    """Nothing stands in for its version: Debian 12's has no single values, Debian 13's has."""
    repo, server, there = at_powerdns
    server.count_serial("example.com")
    server.put("example.com", "note.example.com", "TXT", 300, '"the first write of the day"')
    keeps = has_single_values(server)
    applied = overtaken(repo, server, there)
    assert server.served("example.com", "TXT") == {SPF, TOKEN} | ({ADDED} if keeps else set())
    assert applied.code == (0 if keeps else 1)
    assert ("may be lost" in applied.out) is not keeps


@pytest.mark.parametrize(
    ("version", "kind"), [*((version, "DEFAULT") for version in OLDER), ("4.7.3", "INCREASE")]
)
def test_an_older_powerdns_shows_by_its_serial_that_something_was_lost(
    at_powerdns: tuple[RepoFolder, PowerDns, Between], version: str, kind: str
) -> None:
    repo, server, there = at_powerdns
    server.count_serial("example.com", kind)
    server.put("example.com", "note.example.com", "TXT", 300, '"the first write of the day"')
    there.version = version
    applied = overtaken(repo, server, there)
    assert applied.code == 1
    assert "example.com at powerdns  partial: " in applied.out
    assert "somebody else wrote to example.com in the moment before (its serial" in applied.out
    assert "what they wrote at example.com TXT may be lost: look whether it is" in applied.out
    assert server.served("example.com", "TXT") == {SPF, TOKEN}
    again = repo.run("apply", "plan.json")
    assert (again.code, "unchanged" in again.out) == (0, True)


@pytest.mark.parametrize("kind", ["DEFAULT", "INCREASE", ""])
def test_nobody_is_suspected_where_nobody_wrote(
    at_powerdns: tuple[RepoFolder, PowerDns, Between], kind: str
) -> None:
    repo, server, _ = at_powerdns
    if kind:
        server.count_serial("example.com", kind)
    for terms in ("[mx]", "[a, mx]", "[a]"):  # the first one begins a new day
        repo.policy(POLICY.replace("[mx]", terms))
        assert repo.run("plan", "--out", "plan.json").code == 0
        applied = repo.run("apply", "plan.json")
        assert applied.code == 0, applied.said


def test_a_newer_powerdns_is_sent_what_changes_and_nothing_else(
    at_powerdns: tuple[RepoFolder, PowerDns, Between],
) -> None:
    """Created, changed, given another TTL, moved between text and alias, deleted."""
    repo, server, there = at_powerdns
    there.version = "5.0.2"
    there.sent = newer = SingleValues(server)
    key = "s1._domainkey.example.com"
    steps = [
        (
            "dkim: {selectors: {s1: {p: QUJD}}}",
            (key, "TXT"),
            {"v=DKIM1; k=rsa; p=QUJD"},
            ["EXTEND"],
        ),
        ("dmarc: {p: none}", ("_dmarc.example.com", "TXT"), {"v=DMARC1; p=none"}, ["EXTEND"]),
        ("dmarc: {p: none, ttl: 600}", ("_dmarc.example.com", "TXT"), None, ["REPLACE"]),
        (
            "dkim: {selectors: {s1: {cname: s1.example.net}}}",
            (key, "CNAME"),
            {"s1.example.net."},
            ["PRUNE", "REPLACE"],
        ),
        ("dkim: {selectors: {s1: {state: absent}}}", (key, "CNAME"), set(), ["PRUNE"]),
        ("dmarc: absent", ("_dmarc.example.com", "TXT"), set(), ["PRUNE"]),
        ("spf: absent", ("example.com", "TXT"), {TOKEN}, ["PRUNE"]),
    ]
    for section, name, served, kinds in steps:
        newer.sent.clear()
        repo.policy(f"domain: example.com\n{section}\n")
        assert repo.run("plan", "--out", "plan.json").code == 0
        allowed = [f"--allow={id}" for id in ("DKIM030", "SPF047", "DMARC030")]
        applied = repo.run("apply", "plan.json", *allowed)
        assert applied.code == 0, applied.said
        assert sorted(newer.sent) == kinds
        if served is not None:
            assert server.served(*name) == served


def test_a_zone_that_goes_away_in_the_moment_before_is_not_made_anew(
    at_powerdns: tuple[RepoFolder, PowerDns, Between],
) -> None:
    repo, server, there = at_powerdns
    assert repo.run("plan", "--out", "plan.json").code == 0

    def gone(changes: Any) -> Any:
        server.ask_api("DELETE", "/zones/example.com.")
        return changes

    there.sent = gone
    applied = repo.run("apply", "plan.json", "--no-live", "--allow", "live-unknown")
    assert applied.code == 1
    assert "example.com: PowerDNS has the zone no longer" in applied.out
    assert b"example.com" not in server.ask_api("GET", "/zones")
