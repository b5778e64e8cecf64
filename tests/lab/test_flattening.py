"""The life of a flattened record on real BIND and real PowerDNS: no receiver, with or without a cache, ever meets a broken one."""

from __future__ import annotations

import json
import time
from datetime import datetime, timedelta

from mailauth_dns.evaluate.resolver import Values
from mailauth_dns.evaluate.spf import Result, check_host
from mailauth_dns.evaluate.spf_cost import lookup_cost
from mailauth_dns.live.resolver import LiveResolver
from mailauth_dns.records.name import DomainName
from mailauth_dns.records.zone import quoted
from tests.conftest import Ran, RepoFolder
from tests.lab.conftest import Serving
from tests.lab.servers import Bind, NameServer, Secondary
from tests.lab.zones import HEAD

DOMAIN, SENDER = DomainName("example.com"), "_spf.sender.example"
LOCK = "zones/locks/spf.json"
ZONE = (
    HEAD
    + '@ IN TXT "v=spf1 include:_spf.sender.example -all"\n@ IN TXT "MS=ms123"\nwww IN A 192.0.2.1\n'
)
POLICY = (
    f'domain: example.com\nspf: {{terms: ["include:{SENDER}"], all: fail, flatten: [{SENDER}]}}\n'
)


def listed(first: int, last: int) -> str:
    """Return a sender's record with every other address of a network, so that none can be joined."""
    return "v=spf1 " + " ".join(f"ip4:198.51.100.{n}" for n in range(first, last, 2)) + " -all"


def result(server: NameServer, ip: str, cached: str | None = None) -> Result:
    """Return what a receiver says that asks the server, or that still holds the record `cached`."""
    live = LiveResolver(
        {zone: [f"127.0.0.1:{server.port}"] for zone in (DOMAIN, DomainName("sender.example"))},
        resolvers=(),
    )

    class Cache:
        def lookup(self, name: DomainName, rrtype: str) -> Values:
            return (
                (cached,)
                if cached is not None and (name, rrtype) == (DOMAIN, "TXT")
                else live.lookup(name, rrtype)
            )

    return check_host(ip, DOMAIN, "user@example.com", "mx.example.com", Cache()).result


def spf_of(server: NameServer) -> str:
    [text] = (value for value in server.served("example.com", "TXT") if value.startswith("v=spf1"))
    return text


def parts(server: NameServer) -> set[str]:
    return {record[0] for record in server.dump("example.com") if record[0].startswith("_spf-")}


def publish(repo: RepoFolder, code: int = 0) -> Ran:
    plan = str(repo.root / "plan.json")
    planned = repo.run("plan", "example.com", "--out", plan)
    assert planned.code == 0, planned.said
    applied = repo.run("apply", plan)
    assert applied.code == code, applied.said
    return planned


def a_day_later(repo: RepoFolder) -> None:
    """Put the moments in the lock a day back, as if it had been written then."""
    path = repo.root / LOCK
    data = json.loads(path.read_text())
    for of_domain in data["parts"].values():
        for part in of_domain.values():
            for key in {"ready", "unused_since"} & part.keys():
                part[key] = (datetime.fromisoformat(part[key]) - timedelta(days=1)).isoformat()
    path.write_text(json.dumps(data))


def publish_parts(repo: RepoFolder) -> None:
    """Publish parts that are new, and have it seen; a day later the record may go."""
    planned = publish(repo, code=2)
    assert "example.com TXT  waits\n      its part _spf-" in planned.out
    assert "goes first; once it is applied run `mailauth-dns spf lock`" in planned.out
    locked = repo.run("spf", "lock")
    assert locked.code == 0, locked.said
    assert "every server has it; the record may go from " in locked.out
    early = repo.run("plan", "example.com", "--detailed-exitcode")
    assert (early.code, "may go from " in early.out) == (2, True)
    verified = repo.run("verify", "example.com")
    assert verified.code == 2
    assert "    example.com TXT  waits\n" in verified.out
    assert "        waits     may go from " in verified.out
    a_day_later(repo)


