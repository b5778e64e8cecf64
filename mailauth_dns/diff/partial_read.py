"""Whether a provider told all that it holds, by what the zone's own servers serve.

A listing that ends early, or that something in between has cut, looks like a zone in which our record is new: writing it would replace a
set that was not told, with values of others in it.
"""

from __future__ import annotations

from mailauth_dns.diff.change import Change, Difference
from mailauth_dns.diff.ownership import ours
from mailauth_dns.evaluate.observation import Observation, Unknown
from mailauth_dns.evaluate.zone_answers import Authority
from mailauth_dns.records.zone import RRKey, RRset, Zone


def not_told(difference: Difference, before: Zone, observation: Observation) -> str | None:
    """Return why `before` is only a part of what the provider holds, or None; only the sets that would be written are looked at.

    One server that answers without what was not told speaks for the provider: where servers lag behind a deletion, or belong to another
    provider of the zone, they differ. A server that does not answer says nothing.
    """
    authority = Authority(before)
    for change in difference.changes:
        reason = _missed(change, authority, observation)
        if reason is not None:
            return (
                f"{reason}: its answer is only a part of the zone, or the servers have not come to a deletion yet; "
                "nothing is written in this zone: plan again when both say the same"
            )
    return None


def _missed(change: Change, authority: Authority, observation: Observation) -> str | None:
    name, type = change.key
    told = {rrset.type for rrset in authority.step(name, type).answer}
    for there in (type, "CNAME"):
        served = _served_by_all(observation, (name, there))
        # A set that all serve just as it shall be has nothing to lose: another provider of the zone had it from us already.
        if (
            served
            and there not in told
            and any((each.type, each.values) != (type, change.values_after) for each in served)
        ):
            return f"the provider tells of no {there} at {name}, and the zone's servers serve one"
    foreign = [
        len(rrset.values - ours(rrset, change.family))
        for rrset in _served_by_all(observation, change.key)
    ]
    if change.ttl_before is not None and foreign and min(foreign) > len(change.kept):
        # Counted and not compared: how a provider spells a value is its own.
        return f"at {name} the provider tells of {len(change.kept)} {type} values of others, and the zone's servers serve {min(foreign)}"
    return None


def _served_by_all(observation: Observation, key: RRKey) -> list[RRset]:
    """Return each answering server's set; nothing where one of them has none."""
    answers = [
        answer
        for view in observation.servers
        if not isinstance(answer := view.sets.get(key), Unknown)
    ]
    sets = [answer for answer in answers if answer is not None]
    return sets if len(sets) == len(answers) else []
