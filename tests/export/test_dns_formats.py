"""Records for a web form, a master file and other tools."""

from __future__ import annotations

import json
import re

import pytest

from tests.compile.test_article import DKIM
from tests.conftest import RepoFolder


def test_the_articles_records_as_one_line_each(article: RepoFolder) -> None:
    said = article.run("export", "example.com", "--format", "paste").out
    assert (
        f"Host:   default._domainkey\nor:     default._domainkey.example.com\nTTL:    3600\nValue:  {DKIM}\n"
        in said
    )
    assert f'Split:  "{DKIM[:255]}" "{DKIM[255:]}"\n' in said
    assert (
        "Host:   @\nor:     example.com\nTTL:    3600\nValue:  v=spf1 +ip4:192.0.2.10 -all\n"
        in said
    )
    [dmarc] = re.findall(r"or:     _dmarc\.example\.com\nTTL:    360\nValue:  (.*)", said)
    reports = "rua=mailto:dmarc-rua-report@example.com; ruf=mailto:dmarc-ruf-report@example.com"
    assert set(dmarc.split("; ")) == set(
        f"v=DMARC1; p=quarantine; {reports}; ri=86400; adkim=s; aspf=s".split("; ")
    )


def test_a_form_is_told_what_may_be_there_already(article: RepoFolder) -> None:
    """An MX has two fields. A form replaces nothing: a second SPF record would fail all mail."""
    said = article.run("export", "example.com", "--format", "paste").out
    assert (
        "Value:  v=spf1 +ip4:192.0.2.10 -all\nNote:   where a record with v=spf1 is there already, change it: two of them fail all"
        in said
    )
    article.policy("domain: example.com\nparked: true\n")
    said = article.run("export", "example.com", "--format", "paste").out
    assert (
        "Type:   MX\nHost:   @\nor:     example.com\nTTL:    3600\nPriority: 0\nServer: .\nNote:   delete every other MX record"
        in said
    )


LIVE: dict[str, tuple[str, str]] = {
    # what is there beside the key, and what is said of the SPF record
    "nothing": ("", "Note:   nothing of its kind is there: add it\n"),
    "a token": ('@ IN TXT "token"\n', "Note:   nothing of its kind is there: add it\n"),
    "another": ('@ IN TXT "v=spf1 mx -all"\n@ IN TXT "token"\n', "Change: v=spf1 mx -all\n\n"),
    "two": (
        '@ IN TXT "v=spf1 mx -all"\n@ IN TXT "v=spf1 -all"\n',
        "Change: v=spf1 -all\nChange: v=spf1 mx -all\nNote:   change one of them, and delete the others\n",
    ),
    "the same": (
        '@ IN TXT "v=spf1 ip4:192.0.2.10 -all"\n',
        "Note:   it is there already: nothing to do\n",
    ),
}


@pytest.mark.parametrize("case", LIVE)
def test_live_says_which_records_a_form_changes(article: RepoFolder, case: str) -> None:
    served, note = LIVE[case]
    path = article.root / "served/example.com.zone"
    path.write_text(path.read_text() + served)
    said = article.run("export", "example.com", "--format", "paste", "--live").out
    assert f"Value:  v=spf1 +ip4:192.0.2.10 -all\n{note}" in said
    assert (
        f'Split:  "{DKIM[:255]}" "{DKIM[255:]}"\nNote:   it is there already: nothing to do\n'
        in said
    )


def test_live_that_is_unknown_warns_in_general(article: RepoFolder) -> None:
    article.write("zones/policy/_defaults.yaml", 'nameservers: ["127.0.0.1:1"]\n')
    said = article.run("export", "example.com", "--format", "paste", "--live").out
    assert "Note:   where a record with v=spf1 is there already, change it" in said
    refused = article.run("export", "example.com", "--format", "bind", "--live")
    assert (refused.code, "it goes with no other format" in refused.err) == (1, True)


def test_the_articles_records_in_a_master_file(article: RepoFolder) -> None:
    said = article.run("export", "example.com", "--format", "bind").out
    assert f'default._domainkey.example.com. 3600 IN TXT "{DKIM[:255]}" "{DKIM[255:]}"\n' in said


def test_terraform_takes_no_macro_for_a_template(article: RepoFolder) -> None:
    article.policy(
        'domain: example.com\nspf: {terms: ["exists:%{i}._spf.example.net"], all: fail}\n'
    )
    said = json.loads(article.run("export", "example.com", "--format", "terraform").out)
    assert (
        said["locals"]["mailauth_dns"]["example.com TXT"]["value"]
        == "v=spf1 exists:%%{i}._spf.example.net -all"
    )


def test_dnscontrol_extends_the_zone(article: RepoFolder) -> None:
    article.policy(
        "domain: news.example.com\nzone: example.com\nspf: {all: fail}\ndkim: {selectors: {s1: {cname: s1.example.net}}}\n"
    )
    said = article.run("export", "news.example.com", "--format", "dnscontrol").out
    assert said.split("\n", 1)[1].strip() == (
        'D_EXTEND("example.com",\n  TXT("news", "v=spf1 -all", TTL(3600)),\n  CNAME("s1._domainkey.news", "s1.example.net.", TTL(3600))\n);'
    )
    article.policy("domain: example.com\nparked: true\n")
    assert (
        'MX("@", 0, ".", TTL(3600))'
        in article.run("export", "example.com", "--format", "dnscontrol").out
    )


def test_a_consent_that_a_wildcard_may_give_already_is_named(article: RepoFolder) -> None:
    """Export asks no DNS. Below a wildcard, the new name would end its answers for others."""
    article.policy(
        'domain: example.org\nspf: {all: fail}\ndmarc: {p: none, rua: ["mailto:d@example.com"]}\n',
        "org",
    )
    consent = "example.org._report._dmarc.example.com"
    for format in ("bind", "paste", "terraform", "dnscontrol"):
        said = article.run("export", "example.org", "--format", format)
        assert (said.code, said.next, said.told) == (
            0,
            "verify example.org --wait 10m  (once the records are made)",
            f"{consent}: leave it out where a wildcard above it in that zone already gives the consent; export does not ask DNS\n",
        )
        assert consent.removesuffix(".example.com") in said.out
        assert article.run("export", "example.com", "--format", format).told == ""
    said = article.run("export", "example.org", "--format", "postfix")
    assert (said.told, said.next) == (
        "",
        "export example.org --format postfix --check /etc/postfix  "
        "(on the mail host, once it reads the files)",
    )
