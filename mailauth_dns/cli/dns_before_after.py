"""The DNS that messages are judged by: as it is, and as a plan or the policies would make it."""

from __future__ import annotations

from pathlib import Path

from mailauth_dns.cli.session import Session
from mailauth_dns.compile.publication import Publication
from mailauth_dns.evaluate.resolver import Resolver
from mailauth_dns.plan import plan_file, plan_shard
from mailauth_dns.policy.repo import Policy
from mailauth_dns.policy.repo_layout import POLICY_DIR
from mailauth_dns.simulate.dns_asked import asked
from mailauth_dns.simulate.dns_views import as_it_is, as_planned, as_published

BEFORE, AFTER = "as it is", "as it would be"

TitledResolver = tuple[str, Resolver]


def resolvers(
    session: Session, plan: Path | None, *, told: bool = False
) -> tuple[TitledResolver, tuple[TitledResolver, ...]]:
    """Return DNS as it is, and as `plan` would make it; `told`: say which servers are asked.

    Without a plan, the policies say what DNS would be. Without policies there is only one DNS.
    """
    policies: tuple[Policy, ...] = ()
    publications: tuple[Publication, ...] = ()
    if (session.root / POLICY_DIR).is_dir():  # a machine that only receives has no repo
        repo, publications = session.load()
        policies = repo.policies
    live = as_it_is(policies)
    if told:
        session.say(asked(live))
    if plan is not None:
        file = plan_file.read(session.path(plan))
        plan_shard.refuse_shard(plan, file)
        return (BEFORE, live), ((AFTER, as_planned(file, live)),)
    published = ((AFTER, as_published(publications, live)),) if publications else ()
    return (BEFORE, live), published
