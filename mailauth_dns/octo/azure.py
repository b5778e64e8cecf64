"""Azure DNS by its API, through octodns-azure.

octodns-azure loses the quotes around a text, and the metadata of a set that it writes. Each set has
an ETag: what somebody changed since it was listed is not written over. Sets are written one by one.
"""

from __future__ import annotations

import json
from typing import Any

from azure.core.exceptions import HttpResponseError, ResourceNotFoundError
from azure.mgmt.dns.models import CnameRecord, MxRecord, RecordSet, TxtRecord
from octodns_azure import AzureProvider

from mailauth_dns.diff.change import Unwritable
from mailauth_dns.errors import SetMoved
from mailauth_dns.octo.listed_provider import ListedProvider
from mailauth_dns.octo.listed_zone import Edit, Item, ListedSet, Listing
from mailauth_dns.records.name import DomainName
from mailauth_dns.records.zone import RRKey

# Seconds; the client library would wait five minutes for one answer, several times.
PATIENCE = {"connection_timeout": 30.0, "read_timeout": 30.0}

# The set is not as its ETag says, or is there already: the client has no error for the first.
_MOVED = frozenset({409, 412})
_STRING = 255  # octets of one string of a TXT value (RFC 1035 §3.3)


class Azure(ListedProvider, AzureProvider):  # type: ignore[misc] # octoDNS has no types
    """octodns-azure's provider, with our own reading and writing of sets."""

    is_conditional = True

    def listing(self, origin: DomainName) -> Listing | None:
        """Return all sets that the API lists, page by page."""
        try:
            entries = list(
                self.dns_client.record_sets.list_by_dns_zone(
                    self._resource_group, origin, self._dns_client_top, **PATIENCE
                )
            )
        except ResourceNotFoundError:
            return None
        sets = dict(_listed(origin, entry) for entry in entries)
        locked = {
            key: "it is an alias of Azure's own kind (a target resource); "
            "make it a plain set there first"
            for key, each in sets.items()
            if each.entry.target_resource is not None and each.entry.target_resource.id
        }
        return Listing(origin, sets, Unwritable(locked)).checked("SOA", "NS")

    def ttls(self, origin: DomainName) -> range:
        """Return the TTLs that the API takes."""
        return range(1, 2**31)

    def write(self, listing: Listing, edits: list[Edit]) -> None:
        """Send our sets one by one, deletions first: an alias must go before a text can come."""
        for edit in sorted(edits, key=lambda edit: edit.wanted is not None):
            try:
                self._write(listing.origin, edit)
            except HttpResponseError as error:
                if error.status_code not in _MOVED:
                    raise
                raise SetMoved(
                    f"{edit.key[0]} {edit.key[1]}: changed at the provider since it was read; "
                    "plan again"
                ) from None

    def _write(self, origin: DomainName, edit: Edit) -> None:
        name, type = edit.key
        relative = "@" if name == origin else name.removesuffix(f".{origin}")
        sets, there = self.dns_client.record_sets, edit.there
        if edit.wanted is None:
            assert there is not None
            sets.delete(
                self._resource_group, origin, relative, type, if_match=there.entry.etag, **PATIENCE
            )
            return
        unmoved = {"if_match": there.entry.etag} if there is not None else {"if_none_match": "*"}
        sets.create_or_update(
            self._resource_group, origin, relative, type, _set(edit), **unmoved, **PATIENCE
        )


def _listed(origin: DomainName, entry: Any) -> tuple[RRKey, ListedSet]:
    name = origin if entry.name == "@" else DomainName(f"{entry.name.lower()}.{origin}")
    key = (name, entry.type.rpartition("/")[2])
    return key, ListedSet(key, entry.ttl or 0, tuple(_items(key[1], entry)), entry)


def _items(type: str, entry: Any) -> list[Item]:
    match type:
        case "TXT":
            # As JSON has it: characters, which Azure takes for octets of UTF-8.
            return [
                Item("".join(each.value).encode().decode("latin-1"), each)
                for each in entry.txt_records or ()
            ]
        case "CNAME":
            record = entry.cname_record
            return [Item(_dotted(record.cname), record)] if record is not None else []
        case "SOA":
            record = entry.soa_record
            return [Item(_soa(record), record)] if record is not None else []
        case "MX":
            return [
                Item(f"{each.preference} {_dotted(each.exchange)}", each)
                for each in entry.mx_records or ()
            ]
        case "NS":
            return [Item(_dotted(each.nsdname), each) for each in entry.ns_records or ()]
        case "A":
            return [Item(each.ipv4_address, each) for each in entry.a_records or ()]
        case "AAAA":
            return [Item(each.ipv6_address, each) for each in entry.aaaa_records or ()]
    return [Item(json.dumps(entry.as_dict(), sort_keys=True, default=str), entry)]


def _soa(record: Any) -> str:
    """Return the SOA as a master file has it: its last number is how long an absence is kept."""
    names = f"{_dotted(record.host)} {_dotted(record.email)}"
    times = f"{record.refresh_time} {record.retry_time} {record.expire_time}"
    return f"{names} {record.serial_number} {times} {record.minimum_ttl}"


def _dotted(host: str) -> str:
    return f"{host.rstrip('.')}."


def _set(edit: Edit) -> RecordSet:
    """Return the whole set as the API takes it; values that are there go back as they came."""
    assert edit.wanted is not None
    kept = [item.entry for item in edit.kept]
    metadata = edit.there.entry.metadata if edit.there is not None else None
    made = RecordSet(ttl=edit.wanted.ttl, metadata=metadata)
    match edit.key[1]:
        case "TXT":
            made.txt_records = [*kept, *map(_txt, edit.new)]
        case "CNAME":
            [target] = edit.wanted.values
            made.cname_record = CnameRecord(cname=target)
        case "MX":
            new = (value.split() for value in edit.new)
            made.mx_records = [
                *kept,
                *(MxRecord(preference=int(each[0]), exchange=each[1]) for each in new),
            ]
    return made


def _txt(value: str) -> TxtRecord:
    strings = [value[start : start + _STRING] for start in range(0, len(value), _STRING)]
    return TxtRecord(value=[each.encode("latin-1").decode() for each in strings])
