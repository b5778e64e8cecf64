"""The life of a flattened record on real BIND and PowerDNS.

No receiver, with or without a cache, ever meets a broken record.
"""

from __future__ import annotations

import json

from mailauth_dns.evaluate.spf_check import SpfResult
from mailauth_dns.evaluate.spf_cost import lookup_cost
from mailauth_dns.live.resolver import LiveResolver
from mailauth_dns.records.zone import quoted
from tests.conftest import RepoFolder
from tests.lab.conftest import Serving
from tests.lab.flattened_record import (
    DOMAIN,
    LOCK,
    POLICY,
    SENDER,
    ZONE,
    a_day_later,
    listed,
    parts,
    publish,
    publish_parts,
    result,
    spf_of,
)
from tests.lab.zones import HEAD


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
    assert result(server, "198.51.100.98") is SpfResult.PASS

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
        ("198.51.100.0", SpfResult.PASS),
        ("198.51.100.98", SpfResult.PASS),
        ("198.51.100.99", SpfResult.FAIL),
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
        ("198.51.100.0", SpfResult.PASS, SpfResult.FAIL),
        ("198.51.100.98", SpfResult.PASS, SpfResult.PASS),
    ):
        assert (result(server, ip, cached=old), result(server, ip)) == (cached, now)
    assert result(server, "198.51.100.118") is SpfResult.PASS

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
    assert result(server, "198.51.100.98") is SpfResult.PASS

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
    assert ran.err == (
        "the lock stays as it is:\n"
        "  _spf.sender.example: missing.sender.example publishes no SPF record\n"
    )
    server.stop()
    ran = repo.run("spf", "lock")
    assert (ran.code, ran.out) == (1, "")
    assert ran.err.startswith(
        "the lock stays as it is:\n  _spf.sender.example: _spf.sender.example TXT: "
    )
    assert (repo.root / LOCK).read_bytes() == before
