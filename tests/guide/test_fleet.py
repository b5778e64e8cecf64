"""A fleet in which all is done: what was not looked at is told, and never counted as done."""

from __future__ import annotations

import json

import pytest

from mailauth_dns.guide import observe, overview
from mailauth_dns.serve.server import LoopbackServer
from tests.conftest import RepoFolder
from tests.keys.keyhost import ZONE

PARKED = """@ IN TXT "v=spf1 -all"
@ IN MX 0 .
_dmarc IN TXT "v=DMARC1; p=reject; sp=reject; np=reject"
*._domainkey IN TXT "v=DKIM1; p="
"""


@pytest.mark.parametrize(("names", "looked", "code"), [(4, 4, 0), (9, 4, 1)])
def test_a_fleet_is_looked_at_in_part_and_says_so(
    repo: RepoFolder,
    no_resolvers: None,
    monkeypatch: pytest.MonkeyPatch,
    names: int,
    looked: int,
    code: int,
) -> None:
    monkeypatch.setattr(observe, "BATCH", 2)
    monkeypatch.setattr(overview, "MAX_LOOKED", 4)
    fleet = [f"parked{number}.example" for number in range(names)]
    for name in fleet:
        repo.local(name, ZONE.format(ttl=60) + PARKED)
    repo.write("zones/policy/parked.txt", "\n".join(fleet) + "\n")
    with LoopbackServer(repo.root / "served", "127.0.0.1", 0) as server:
        repo.policy(
            "domains_file: parked.txt\nparked: true\nproviders: [local]\n"
            f'nameservers: ["127.0.0.1:{server.port}"]\n'
        )
        assert repo.run("compile").code == 0
        ran = repo.run("next")
        said = json.loads(repo.run("next", "--format", "json").out)
    assert ran.code == code, ran.said
    assert (said["total"], said["cases"]) == (names, {"nothing to do": looked})
    if looked < names:
        assert f"Domains: the first {looked} of {names}: {looked} nothing to do\n" in ran.out
        assert f"nothing is left to do for the {looked} of {names} that were looked at" in ran.out
        assert said["now"]["commands"][0].endswith(" verify")
    else:
        assert "Now: nothing is left to do\n" in ran.out
