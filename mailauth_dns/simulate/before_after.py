"""Run the policies' tests in two states of DNS: as it is, and as it would be."""

from __future__ import annotations

from collections.abc import Callable, Container, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

from mailauth_dns.compile.publication import Publication
from mailauth_dns.evaluate.overlay import Overlay, PlannedZone
from mailauth_dns.evaluate.resolver import Resolver, WatchedResolver
from mailauth_dns.live.resolver import LiveResolver
from mailauth_dns.plan.plan import TrialEntry, Where
from mailauth_dns.policy.repo import Policy, Repo
from mailauth_dns.records.name import DomainName, upwards
from mailauth_dns.simulate.dns_views import as_it_is, as_provided, as_published
from mailauth_dns.simulate.run_mail_tests import PolicyTest, TestResult, Trial, conduct, tests_of
from mailauth_dns.simulate.sender_tests import SenderTest

if TYPE_CHECKING:
    from mailauth_dns.octo.target import Proposal  # also loads octoDNS

Progress = Callable[[str], None]  # is told each domain whose test is done, for a progress bar


@dataclass(frozen=True, slots=True)
class Rehearsal:
    """One test in live DNS as it is, and as the policies would make it."""

    before: Trial
    after: Trial


def rehearse(
    policies: Iterable[Policy],
    repo: Repo,
    publications: Iterable[Publication],
    *,
    progress: Progress = lambda _domain: None,
) -> tuple[Rehearsal, ...]:
    """Run the tests of `policies` in live DNS, and with `publications` laid over it.

    `repo` says which servers to ask.
    """
    live = as_it_is(repo.policies)
    published = as_published(publications, live)
    found = []
    for test in tests_of(policies):
        live.next_message()
        before = conduct(test, live)
        live.next_message()
        after = conduct(test, published)
        if before is not None and after is not None:
            found.append(Rehearsal(before, after))
        progress(test.domain)
    return tuple(found)


def entries(
    policies: Sequence[Policy],
    planned: Container[DomainName],
    repo: Repo,
    proposals: Mapping[tuple[str, str], Proposal],
    *,
    ask_live: bool,
) -> dict[tuple[str, str], tuple[TrialEntry, ...]]:
    """Return, by zone and provider, how tests end once the zones are as proposed.

    The tests are those of the `planned` domains, and of other domains those that pass before and
    not after. If the zone of such a domain has no proposal, its tests go with the first changing
    zone that they look at. Names outside the zones are asked of live DNS, where `repo` says;
    without `ask_live` they are unknown.
    """
    live = as_it_is(repo.policies) if ask_live else None
    found: dict[tuple[str, str], tuple[TrialEntry, ...]] = {}
    for provider in dict.fromkeys(provider for _, provider in proposals):
        # This provider's zones come first. It may be the only one that receivers ask, and the first
        # counts if two providers hold a zone.
        ordered = sorted(proposals.values(), key=lambda proposal: proposal.provider != provider)
        before, after = (as_provided(ordered, live, changed=changed) for changed in (False, True))
        changing = {each.reading.zone.origin for each in ordered if each.difference.changes}
        by_zone: dict[str, list[TrialEntry]] = {}
        for policy, zone in _to_run(policies, planned, proposals, provider):
            for entry in _trials(policy, before, after, live, changing):
                breaks = entry.result != "passed" and entry.before == "passed"
                if breaks or policy.domain in planned:
                    # A zone with which the test has nothing to do would be refused for it.
                    own = zone == policy.zone
                    at = zone if own else _first_at(provider, entry.depends_on, proposals) or zone
                    by_zone.setdefault(at, []).append(entry)
        found |= {(zone, provider): tuple(rows) for zone, rows in by_zone.items()}
    return found


def over_live(
    policies: Iterable[Policy], zones: Iterable[PlannedZone], live: LiveResolver
) -> Iterator[TrialEntry]:
    """Yield how tests end once the sets of `zones` are in DNS, which is `live` now."""
    zones = tuple(zones)
    changing = {zone.origin for zone in zones if zone.sets}
    after = WatchedResolver((), elsewhere=Overlay(live, zones))
    for policy in policies:
        yield from _trials(policy, live, after, live, changing)


def _trials(
    policy: Policy,
    before: Resolver,
    after: WatchedResolver,
    live: LiveResolver | None,
    changing: Container[DomainName],
) -> Iterator[TrialEntry]:
    """Yield how the tests of a policy end."""
    for test in tests_of([policy]):
        if isinstance(test.test, SenderTest) and policy.zone not in changing:
            continue  # it looks at its own zone, which stays as it is
        after.asked.clear()
        entry = _entry(policy, test, before, after, live)
        if entry is not None:
            yield replace(entry, depends_on=_in_charge(after.asked, changing))


def _in_charge(
    names: Iterable[DomainName], changing: Container[DomainName]
) -> tuple[DomainName, ...]:
    """Return which of the changing zones hold these names."""
    found = (next((at for at in upwards(name) if at in changing), None) for name in names)
    return tuple(sorted({origin for origin in found if origin is not None}))


def _first_at(provider: str, zones: Iterable[str], proposals: Container[Where]) -> str | None:
    return next((zone for zone in zones if (zone, provider) in proposals), None)


def _to_run(
    policies: Iterable[Policy],
    planned: Container[DomainName],
    proposals: Mapping[tuple[str, str], Proposal],
    provider: str,
) -> Iterator[tuple[Policy, str]]:
    """Yield the policies whose tests to run, and the zone at `provider` that shows the results."""
    held = {zone for zone, _ in proposals}
    changing = [where for where, proposal in proposals.items() if proposal.difference.changes]
    first = next((zone for zone, at in changing if at == provider), None)
    for policy in policies:
        if (policy.zone, provider) in proposals:
            if changing or policy.domain in planned:
                yield policy, policy.zone
        elif policy.zone not in held and policy.domain not in planned and first is not None:
            yield policy, first


def _entry(
    policy: Policy,
    test: PolicyTest,
    before: Resolver,
    after: Resolver,
    live: LiveResolver | None,
) -> TrialEntry | None:
    """Return how a test ends and, if it does not pass, how it ended before."""
    trials: list[Trial] = []
    for state in (after, before):
        if live is not None:
            live.next_message()
        trial = conduct(test, state)
        if trial is None:
            return None
        trials.append(trial)
        if trials[0].outcome is TestResult.PASSED:
            break
    entry = trial_entry(trials[0], trials[1].outcome if len(trials) > 1 else None)
    sender = test.test.use.key if isinstance(test.test, SenderTest) else None
    return replace(entry, place=policy.place(test.route).file_line, sender=sender)


def trial_entry(after: Trial, before: TestResult | None) -> TrialEntry:
    """Return how a test ends as a plan holds it."""
    verdict = after.verdict
    return TrialEntry(
        domain=after.domain,
        name=after.name,
        result=after.outcome.value,
        before=before.value if before is not None else None,
        problems=after.problems,
        spf=str(verdict.spf.result),
        dkim=str(verdict.dkim),
        dmarc=str(verdict.dmarc),
        disposition=str(verdict.disposition or "unknown"),
        why=verdict.why,
        warnings=verdict.warnings,
    )