def test_generations_come_before_the_record_and_go_after_its_caches(
    repo: RepoFolder, serving: Serving
) -> None:
    first = f"_spf IN TXT {quoted(listed(0, 100))}\n"
    server = serving(example_com=ZONE, sender_example=HEAD + first)
    repo.policy(POLICY)
    repo.policy("domain: sender.example\ndmarc: {p: none}\n", "sender")
    foreign = {
        record for record in server.dump("example.com") if not record[3].startswith("v=spf1")
    }
    original = spf_of(server)
    assert result(server, "198.51.100.98") is Result.PASS

    assert repo.run("spf", "lock", "--check").code == 2
    assert not (repo.root / LOCK).exists()
    locked = repo.run("spf", "lock")
    assert locked.code == 0, locked.said
    assert "_spf.sender.example: 50 networks, new\n  + 198.51.100.0/32\n" in locked.out
    checked = repo.run("spf", "lock", "--check", "--format", "json")
    assert checked.code == 0
    told = json.loads(checked.out)
    assert (told["format"], told["stale"], told["written"]) == (1, False, False)
    lagging = f"127.0.0.1:{server.port} does not serve it yet; apply, then run this again"
    assert [(part["state"], part["changed"]) for part in told["parts"]] == [(lagging, False)] * 2
    [name] = told["names"]
    assert (name["name"], len(name["networks"]), name["added"], name["removed"]) == (
        SENDER,
        50,
        [],
        [],
    )
    publish_parts(repo)
    assert spf_of(server) == original
    planned = publish(repo)
    assert "the same hosts may send, listed in another way" in planned.out
    old, old_parts = spf_of(server), parts(server)
    assert len(old_parts) == 2
    assert all(f"include:{part}" in old for part in old_parts)
    for ip, expected in (
        ("198.51.100.0", Result.PASS),
        ("198.51.100.98", Result.PASS),
        ("198.51.100.99", Result.FAIL),
    ):
        assert result(server, ip) is result(server, ip, cached=original) is expected

    server.put("sender.example", SENDER, "TXT", 60, quoted(listed(20, 120)))
    assert repo.run("spf", "lock", "--check").code == 2
    locked = repo.run("spf", "lock")
    assert "  + 198.51.100.118/32\n" in locked.out
    assert "  - 198.51.100.0/32\n" in locked.out
    assert all(
        f"{part}: still in use: the record in live DNS refers to it; apply first" in locked.out
        for part in old_parts
    )
    publish_parts(repo)
    assert spf_of(server) == old
    planned = publish(repo)
    assert "may send now: ip4:198.51.100.100 " in planned.out
    assert "may no longer send: ip4:198.51.100.0 " in planned.out
    new, both = spf_of(server), parts(server)
    assert both > old_parts
    for ip, cached, now in (
        ("198.51.100.0", Result.PASS, Result.FAIL),
        ("198.51.100.98", Result.PASS, Result.PASS),
    ):
        assert (result(server, ip, cached=old), result(server, ip)) == (cached, now)
    assert result(server, "198.51.100.118") is Result.PASS

    locked = repo.run("spf", "lock")
    assert locked.out.count("no longer in use; stays until ") == 2
    assert repo.run("plan", "example.com", "--detailed-exitcode").code == 0
    assert parts(server) == both
    a_day_later(repo)
    assert repo.run("spf", "lock").out.count("to be deleted by the next apply") == 2
    planned = publish(repo)
    assert (
        planned.out.count("a part that the SPF record of example.com no longer includes is deleted")
        == 2
    )
    assert parts(server) == both - old_parts
    assert spf_of(server) == new
    assert result(server, "198.51.100.98") is Result.PASS

    assert repo.run("spf", "lock").out.count("not in DNS, and forgotten") == 2
    assert repo.run("spf", "lock", "--check").code == 0
    assert repo.run("plan", "example.com", "--detailed-exitcode").code == 0
    assert {
        record for record in server.dump("example.com") if not record[3].startswith("v=spf1")
    } == foreign
    live = LiveResolver({DOMAIN: [f"127.0.0.1:{server.port}"]}, resolvers=())
    assert lookup_cost(DOMAIN, live).total == len(parts(server))


def test_a_part_in_use_is_not_deleted_whatever_the_lock_says(
    repo: RepoFolder, serving: Serving
) -> None:
    server = serving(
        example_com=ZONE, sender_example=HEAD + f"_spf IN TXT {quoted(listed(0, 100))}\n"
    )
    repo.policy(POLICY)
    repo.policy("domain: sender.example\ndmarc: {p: none}\n", "sender")
    assert repo.run("spf", "lock").code == 0
    publish_parts(repo)
    publish(repo)
    before = server.dump("example.com")
    data = json.loads((repo.root / LOCK).read_text())
    for part in data["parts"]["example.com"].values():
        part["absent"] = True
    (repo.root / LOCK).write_text(json.dumps(data))
    repo.policy("domain: example.com\nspf: {all: fail}\n")
    plan = str(repo.root / "plan.json")
    planned = repo.run("plan", "example.com", "--out", plan)
    assert planned.code == 1
    assert (
        planned.out.count("still includes it; it goes in a later plan than that record changes")
        == 2
    )
    assert repo.run("apply", plan).code == 1
    assert parts(server) == {record[0] for record in before if record[0].startswith("_spf-")}
    assert spf_of(server) == "v=spf1 -all"
    publish(repo)
    assert parts(server) == set()


