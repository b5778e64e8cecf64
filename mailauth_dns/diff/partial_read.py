"""Whether a provider listed all that it holds, judged by what the zone's own servers serve.

An incomplete listing looks like a zone in which our record is new. Writing the record would then
replace a set that the listing left out, and with it the values of others.
"""

from __future__ import annotations

from mailauth_dns.diff.change import Change, Difference
from mailauth_dns.evaluate.observation import Observation, Unknown
from mailauth_dns.evaluate.zone_answers import Authority
from mailauth_dns.records.ownership import ours
from mailauth_dns.records.zone import RRKey, RRset, Zone


def not_told(difference: Difference, before: Zone, observation: Observation) -> str | None:
    """Return why `before` is only a part of what the provider holds; None where nothing shows that.

    Only the sets that would be written are compared. One server that answers without the missing
    set confirms the provider: servers that lag behind a deletion, or that belong to another
    provider, differ among each other. A server that does not answer says nothing.
    """
    authority = Authority(before)
    for change in difference.changes:
        reason = _missed(change, authority, observation)
        if reason is not None:
            return (
                f"{reason}: its answer is only a part of the zone, "
                "or the servers still serve what was deleted; "
                "nothing is written in this zone: plan again when both say the same"
            )
    return None


def _missed(change: Change, authority: Authority, observation: Observation) -> str | None:
    name, type = change.key
    told = {rrset.type for rrset in authority.step(name, type).answer}
    for there in (type, "CNAME"):
        served = _served_by_all(observation, (name, there))
        # A set that all servers serve as declared has nothing to lose: another provider of the
        # zone already has it from us.
        if (
            served
            and there not in told
            and any((each.type, each.values) != (type, change.values_after) for each in served)
        ):
            return f"the provider lists no {there} at {name}, and the zone's servers serve one"
    foreign = [
        len(rrset.values - ours(rrset, change.family, change.sender_values))
        for rrset in _served_by_all(observation, change.key)
    ]
    if change.ttl_before is not None and foreign and min(foreign) > len(change.kept):
        # Counted and not compared: each provider spells values in its own way.
        return (
            f"at {name} the provider lists {len(change.kept)} {type} values of others, "
            f"and the zone's servers serve {min(foreign)}"
        )
    return None


def _served_by_all(observation: Observation, key: RRKey) -> list[RRset]:
    """Return the set of each server that answers; nothing where one of them has none."""
    answers = [
        answer
        for view in observation.servers
        if not isinstance(answer := view.sets.get(key), Unknown)
    ]
    sets = [answer for answer in answers if answer is not None]
    return sets if len(sets) == len(answers) else []
