"""How plan and apply make a plan of the policies as they are."""

from __future__ import annotations

from mailauth_dns.cli.session import Session
from mailauth_dns.compile.publication import selected
from mailauth_dns.deploy.plan import Plan, make_plan
from mailauth_dns.records.name import DomainName

NO_PROVIDER = (
    "no policy names a provider; write `providers: [ID]` into it for a providers/ID.yaml; "
    "`diff` shows what differs in DNS"
)


def planned(
    session: Session,
    named: tuple[DomainName, ...],
    *,
    live: bool,
    normalize: bool = False,
    show_kept: bool = False,
) -> Plan:
    """Return a plan for the named domains, or for all; a terminal shows the progress."""
    repo, publications = session.load()
    total = sum(len(publication.providers) for publication in selected(repo, publications, named))
    with session.progress(total, "planning") as step:
        return make_plan(
            repo,
            publications,
            domains=named,
            live=live,
            normalize=normalize,
            show_kept=show_kept,
            step=step,
        )
