"""What one provider of a zone must not get while another provider lacks something.

Receivers ask the servers of both.
"""

from __future__ import annotations

from collections.abc import Mapping

from mailauth_dns.compile.publication import Publication
from mailauth_dns.diff.change import Hold
from mailauth_dns.diff.dmarc_tightening import follows_spf
from mailauth_dns.errors import ProviderError
from mailauth_dns.octo.target import Proposal
from mailauth_dns.records.family import Family
from mailauth_dns.records.name import DomainName
from mailauth_dns.records.zone import RRKey

# By zone and provider: what would change there, or why that is unknown.
Answers = Mapping[tuple[str, str], Proposal | ProviderError]


def behind_others(
    answers: Answers, publications: Mapping[tuple[str, str], Publication]
) -> Mapping[tuple[str, str], Mapping[RRKey, Hold]]:
    """Return, by zone and provider, the changes that wait for the same zone at another provider.

    A DMARC policy is not tightened at one provider while the SPF record, or a sender's return path,
    that lets the domain's own mail pass is blocked at another.
    """
    found: dict[tuple[str, str], dict[RRKey, Hold]] = {}
    for key, proposal in answers.items():
        if isinstance(proposal, ProviderError):
            continue
        others = {
            provider: answers.get((key[0], provider)) for provider in publications[key].providers
        }
        for change in proposal.difference.changes if len(others) > 1 else ():
            awaited = _awaited(publications[key], change.domain)
            if awaited is None or not follows_spf(change):
                continue
            for provider, other in others.items():
                hold = _hold(awaited, change.domain, provider, other)
                if provider != key[1] and hold is not None:
                    found.setdefault(key, {})[change.key] = hold
    return found


def _awaited(publication: Publication, domain: DomainName) -> str | None:
    """Return in words what lets the domain's own mail pass by SPF; None where nothing does."""
    own = [entry for entry in publication.declared if entry.domain == domain]
    if any(entry.family is Family.SPF and not entry.is_return_path for entry in own):
        return f"the SPF record of {domain}"
    if any(entry.family is Family.RETURN_PATH for entry in own):
        return f"the return paths of {domain}"
    return None


def _hold(
    awaited: str, domain: DomainName, provider: str, other: Proposal | ProviderError | None
) -> Hold | None:
    if other is None:
        return Hold(
            f"waits for {awaited} at {provider}, which was not asked; "
            f"plan without --provider, or with {provider} too",
            waits=True,
        )
    if isinstance(other, ProviderError):
        return Hold(
            f"waits for {awaited} at {provider}, which could not be read",
            waits=False,
        )
    of_domain = [
        entry
        for entry in other.difference.blocked
        if entry.domain == domain and entry.family in (Family.SPF, Family.RETURN_PATH)
    ]
    if not of_domain:
        return None
    # Name what is blocked for good before what only waits.
    blocked = min(of_domain, key=lambda entry: entry.waits)
    state = "waits itself" if blocked.waits else "is blocked"
    return Hold(
        f"waits for the {blocked.key[1]} at {blocked.key[0]} at {provider}, which {state}",
        blocked.waits,
    )
