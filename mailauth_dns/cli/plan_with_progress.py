"""How plan and apply make a plan of the policies as they are."""

from __future__ import annotations

from mailauth_dns.cli.session import Session
from mailauth_dns.compile.publication import Publication
from mailauth_dns.deploy.make_plan import make_plan
from mailauth_dns.deploy.plan_in_parts import InParts
from mailauth_dns.deploy.plan_request import PlanRequest
from mailauth_dns.deploy.provider_pool import ProviderPool
from mailauth_dns.deploy.quiet_notes import QuietNotes
from mailauth_dns.plan.plan import Plan
from mailauth_dns.policy.repo import Repo
from mailauth_dns.spread.spread import Spread

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
    quiet: QuietNotes | None = None,
    spread: Spread | None = None,
) -> Plan:
    """Return the plan that is requested; a terminal shows the progress.

    `quiet` notes what has nothing to do. With `spread`, other processes plan too.
    """
    chosen = request.chosen(repo, publications)
    total = sum(len(request.providers_of(publication)) for publication in chosen)
    if request.shard is not None:
        total //= request.shard.of  # about so many; what it is tied to is looked at too
    with session.progress(total, "planning") as progress:
        in_parts = InParts(spread, quiet) if spread is not None else None
        if quiet is None:
            return make_plan(repo, pool, publications, request, progress, in_parts=in_parts)
        asked = repo, pool, publications, request, progress
        return make_plan(*asked, quiet.note, in_parts, quiet.begin)
