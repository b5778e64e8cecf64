"""Records in the way of ours on real servers: named, and left as they are."""

from __future__ import annotations

import json

import pytest

from tests.conftest import RepoFolder
from tests.lab.publishing import Serving
from tests.lab.zones import HEAD, POLICY

BLOCKED = {
    "an alias in the way of DMARC": (
        "_dmarc IN CNAME dmarc.vendor.example.",
        "_dmarc.example.com",
        "is an alias (CNAME to dmarc.vendor.example.)",
    ),
    "_domainkey delegated": (
        "_domainkey IN NS ns1.vendor.example.",
        "s1._domainkey.example.com",
        "is delegated to other servers (NS)",
    ),
    "a DNAME above": (
        "_domainkey IN DNAME keys.vendor.example.",
        "s1._domainkey.example.com",
        "has a DNAME",
    ),
}


@pytest.mark.parametrize("case", BLOCKED)
def test_what_is_in_the_way_is_named_and_stays(
    repo: RepoFolder, serving: Serving, case: str
) -> None:
    line, name, reason = BLOCKED[case]
    server = serving(example_com=HEAD + line + "\n")
    before = server.dump("example.com")
    repo.policy(POLICY)
    planned = repo.run("plan", "--format", "json", "--out", str(repo.root / "plan.json"))
    assert planned.code == 1
    [zone] = json.loads(planned.out)["zones"]
    assert [entry["name"] for entry in zone["blocked"]] == [name]
    assert reason in zone["blocked"][0]["reason"]
    assert (
        repo.run(
            "apply", str(repo.root / "plan.json"), "--allow", "live-unknown", "--wait", "5s"
        ).code
        == 1
    )
    after = server.dump("example.com")
    assert before <= after
    assert not any(record[0] == name and record[1] == "TXT" for record in after)


IN_THE_WAY_OF_AN_ALIAS = {
    "an address": ("s1._domainkey IN A 192.0.2.9\n", "A"),
    # The TXT is ours to replace, the address beside it is not: so neither goes.
    "a TXT beside an address": (
        's1._domainkey IN TXT "v=DKIM1; p="\ns1._domainkey IN A 192.0.2.9\n',
        "A",
    ),
    "mail for the name itself": (
        's1._domainkey IN MX 10 mx.example.net.\ns1._domainkey IN CAA 0 issue "ca.example.net"\n',
        "CAA, MX",
    ),
}


@pytest.mark.parametrize("case", IN_THE_WAY_OF_AN_ALIAS)
def test_data_in_the_way_of_an_alias_stays(repo: RepoFolder, serving: Serving, case: str) -> None:
    lines, types = IN_THE_WAY_OF_AN_ALIAS[case]
    server = serving(example_com=HEAD + lines)
    before = server.dump("example.com")
    repo.policy("domain: example.com\ndkim: {selectors: {s1: {cname: s1.keys.example.net}}}\n")
    planned = repo.run("plan", "--out", str(repo.root / "plan.json"))
    assert planned.code == 1
    assert f"holds other data ({types})" in planned.out
    assert repo.run("apply", str(repo.root / "plan.json"), "--wait", "5s").code == 1
    assert server.dump("example.com") == before
