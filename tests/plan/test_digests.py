"""What makes the plan of a zone stale, and what does not, over a repo that a commit changes."""

from __future__ import annotations

import shutil
from collections.abc import Callable
from ipaddress import ip_network
from pathlib import Path

import pytest

from mailauth_dns.compile.compile_repo import compile_repo
from mailauth_dns.plan.digests import Digests, digests, no_longer
from mailauth_dns.policy import spf_lock_file as lockfile
from mailauth_dns.policy.load import load_repo
from mailauth_dns.policy.spf_lock import Lock
from mailauth_dns.records.addresses import addresses_of
from mailauth_dns.records.name import DomainName
from tests.conftest import RepoFolder
from tests.policy.locks import LOCK, NAME, locked_name

KEYS = Path(__file__).parents[1] / "lint/keys"
ZONE = DomainName("example.com")
OTHER_NAME = DomainName("_spf.example.org")
POLICY = """\
domain: example.com
providers: [one, two]
spf: {terms: ["include:_spf.example.net", mx], flatten: [_spf.example.net]}
dkim: {selectors: {s1: {key: s1.pem}}}
dmarc: {p: none, rua: ["mailto:r@example.com"]}
tests:
  - {name: ours, from: a@example.com, ip: 192.0.2.10, expect: {spf: pass}}
  - {name: a spoof, from: b@example.com, ip: 203.0.113.66, expect: {spf: fail}}
"""
IN_THE_ZONE = (
    "domain: news.example.com\nzone: example.com\nproviders: [one, two]\nspf: {terms: [mx]}\n"
)
OTHER = "domain: other.example\nspf: {terms: [mx], all: fail}\ndmarc: {p: none}\nproviders: [one]\n"
STANZA = "class: mailauth_dns.octo.LocalProvider\ndirectory: served\n"
DEFAULTS = 'nameservers: ["127.0.0.1:5453", "127.0.0.2:5453"]\nspf: {all: fail}\n'


def made(repo: RepoFolder) -> RepoFolder:
    repo.write("zones/policy/_defaults.yaml", DEFAULTS)
    repo.policy(POLICY, "example.com")
    repo.policy(IN_THE_ZONE, "news")
    repo.policy(OTHER, "other")
    repo.write("providers/one.yaml", STANZA)
    repo.write("providers/two.yaml", STANZA)
    repo.write("zones/locks/spf.json", lockfile.text(Lock(LOCK.names)))
    repo.write("zones/keys/example.com/s1.pem", (KEYS / "rsa2048.pem").read_bytes())
    return repo


def now(repo: RepoFolder) -> dict[str, Digests]:
    """Return the digests of the zone at each provider."""
    loaded = load_repo(repo.root)
    [publication] = (each for each in compile_repo(loaded) if each.origin == ZONE)
    return {provider: digests(loaded, publication, provider) for provider in publication.providers}


def policy(old: str, new: str) -> Callable[[RepoFolder], object]:
    assert old in POLICY
    return lambda repo: repo.policy(POLICY.replace(old, new), "example.com")


def write(path: str, text: str | bytes) -> Callable[[RepoFolder], object]:
    return lambda repo: repo.write(path, text)


def lock(names: dict[DomainName, str]) -> Callable[[RepoFolder], object]:
    locked = {
        name: locked_name(name, addresses_of([ip_network(networks)]))
        for name, networks in names.items()
    }
    return write("zones/locks/spf.json", lockfile.text(Lock({**LOCK.names, **locked})))


UNRELATED: dict[str, Callable[[RepoFolder], object]] = {
    "nothing": lambda _repo: None,
    "a README": write("README.md", "hello\n"),
    "a comment in the policy": policy("dmarc:", "# by hand\ndmarc:"),
    "another spelling of the policy": policy(
        "domain: example.com\n", '"domain": "example.com"   # the same\n'
    ),
    "the policy's file has another name": lambda repo: (
        repo.root / "zones/policy/example.com.yaml"
    ).rename(repo.root / "zones/policy/zz.yaml"),
    "another order of the providers": policy("[one, two]", "[two, one]"),
    "another order of the tests": lambda repo: repo.policy(
        "\n".join([*POLICY.splitlines()[:-2], *reversed(POLICY.splitlines()[-2:])]) + "\n",
        "example.com",
    ),
    "a waiver": policy("tests:", "waivers: [{rule: SPF046, reason: x, until: 2031-01-31}]\ntests:"),
    "the key signs": policy("{key: s1.pem}", "{key: s1.pem, state: active, since: 2026-11-01T10:00:00Z}"),
    "another zone's policy": write(
        "zones/policy/other.yaml", OTHER.replace("p: none", "p: reject").replace("mx", "a")
    ),
    "another zone's tests": write(
        "zones/policy/other.yaml",
        OTHER + "tests: [{name: x, from: a@other.example, ip: 192.0.2.1, expect: {spf: fail}}]\n",
    ),
    "another zone comes": write("zones/policy/new.yaml", OTHER.replace("other", "new")),
    "another zone goes": lambda repo: (repo.root / "zones/policy/other.yaml").unlink(),
    "another zone's reports go elsewhere": write(
        "zones/policy/other.yaml", OTHER.replace("p: none", 'p: none, rua: ["mailto:r@example.net"]')
    ),
    "another zone's key": write(
        "zones/keys/other.example/x.pem", (KEYS / "ed25519.pem").read_bytes()
    ),
    "a lock on a name that the zone does not flatten": lock({OTHER_NAME: "198.51.100.0/24"}),
    "a provider that the zone is not at": write("providers/three.yaml", STANZA),
    "a comment in the provider's stanza": write("providers/one.yaml", "# ours\n" + STANZA),
    "a default that every policy of the zone replaces": write(
        "zones/policy/_defaults.yaml", DEFAULTS.replace("{all: fail}", "{all: fail, terms: [a]}")
    ),
    "a default that says what was said": write(
        "zones/policy/_defaults.yaml", "# all\n" + DEFAULTS.replace("fail", '"fail"')
    ),
    "another order of the name servers": write(
        "zones/policy/_defaults.yaml",
        DEFAULTS.replace('"127.0.0.1:5453", "127.0.0.2:5453"', '"127.0.0.2:5453", "127.0.0.1:5453"'),
    ),
}  # fmt: skip


