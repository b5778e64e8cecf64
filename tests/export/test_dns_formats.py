"""Records for a master file and other tools."""

from __future__ import annotations

import json

from tests.compile.test_article import DKIM
from tests.conftest import RepoFolder


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
    for format in ("bind", "terraform", "dnscontrol"):
        said = article.run("export", "example.org", "--format", format)
        assert (said.code, said.next, said.told) == (
            0,
            "verify example.org --wait 30m  (once the records are made)",
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
