"""A host that has OpenDKIM and does not sign for the domain: `next` does not insist."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from mailauth_dns.signing_host import key_owner
from tests.conftest import RepoFolder


@pytest.mark.parametrize(("signs_here", "state"), [(True, "todo"), (False, "-")])
def test_a_host_without_a_key_of_the_domain_is_not_asked_to_sign(
    repo: RepoFolder,
    private_dir: Path,
    no_resolvers: None,
    monkeypatch: pytest.MonkeyPatch,
    signs_here: bool,
    state: str,
) -> None:
    host = repo.root.parent / "host"
    (host / "etc").mkdir(parents=True)
    (host / "etc/opendkim.conf").write_text("Syslog yes\n")
    policy = repo.policy("domain: example.com\nspf: {all: fail}\ndmarc: {p: none}\n")
    made = repo.run(
        *("dkim", "keygen", "example.com", "--selector", "s1", "--private-dir", str(private_dir))
    )
    assert made.code == 0, made.said
    policy.write_text(policy.read_text().replace("state: pending", "state: active"))
    monkeypatch.setattr(key_owner, "HOST", host)
    other = repo.root.parent / "other"
    other.mkdir()
    folder = private_dir if signs_here else other
    ran = repo.run("next", "--private-dir", str(folder), "--format", "json")
    [said] = json.loads(ran.out)["domains"]
    [signing] = [area for area in said["areas"] if area["area"] == "signing"]
    assert signing["state"] == state
    assert said["case"] != "a private key is not here"
