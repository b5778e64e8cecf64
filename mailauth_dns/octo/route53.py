"""Route 53 by its API, through octodns-route53.

octodns-route53 keeps texts without their quotes, and so loses which ones were there. A set is
changed by DELETE and CREATE in one batch, which Route 53 does whole or not at all: if somebody
changed the set meanwhile, the DELETE does not match it, and nothing is done.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from itertools import groupby
from typing import Any

from botocore.exceptions import ClientError
from octodns_route53 import Route53Provider
from octodns_route53.provider import Route53ProviderException

from mailauth_dns.diff.change import Unwritable
from mailauth_dns.errors import ProviderError, SetMoved
from mailauth_dns.octo.listed_provider import ListedProvider
from mailauth_dns.octo.listed_zone import Edit, Item, ListedSet, Listing
from mailauth_dns.octo.provider_zone import octets, owner
from mailauth_dns.records.name import DomainName
from mailauth_dns.records.zone import RRKey, quoted

_ESCAPE = re.compile(r"\\(?:([0-3][0-7]{2})|(.))", re.DOTALL)
# What Route 53 says where a set is not as the batch has it, or is there already.
_MOVED = re.compile("but it was not found|do not match the current values|but it already exists")
_DECIMAL = re.compile(r"\\(?:([0-9]{3})|(.))", re.DOTALL)


class Route53(ListedProvider, Route53Provider):  # type: ignore[misc] # octoDNS has no types
    """octodns-route53's provider, with our own reading and writing of sets."""

    is_conditional = True

    def listing(self, origin: DomainName) -> Listing | None:
        """Return all sets that the API lists, page by page."""
        try:
            zone = self._get_zone_id(f"{origin}.")
        except Route53ProviderException as error:
            raise ProviderError(
                f"{error} Write `private: true` or `private: false` in the stanza to say which "
                "ones you mean"
            ) from None
        if zone is None:
            return None
        self._r53_rrsets.pop(zone, None)  # octodns-route53 remembers what it read
        entries = sorted(self._load_records(zone), key=_key)
        sets = dict(_listed(key, list(group)) for key, group in groupby(entries, _key))
        locked = {key: reason for key, each in sets.items() if (reason := _locked(each.entry))}
        return Listing(origin, sets, Unwritable(locked), zone).checked("SOA", "NS")

    def ttls(self, origin: DomainName) -> range:
        """Return the TTLs that the API takes."""
        return range(2**31)

    def write(self, listing: Listing, edits: list[Edit]) -> None:
        """Send our sets in one batch; values that are there go back as they were listed."""
        batch = {"Changes": [change for edit in edits for change in _changes(edit)]}
        try:
            self._conn.change_resource_record_sets(HostedZoneId=listing.entry, ChangeBatch=batch)
        except ClientError as error:
            if _MOVED.search(str(error)):
                raise SetMoved(
                    f"{listing.origin}: changed at the provider since it was read; plan again"
                ) from None
            raise

    def _get_zone_id(self, name: str, create: bool = False) -> Any:
        """Ask for this zone alone; octodns-route53 would list all zones of the account."""
        return self.known(owner(name)) or self._get_zone_id_by_name(name)


def _key(entry: Any) -> RRKey:
    name = _ESCAPE.sub(lambda found: chr(int(found[1], 8)) if found[1] else found[0], entry["Name"])
    return owner(name), entry["Type"]


def _listed(key: RRKey, entries: list[Any]) -> tuple[RRKey, ListedSet]:
    """Return one set; a routing policy has several entries, of which one is told to each client."""
    items = tuple(
        Item(_value(key[1], record["Value"]), record["Value"])
        for entry in entries
        for record in entry.get("ResourceRecords", ())
    )
    items += tuple(
        Item(f"ALIAS {entry['AliasTarget']['DNSName']}", entry)
        for entry in entries
        if "AliasTarget" in entry
    )
    return key, ListedSet(key, entries[0].get("TTL", 0), items, entries)


def _value(type: str, text: str) -> str:
    if type != "TXT":
        return text
    # Route 53 writes octets as three octal digits, master files as three decimal ones.
    return octets(_ESCAPE.sub(lambda found: _escaped(found, 8, "03d"), text))


def _escaped(found: re.Match[str], base: int, form: str) -> str:
    return f"\\{int(found[1], base):{form}}" if found[1] else found[0]


def _locked(entries: list[Any]) -> str | None:
    """Return why a set must not be written, or None."""
    if any("SetIdentifier" in entry for entry in entries):
        return (
            "Route 53 answers this set by a routing policy, with other values for other clients; "
            "make it a simple set there first"
        )
    if any("AliasTarget" in entry for entry in entries):
        return "it is an alias of Route 53's own kind; make it a plain set there first"
    return None


def _changes(edit: Edit) -> Iterator[dict[str, Any]]:
    if edit.there is not None:
        [listed] = edit.there.entry
        yield {"Action": "DELETE", "ResourceRecordSet": listed}
    if edit.wanted is None:
        return
    new = edit.new
    if edit.key[1] == "TXT":
        new = tuple(
            _DECIMAL.sub(lambda found: _escaped(found, 10, "03o"), quoted(value)) for value in new
        )
    values = [*(item.entry for item in edit.kept), *new]
    yield {
        "Action": "CREATE",
        "ResourceRecordSet": {
            "Name": f"{edit.key[0]}.",
            "Type": edit.key[1],
            "TTL": edit.wanted.ttl,
            "ResourceRecords": [{"Value": value} for value in values],
        },
    }
