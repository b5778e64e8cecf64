"""Provider stanzas: what is wrong with one is told with the file, and no secret is ever in what is said."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
from octodns.provider.base import BaseProvider
from octodns.record import Record

from tests.conftest import RepoFolder

POLICY = "domain: example.com\nproviders: [p]\nspf: {all: fail}\n"
HERE = "tests.octo.test_targets"

# stanza, what plan says of it
WRONG: dict[str, tuple[str, str]] = {
    "a module that is not there": (
        "class: octodns_nowhere.Provider\n",
        "providers/p.yaml: class: octodns_nowhere.Provider cannot be imported "
        "(No module named 'octodns_nowhere'); pip install octodns-nowhere",
    ),
    "a class that is not there": ("class: octodns_bind.Nothing\n", "providers/p.yaml: class: the module octodns_bind has no Nothing"),
    "not a provider": ("class: pathlib.Path\n", "providers/p.yaml: class: pathlib.Path is not an octoDNS provider"),
    "no class": (
        "host: 192.0.2.1\n",
        "providers/p.yaml:1:1: class: missing; name the octoDNS provider",
    ),
    "a class without its module": ("class: Provider\n", "providers/p.yaml:1:8: class: name a class with its module"),
    "an argument that is not one": (
        "class: mailauth_dns.octo.LocalProvider\ndirectory: served\nreload: rndc\n",
        "providers/p.yaml: mailauth_dns.octo.LocalProvider does not take these arguments: reload is a list: the command and its arguments",
    ),
    "an argument too few": (
        "class: octodns_powerdns.PowerDnsProvider\nhost: 127.0.0.1\n",
        "PowerDnsProvider does not take these arguments",
    ),
    "a secret that is not set": (
        "class: octodns_powerdns.PowerDnsProvider\nhost: 127.0.0.1\napi_key: env/NOT_SET_HERE\n",
        "providers/p.yaml: api_key: NOT_SET_HERE is not in the environment; set it, for example: export NOT_SET_HERE=...",
    ),
    "not YAML": ("class: [\n", "providers/p.yaml:2:1: not YAML"),
    "a zone it does not have": (
        "class: mailauth_dns.octo.LocalProvider\ndirectory: served\n",
        "p has no zone example.com; make it there first, this tool never creates zones",
    ),
}


@pytest.mark.parametrize("case", WRONG)
def test_what_is_wrong_with_a_stanza_is_told(repo: RepoFolder, case: str) -> None:
    stanza, expected = WRONG[case]
    repo.policy(POLICY)
    repo.write("providers/p.yaml", stanza)
    (repo.root / "served").mkdir()
    ran = repo.run("plan", "--no-live")
    assert ran.code == 1
    assert expected in ran.said
    assert "Traceback" not in ran.said


class Leaky(BaseProvider):  # type: ignore[misc] # octoDNS has no types
    """A provider whose errors quote its secret, as client libraries do."""

    SUPPORTS_GEO = SUPPORTS_DYNAMIC = False
    SUPPORTS = frozenset({"TXT"})

    def __init__(self, id: str, token: str, where: str) -> None:
        import logging

        self.log = logging.getLogger("Leaky")
        super().__init__(id)
        self.token, self.where = token, where
        if where == "made":
            raise RuntimeError(f"cannot log in with {token}")

    def populate(self, zone: Any, target: bool = False, lenient: bool = False) -> bool:
        self.log.warning("asking with %s", self.token)
        if self.where == "read":
            raise RuntimeError(f"401 for https://192.0.2.1/?token={self.token}")
        zone.add_record(Record.new(zone, "", {"type": "TXT", "ttl": 60, "value": "v=spf1 ~all"}))
        return True

    def _apply(self, plan: Any) -> None:
        raise RuntimeError(f"500 for {self.token}")


@pytest.mark.parametrize("where", ["made", "read", "written"])
def test_a_secret_in_a_providers_error_is_not_repeated(repo: RepoFolder, monkeypatch: pytest.MonkeyPatch, where: str) -> None:
    monkeypatch.setenv("LEAKY_TOKEN", "s3cr3t-t0ken")
    repo.policy(POLICY)
    repo.write("providers/p.yaml", f"class: {HERE}.Leaky\ntoken: env/LEAKY_TOKEN\nwhere: {where}\n")
    said = ""
    for arguments in (("plan", "--no-live", "--out", "plan.json"), ("apply", "plan.json", "--no-live", "--allow", "live-unknown")):
        command = [sys.executable, "-m", "mailauth_dns", "-vv", "-C", str(repo.root), *arguments]
        ran = subprocess.run(command, capture_output=True, text=True, check=False, cwd=Path(__file__).parents[2])
        said += ran.stdout + ran.stderr
    assert ran.returncode == 1
    assert where == "made" or "Leaky: asking with ***\n" in said
    assert "***" in said
    assert "s3cr3t" not in said
    assert "s3cr3t" not in "".join(path.read_text() for path in repo.root.rglob("*") if path.is_file())


class Meddling(BaseProvider):  # type: ignore[misc] # octoDNS has no types
    """A provider that adds a change of its own to every plan, as those with proxies and health checks do."""

    SUPPORTS_GEO = SUPPORTS_DYNAMIC = False
    SUPPORTS = frozenset({"A", "TXT"})
    applied = 0

    def __init__(self, id: str, how: str) -> None:
        import logging

        self.log = logging.getLogger("Meddling")
        super().__init__(id)
        self.how = how

    def populate(self, zone: Any, target: bool = False, lenient: bool = False) -> bool:
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
