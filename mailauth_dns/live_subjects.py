"""What is live, for the lint rules that need it.

That is what each server of a policy's zone holds, what DNS would answer once the policies are
published, and what hosts serve over HTTPS.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import replace

from mailauth_dns.compile.publication import Publication
from mailauth_dns.lint.live_rules import pages_of
from mailauth_dns.lint.rule import Rule
from mailauth_dns.lint.subject import Subject
from mailauth_dns.live.https import Https
from mailauth_dns.live.observe import Wanted, observe
from mailauth_dns.live.resolver import LiveResolver
from mailauth_dns.records.name import DomainName
from mailauth_dns.records.zone import RRKey
from mailauth_dns.simulate.dns_views import as_published


def beside_dns(
    subjects: Sequence[Subject],
    rules: Iterable[Rule],
    publications: Sequence[Publication],
    *,
    private_web: bool,
) -> Iterator[Subject]:
    """Yield the subjects with a resolver, and with what servers and the web told the rules."""
    rules = tuple(rules)
    zones: dict[DomainName, set[RRKey]] = {}
    asking = [rule.keys for rule in rules if rule.keys is not None]
    for subject in subjects:
        keys = zones.setdefault(subject.policy.zone, set())
        keys.update(key for each in asking for _, key in each(subject))
    nameservers = {subject.policy.zone: subject.policy.body.nameservers for subject in subjects}
    observations = observe(
        [Wanted(zone, frozenset(keys), nameservers[zone]) for zone, keys in zones.items()]
    )
    # All zones, because a policy may lead to one that was not selected.
    live = LiveResolver(
        {publication.origin: publication.nameservers for publication in publications}
    )
    resolver = as_published(publications, live)

    pages = pages_of(subjects, rules, Https(live.addresses, private=private_web))
    for subject in subjects:
        live.next_message()  # each policy has the time of one message
        yield replace(
            subject, resolver=resolver, observation=observations[subject.policy.zone], pages=pages
        )
