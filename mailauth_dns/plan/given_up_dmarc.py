"""What a domain gets that gives up its DMARC record, as the policies of the repo tell it.

A zone shows nothing of the names above it, and the record of one of these applies then.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace

from mailauth_dns.compile.declarations import dmarc_section
from mailauth_dns.diff.change import Asked, Change
from mailauth_dns.diff.dmarc_tightening import applies, tightens
from mailauth_dns.evaluate.dmarc import inherited
from mailauth_dns.evaluate.dmarc_walk import DmarcAlone, walk
from mailauth_dns.policy.absent import ABSENT
from mailauth_dns.policy.repo import Policy
from mailauth_dns.records.family import Family
from mailauth_dns.records.name import DomainName, upwards

_STRICTEST = frozenset({"v=DMARC1; p=reject; adkim=s; aspf=s"})


def as_declared_above(
    change: Change, asked: Asked, policies: Mapping[DomainName, Policy]
) -> tuple[Asked, str]:
    """Return what a change asks for, with what is declared above its zone, and a note of that.

    Of several records above the zone, receivers take one as they walk up (RFC 9989 §4.10). Where no
    policy tells what is there, the strictest record may be. The note is "" where nothing above the
    zone counts.
    """
    policy = policies[change.domain]
    if change.family is not Family.DMARC or change.after or not applies(change.before):
        return asked, ""
    above = [name for name in upwards(policy.zone) if name != policy.zone and "." in name]
    texts = {
        name: section.text
        for name in above
        if name in policies and (section := dmarc_section(policies[name])) is not None
    }
    if texts:
        source, received = inherited(walk(policy.domain, DmarcAlone(texts)))
        record = received.applied if received is not None else None
        if record is None:
            return asked, ""
        # The domain exists, so its mail gets what subdomains get.
        own = replace(record, p=record.effective_sp, sp=record.effective_sp)
        found, note = frozenset({str(own)}), f"the record declared for {source} applies then"
    elif asked.after or all(_has_none(policies.get(name)) for name in above):
        return asked, ""
    else:
        found = _STRICTEST
        note = f"no policy tells what applies above {policy.zone}, so it may be the strictest"
    # A record in the zone may end the walk, so the stricter of the two counts.
    if asked.after and not tightens(asked.after, found):
        return asked, ""
    return replace(asked, after=found), note


def _has_none(policy: Policy | None) -> bool:
    return policy is not None and policy.body.dmarc is ABSENT