@pytest.mark.parametrize("case", UNRELATED)
def test_an_unrelated_commit_leaves_the_plan_of_the_zone_as_it_was(
    repo: RepoFolder, case: str
) -> None:
    before = now(made(repo))
    UNRELATED[case](repo)
    assert now(repo) == before


RECORDS = "records, `providers` or `nameservers` are not as they were reviewed"
TESTS = "the tests are not as they were reviewed"
RELATED: dict[str, tuple[Callable[[RepoFolder], object], dict[str, list[str]]]] = {
    case: (edit, {"one": [what], "two": [what]})
    for case, edit, what in (
        ("its SPF record", policy("mx]", "mx, a]"), RECORDS),
        ("its TTL", policy("dmarc: {", "dmarc: {ttl: 300, "), RECORDS),
        ("its DMARC record", policy("p: none", "p: quarantine"), RECORDS),
        ("a section goes", policy("dkim: {selectors: {s1: {key: s1.pem}}}\n", ""), RECORDS),
        ("its key's state", policy("{key: s1.pem}", "{key: s1.pem, state: revoked}"), RECORDS),
        (
            "until when mail that its key signed may come",
            policy(
                "{key: s1.pem}",
                "{state: absent, signed_until: 2026-11-01T10:00:00Z}",
            ),
            RECORDS,
        ),
        (
            "its key's file",
            write("zones/keys/example.com/s1.pem", (KEYS / "rsa4096.pem").read_bytes()),
            RECORDS,
        ),
        ("the lock on a name that it flattens", lock({NAME: "198.51.100.0/24"}), RECORDS),
        ("a default that it inherits", write("zones/policy/_defaults.yaml", DEFAULTS.replace("fail", "softfail")), RECORDS),
        ("the default TTL", write("zones/policy/_defaults.yaml", DEFAULTS + "ttl: 60\n"), RECORDS),
        ("the name servers", write("zones/policy/_defaults.yaml", DEFAULTS.replace("5453", "5353")), RECORDS),
        ("another policy of the zone", write("zones/policy/news.yaml", IN_THE_ZONE.replace("[mx]", "[a]")), RECORDS),
        ("another policy of the zone goes", lambda repo: (repo.root / "zones/policy/news.yaml").unlink(), RECORDS),
        (
            "another zone's reports come here",
            write(
                "zones/policy/other.yaml",
                OTHER.replace("p: none", 'p: none, rua: ["mailto:r@example.com"]'),
            ),
            RECORDS,
        ),
        ("what a test expects", policy("{spf: fail}", "{spf: softfail}"), TESTS),
        ("a test more", policy("tests:\n", "tests:\n  - {name: x, from: a@example.com, ip: 192.0.2.9, expect: {spf: fail}}\n"), TESTS),
        ("a test of another policy of the zone", write("zones/policy/news.yaml", IN_THE_ZONE + "tests: [{name: x, from: a@news.example.com, ip: 192.0.2.9, expect: {spf: fail}}]\n"), TESTS),
    )
}  # fmt: skip
RELATED["one provider's stanza"] = (
    write("providers/one.yaml", STANZA.replace("served", "elsewhere")),
    {"one": ["providers/one.yaml is not as it was reviewed"], "two": []},
)
RELATED["a provider more"] = (
    lambda repo: [
        write("providers/three.yaml", STANZA)(repo),
        policy("[one, two]", "[one, two, three]")(repo),
        repo.policy(IN_THE_ZONE.replace("[one, two]", "[one, two, three]"), "news"),
    ],
    {"one": [RECORDS], "two": [RECORDS]},
)


@pytest.mark.parametrize("case", RELATED)
def test_a_related_commit_makes_the_plan_stale_and_the_part_is_named(
    repo: RepoFolder, case: str
) -> None:
    before = now(made(repo))
    edit, told = RELATED[case]
    edit(repo)
    after = now(repo)
    assert {
        provider: no_longer(before[provider], after[provider], provider) for provider in before
    } == told


def test_a_clone_elsewhere_has_the_same_digests(repo: RepoFolder, tmp_path: Path) -> None:
    before = now(made(repo))
    shutil.copytree(repo.root, tmp_path / "clone")
    assert now(RepoFolder(tmp_path / "clone", repo.capture)) == before
