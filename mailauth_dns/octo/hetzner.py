"""Hetzner by the Cloud API, through octodns-hetzner and Hetzner's own hcloud.

octodns-hetzner takes a listing that fails for an empty zone, and then writes our record over the
whole set. It clears the comments of others, does not wait until a change is carried out, and has
no limit of time for an answer.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

from hcloud import APIException, Client
from hcloud.actions import BoundAction
from hcloud.actions.domain import ActionException
from octodns_hetzner import HetznerProvider

from mailauth_dns.diff.change import Unwritable
from mailauth_dns.errors import ProviderError, ProviderSilent
from mailauth_dns.octo.listed_provider import ListedProvider
from mailauth_dns.octo.listed_zone import Edit, Item, ListedSet, Listing
from mailauth_dns.octo.provider_zone import headless, octets, owner
from mailauth_dns.records.name import DomainName
from mailauth_dns.records.zone import RRKey, quoted

_API = "https://api.hetzner.cloud/v1"
PATIENCE = 30.0  # seconds for one answer; hcloud itself would wait for ever
_TTLS = range(60, 2**31)  # seconds
_PER_PAGE = 50
_BUSY = frozenset(
    {"rate_limit_exceeded", "conflict", "bad_gateway", "timeout", "unavailable", "service_error"}
    | {"server_error", 500, 502, 503, 504}
)


class Hetzner(ListedProvider, HetznerProvider):  # type: ignore[misc] # it has no types
    """octodns-hetzner's provider, with our own reading and writing of sets."""

    def __init__(self, id: str, token: str, *args: Any, **kwargs: Any) -> None:
        if kwargs.get("backend") != "hcloud":
            raise ProviderError(
                "backend: write `backend: hcloud`, with a token of the Hetzner Console; the old "
                "DNS Console has ended, and by it a set was deleted before it was made anew"
            )
        super().__init__(id, token, *args, **kwargs)
        self._cloud = Client(token, _API, "mailauth-dns", timeout=PATIENCE)

    def listing(self, origin: DomainName) -> Listing | None:
        """Return all sets that the API lists, page by page."""
        try:
            zone = self.known(origin) or self._asked(origin, "GET", f"/zones/{origin}")["zone"]
            entries = self._sets(origin, zone["id"])
        except _NotFound:
            return None
        sets = dict(_listed(origin, zone, entry) for entry in entries)
        closed = headless(Listing(origin, sets).reading().zone, "SOA", "NS")
        if zone["mode"] != "primary":
            closed = "the zone is a copy of another server's; its records are edited there"
        locked = {
            key: "the set is protected against changes; take the protection off there first"
            for key, each in sets.items()
            if each.entry["protection"]["change"]
        }
        return Listing(origin, sets, Unwritable(locked, closed), zone)

    def ttls(self, origin: DomainName) -> range:
        """Return the TTLs that Hetzner takes."""
        return _TTLS

    def write(self, listing: Listing, edits: list[Edit]) -> None:
        """Write set by set, each in one step, and wait until each is done."""
        for edit in edits:
            for method, path, body in _requests(listing, edit):
                path = f"/zones/{listing.entry['id']}{path}"
                answer = self._asked(listing.origin, method, path, json=body)
                with _told(listing.origin):
                    _wait(BoundAction(self._cloud.actions, answer["action"]))

    def _sets(self, origin: DomainName, zone: int) -> list[Any]:
        """Return the sets of all pages.

        Raises:
            ProviderError: they are not as many as the API says there are.
        """
        entries: dict[str, Any] = {}
        page: int | None = 1
        total = None
        while page:
            params = {"page": page, "per_page": _PER_PAGE}
            answer = self._asked(origin, "GET", f"/zones/{zone}/rrsets", params=params)
            entries |= {entry["id"]: entry for entry in answer["rrsets"]}
            paging = answer["meta"]["pagination"]
            page, total = paging["next_page"], paging["total_entries"]
        if total is not None and total != len(entries):
            raise ProviderError(
                f"{origin}: Hetzner listed {len(entries)} of {total} sets, "
                "so this is only a part of the zone; plan again"
            )
        return list(entries.values())

    def _asked(self, origin: DomainName, method: str, path: str, **what: Any) -> Any:
        with _told(origin):
            return self._cloud.request(method, path, **what)


class _NotFound(Exception):
    """The API does not have what was asked for."""


@contextmanager
def _told(origin: DomainName) -> Iterator[None]:
    """Turn what hcloud raises into our errors. hcloud has asked again by itself where it can."""
    try:
        yield
    except APIException as error:
        if error.code == "not_found":
            raise _NotFound from None
        kind = ProviderSilent if error.code in _BUSY else ProviderError
        raise kind(f"{origin}: Hetzner: {error}{_details(error.details)}") from None
    except ActionException as error:
        told = f"{origin}: Hetzner did not carry out the change: {error}"
        raise ProviderError(told) from None


def _details(details: Any) -> str:
    """Return what is wrong with single fields, as the API says it."""
    fields = details.get("fields", ()) if isinstance(details, dict) else ()
    told = [
        f"{field.get('name')}: {', '.join(map(str, field.get('messages', ())))}" for field in fields
    ]
    return "".join(f"; {each}" for each in told)


def _listed(origin: DomainName, zone: Any, entry: Any) -> tuple[RRKey, ListedSet]:
    name = origin if entry["name"] == "@" else owner(f"{entry['name']}.{origin}")
    type = entry["type"]
    items = tuple(
        Item(octets(record["value"]) if type == "TXT" else record["value"], record)
        for record in entry["records"]
    )
    ttl = entry["ttl"] if entry["ttl"] is not None else zone["ttl"]
    return (name, type), ListedSet((name, type), ttl, items, entry)


def _requests(listing: Listing, edit: Edit) -> Iterator[tuple[str, str, Any]]:
    """Yield the method, path and body of what carries out an edit.

    Where values only come, or only go, those of others are not sent, and so not written over. Where
    both happen, no reader may see the set in between: it is written whole, and values that are
    there go back as they were listed, with their comments.
    """
    origin, (name, type) = listing.origin, edit.key
    label = "@" if name == origin else name[: -len(origin) - 1]
    path = f"/rrsets/{label}/{type}"
    new = [{"value": quoted(value) if type == "TXT" else value} for value in edit.new]
    gone = [{"value": item.entry["value"]} for item in edit.gone]
    if edit.there is None and edit.wanted is not None:
        body = {"name": label, "type": type, "ttl": edit.wanted.ttl, "records": new}
        yield "POST", "/rrsets", body
    else:
        if gone and new:
            records = [*(item.entry for item in edit.kept), *new]
            yield "POST", f"{path}/actions/set_records", {"records": records}
        elif new:
            yield "POST", f"{path}/actions/add_records", {"records": new}
        elif gone:
            yield "POST", f"{path}/actions/remove_records", {"records": gone}
        if edit.ttl is not None and edit.wanted is not None:
            yield "POST", f"{path}/actions/change_ttl", {"ttl": edit.ttl}


def _wait(action: BoundAction) -> None:
    """Wait until what was asked for is carried out."""
    if action.status != BoundAction.STATUS_SUCCESS:
        action.wait_until_finished()
