"""Google Cloud DNS by its API, through octodns-googlecloud.

Its class logs in. The API is asked for its own JSON, since the client library gives up on a set
with a routing policy. A change names the sets that it deletes as they were listed, and is done
whole or not at all: if somebody changed one meanwhile, nothing is done.
"""

from __future__ import annotations

import time
from collections.abc import Iterator
from typing import Any

from google.api_core.exceptions import Conflict, NotFound, PreconditionFailed
from octodns_googlecloud import GoogleCloudProvider

from mailauth_dns.diff.change import Unwritable
from mailauth_dns.errors import ProviderError, ProviderSilent, SetMoved
from mailauth_dns.octo.listed_provider import ListedProvider
from mailauth_dns.octo.listed_zone import Edit, Item, ListedSet, Listing
from mailauth_dns.octo.provider_zone import octets, owner
from mailauth_dns.records.name import DomainName
from mailauth_dns.records.zone import RRKey, quoted

CHANGE_TIME = 120.0  # seconds that a change may be pending
_PAUSE = 1.0  # seconds
PATIENCE = 30.0  # seconds for one answer


class GoogleCloud(ListedProvider, GoogleCloudProvider):  # type: ignore[misc] # octoDNS has no types
    """octodns-googlecloud's provider, with our own reading and writing of sets."""

    is_conditional = True

    def listing(self, origin: DomainName) -> Listing | None:
        """Return all sets that the API lists, page by page."""
        zone = self.known(origin) or self._zone(origin)
        if zone is None:
            return None
        sets = dict(map(_listed, self._pages(f"/{zone}/rrsets", "rrsets")))
        locked = {
            key: "Google Cloud DNS answers this set by a routing policy, with other values for "
            "other clients; make it a simple set there first"
            for key, each in sets.items()
            if "routingPolicy" in each.entry
        }
        return Listing(origin, sets, Unwritable(locked), zone).checked("SOA", "NS")

    def ttls(self, origin: DomainName) -> range:
        """Return the TTLs that the API takes."""
        return range(2**31)

    def write(self, listing: Listing, edits: list[Edit]) -> None:
        """Send our sets in one change; values that are there go back as they were listed."""
        path = f"/{listing.entry}/changes"
        data = {
            "deletions": [edit.there.entry for edit in edits if edit.there is not None],
            "additions": [_set(edit) for edit in edits if edit.wanted is not None],
        }
        try:
            change = self._ask("POST", path, data=data)
        except (Conflict, NotFound, PreconditionFailed) as error:
            raise SetMoved(
                f"{listing.origin}: changed at the provider since it was read ({error.message}); "
                "plan again"
            ) from None
        until = time.monotonic() + CHANGE_TIME
        while change["status"] == "pending":
            if time.monotonic() > until:
                raise ProviderSilent(f"{listing.origin}: the change is still pending")
            time.sleep(_PAUSE)
            change = self._ask("GET", f"{path}/{change['id']}")

    def _zone(self, origin: DomainName) -> str | None:
        """Return the id of the zone, or None where there is none."""
        zones = [
            zone["name"]
            for zone in self._pages("", "managedZones", dnsName=f"{origin}.")
            if self.private is None or self.private == (zone.get("visibility") == "private")
        ]
        if len(zones) > 1:
            raise ProviderError(
                f"Google Cloud DNS has {len(zones)} zones {origin}. "
                "Write `private: true` or `private: false` in the stanza to say which one you mean"
            )
        return zones[0] if zones else None

    def _pages(self, path: str, key: str, **query: str) -> Iterator[Any]:
        while True:
            answer = self._ask("GET", path, query_params=query)
            yield from answer.get(key, ())
            if not answer.get("nextPageToken"):
                return
            query = {**query, "pageToken": answer["nextPageToken"]}

    def _ask(self, method: str, path: str, **arguments: Any) -> Any:
        client = self.gcloud_client
        return client._connection.api_request(
            method=method,
            path=f"/projects/{client.project}/managedZones{path}",
            timeout=PATIENCE,
            **arguments,
        )


def _listed(entry: Any) -> tuple[RRKey, ListedSet]:
    key = (owner(entry["name"]), entry["type"])
    items = tuple(
        Item(octets(text) if key[1] == "TXT" else text, text) for text in entry.get("rrdatas", ())
    )
    return key, ListedSet(key, entry.get("ttl", 0), items, entry)


def _set(edit: Edit) -> dict[str, Any]:
    assert edit.wanted is not None
    new = map(quoted, edit.new) if edit.key[1] == "TXT" else edit.new
    return {
        "kind": "dns#resourceRecordSet",
        "name": f"{edit.key[0]}.",
        "type": edit.key[1],
        "ttl": edit.wanted.ttl,
        "rrdatas": [*(item.entry for item in edit.kept), *new],
    }
