"""What a planned zone depends on, as digests: a commit that changes none of it makes no plan stale.

A digest is of what the files mean for the zone, not of their text. So comments, other zones, and
defaults that change nothing for it do not count. What other policies place in the zone does.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterable
from dataclasses import dataclass

from mailauth_dns.compile.publication import Publication
from mailauth_dns.policy.repo import Policy, Repo


@dataclass(frozen=True, slots=True)
class Digests:
    """SHA-256 of each part of what a zone's plan depends on.

    `evidence` is of what reports say of its changes; it is empty where none asks for evidence.
    """

    policy: str
    tests: str
    provider: str
    evidence: str = ""


def digests(repo: Repo, publication: Publication, provider: str) -> Digests:
    """Return what a publication depends on at one of its providers, but for evidence.

    What the SPF lock knows of names that a record includes is left out: it changes what a change
    means and no record, and apply judges each change anew.
    """
    domains = frozenset(publication.domains)
    own = sorted(
        (policy for policy in repo.by_zone.get(publication.origin, ()) if policy.domain in domains),
        key=lambda policy: policy.domain,
    )
    return Digests(
        policy=publication.digest,
        tests=_of_rows([policy.domain, _tests(policy)] for policy in own if policy.body.tests),
        provider=repo.stanzas[provider].digest,
    )


def _tests(policy: Policy) -> list[str]:
    return sorted(test.model_dump_json() for test in policy.body.tests)


def _of_rows(rows: Iterable[object]) -> str:
    return hashlib.sha256(json.dumps(list(rows)).encode()).hexdigest()


def no_longer(planned: Digests, now: Digests, provider: str) -> list[str]:
    """Return, in words, what is not as it was planned."""
    told = {
        "policy": "records, `providers` or `nameservers` are not as they were reviewed",
        "tests": "the tests are not as they were reviewed",
        "provider": f"providers/{provider}.yaml is not as it was reviewed",
    }
    return [words for part, words in told.items() if getattr(planned, part) != getattr(now, part)]
