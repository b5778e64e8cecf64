"""Mail that a reporter calls aligned: what its own results leave of that."""

from __future__ import annotations

from dataclasses import replace

import pytest

from mailauth_dns.evidence.gate.gate import Part
from mailauth_dns.evidence.sources.contradicted import as_proven
from mailauth_dns.records.name import DomainName
from mailauth_dns.reports.aggregate import AuthResult, SpfResult
from tests.conftest import RepoFolder
from tests.evidence.histories import days, history, reports
from tests.evidence.judged import GOOGLE, YAHOO, judged
from tests.evidence.kept import record, report
from tests.evidence.reported import DOMAIN, row

# What the reporter says aligned, its results of SPF and of DKIM, and what is left of it.
CASES: list[tuple[str, list[str], list[str], str]] = [
    # HELO is no alignment, but for the null path (RFC 9989 §4.4.2)
    ("spf", ["mx.example.com pass helo", "vendor.example pass"], [], ""),
    ("spf", ["mx.example.com pass helo", "example.com fail"], [], ""),
    ("spf", ["mx.example.com pass helo", "example.com pass"], [], "spf"),
    ("spf", ["mx.example.com pass helo"], [], "spf"),
    ("spf", ["mx.vendor.example pass helo"], [], ""),
    ("spf dkim", ["mx.example.com pass helo", "vendor.example pass"], [], "dkim"),
    # the bare result in the place of alignment
    ("spf", ["vendor.example pass"], [], ""),
    ("spf", ["example.com fail"], [], ""),
    ("spf", ["bounce.example.com pass"], [], "spf"),
    ("dkim", [], ["s1._domainkey.vendor.example pass"], ""),
    ("dkim", [], ["s1._domainkey.example.com fail"], ""),
    ("dkim", [], ["s1._domainkey.vendor.example pass", "a._domainkey.example.com pass"], "dkim"),
    ("spf dkim", ["vendor.example pass"], ["s1._domainkey.vendor.example pass"], ""),
    # what is not said, or not kept, rules nothing out
    ("spf dkim", [], [], "spf dkim"),
    ("", ["example.com pass"], ["a._domainkey.example.com pass"], ""),
    ("dkim", [], [f"s{n}._domainkey.vendor.example pass" for n in range(6)], "dkim"),
]


@pytest.mark.parametrize(("said", "path", "signed", "left"), CASES)
def test_results_rule_an_alignment_out(
    said: str, path: list[str], signed: list[str], left: str
) -> None:
    found = as_proven(row(by=said, path=path, signed=signed), DOMAIN)
    assert (found.spf_aligned, found.dkim_aligned) == ("spf" in left, "dkim" in left)


# The author domain, a name that SPF passes for, and whether one owner may have both.
OWNERS = [
    ("news.example.com", "shop.example.com", True),
    ("example.com", "bounce.example.com", True),
    ("example.co.uk", "vendor.co.uk", False),
    ("example.com", "example.org", False),
]


@pytest.mark.parametrize(("author", "name", "may"), OWNERS)
def test_only_names_of_another_owner_rule_it_out(author: str, name: str, may: bool) -> None:
    found = as_proven(row(by="spf", path=[f"{name} pass"], author=author), DOMAIN)
    assert found.spf_aligned is may


def test_what_is_unknown_stays_unknown() -> None:
    unsaid = row(by=None, path=["vendor.example pass"])
    assert as_proven(unsaid, DOMAIN) is unsaid
    no_result = replace(row(by="spf"), spf=(SpfResult(DOMAIN, None),))
    assert as_proven(no_result, DOMAIN) is no_result


# The path of a message whose reporter names HELO alone, and what is kept of it.
HELO = SpfResult(DomainName("mx.example.com"), AuthResult.PASS, helo=True)
PATHS = [
    (None, (HELO,)),
    ("mx.example.com", (HELO,)),
    ("vendor.example", (HELO, SpfResult(DomainName("vendor.example"), None))),
]


@pytest.mark.parametrize(("path", "kept"), PATHS)
def test_a_path_beside_helo_is_kept(path: str | None, kept: tuple[SpfResult, ...]) -> None:
    name = DomainName(path) if path is not None else None
    [found] = report(replace(record(spf=True), spf=(HELO,), envelope_from=name)).rows
    assert found.spf == kept


def test_mail_that_passes_by_helo_alone_advances_nothing(repo: RepoFolder) -> None:
    mail = row("192.0.2.20", 20, by="spf", path=["mx.example.com pass helo", "vendor.example pass"])
    empty = (each for by in (GOOGLE, YAHOO) for each in reports(days(1, 30), by, {}))
    found = judged(repo, history(replace(each, rows=(mail,)) for each in empty))
    assert {each.part for each in found.blocks} == {Part.ALIGNED, Part.EACH}
