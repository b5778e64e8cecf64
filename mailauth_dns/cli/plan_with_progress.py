"""How plan and apply make a plan of the policies as they are."""

from __future__ import annotations

from mailauth_dns.cli.session import Session
from mailauth_dns.compile.publication import Publication
from mailauth_dns.deploy.make_plan import make_plan
from mailauth_dns.deploy.plan_batch import Noted
from mailauth_dns.deploy.plan_request import PlanRequest
from mailauth_dns.deploy.provider_pool import ProviderPool
from mailauth_dns.plan.plan import Plan
from mailauth_dns.policy.repo import Repo

NO_PROVIDER = (
    "no policy names a provider; write `providers: [ID]` into it for a providers/ID.yaml; "
    "`diff` shows what differs in DNS"
)


def planned(
    session: Session,
    repo: Repo,
    pool: ProviderPool,
    publications: tuple[Publication, ...],
    request: PlanRequest,
    noted: Noted = lambda _zone, _proposal: None,
) -> Plan:
    """Return the plan that is requested; a terminal shows the progress.

    `noted` is told each entry with what the provider said.
    """
    chosen = request.chosen(repo, publications)
    total = sum(len(request.providers_of(publication)) for publication in chosen)
    if request.shard is not None:
        total //= request.shard.of  # about so many; what it is tied to is looked at too
    with session.progress(total, "planning") as progress:
        return make_plan(repo, pool, publications, request, progress, noted)
