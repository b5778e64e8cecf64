"""What people lost to other tools at their DNS provider, and cannot lose here.

Each test is named after what must not happen; docs/explanation/cannot-happen.md names the reports.
"""

from __future__ import annotations

import json
import threading
from collections.abc import Callable
from typing import Any

from mailauth_dns.records.zone import quoted, unquoted
from tests.conftest import Ran, RepoFolder
from tests.lab.between import Between
from tests.lab.name_server import NameServer
from tests.lab.powerdns import PowerDns
from tests.lab.publishing import OURS, nothing_to_do, publish, without
from tests.lab.zones import DMARC, FULL, POLICY

Serving = Callable[..., NameServer]

OLD_SPF = "v=spf1 a mx ~all"
LONG = POLICY.replace("{p: MFwwDQYJKoZIhvcNAQEBBQADSwAwSAJBAK2=}", "{p: " + "QUJD" * 98 + "}")


def planned(repo: RepoFolder, *arguments: str) -> Ran:
    return repo.run("plan", "--out", "plan.json", *arguments)


def test_a_listing_that_comes_back_empty_wipes_nothing(
    repo: RepoFolder, between: tuple[PowerDns, Between]
) -> None:
    server, there = between
    assert publish(repo).code == 0
    before = server.dump("example.com")
    repo.policy("domain: example.com\nspf: absent\ndmarc: absent\n")
    assert planned(repo).code == 0
    there.told = lambda zone: {**zone, "rrsets": []}
    again = planned(repo)
    assert again.code == 1
    assert "the provider's answer has no SOA and no NS at example.com" in again.out
    assert repo.run("apply", "plan.json").code == 1
    assert server.dump("example.com") == before


def test_deleting_our_value_deletes_no_other_value_beside_it(
    repo: RepoFolder, serving: Serving
) -> None:
    server = serving(example_com=FULL)
    before = server.dump("example.com")
    repo.policy("domain: example.com\nspf: {all: fail}\n")
    assert publish(repo).code == 0
    repo.policy("domain: example.com\nspf: absent\n")
    assert publish(repo, "SPF047").code == 0
    after = server.dump("example.com")
    assert after == without(before, OLD_SPF)
    assert {record for record in after if record[0] == "_acme-challenge.example.com"}


def test_changing_one_value_changes_no_other_record(repo: RepoFolder, serving: Serving) -> None:
    server = serving(example_com=FULL)
    repo.policy(POLICY)
    assert publish(repo).code == 0
    before = server.dump("example.com")
    repo.policy(POLICY.replace("quarantine", "reject"))
    assert publish(repo).code == 0
    assert server.dump("example.com") == without(before, DMARC) | {
        ("_dmarc.example.com", "TXT", 3600, DMARC.replace("quarantine", "reject"))
    }


def test_spf_is_never_missing_while_it_is_replaced(repo: RepoFolder, serving: Serving) -> None:
    """Asked without a pause while five changes are applied: every answer has one SPF record."""
    server = serving(example_com=FULL)
    answers: list[int] = []
    done = threading.Event()

    def ask() -> None:
        while not done.is_set():
            served = server.served("example.com", "TXT")
            answers.append(sum(value.startswith("v=spf1") for value in served))

    asking = [threading.Thread(target=ask) for _ in range(2)]
    for thread in asking:
        thread.start()
    try:
        for number in range(5):
            repo.policy(f'domain: example.com\nspf: {{terms: ["ip4:192.0.2.{number}"], all: fail}}')
            assert publish(repo).code == 0
    finally:
        done.set()
        for thread in asking:
            thread.join()
    assert len(answers) > 100
    assert set(answers) == {1}


def test_an_address_that_somebody_changes_meanwhile_takes_nothing_with_it(
    repo: RepoFolder, serving: Serving
) -> None:
    server = serving(example_com=FULL)
    repo.policy(POLICY)
    assert planned(repo).code == 0
    server.put("example.com", "example.com", "A", 300, "192.0.2.99")
    before = server.dump("example.com")
    assert {"192.0.2.99"} == {record[3] for record in before if record[:2] == ("example.com", "A")}
    applied = repo.run("apply", "plan.json")
    assert applied.code == 0, applied.said
    assert server.dump("example.com") == without(before, OLD_SPF) | OURS


