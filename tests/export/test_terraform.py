"""Terraform resources: what the providers take, and that the records come out as declared."""

from __future__ import annotations

import json
import re
from typing import Any

import hcl2
import pytest

from mailauth_dns.export import hcl
from mailauth_dns.export.terraform_providers import TerraformProvider
from mailauth_dns.records.zone import unquoted
from tests.compile.test_article import DKIM
from tests.conftest import RepoFolder
from tests.export.terraform_schemas import SCHEMAS

POLICY = """\
domain: example.com
spf: {terms: ["exists:%{i}._spf.example.net"], all: fail}
dkim:
  selectors:
    default: {key: default.pem, seen: 2026-01-01}
    s1: {cname: s1.example.net}
    old: {state: absent}
dmarc: {p: none, ttl: 600}
"""
PARKED = "domain: 1.example\nparked: true\n"

# By name and type: the TTL and the values, as the policies say.
DECLARED = {
    ("example.com", "TXT"): (3600, ["v=spf1 exists:%{i}._spf.example.net -all"]),
    ("_dmarc.example.com", "TXT"): (600, ["v=DMARC1; p=none"]),
    ("default._domainkey.example.com", "TXT"): (3600, [DKIM]),
    ("s1._domainkey.example.com", "CNAME"): (3600, ["s1.example.net"]),
    ("1.example", "TXT"): (3600, ["v=spf1 -all"]),
    ("1.example", "MX"): (3600, ["0 ."]),
    ("_dmarc.1.example", "TXT"): (3600, ["v=DMARC1; p=reject; sp=reject; np=reject"]),
    ("*._domainkey.1.example", "TXT"): (3600, ["v=DKIM1; p="]),
}


@pytest.fixture
def both(article: RepoFolder) -> RepoFolder:
    article.policy(POLICY)
    article.policy(PARKED, "1-example")
    return article


def resources(text: str) -> list[tuple[str, str, dict[str, Any]]]:
    return [
        (json.loads(type), json.loads(label), body)
        for each in hcl2.loads(text)["resource"]
        for type, labels in each.items()
        for label, body in labels.items()
    ]


def plain(value: Any) -> Any:
    """Return what Terraform makes of a value; of an expression, what is ours in it."""
    if isinstance(value, list):
        return [plain(each) for each in value]
    if isinstance(value, str) and value.startswith("${concat(["):
        ours = value.removeprefix("${concat([").split("], lookup(")[0]
        return [plain(each) for each in re.findall(r'"(?:[^"\\]|\\.)*"', ours)]
    if isinstance(value, str) and value.startswith('"'):
        return json.loads(value.replace("$${", "${").replace("%%{", "%{"))
    return value


@pytest.mark.parametrize("provider", TerraformProvider)
def test_each_resource_is_as_its_provider_takes_it(
    both: RepoFolder, provider: TerraformProvider
) -> None:
    said = exported(both, provider)
    for type, _, body in resources(said):
        schema = SCHEMAS[type]
        given = {name: plain(value) for name, value in body.items() if not name.startswith("__")}
        blocks = given.pop(schema.block, [])
        given.pop("dynamic", None)
        assert set(schema.required) <= set(given)
        for name, value in given.items():
            assert isinstance(value, {**schema.required, **schema.optional}[name]), name
        for block in blocks:
            inner = {name: plain(each) for name, each in block.items() if name[:2] != "__"}
            assert {name: each.__class__ for name, each in inner.items()} == schema.inner


@pytest.mark.parametrize("provider", TerraformProvider)
def test_the_records_come_out_as_declared(both: RepoFolder, provider: TerraformProvider) -> None:
    found = {}
    labels = []
    for type, label, body in resources(exported(both, provider)):
        labels.append((type, label))
        given = {name: plain(value) for name, value in body.items()}
        record_type = given.get("type") or type.split("_record")[0].split("_")[-1].upper()
        key = (name_of(type, given), record_type)
        found[key] = (given["ttl"], [value_of(provider, record_type, v) for v in values(given)])
    assert found == DECLARED
    assert len(set(labels)) == len(labels)
    assert all(re.fullmatch("[a-z_][a-z0-9_-]*", label) for _, label in labels)


def name_of(type: str, given: dict[str, Any]) -> str:
    if type.startswith(("azurerm", "dns")):
        zone = given.get("zone_name", given.get("zone", "")).rstrip(".")
        name = given.get("name", "@")
        return zone if name == "@" else f"{name}.{zone}"
    return str(given["name"]).rstrip(".")


def values(given: dict[str, Any]) -> list[Any]:
    for argument in ("records", "rrdatas", "txt"):
        if argument in given:
            return list(given[argument])
    if isinstance(given.get("record"), str) or "cname" in given:
        return [given.get("record") or given["cname"]]
    if "content" in given:
        before = f"{given['priority']} " if "priority" in given else ""
        return [before + given["content"]]
    blocks = [{k: plain(v) for k, v in each.items()} for each in given.get("record") or given["mx"]]
    return [each.get("value") or f"{each['preference']} {each['exchange']}" for each in blocks]


def value_of(provider: TerraformProvider, type: str, value: str) -> str:
    """Return what a provider sends for a value, read as a name server reads it."""
    if type == "CNAME":
        return value.removesuffix(".")
    if type == "MX" or provider is TerraformProvider.AZURERM:
        return value
    if provider in (TerraformProvider.AWS, TerraformProvider.DNS):
        value = f'"{value}"'
    strings = re.findall(r'"((?:[^"\\]|\\.)*)"', value)
    assert provider is TerraformProvider.DNS or all(len(each) <= 255 for each in strings)
    return unquoted(value)


def exported(repo: RepoFolder, provider: str) -> str:
    ran = repo.run(
        "export", "example.com", "1.example", "--format", "terraform",
        "--terraform-provider", provider,
    )  # fmt: skip
    assert ran.code == 0
    return ran.out


@pytest.mark.parametrize("provider", TerraformProvider)
def test_a_set_that_others_share_is_named(both: RepoFolder, provider: TerraformProvider) -> None:
    """A provider with a resource for each value leaves the others alone."""
    ran = both.run(
        "export", "example.com", "1.example", "--format", "terraform",
        "--terraform-provider", provider,
    )  # fmt: skip
    warned = [
        "Terraform owns all of example.com TXT, and deletes what is not in it. "
        "Name the values of others there, such as verification tokens, in mailauth_others.",
        "Terraform owns all of 1.example MX, and deletes what is not in it.",
    ]
    owns = "cloudflare" not in provider
    for warning in warned:
        assert (warning in ran.told) is owns
        assert (warning in " ".join(ran.out.replace("# ", "").split())) is owns
    assert 'lookup(var.mailauth_others, "example.com", [])' in ran.out if owns else True
    assert "_dmarc" not in ran.told
    assert "# not to be there: old._domainkey.example.com TXT\n" in ran.out


STRINGS = [
    ("${x} %{y} $${", '"$${x} %%{y} $$${"'),
    ('say "a\\b"', r'"say \"a\\b\""'),
    ("line\nend", r'"line\u000aend"'),
]


@pytest.mark.parametrize(("text", "written"), STRINGS)
def test_a_string_is_no_template(text: str, written: str) -> None:
    assert hcl.string(text) == written


def test_it_is_for_terraform_alone(both: RepoFolder) -> None:
    ran = both.run("export", "example.com", "--format", "bind", "--terraform-provider", "aws")
    assert (ran.code, ran.told) == (
        1,
        "--terraform-provider goes with `--format terraform` alone, not with `bind`\n",
    )
