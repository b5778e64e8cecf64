"""Remedies are safe to follow: done here, the finding goes and no other comes.

Where a remedy is to publish what the policy says, a plan is made of the case's servers and carried
out on them. Where a rule is about the policy alone, its page's wrong example becomes its right one.
"""

from __future__ import annotations

from base64 import b64encode
from collections.abc import Iterable, Sequence
from datetime import UTC, datetime
from textwrap import dedent
from typing import Any

import pytest
import yaml

from mailauth_dns.compile.compile_repo import compile_repo
from mailauth_dns.compile.publication import Publication
from mailauth_dns.diff.compare import compare
from mailauth_dns.diff.meaning import judge_at
from mailauth_dns.lint import remedies
from mailauth_dns.lint.catalog import RULES
from mailauth_dns.lint.finding import Finding
from mailauth_dns.lint.rule import Needs, Rule, Severity
from mailauth_dns.lint.run_rules import run
from mailauth_dns.lint.subject import Subject, subjects
from mailauth_dns.policy.load import load_repo
from mailauth_dns.records.name import ROOT, is_at_or_below
from mailauth_dns.records.rsa_key import subject_public_key_info
from mailauth_dns.records.zone import RRset, Zone, zone_of
from tests.conftest import RepoFolder
from tests.lint import worlds
from tests.lint.test_cases import KEYS, TODAY, cases, findings, pages, servers

NOW = datetime.combine(TODAY, datetime.min.time(), UTC)


def applied(whole: Zone, publication: Publication) -> Zone:
    """Return all of DNS after a plan for one zone was carried out; nothing may stand in its way."""
    zone = zone_of(
        publication.origin,
        (rrset for rrset in whole.rrsets if is_at_or_below(rrset.name, publication.origin)),
    )
    difference = compare(zone, publication, judge_at(NOW))
    assert not difference.blocked
    sets = {rrset.key: rrset for rrset in whole.rrsets}
    for change in difference.changes:
        sets.pop(change.key, None)
        if change.values_after:
            sets[change.key] = RRset(*change.key, 60, change.values_after)
    return zone_of(ROOT, sets.values())


def errors(looked_at: list[Subject]) -> set[tuple[str, str]]:
    found = run((rule for rule in RULES if rule.needs in (Needs.SERVERS, Needs.DNS)), looked_at)
    return {
        (finding.rule.id, finding.message)
        for finding in found
        if finding.rule.severity is Severity.ERROR
    }


@pytest.mark.parametrize(("rule", "case"), cases("fails", live=True))
def test_to_publish_what_the_policy_says_mends_it(
    repo: RepoFolder, rule: Rule, case: dict[str, Any]
) -> None:
    published: list[Finding] = []

    def beside(
        looked_at: Sequence[Subject], publications: Sequence[Publication]
    ) -> Iterable[Subject]:
        dns = {name: worlds.world(text) for name, text in servers(case).items()}
        before = list(worlds.live(looked_at, publications, dns, pages(case)))
        [finding] = run([rule], before)
        if finding.fix != remedies.PUBLISH:
            return []
        for publication in publications:
            dns = {name: applied(zone, publication) for name, zone in dns.items()}
        after = list(worlds.live(looked_at, publications, dns, pages(case)))
        assert errors(after) <= errors(before)
        published.append(finding)
        return after

    assert findings(repo, rule, case, beside) == []


def examples(kind: str, page: str) -> str:
    """Return the lines of an example."""
    rest = page.partition(f"\n{kind}:\n")[2]
    return dedent("\n".join(line for line in rest.partition("\nGood:\n")[0].splitlines()))


def is_policy(text: str) -> bool:
    try:
        said = yaml.safe_load(text)
    except yaml.YAMLError:
        return False
    return (
        isinstance(said, dict)
        and set(said) <= {"domain", "spf", "dkim", "dmarc", "mta_sts", "tls_rpt", "bimi", "senders"}
        and "..." not in text
    )


TWO_POLICIES = {"DMARC025"}  # examples that are one policy beside another
EXAMPLES = [
    pytest.param(rule, bad, good, id=rule.id)
    for rule in RULES
    if rule.needs is Needs.POLICY
    and rule.id not in TWO_POLICIES
    and is_policy(bad := examples("Bad", rule.page))
    and is_policy(good := examples("Good", rule.page))
]


def found_in(repo: RepoFolder, text: str) -> set[str]:
    for name in ("s1", "new", "rsa512", "rsa1024", "rsa2048", "rsa4096", "ed25519"):
        source = KEYS / f"{name}.pem"
        repo.write(
            f"zones/keys/example.com/{name}.pem",
            (source if source.exists() else KEYS / "rsa2048.pem").read_bytes(),
        )
    large = subject_public_key_info(
        bytes.fromhex("3082040a 0282040100" + "ff" * 1024 + "0203010001")
    )
    repo.write(
        "zones/keys/example.com/rsa8192.pem",
        f"-----BEGIN PUBLIC KEY-----\n{b64encode(large).decode()}\n-----END PUBLIC KEY-----\n",
    )
    repo.policy(
        text if text.startswith("domain") or "\ndomain" in text else f"domain: example.com\n{text}"
    )
    loaded = load_repo(repo.root)
    return {
        finding.rule.id for finding in run(RULES, subjects(loaded, compile_repo(loaded), TODAY))
    }


@pytest.mark.parametrize(("rule", "bad", "good"), EXAMPLES)
def test_the_example_of_a_page_is_right_where_the_other_is_wrong(
    repo: RepoFolder, rule: Rule, bad: str, good: str
) -> None:
    """Rules that the wrong example breaks besides may stay, others may not come."""
    wrong, right = found_in(repo, bad), found_in(repo, good)
    assert rule.id in wrong
    assert rule.id not in right
    assert {id for id in right - wrong if severity(id) is Severity.ERROR} == set()


def severity(id: str) -> Severity:
    return next(rule.severity for rule in RULES if rule.id == id)


def test_most_rules_about_policies_are_tried() -> None:
    assert len(EXAMPLES) > len([rule for rule in RULES if rule.needs is Needs.POLICY]) / 2
