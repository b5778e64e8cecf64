"""What stands in the way of a change; no option overrides it."""

from __future__ import annotations

from mailauth_dns.compile.publication import Declared, Publication
from mailauth_dns.diff.change import Unwritable
from mailauth_dns.diff.our_values import decisive, is_part_of_spf
from mailauth_dns.records.family import Family
from mailauth_dns.records.name import DomainName, ancestors
from mailauth_dns.records.ownership import ours
from mailauth_dns.records.spf_parts import referred
from mailauth_dns.records.zone import RRKey, Zone


class Obstacles:
    """What stands in the way in one zone, looked up by name."""

    def __init__(self, before: Zone, publication: Publication, unwritable: Unwritable) -> None:
        self._before = before
        self._origin = publication.origin
        self._unwritable = unwritable
        self._going = {
            entry.key
            for entry in publication.declared
            if not entry.values and self._goes_whole(entry)
        }
        self._types: dict[DomainName, set[str]] = {}
        for rrset in before.rrsets:
            self._types.setdefault(rrset.name, set()).add(rrset.type)
        self._receiving = {
            entry.domain
            for entry in publication.declared
            if entry.family is Family.NULL_MX and entry.values and self._has_mx(entry.key)
        }

    def reason(self, entry: Declared, *, changes: bool) -> str | None:
        """Return why a declaration cannot be carried out; None where it can.

        `changes` tells whether the set would be written.
        """
        if changes and (reason := self._unwritable.reason(entry.key)) is not None:
            return reason
        if not entry.values:
            # Deleting our own values harms nothing else, wherever they stand.
            return self._still_included(entry) if changes else None
        # A record that no server would answer with is not published, even if nothing has to change.
        return (
            self._hidden(entry.key)
            or self._in_use(entry, changes)
            or self._shared(entry)
            or self._alias(entry, changes)
        )

    def _goes_whole(self, entry: Declared) -> bool:
        """Tell whether nothing is left of a set that is declared absent."""
        there = self._before.get(entry.key)
        return there is None or there.values == ours(there, entry.family, entry.sender_values)

    def _shared(self, entry: Declared) -> str | None:
        """Return why a sender's return path cannot have what others have there.

        This holds even where nothing has to change: bounces go to either of two hosts, and senders
        refuse a domain whose return path leads elsewhere too.
        """
        there = self._before.get(entry.key)
        if entry.sender is None or there is None:
            return None
        name, type = entry.key
        others = sorted(decisive(there, entry) - ours(there, entry.family, entry.sender_values))
        if not others:
            return None
        sender, instead = entry.sender.name, _another_path(entry)
        if type == "TXT":
            return (
                f"{name} has an SPF record that is not {sender}'s alone ({', '.join(others)}): "
                f"what it says would be lost, and two of them are an error (RFC 7208 §4.5); "
                f"{instead}"
            )
        if type == "CNAME":
            return (
                f"{name} is an alias (CNAME to {others[0]}) that does not lead to {sender}: "
                f"a name has one alias only (RFC 1034 §3.6.2); {instead}"
            )
        return (
            f"{name} has an MX that is not {sender}'s ({', '.join(others)}): bounces would go "
            f"there too, and senders want their return path for themselves; {instead}"
        )

    def _still_included(self, entry: Declared) -> str | None:
        """Return why a part of an SPF record stays: the record at the provider includes it."""
        there = self._before.get((entry.domain, "TXT"))
        if (
            not is_part_of_spf(entry)
            or there is None
            or entry.key[0] not in referred(ours(there, Family.SPF))
        ):
            return None
        return (
            f"the SPF record of {entry.domain} at this provider still includes it; "
            "it goes in a later plan than that record changes"
        )

    def _hidden(self, key: RRKey) -> str | None:
        """Return why servers would not answer with a record at `key`.

        It lies under a delegation, under a DNAME, or under an alias that is foreign.
        """
        name = key[0]
        above = ancestors(name, self._origin)
        for cut in above if name == self._origin else (name, *above):
            if "NS" in self._types.get(cut, ()):
                return (
                    f"{cut} is delegated to other servers (NS): a record here would never be "
                    f"served; publish it in the zone {cut}"
                )
        for upper in (*above, self._origin):
            if upper != name and "DNAME" in self._types.get(upper, ()):
                return (
                    f"{upper} has a DNAME: names below it are answered from its target, "
                    "a record here would never be served"
                )
        for upper in above:
            if "CNAME" in self._types.get(upper, ()):
                return (
                    f"{upper} is an alias (CNAME) that this policy does not declare; "
                    "nothing is published below it"
                )
        return None

    def _in_use(self, entry: Declared, changes: bool) -> str | None:
        """Return why a domain that receives mail cannot be parked."""
        if entry.domain not in self._receiving:
            return None
        if entry.family is Family.NULL_MX:  # even where both are there already
            return (
                "the domain has an MX, so it receives mail: a null MX beside it is an error "
                "(RFC 7505 §3); take the MX away first"
            )
        if not changes:
            return None
        return (
            "the domain has an MX, so it is in use and not parked; "
            "take the MX away first, or `parked` out of the policy"
        )

    def _has_mx(self, key: RRKey) -> bool:
        there = self._before.get(key)
        return there is not None and bool(there.values - ours(there, Family.NULL_MX))

    def _alias(self, entry: Declared, changes: bool) -> str | None:
        """Return why an alias and data cannot share the name (RFC 1034 §3.6.2)."""
        if not changes:
            return None
        name, type = entry.key
        here = {
            other
            for other in self._types.get(name, ())
            if (name, other) not in self._going and other != type
        }
        if type == "CNAME" and here - {"RRSIG", "NSEC"}:
            return (
                f"{name} holds other data ({', '.join(sorted(here))}): "
                "a name with an alias (CNAME) can hold nothing else (RFC 1034 §3.6.2)"
                + (f"; {_another_path(entry)}" if entry.sender is not None else "")
            )
        if type != "CNAME" and "CNAME" in here:
            there = self._before.get((name, "CNAME"))
            target = next(iter(there.values), "") if there is not None else ""
            return f"{name} is an alias (CNAME to {target}) that this policy does not declare; " + (
                "take it away, or leave the record to its target"
                if entry.sender is None
                else _another_path(entry)
            )
        return None


def _another_path(entry: Declared) -> str:
    """Return what to do where others have what a sender's return path needs."""
    assert entry.sender is not None
    return f"take it away, or give {entry.sender.name} another return path in the policy"
