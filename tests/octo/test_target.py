"""What is wrong with a provider stanza is told with the file, in terms of its keys."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import Any

import pytest
from octodns.provider.base import BaseProvider
from octodns.record import Record

from mailauth_dns.errors import ProviderSilent
from mailauth_dns.octo.target import Target
from mailauth_dns.policy.load import load_repo
from mailauth_dns.records.name import DomainName
from tests.conftest import RepoFolder

POLICY = "domain: example.com\nproviders: [p]\nspf: {all: fail}\n"
HERE = "tests.octo.test_target"

# stanza, what plan says of it
WRONG: dict[str, tuple[str, str]] = {
    "a module that is not there": (
        "class: octodns_nowhere.Provider\n",
        "providers/p.yaml: class: octodns_nowhere.Provider cannot be imported "
        "(No module named 'octodns_nowhere'); pip install octodns-nowhere",
    ),
    "a class that is not there": (
        "class: octodns_bind.Nothing\n",
        "providers/p.yaml: class: the module octodns_bind has no Nothing",
    ),
    "not a provider": (
        "class: pathlib.Path\n",
        "providers/p.yaml: class: pathlib.Path is not an octoDNS provider",
    ),
    "no class": (
        "host: 192.0.2.1\n",
        "providers/p.yaml:1:1: class: missing; name the octoDNS provider",
    ),
    "a class without its module": (
        "class: Provider\n",
        "providers/p.yaml:1:8: class: name a class with its module",
    ),
    "an argument that is not one": (
        "class: mailauth_dns.octo.LocalProvider\ndirectory: served\nreload: rndc\n",
        "providers/p.yaml: mailauth_dns.octo.LocalProvider does not take what its keys say "
        "(directory, reload): "
        "reload is a list: the command and its arguments\n",
    ),
    "a key too few": (
        "class: octodns_powerdns.PowerDnsProvider\nhost: 127.0.0.1\n",
        "providers/p.yaml: api_key: missing; octodns_powerdns.PowerDnsProvider needs it: "
        "write api_key: env/NAME, with the value in NAME of the environment\n",
    ),
    "two keys too few, one of them mistyped": (
        "class: octodns_powerdns.PowerDnsProvider\nhots: 127.0.0.1\n",
        "providers/p.yaml: hots: octodns_powerdns.PowerDnsProvider has no such key; "
        "did you mean host?; host: missing; octodns_powerdns.PowerDnsProvider needs it: "
        "write host: ...; api_key: missing",
    ),
    "a key that is octoDNS's own": (
        "class: octodns_bind.Rfc2136Provider\nhost: 127.0.0.1\nid: other\n",
        "providers/p.yaml: id: octodns_bind.Rfc2136Provider has no such key; ",
    ),
    "a word for a number": (
        "class: octodns_bind.Rfc2136Provider\nhost: 127.0.0.1\nport: dns\n",
        "providers/p.yaml: port: 'dns' is not a number\n",
    ),
    "a list for a number": (
        "class: octodns_bind.Rfc2136Provider\nhost: 127.0.0.1\ntimeout: [5]\n",
        "providers/p.yaml: octodns_bind.Rfc2136Provider does not take what its keys say "
        "(host, timeout): ",
    ),
    "a word that is not one of those it knows": (
        "class: octodns_powerdns.PowerDnsProvider\nhost: 127.0.0.1\n"
        "api_key: env/GOOD_SECRET\nsoa_edit_api: never\n",
        "providers/p.yaml: octodns_powerdns.PowerDnsProvider does not take what its keys say "
        "(host, api_key, soa_edit_api): "
        'invalid soa_edit_api, "never"',
    ),
    "an empty secret": (
        "class: octodns_powerdns.PowerDnsProvider\nhost: 127.0.0.1\napi_key: env/EMPTY_SECRET\n",
        "providers/p.yaml: api_key: EMPTY_SECRET is empty; set it to the whole secret\n",
    ),
    "a secret of three characters": (
        "class: octodns_powerdns.PowerDnsProvider\nhost: 127.0.0.1\napi_key: env/SHORT_SECRET\n",
        "providers/p.yaml: api_key: SHORT_SECRET has fewer than 4 characters, "
        "too few to be kept out of messages; set it to the whole secret\n",
    ),
    "a secret that is not set": (
        "class: octodns_powerdns.PowerDnsProvider\nhost: 127.0.0.1\napi_key: env/NOT_SET_HERE\n",
        "providers/p.yaml: api_key: NOT_SET_HERE is not in the environment; "
        "set it, for example: export NOT_SET_HERE=...",
    ),
    "not YAML": ("class: [\n", "providers/p.yaml:2:1: not YAML"),
    "a zone it does not have": (
        "class: mailauth_dns.octo.LocalProvider\ndirectory: served\n",
        "p has no zone example.com; make it there first, this tool never creates zones",
    ),
}


@pytest.mark.parametrize("case", WRONG)
def test_what_is_wrong_with_a_stanza_is_told(
    repo: RepoFolder, monkeypatch: pytest.MonkeyPatch, case: str
) -> None:
    stanza, expected = WRONG[case]
    for name, value in {
        "GOOD_SECRET": "s3cr3t-t0ken",
        "EMPTY_SECRET": " \n",
        "SHORT_SECRET": "abc\n",
    }.items():
        monkeypatch.setenv(name, value)
    repo.policy(POLICY)
    repo.write("providers/p.yaml", stanza)
    (repo.root / "served").mkdir()
    ran = repo.run("plan", "--no-live")
    assert ran.code == 1
    assert expected in ran.said
    assert not any(
        word in ran.said
        for word in (
            "__init__",
            "Value error",
            "positional argument",
            "keyword argument",
            "NoneType",
        )
    )


class Meddling(BaseProvider):  # type: ignore[misc] # octoDNS has no types
    """A provider that adds a change of its own to every plan, for a proxy or a health check."""

    SUPPORTS_GEO = SUPPORTS_DYNAMIC = False
    SUPPORTS = frozenset({"A", "TXT"})
    applied = 0

    def __init__(self, id: str, how: str) -> None:
        import logging

        self.log = logging.getLogger("Meddling")
        super().__init__(id)
        self.how = how

    def populate(self, zone: Any, target: bool = False, lenient: bool = False) -> bool:
        if self.how == "busy":
            raise ProviderSilent("busy", 9.0)
        zone.add_record(Record.new(zone, "www", {"type": "A", "ttl": 60, "value": "192.0.2.1"}))
        return self.how != "not there"

    def _extra_changes(self, existing: Any, desired: Any, changes: Any) -> list[Any]:
        from octodns.record import Update

        [www] = [record for record in desired.records if record.name == "www"]
        return [Update(www, www)] if self.how == "extra" else []

    def _plan_meta(self, existing: Any, desired: Any, changes: Any) -> Any:
        return {"proxied": True} if self.how == "meta" else None

    def _apply(self, plan: Any) -> None:
        Meddling.applied += 1


MEDDLING = {
    "extra": "the provider would also change what is not ours: www.example.com A",
    "meta": "the provider would also change settings of the zone that are not records",
    "not there": "p has no zone example.com; make it there first, this tool never creates zones",
}


@pytest.mark.parametrize("how", MEDDLING)
def test_changes_that_are_not_ours_are_never_carried_out(repo: RepoFolder, how: str) -> None:
    repo.policy(POLICY)
    repo.write("providers/p.yaml", f"class: {HERE}.Meddling\nhow: {how}\n")
    ran = repo.run("plan", "--no-live", "--out", "plan.json")
    assert ran.code == 1
    assert MEDDLING[how] in ran.said
    assert repo.run("apply", "plan.json", "--no-live", "--allow", "live-unknown").code == 1
    assert Meddling.applied == 0


@pytest.mark.parametrize(
    ("mark", "command"),
    [
        ("pipx_metadata.json", "pipx inject mailauth-dns octodns-nowhere"),
        (
            "uv-receipt.toml",
            "uv tool install --with octodns-nowhere mailauth-dns (or its URL or wheel)",
        ),
    ],
)
def test_a_missing_provider_is_installed_as_the_program_was(
    repo: RepoFolder, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, mark: str, command: str
) -> None:
    environment = tmp_path / "mailauth-dns"
    environment.mkdir()
    (environment / mark).touch()
    monkeypatch.setattr(sys, "prefix", str(environment))
    repo.write("providers/p.yaml", "class: octodns_nowhere.Provider\n")
    repo.write("zones/policy/example.com.yaml", POLICY)
    assert f"(No module named 'octodns_nowhere'); {command}\n" in repo.run("plan").err


def test_a_busy_provider_says_how_long_to_wait(repo: RepoFolder) -> None:
    repo.policy("domain: example.com\n")
    repo.provider("p", {"class": "tests.octo.test_target.Meddling", "how": "busy"})
    loaded = load_repo(repo.root)
    with pytest.raises(ProviderSilent, match=r"^p: busy$") as caught:
        Target(loaded.stanzas["p"], repo.root).read(DomainName("example.com"))
    assert caught.value.pause == 9.0