def test_a_write_that_is_answered_and_not_done_is_no_success(
    repo: RepoFolder, between: tuple[PowerDns, Between]
) -> None:
    server, there = between
    before = server.dump("example.com")
    assert planned(repo).code == 0
    there.written = False
    applied = repo.run("apply", "plan.json", "--wait", "0s")
    assert applied.code == 1
    assert "the provider took the change and does not have it" in applied.out
    assert server.dump("example.com") == before


def values(records: set[Any], before: Any) -> dict[tuple[str, str], set[str]]:
    """Return the values of each set that is not as it was."""
    found: dict[tuple[str, str], set[str]] = {}
    for name, type, _ttl, value in records:
        found.setdefault((name, type), set()).add(value)
    return {key: found[key] - before.get(key, set()) for key in found}


def test_nothing_else_is_applied_than_was_planned(
    repo: RepoFolder, between: tuple[PowerDns, Between]
) -> None:
    """What the plan shows, what the provider is sent and what it then has are the same values."""
    server, there = between
    repo.policy(LONG)
    sent: dict[tuple[str, str], set[str]] = {}

    def record(changes: Any) -> Any:
        for rrset in changes["rrsets"]:
            here = sent.setdefault((rrset["name"].rstrip("."), rrset["type"]), set())
            here |= {unquoted(each["content"]) for each in rrset["records"]}
        return changes

    there.sent = record
    before = values(server.dump("example.com"), {})
    assert planned(repo).code == 0
    assert repo.run("apply", "plan.json").code == 0
    plan = json.loads((repo.root / "plan.json").read_text())
    shown = {
        (change["name"], change["type"]): set(change["after"])
        for change in plan["zones"][0]["changes"]
    }
    assert len(shown) == 3
    assert {key: sent[key] - before.get(key, set()) for key in sent} == shown
    there_now = values(server.dump("example.com"), before)
    assert {key: there_now[key] for key in shown} == shown


def test_a_change_by_hand_is_not_told_as_a_deletion(repo: RepoFolder, serving: Serving) -> None:
    server = serving(example_com=FULL)
    repo.policy(POLICY)
    assert publish(repo).code == 0
    server.put("example.com", "_dmarc.example.com", "TXT", 3600, '"v=DMARC1; p=none"')
    differs = repo.run("diff", "--format", "json")
    assert differs.code == 2
    assert planned(repo).code == 0
    [change] = json.loads((repo.root / "plan.json").read_text())["zones"][0]["changes"]
    assert (change["before"], change["after"]) == (["v=DMARC1; p=none"], [DMARC])


def test_what_the_console_shows_is_not_taken_for_what_dns_says(
    repo: RepoFolder, serving: Serving
) -> None:
    """The provider has every record, and the server that answers for the zone has none."""
    server = serving(example_com=FULL)
    silent = type(server)({"example.com": FULL})
    silent.start()
    try:
        repo.policy(POLICY)
        assert publish(repo).code == 0
        assert repo.run("verify").code == 0
        defaults = repo.root / "zones/policy/_defaults.yaml"
        defaults.write_text(defaults.read_text().replace(f":{server.port}", f":{silent.port}"))
        nothing_to_do(repo)
        verified = repo.run("verify")
        assert verified.code == 2
        assert "_dmarc.example.com" in verified.out
    finally:
        silent.close()


def test_a_value_cut_at_255_is_no_success(
    repo: RepoFolder, between: tuple[PowerDns, Between]
) -> None:
    _, there = between
    repo.policy(LONG)

    def cut(changes: Any) -> Any:
        for rrset in changes["rrsets"]:
            for each in rrset["records"]:
                each["content"] = quoted(unquoted(each["content"])[:255])
        return changes

    there.sent = cut
    assert planned(repo).code == 0
    applied = repo.run("apply", "plan.json", "--wait", "0s")
    assert applied.code == 1
    assert "s1._domainkey.example.com TXT (255 of 410 octets are there" in applied.out
