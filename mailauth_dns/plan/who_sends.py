"""Whether a policy says that somebody sends mail for its domain, and whose mail a record is for."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Set

from mailauth_dns.diff.mail_use import lets_send
from mailauth_dns.policy.repo import Policy
from mailauth_dns.policy.sections.dkim import KeyState
from mailauth_dns.policy.sections.dmarc import DmarcSection
from mailauth_dns.policy.sections.spf import SpfSection
from mailauth_dns.records import dkim
from mailauth_dns.records.name import DomainName, upwards
from mailauth_dns.senders.use import Use

Below = Mapping[DomainName, tuple[Policy, ...]]
_GONE = (KeyState.REVOKED, KeyState.ABSENT)


def says_who_sends(policy: Policy) -> bool | None:
    """Tell whether a policy says that somebody sends (True) or that nobody does (False).

    None where it says neither: then only the zone can show it. An SPF record that lets nobody pass
    says neither, since mail may pass by keys that no policy declares.
    """
    body = policy.body
    if body.parked:
        return False
    keys = body.dkim.selectors.values() if body.dkim is not None else ()
    if any(not use.life.gone for use in policy.senders) or any(
        key.state not in _GONE for key in keys
    ):
        return True
    lets = isinstance(body.spf, SpfSection) and lets_send([body.spf.text])
    return True if lets else None


def below(policies: Iterable[Policy]) -> Below:
    """Return by domain the policies for names below it that follow its DMARC record."""
    found: dict[DomainName, list[Policy]] = {}
    for policy in policies:
        if not isinstance(policy.body.dmarc, DmarcSection) and says_who_sends(policy):
            for domain in upwards(policy.domain):
                if domain != policy.domain:
                    found.setdefault(domain, []).append(policy)
    return {domain: tuple(several) for domain, several in found.items()}


def is_of(
    use: Use, domain: DomainName, key: tuple[str, str], before: Set[str], after: Set[str]
) -> bool:
    """Tell whether a change of a set adds or takes away something that is a sender's."""
    names = {dkim.owner_name(each.selector, domain) for each in use.selectors}
    if use.path is not None:
        names.add(use.path.name)
    if key[0] in names:
        return True
    spf = use.entry.spf if use.entry is not None else None
    named = {*use.terms, *(f"include:{each}" for each in (spf.includes if spf else ()))}
    was, now = ({*" ".join(each).lower().split()} for each in (before, after))
    return key == (domain, "TXT") and bool(named & (was ^ now))
