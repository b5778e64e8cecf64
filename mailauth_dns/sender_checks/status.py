"""Ask DNS how the senders of policies stand: their records, their tests, what is delegated."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence

from mailauth_dns.compile.publication import Publication
from mailauth_dns.deploy.verify import watch
from mailauth_dns.evaluate.observation import Observation, Unknown
from mailauth_dns.plan.plan import LiveEntry
from mailauth_dns.policy.repo import Policy, Repo
from mailauth_dns.records.name import DomainName, below
from mailauth_dns.records.zone import RRKey
from mailauth_dns.sender_checks.standing import Delegation, Standing
from mailauth_dns.senders.entry import ReturnPathClass
from mailauth_dns.senders.use import Use
from mailauth_dns.simulate.dns_views import as_it_is
from mailauth_dns.simulate.run_mail_tests import PolicyTest, Trial, conduct
from mailauth_dns.simulate.sender_tests import sender_tests

Rows = Mapping[RRKey, LiveEntry]


def declared(policies: Iterable[Policy]) -> tuple[Standing, ...]:
    """Return how the senders of policies stand by the files alone."""
    return tuple(
        Standing(policy, use, _missing(policy, use), delegation=_delegated(use))
        for policy in policies
        for use in policy.senders
    )


def look(
    policies: Sequence[Policy], repo: Repo, publications: Iterable[Publication]
) -> tuple[Standing, ...]:
    """Return how the senders of policies stand in DNS too; `repo` says which servers to ask."""
    sending = [policy for policy in policies if policy.senders]
    if not sending:
        return ()
    domains = frozenset(policy.domain for policy in sending)
    asked = [each.only(domains) for each in publications if domains & set(each.domains)]
    rows = {
        (DomainName(row.name), row.type): row
        for of_zone in watch(asked, 0).values()
        for row in of_zone
    }
    seen = _observed(sending)
    tests = _tested(sending, repo)
    return tuple(
        Standing(
            policy,
            use,
            _missing(policy, use),
            asked=True,
            tests=tuple(tests.get((policy.domain, use.key), ())),
            off=tuple(_off(policy, use, rows)),
            delegation=_delegated(use, seen.get(policy.zone)),
        )
        for policy in sending
        for use in policy.senders
    )


def _missing(policy: Policy, use: Use) -> tuple[tuple[str, str], ...]:
    """Return the optional answers that the policy does not give, each with where it is found."""
    said = policy.body.senders[use.key].said(use.key).answers
    asks = use.entry.asks if use.entry is not None else {}
    return tuple(
        (key, ask.find.strip())
        for key, ask in asks.items()
        if ask.optional and ask.default is None and key not in said
    )


# Records


def _off(policy: Policy, use: Use, rows: Rows) -> Iterator[LiveEntry]:
    """Yield the sender's records that DNS does not have as the policy says."""
    names = {below(f"{each.selector}._domainkey", policy.domain) for each in use.selectors}
    if use.path is not None:
        names.add(use.path.name)
    for (name, _), row in rows.items():
        if name in names and row.state != "as policy":
            yield row
    record = rows.get((policy.domain, "TXT"))
    if use.terms and record is not None and _is_off(record, use):
        yield record


def _is_off(record: LiveEntry, use: Use) -> bool:
    """Tell whether the domain's SPF record differs in what is the sender's."""
    if record.live is None:
        return record.state != "as policy"
    there, wanted = _terms(record.live), _terms(record.policy)
    return any((term in there) is not (term in wanted) for term in map(str.lower, use.terms))


def _terms(values: Iterable[str]) -> frozenset[str]:
    return frozenset(term.lower().lstrip("+") for value in values for term in value.split())


# Tests


def _tested(policies: Iterable[Policy], repo: Repo) -> dict[tuple[DomainName, str], list[Trial]]:
    """Run the tests that senders bring along, on DNS as it is."""
    live = as_it_is(repo.policies)
    found: dict[tuple[DomainName, str], list[Trial]] = {}
    for policy in policies:
        for test in sender_tests(policy):
            live.next_message()
            each = PolicyTest(policy.domain, test, ("senders", test.use.key))
            if (trial := conduct(each, live)) is not None:
                found.setdefault((policy.domain, test.use.key), []).append(trial)
    return found


# Delegations


def _is_delegated(use: Use) -> bool:
    return use.return_path is ReturnPathClass.SUBDOMAIN_NS and not use.life.gone


def _observed(policies: Iterable[Policy]) -> Mapping[DomainName, Observation]:
    """Ask the servers of the zones to whom they delegate the names of senders."""
    # This takes time to load, and only live DNS needs it.
    from mailauth_dns.live.observe import Wanted, observe

    names: dict[DomainName, set[RRKey]] = {}
    servers: dict[DomainName, tuple[str, ...]] = {}
    for policy in policies:
        for use in policy.senders:
            if _is_delegated(use) and use.path is not None:
                names.setdefault(policy.zone, set()).add((use.path.name, "NS"))
                servers[policy.zone] = policy.body.nameservers
    return observe([Wanted(zone, frozenset(keys), servers[zone]) for zone, keys in names.items()])


def _delegated(use: Use, observation: Observation | None = None) -> Delegation | None:
    if not _is_delegated(use) or use.path is None:
        return None
    wanted = frozenset(use.path.name_servers)
    if observation is None:
        return Delegation(use.path.name, wanted, None, "DNS was not asked")
    said = observation.agreed((use.path.name, "NS"))
    if isinstance(said, Unknown):
        return Delegation(use.path.name, wanted, None, said.reason)
    live = frozenset(value.rstrip(".") for value in said.values) if said is not None else ()
    return Delegation(use.path.name, wanted, frozenset(live))
