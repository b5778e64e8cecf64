"""What somebody else changes between our reading and our writing.

Nothing of it is lost, and nothing is called done that is not.
"""

from __future__ import annotations

from collections.abc import Callable

import pytest

from mailauth_dns.octo.target import Proposal, Target
from tests.conftest import RepoFolder
from tests.lab.name_server import NameServer
from tests.lab.zones import HEAD

Serving = Callable[..., NameServer]

ZONE = HEAD + '@ 300 IN TXT "v=spf1 ~all"\n'
POLICY = "domain: example.com\nspf: {all: fail}\ndmarc: {p: none}\ndkim: {selectors: {s1: {cname: s1.keys.example.net}}}\n"


RACES: dict[str, tuple[str, str, tuple[str, ...]]] = {
    "a foreign value in our set": (
        "example.com",
        "TXT",
        ('"v=spf1 ~all"', '"token=added-meanwhile"'),
    ),
    "our value": ("example.com", "TXT", ('"v=spf1 a ~all"',)),
    "a value where there was none": ("_dmarc.example.com", "TXT", ('"v=DMARC1; p=reject"',)),
    "an alias where we publish text": ("_dmarc.example.com", "CNAME", ("dmarc.example.net.",)),
    "text where we publish an alias": ("s1._domainkey.example.com", "TXT", ('"v=DKIM1; p="',)),
    "an address where we publish an alias": ("s1._domainkey.example.com", "A", ("192.0.2.1",)),
}


@pytest.mark.parametrize("case", RACES)
def test_a_zone_that_moved_since_it_was_read_is_not_written(
    repo: RepoFolder, serving: Serving, monkeypatch: pytest.MonkeyPatch, case: str
) -> None:
    server = serving(example_com=ZONE)
    repo.policy(POLICY)
    really = Target.apply
    moved: set[object] = set()

    def apply(target: Target, proposal: Proposal) -> None:
        name, type, rdatas = RACES[case]
        server.put("example.com", name, type, 300, *rdatas)
        moved.update(server.dump("example.com"))
        really(target, proposal)

    monkeypatch.setattr(Target, "apply", apply)
    assert repo.run("plan", "--out", "plan.json").code == 0
    applied = repo.run("apply", "plan.json")
    assert applied.code == 1
    assert "changed at the provider since it was read" in applied.out
    assert "example.com at " in applied.out
    assert "failed" in applied.out
    assert "0 of 3 changes are done" in applied.out
    assert server.dump("example.com") == moved


@pytest.mark.parametrize("normalize", [False, True])
def test_a_provider_that_says_yes_and_does_nothing_is_seen(
    repo: RepoFolder, serving: Serving, monkeypatch: pytest.MonkeyPatch, normalize: bool
) -> None:
    serving(example_com=HEAD + '@ IN TXT "V=spf1  -ALL"\n')
    repo.policy(
        "domain: example.com\nspf: {all: fail}\n"
        if normalize
        else "domain: example.com\nspf: {all: softfail}\n"
    )
    monkeypatch.setattr(Target, "apply", lambda _target, _proposal: None)
    assert repo.run("plan", "--out", "plan.json", *(["--normalize"] if normalize else [])).code == 0
    applied = repo.run("apply", "plan.json")
    assert applied.code == 1
    assert "the provider took the change and does not have it: example.com TXT" in applied.out


def test_an_apply_run_again_still_asks_live_dns(repo: RepoFolder, serving: Serving) -> None:
    server = serving(example_com=ZONE)
    stale = type(server)({"example.com": ZONE})  # a secondary that no update reaches
    stale.start()
    try:
        defaults = repo.root / "zones/policy/_defaults.yaml"
        both = f'"127.0.0.1:{server.port}", "127.0.0.1:{stale.port}"'
        defaults.write_text(defaults.read_text().replace(f'"127.0.0.1:{server.port}"', both))
        repo.policy(POLICY)
        assert repo.run("plan", "--out", "plan.json").code == 0
        for status in ("applied, 3 changes", "unchanged"):
            applied = repo.run("apply", "plan.json", "--wait", "0s")
            assert applied.code == 2
            assert status in applied.out
            assert f"live      127.0.0.1:{stale.port}\n          | v=spf1 ~all\n" in applied.out
            assert f"live      127.0.0.1:{server.port}\n          | v=spf1 -all\n" in applied.out
    finally:
        stale.close()


# Records that octoDNS cannot hold, in zones that real servers serve.
ODD = {
    "an owner that is no A-label": "xn--a IN TXT odd\n",
    "a service with a space": '@ IN NAPTR 10 10 "u" "E2U+sip x" "!^.*$!sip:a@example.com!" .\n',
    "a target with a space": '_u IN URI 10 1 "https://example.com/a b"\n',
}


@pytest.mark.parametrize("case", ODD)
def test_one_odd_foreign_record_stops_nothing(
    repo: RepoFolder, serving: Serving, case: str
) -> None:
    server = serving(example_com=ZONE + ODD[case])
    before = server.dump("example.com")
    repo.policy(POLICY)
    assert repo.run("plan", "--out", "plan.json").code == 0
    assert repo.run("apply", "plan.json").code == 0
    assert before - server.dump("example.com") == {("example.com", "TXT", 300, "v=spf1 ~all")}
    assert repo.run("plan", "--detailed-exitcode").code == 0
