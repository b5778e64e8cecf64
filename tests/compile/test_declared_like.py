"""What is held once for the zones of a policy is, to the octet, what each of them declares."""

from __future__ import annotations

import pickle
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from mailauth_dns.compile import declared_like
from mailauth_dns.compile.compile_repo import compile_repo
from mailauth_dns.compile.declared_like import DeclaredLike, Once
from mailauth_dns.compile.publication import Publication
from mailauth_dns.deploy.zone_groups import groups, led_to
from mailauth_dns.octo.compiled_zone import absent_file, zone_file
from mailauth_dns.policy.load import load_repo
from mailauth_dns.records.name import DomainName
from tests.conftest import RepoFolder

# Names that are in one another, and some that sort before what stands in front of a name.
NAMES = ["a.example", "aa.example", "b.example", "bb.a-example.example", "1.example", "z.example"]
BODIES = {
    "parked": "parked: true\n",
    "parked, with reports": 'parked: true\ndmarc: {rua: ["mailto:d@b.example"]}\n',
    "no longer parked": "parked: false\nspf: {all: fail}\n",
    "led to a name of theirs": 'spf: {terms: ["include:_spf.a.example"], all: fail}\n',
    "led to a name that has one in it": 'spf: {terms: ["include:aa.example.net"], all: fail}\n',
    "gone": "spf: absent\ndmarc: absent\nmta_sts: absent\n",
    "a policy over HTTPS": "mta_sts: {mode: enforce, mx: [mx.a.example], max_age: 604800}\n",
    "keys": "dkim: {selectors: {s1: {cname: s1.a.example}, old: {state: absent}}}\n",
    "a sender": "spf: {all: fail}\nsenders: {google: {}}\n",
}


@pytest.fixture(params=BODIES)
def declaring(repo: RepoFolder, request: pytest.FixtureRequest) -> RepoFolder:
    repo.policy(f"domains: [{', '.join(NAMES)}]\n{BODIES[request.param]}", "all.example")
    return repo


def compiled(root: Path, monkeypatch: pytest.MonkeyPatch) -> tuple[list[Publication], ...]:
    """Return what a repo declares: each zone on its own, and what is the same held once."""
    repo = load_repo(root)
    with monkeypatch.context() as patched:
        patched.setattr(Once, "of", lambda _self, _policy, _zone, declared: declared)
        alone = list(compile_repo(repo))
    return alone, list(compile_repo(repo))


def facts(publication: Publication) -> dict[str, Any]:
    """Return all that others ask a publication."""
    return {
        "declared": tuple(publication.declared),
        "last": publication.declared[-1],
        "number": len(publication.declared),
        "hash": hash(publication),
        "zone": publication.zone,
        "places": publication.places,
        "bodies": publication.mta_sts,
        "domains": publication.domains,
        "digest": publication.digest,
        "part": publication.only(frozenset(publication.domains)),
        "led to": list(led_to(publication)),
        "file": zone_file(publication),
        "absent": absent_file([publication]),
        "said": [(each.family, each.key[1], each.ttl, each.values) for each in publication.said],
    }


def test_zones_say_what_each_of_them_declares(
    declaring: RepoFolder, monkeypatch: pytest.MonkeyPatch
) -> None:
    alone, together = compiled(declaring.root, monkeypatch)
    assert [facts(each) for each in together] == [facts(each) for each in alone]
    assert together == alone
    assert alone == together
    assert absent_file(together) == absent_file(alone)
    ties = [
        sorted(map(sorted, groups(each).each(map(DomainName, NAMES)))) for each in (together, alone)
    ]
    assert ties[0] == ties[1]


def test_what_is_sent_to_another_process_is_the_same(
    declaring: RepoFolder, monkeypatch: pytest.MonkeyPatch
) -> None:
    alone, together = compiled(declaring.root, monkeypatch)
    arrived = pickle.loads(pickle.dumps(together))
    declared_like._made.cache_clear()
    assert [facts(each) for each in arrived] == [facts(each) for each in alone]


def test_parked_names_are_held_once(repo: RepoFolder) -> None:
    repo.policy("domains: [a.example, b.example, c.example]\nparked: true\n", "all.example")
    first, *others = compile_repo(load_repo(repo.root))
    assert isinstance(first.declared, tuple)
    found = [each.declared for each in others]
    assert all(isinstance(each, DeclaredLike) and each.said is first.declared for each in found)


LABELS = st.sampled_from(["a", "aa", "b", "1", "_x", "x-a", "a-x"])
ZONES = st.lists(LABELS, min_size=1, max_size=3).map(lambda labels: ".".join([*labels, "example"]))


@given(st.sets(ZONES, min_size=2, max_size=6), st.sampled_from(sorted(BODIES)))
def test_any_names_say_what_each_of_them_declares(
    tmp_path_factory: pytest.TempPathFactory, names: set[str], body: str
) -> None:
    names = {each for each in names if not any(each.endswith(f".{other}") for other in names)}
    root = tmp_path_factory.mktemp("repo")
    (root / "zones/policy").mkdir(parents=True)
    policy = f"domains: [{', '.join(sorted(names))}]\n{BODIES[body]}"
    (root / "zones/policy/all.yaml").write_text(policy)
    with pytest.MonkeyPatch.context() as monkeypatch:
        alone, together = compiled(root, monkeypatch)
    assert [facts(each) for each in together] == [facts(each) for each in alone]
