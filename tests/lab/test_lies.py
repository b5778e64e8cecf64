"""A provider that lies.

What it leaves out is not lost, what it does not do is noticed, and what it says is told in words.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest

from mailauth_dns.records.zone import quoted, unquoted
from tests.conftest import RepoFolder
from tests.lab.between import Between
from tests.lab.name_server import NameServer
from tests.lab.powerdns import PowerDns
from tests.lab.zones import HEAD, LONG_TOKEN, POLICY
from tests.providers.world import out_of_date

Serving = Callable[..., NameServer]
NO_LIVE = ("--no-live", "--allow", "live-unknown")


def leaving_out(*left: tuple[str, str]) -> Callable[[Any], Any]:
    """Tell the zone without these sets; an empty name stands for all."""

    def told(zone: Any) -> Any:
        return {
            **zone,
            "rrsets": [
                each
                for each in zone["rrsets"]
                if not {(each["name"], each["type"]), ("", each["type"])} & set(left)
            ],
        }

    return told


def first_value_only(zone: Any) -> Any:
    sets = [
        {**each, "records": each["records"][:1]} if each["type"] == "TXT" else each
        for each in zone["rrsets"]
    ]
    return {**zone, "rrsets": sets}


PARTS: dict[str, tuple[Callable[[Any], Any], str]] = {
    "no TXT at all": (
        leaving_out(("", "TXT")),
        "lists no TXT at example.com, and the zone's servers serve one",
    ),
    "one set": (
        leaving_out(("example.com.", "TXT")),
        "lists no TXT at example.com, and the zone's servers serve one",
    ),
    "one value of a set": (first_value_only, "at example.com the provider lists "),
    "no SOA": (
        leaving_out(("", "SOA")),
        "the provider's answer has no SOA at example.com, so it is only a part of the zone",
    ),
    "no NS": (
        leaving_out(("", "NS")),
        "the provider's answer has no NS at example.com, so it is only a part of the zone",
    ),
    "nothing": (
        lambda zone: {**zone, "rrsets": []},
        "the provider's answer has no SOA and no NS at example.com",
    ),
}


@pytest.mark.parametrize("when", ["in the plan", "in the apply"])
@pytest.mark.parametrize("case", PARTS)
def test_a_part_of_a_zone_is_never_taken_for_the_whole(
    repo: RepoFolder, between: tuple[PowerDns, Between], case: str, when: str
) -> None:
    server, there = between
    before = server.dump("example.com")
    told, said = PARTS[case]
    if when == "in the plan":
        there.told = told
        planned = repo.run("plan", "--out", "plan.json")
        assert planned.code == 1
        assert said in planned.out
        assert "SPF is new" not in planned.out
    else:
        assert repo.run("plan", "--out", "plan.json").code == 0
        there.told = told
    applied = repo.run("apply", "plan.json", "--allow", "live-unknown")
    assert applied.code == 1
    assert said in applied.said
    assert server.dump("example.com") == before
    there.told = lambda zone: zone
    assert repo.run("plan", "--out", "plan.json").code == 0
    assert repo.run("apply", "plan.json").code == 0
    assert {record for record in before if record[3] != "v=spf1 a mx ~all"} <= server.dump(
        "example.com"
    )


def test_the_second_look_before_a_write_sees_a_part_too(
    repo: RepoFolder, between: tuple[PowerDns, Between], monkeypatch: pytest.MonkeyPatch
) -> None:
    """Also without live DNS: an apply's first look is whole, the one before it writes is not."""
    server, there = between
    out_of_date(monkeypatch)
    before = server.dump("example.com")
    assert repo.run("plan", "--no-live", "--out", "plan.json").code == 0
    looks: list[int] = []

    def told(zone: Any) -> Any:
        looks.append(1)
        return zone if len(looks) == 1 else leaving_out(("", "TXT"))(zone)

    there.told = told
    applied = repo.run("apply", "plan.json", *NO_LIVE)
    assert applied.code == 1
    assert "changed at the provider since it was read" in applied.out
    assert server.dump("example.com") == before


def test_servers_that_lag_behind_a_deletion_hold_nothing_up(
    repo: RepoFolder, serving: Serving
) -> None:
    """A secondary still serves what the provider has not any more; the other servers say so too."""
    token = '@ 300 IN TXT "MS=ms1"\n'
    server = serving(example_com=HEAD + token)
    stale = type(server)(
        {
            "example.com": HEAD
            + token
            + '_dmarc IN TXT "v=DMARC1; p=none"\n@ 300 IN TXT "old-token"\n'
        }
    )
    stale.start()
    try:
        defaults = repo.root / "zones/policy/_defaults.yaml"
        both = f'"127.0.0.1:{server.port}", "127.0.0.1:{stale.port}"'
        defaults.write_text(defaults.read_text().replace(f'"127.0.0.1:{server.port}"', both))
        repo.policy(POLICY)
        assert repo.run("plan", "--out", "plan.json").code == 0
        assert (
            "applied, 3 changes"
            in repo.run("apply", "plan.json", "--wait", "0s", "--allow", "live-unknown").out
        )
        assert "v=spf1 ip4:192.0.2.10 mx -all" in server.served("example.com", "TXT")
    finally:
        stale.close()


