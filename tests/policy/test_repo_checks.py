"""What must hold for stanzas and for all policies of a repo together."""

from __future__ import annotations

import pytest

from mailauth_dns.policy.model import PolicyFile
from mailauth_dns.policy.repo_checks import length_problems
from mailauth_dns.records.name import MAX_NAME, DomainName
from mailauth_dns.typed_yaml.yaml_tree import Place, SourceText
from tests.conftest import RepoFolder
from tests.policy.refusals import marked, told

PLACE = Place(SourceText("zones/policy/p.yaml", ("",)), 1, 1)
A_SECRET = (
    "a secret must not be in git; write env/NAME and set NAME in the environment, then "
    "change the secret\n"
)
# The stanza, and where the message points; the line itself is never shown.
SECRETS = {
    "a literal secret": (
        "class: octodns_bind.Rfc2136Provider\nhost: 127.0.0.1\nkey_secret: c2VjcmV0LXZhbHVl\n",
        "3:13: key_secret",
    ),
    "a literal behind env": ("class: x.Y\napi_key: env/NAME/c2VjcmV0LXZhbHVl\n", "2:10: api_key"),
    "a nested one": ("class: x.Y\nauth: {token: c2VjcmV0LXZhbHVl}\n", "2:15: token"),
}


@pytest.mark.parametrize("case", SECRETS)
def test_literal_secrets_are_refused_without_showing_them(repo: RepoFolder, case: str) -> None:
    text, place = SECRETS[case]
    repo.policy("domain: example.com\nspf: {all: fail}\n")
    repo.write("providers/p.yaml", text)
    assert told(repo) == f"providers/p.yaml:{place}: {A_SECRET}"


def test_an_unknown_provider_is_told_with_those_there_are(repo: RepoFolder) -> None:
    repo.local("example.com", "")
    repo.policy("domain: example.com\nproviders: [locale]\n")
    assert told(repo) == (
        "zones/policy/policy.yaml:2:13: providers: there is no providers/locale.yaml; "
        "there are: local\n" + marked(2, "providers: [locale]", "locale")
    )


def test_a_provider_where_there_are_none_is_told(repo: RepoFolder) -> None:
    repo.policy("domain: example.com\nproviders: [local]\n")
    assert told(repo) == (
        "zones/policy/policy.yaml:2:13: providers: there is no providers/local.yaml; "
        "there are: none yet\n" + marked(2, "providers: [local]", "local")
    )


def test_policies_of_one_zone_have_the_same_providers_and_servers(repo: RepoFolder) -> None:
    repo.local("example.com", "")
    repo.policy("domain: example.com\nspf: absent\n", "a")
    repo.policy(
        "domain: b.example.com\nzone: example.com\nproviders: [local]\nnameservers: "
        '["192.0.2.1"]\nspf: absent\n',
        "b",
    )
    said = told(repo)
    assert (
        "b.yaml:3:1: providers: policies of the zone example.com must have the same "
        "providers; zones/policy/a.yaml has others" in said
    )
    assert (
        "b.yaml:4:1: nameservers: policies of the zone example.com must have the same nameservers"
        in said
    )


def test_a_domain_lies_in_its_zone_and_not_below_a_deeper_one(repo: RepoFolder) -> None:
    repo.policy("domain: example.org\nzone: example.com\nspf: absent\n", "a")
    repo.policy("domain: sub.example.com\nspf: absent\n", "b")
    repo.policy("domain: x.sub.example.com\nzone: example.com\nspf: absent\n", "c")
    said = told(repo)
    assert "a.yaml:2:7: zone: example.org does not lie in the zone example.com" in said
    assert (
        "c.yaml:1:9: domain: x.sub.example.com lies in the zone sub.example.com, which "
        "this repo also holds" in said
    )


@pytest.mark.parametrize("selector", ["s", "s" * 63, f"{'s' * 63}.{'s' * 63}"])
def test_names_that_are_too_long_for_dns_are_found(selector: str) -> None:
    body = PolicyFile.model_validate(
        {
            "domain": "example.com",
            "dkim": {"selectors": {selector: {"state": "revoked"}}},
            "tls_rpt": {"rua": ["mailto:tls@example.com"]},
        }
    )
    for length in range(1, MAX_NAME + 1):
        domain = DomainName(("d" * 49 + ".") * 6)[-length - 1 : -1].lstrip(".")
        names = (f"{selector}._domainkey.{domain}", f"_smtp._tls.{domain}", f"_dmarc.{domain}")
        found = length_problems(DomainName(domain), body, PLACE)
        said = " ".join(problem.message for problem in found)
        assert [name in said for name in names] == [len(name) > MAX_NAME for name in names]
