"""What `next` says of a domain whose policy leaves DMARC out, by what DNS has."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from mailauth_dns.serve.server import LoopbackServer
from tests.conftest import RepoFolder
from tests.keys.keyhost import ZONE

CASES = {
    "nothing in DNS": ("example.com", "", "Write `dmarc:` into "),
    "a record of its own": ("example.com", "_dmarc", ""),
    "a record above": ("news.example.com", "_dmarc", ""),
}


@pytest.mark.parametrize("case", CASES)
def test_a_policy_in_dns_is_not_replaced_by_none(
    case: str, repo: RepoFolder, no_resolvers: None
) -> None:
    domain, at, what = CASES[case]
    record = f'{at} IN TXT "v=DMARC1; p=reject"\n' if at else ""
    spf = '@ IN TXT "v=spf1 -all"\nnews IN TXT "v=spf1 -all"\n'
    repo.local("example.com", ZONE.format(ttl=60) + spf + record)
    with LoopbackServer(Path(repo.root / "served"), "127.0.0.1", 0) as server:
        repo.policy(
            f"domain: {domain}\nzone: example.com\nspf: {{all: fail}}\n"
            f'nameservers: ["127.0.0.1:{server.port}"]\nproviders: [local]\n'
        )
        assert repo.run("compile").code == 0
        now = json.loads(repo.run("next", "--format", "json").out)["now"]
    assert (now["what"] if now is not None else "").startswith(what)
    assert "p: none" not in json.dumps(now) or what


def test_dmarc_that_is_unknown_is_not_called_missing(repo: RepoFolder, no_resolvers: None) -> None:
    repo.policy('domain: example.com\nspf: {all: fail}\nnameservers: ["127.0.0.1:1"]\n')
    assert repo.run("compile").code == 0
    ran = repo.run("next", "--format", "json")
    assert ran.code == 1
    assert "DNS is unknown" in json.loads(ran.out)["now"]["what"]