def test_a_wildcard_that_answers_is_no_set_of_its_own(repo: RepoFolder, serving: Serving) -> None:
    serving(example_com=HEAD + '*._domainkey IN TXT "v=DKIM1; p="\n* IN TXT "anything"\n')
    repo.policy(POLICY)
    planned = repo.run("plan")
    assert "lists no" not in planned.out


NONSENSE: dict[str, tuple[bytes, str]] = {
    "half of the JSON": (
        b'{"name": "example.com.", "rrsets": [',
        "the answer is no JSON, or only a part of it",
    ),
    "null": (
        b"null",
        "the answer is JSON and no zone of PowerDNS (it has no rrsets): is it PowerDNS",
    ),
    "a list": (b"[]", "the answer is JSON and no zone of PowerDNS"),
    "an error": (b'{"error": "no"}', "the answer is JSON and no zone of PowerDNS"),
    "sets that are none": (
        b'{"rrsets": [null]}',
        "a set in the answer is not as PowerDNS writes one",
    ),
    "null for the sets": (b'{"rrsets": null}', "the answer is JSON and no zone of PowerDNS"),
    "a set without its TTL": (
        b'{"rrsets": [{"name": "example.com.", "type": "TXT", "records": []}]}',
        "a set in the answer is not as PowerDNS writes one",
    ),
    "another zone": (
        b'{"name": "example.net.", "rrsets": []}',
        "the answer is about the zone example.net.: is it PowerDNS",
    ),
    "a page": (
        b"<html><body>Sign in</body></html>",
        "it begins with '<html><body>Sign in</body></html>': is it the provider",
    ),
    "nothing": (b"", "the answer is empty where JSON belongs"),
}


@pytest.mark.parametrize("case", NONSENSE)
def test_an_answer_that_is_none_is_told_in_a_sentence(
    repo: RepoFolder, between: tuple[PowerDns, Between], case: str
) -> None:
    server, there = between
    body, said = NONSENSE[case]
    there.told = lambda _zone: body
    planned = repo.run("plan", "--no-live", "-vv")
    assert planned.code == 1
    assert said in planned.out
    assert not any(
        word in planned.said
        for word in ("Expecting", "NoneType", "object is not", "KeyError", server.secret)
    )


LONG = POLICY.replace("{p: MFwwDQYJKoZIhvcNAQEBBQADSwAwSAJBAK2=}", "{p: " + "QUJD" * 98 + "}")


def cut(changes: Any) -> Any:
    for rrset in changes["rrsets"]:
        for record in rrset.get("records", ()):
            if rrset["type"] == "TXT":
                record["content"] = quoted(unquoted(record["content"])[:255])
    return changes


def without_txt(changes: Any) -> Any:
    return {"rrsets": [rrset for rrset in changes["rrsets"] if rrset["name"] != "example.com."]}


# what is in between does, what apply says, how many of the three changes are done
WRITES: dict[str, tuple[dict[str, Any], str]] = {
    "nothing, and says that it did": (
        {"written": False},
        "the provider took the change and does not have it: _dmarc.example.com TXT, example.com TXT",
    ),
    "only a part": (
        {"sent": without_txt},
        "the provider took the change and does not have it: example.com TXT",
    ),
    "nothing, and fails": ({"written": False, "status": 500}, "0 of 3 changes are done"),
    "all, and fails": ({"status": 500}, "applied"),
    "a cut": (
        {"sent": cut},
        "s1._domainkey.example.com TXT (255 of 410 octets are there: the provider cuts a TXT value at 255)",
    ),
}


@pytest.mark.parametrize("case", WRITES)
def test_a_write_that_is_not_done_is_noticed(
    repo: RepoFolder, between: tuple[PowerDns, Between], case: str
) -> None:
    server, there = between
    before = server.dump("example.com")
    repo.policy(LONG)
    assert repo.run("plan", "--out", "plan.json").code == 0
    how, said = WRITES[case]
    vars(there).update(how)
    applied = repo.run("apply", "plan.json", "--wait", "0s")
    assert applied.code == (0 if case == "all, and fails" else 1), applied.said
    assert said in applied.out
    kept = {record for record in before if record[3] not in ("v=spf1 a mx ~all", LONG_TOKEN)}
    assert kept <= server.dump("example.com")


def test_a_value_that_was_cut_is_told_as_such_by_the_next_plan(
    repo: RepoFolder, between: tuple[PowerDns, Between]
) -> None:
    _, there = between
    repo.policy(LONG)
    assert repo.run("plan", "--out", "plan.json").code == 0
    there.sent = cut
    assert repo.run("apply", "plan.json", "--wait", "0s").code == 1
    planned = repo.run("plan")
    assert "another key" not in planned.out
    assert "the value there is this one, cut at 255 of 410 octets" in planned.out