def test_a_sender_that_does_not_answer_leaves_the_lock_as_it_is(
    repo: RepoFolder, serving: Serving
) -> None:
    server = serving(
        example_com=ZONE, sender_example=HEAD + f"_spf IN TXT {quoted(listed(0, 100))}\n"
    )
    repo.policy(POLICY)
    repo.policy("domain: sender.example\ndmarc: {p: none}\n", "sender")
    assert repo.run("spf", "lock").code == 0
    before = (repo.root / LOCK).read_bytes()
    server.put(
        "sender.example",
        SENDER,
        "TXT",
        60,
        '"v=spf1 ip4:192.0.2.1 include:missing.sender.example -all"',
    )
    ran = repo.run("spf", "lock")
    assert (ran.code, ran.out) == (1, "")
    assert (
        ran.err
        == "the lock stays as it is:\n  _spf.sender.example: missing.sender.example publishes no SPF record\n"
    )
    server.stop()
    ran = repo.run("spf", "lock")
    assert (ran.code, ran.out) == (1, "")
    assert ran.err.startswith(
        "the lock stays as it is:\n  _spf.sender.example: _spf.sender.example TXT: "
    )
    assert (repo.root / LOCK).read_bytes() == before


SHORT = "$TTL 1\n@ IN SOA ns1.example.net. hostmaster.example.net. 1 7200 1800 1209600 2\n@ IN NS ns1.example.net.\n@ IN NS ns2.example.net.\n"


def test_no_server_ever_serves_a_record_whose_parts_another_one_denies(
    repo: RepoFolder, serving_bind: Serving
) -> None:
    """A secondary lags through every step, and receivers ask whichever server they like for each name."""
    primary = serving_bind(
        example_com=SHORT + '@ IN TXT "v=spf1 ~all"\n',
        sender_example=HEAD + f"_spf IN TXT {quoted(listed(0, 100))}\n",
    )
    assert isinstance(primary, Bind)
    secondary = Secondary(primary)
    secondary.start()
    servers = (primary, secondary)
    try:
        addresses = ", ".join(f'"127.0.0.1:{server.port}"' for server in servers)
        repo.write(
            "zones/policy/_defaults.yaml", f"providers: [bind]\nnameservers: [{addresses}]\n"
        )
        repo.policy(POLICY + "ttl: 1\n")
        repo.policy("domain: sender.example\ndmarc: {p: none}\n", "sender")

        def whole() -> set[Result]:
            """Return what a receiver can say that finds the record at one server and its parts at another."""
            return {
                result(second, "203.0.113.9", cached=spf_of(first))
                for first in servers
                for second in servers
            }

        assert repo.run("spf", "lock").code == 0
        publish(repo, code=2)
        assert whole() == {Result.SOFTFAIL}
        lagging = repo.run("spf", "lock")
        assert (
            lagging.out.count(
                f"127.0.0.1:{secondary.port} does not serve it yet; apply, then run this again"
            )
            == 2
        )
        dark = str(repo.root / "dark.json")
        assert repo.run("plan", "example.com", "--no-live", "--out", dark).code == 0
        assert repo.run("apply", dark, "--no-live", "--allow", "live-unknown").code == 2
        assert whole() == {Result.SOFTFAIL}

        secondary.catch_up("example.com")
        seen = time.time()
        assert "every server has it" in repo.run("spf", "lock").out
        plan = str(repo.root / "plan.json")
        assert repo.run("plan", "example.com", "--out", plan).code == 0
        time.sleep(
            max(0.0, seen + 3 - time.time())
        )  # the negative TTL, and the second in which the lock was written
        late = repo.run("apply", plan)  # it may go by now, and nobody has reviewed that
        assert (
            late.code,
            "had to wait when it was reviewed; plan again to publish it" in late.said,
        ) == (2, True), late.said
        assert whole() == {Result.SOFTFAIL}
        assert repo.run("plan", "example.com", "--out", plan).code == 0
        assert repo.run("apply", plan, "--wait", "0s").code == 2  # the secondary does not know yet
        assert whole() == {Result.SOFTFAIL, Result.FAIL}
        secondary.catch_up("example.com")
        assert repo.run("apply", plan).code == 0
        assert whole() == {Result.FAIL}
    finally:
        secondary.close()
