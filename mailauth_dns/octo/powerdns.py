"""PowerDNS by its HTTP API, through octodns-powerdns.

octodns-powerdns reads `disabled` values as if they were live, would publish them when it writes the
set again, and makes a zone that is not there. Newer servers add and take away single values
(EXTEND and PRUNE), so nothing of others is written over. On older ones a set is written whole: it
is read a moment before, and the zone's serial tells whether somebody else wrote in between.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Any

from octodns_powerdns import (
    HTTPError,
    PowerDnsBaseProvider,
    PowerDnsProvider,
    _encode_zone_name,
)

from mailauth_dns.diff.change import Unwritable
from mailauth_dns.errors import MaybeLost, ProviderError, ServerBusy
from mailauth_dns.octo.listed_provider import ListedProvider
from mailauth_dns.octo.listed_zone import Edit, Item, ListedSet, Listing
from mailauth_dns.octo.provider_zone import Reading, octets, owner
from mailauth_dns.octo.txt_round_trip import refuse_what_hangs
from mailauth_dns.records.name import DomainName
from mailauth_dns.records.zone import RRKey, quoted

_WHO = "is it PowerDNS that answers at the stanza's host and port?"
# EXTEND and PRUNE came with 4.9.12 and with 5.0.2, says the server's documentation of its API.
_VERSION = re.compile(r"(\d+)\.(\d+)\.(\d+)")
# Kinds of SOA-EDIT-API with which each write raises the serial by one.
_COUNTED = frozenset({"DEFAULT", "INCREASE"})


def fetch(provider: PowerDnsBaseProvider, origin: str) -> Reading:
    """Return the zone as the API tells it."""
    answer = provider._get(f"zones/{_encode_zone_name(origin)}").json()
    return listing_of(owner(origin), answer).reading()


def encoder(provider: PowerDnsBaseProvider) -> Any:
    """Return what octodns-powerdns would send the API for a TXT record."""

    def encode(record: Any) -> list[str]:
        refuse_what_hangs(record)
        records, _ = provider._records_for(record)
        return [entry["content"] for entry in records]

    return encode


class _Refused(Exception):
    """The API did not do what it was asked; `response` says whether it may later."""

    def __init__(self, response: Any, why: str) -> None:
        super().__init__(f"PowerDNS answered {response.status_code}: {why}")
        self.response = response

    @property
    def lacks_zone(self) -> bool:
        """Tell whether the server does not have the zone; before 4.2 it said so with 422."""
        return self.response.status_code == 404 or "Could not find domain" in str(self)


class PowerDns(ListedProvider, PowerDnsProvider):  # type: ignore[misc] # it has no types
    """octodns-powerdns's provider, with our own reading and writing of sets."""

    keeps_entries = False
    at_once = 24  # zones; the server is the user's own
    SUPPORTS_DYNAMIC = False  # octodns-powerdns would ask for the server's configuration
    _version: tuple[int, ...] | None = None  # of the server, once it was asked

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        _read_environment(self._sess, f"{self.scheme}://{self.host}:{self.port}/")

    def listing(self, origin: DomainName) -> Listing | None:
        """Return all sets that the API tells."""
        try:
            answer = self._get(_path(origin)).json()
        except _Refused as error:
            if error.lacks_zone:
                return None
            raise
        return listing_of(origin, answer)

    def ttls(self, origin: DomainName) -> range:
        """Return the TTLs that the API takes."""
        return range(2**31)

    def write(self, listing: Listing, edits: list[Edit]) -> None:
        """Send our sets in one request, of which the server carries out everything or nothing.

        What goes is sent first: an alias must go before a text can come.
        """
        changes = _values if self._has_single_values() else _whole
        sent = [entry for edit in edits for entry in changes(edit)]
        sent.sort(key=lambda entry: entry["changetype"] not in ("DELETE", "PRUNE"))
        try:
            answer = self._patch(_path(listing.origin), {"rrsets": sent})
        except _Refused as error:
            if error.lacks_zone:
                raise ProviderError(f"{listing.origin}: PowerDNS has the zone no longer") from None
            if error.response.status_code == 500:  # as where SQLite is locked
                raise ServerBusy(f"{listing.origin}: {error}") from None
            raise
        if self.notify:
            self._request_notify(_encode_zone_name(f"{listing.origin}."))
        if changes is _whole:
            _tell_overtaken(listing, answer.headers.get("X-PDNS-New-Serial"), edits)

    # `cached_property` is not used: before Python 3.12 it lets one object ask at a time.
    def _has_single_values(self) -> bool:
        """Tell whether the server can add and take away single values of a set."""
        if self._version is None:
            found = _VERSION.fullmatch(str(self._get("").json().get("version")))
            self._version = tuple(map(int, found.groups())) if found is not None else ()
        return (4, 9, 12) <= self._version < (5,) or self._version >= (5, 0, 2)

    def _request(self, method: str, path: str, data: Any = None) -> Any:
        try:
            return super()._request(method, path, data)
        except HTTPError as error:
            why = self._get_error(error) or error.response.reason
            if error.response.status_code == 401:
                why = "it does not take the key: compare api_key with api-key of the server"
            raise _Refused(error.response, why) from None


def _read_environment(session: Any, url: str) -> None:
    """Take what the environment says of proxies and certificates once.

    The client library reads the whole environment for each request, and many zones need many.
    """
    settings = session.merge_environment_settings(url, {}, None, None, None)
    session.merge_environment_settings = lambda *_of_a_request: settings


def listing_of(origin: DomainName, answer: Any) -> Listing:
    """Return the API's answer as values; disabled ones are not served and lock their set.

    Raises:
        ProviderError: it is not the zone that was asked for, or not as the API writes one.
    """
    sets = dict(map(_listed, _rrsets(origin, answer)))
    locked = {key: reason for key, each in sets.items() if (reason := _locked(each))}
    return Listing(origin, sets, Unwritable(locked), answer).checked("SOA", "NS")


def _path(origin: DomainName) -> str:
    return f"zones/{_encode_zone_name(f'{origin}.')}"


def _listed(entry: Any) -> tuple[RRKey, ListedSet]:
    key = (owner(entry["name"]), entry["type"])
    items = tuple(
        Item(octets(text) if key[1] == "TXT" else text, text)
        for record in entry["records"]
        if not record["disabled"]
        for text in (record["content"],)
    )
    disabled = sorted(record["content"] for record in entry["records"] if record["disabled"])
    return key, ListedSet(key, entry["ttl"], items, disabled)


def _locked(each: ListedSet) -> str | None:
    """Return why a set must not be written, or None."""
    if not each.entry:
        return None
    values = "1 value" if len(each.entry) == 1 else f"{len(each.entry)} values"
    return (
        f"{values} of this set disabled in PowerDNS: writing the set would publish that; "
        "enable or delete it there first"
    )


def _rrsets(origin: DomainName, answer: Any) -> list[Any]:
    """Return the sets in an answer of the API."""
    sets = answer.get("rrsets") if isinstance(answer, dict) else None
    if not isinstance(sets, list):
        raise ProviderError(
            f"{origin}: the answer is JSON and no zone of PowerDNS (it has no rrsets): {_WHO}"
        )
    if owner(str(answer.get("name", origin))) != origin:
        raise ProviderError(f"{origin}: the answer is about the zone {answer['name']}: {_WHO}")
    for entry in sets:
        if not _is_set(entry):
            raise ProviderError(
                f"{origin}: a set in the answer is not as PowerDNS writes one: {_WHO}"
            )
    return sets


def _is_set(entry: Any) -> bool:
    """Tell whether this has all that we read of a set."""
    return (
        isinstance(entry, dict)
        and isinstance(entry.get("name"), str)
        and isinstance(entry.get("type"), str)
        and isinstance(entry.get("ttl"), int)
        and isinstance(entry.get("records"), list)
        and all(
            isinstance(record, dict)
            and isinstance(record.get("content"), str)
            and isinstance(record.get("disabled"), bool)
            for record in entry["records"]
        )
    )


def _values(edit: Edit) -> Iterator[dict[str, Any]]:
    """Yield what takes away and adds our values one by one; others in the set are not sent.

    A set has one TTL and an alias one value: where these change, the set is written whole.
    """
    if edit.wanted is not None and (
        edit.key[1] == "CNAME" or (edit.there is not None and edit.ttl is not None)
    ):
        yield from _whole(edit)
        return
    there = edit.there or edit.wanted
    assert there is not None
    for item in edit.gone:
        yield _entry(edit.key, "PRUNE", there.ttl, [item.entry])
    for text in _new(edit):
        yield _entry(edit.key, "EXTEND", there.ttl, [text])


def _whole(edit: Edit) -> Iterator[dict[str, Any]]:
    """Yield what writes the set whole; values that are there go back as the API told them."""
    if edit.wanted is None:
        yield _entry(edit.key, "DELETE", 0, [])
    else:
        texts = [*(item.entry for item in edit.kept), *_new(edit)]
        yield _entry(edit.key, "REPLACE", edit.wanted.ttl, texts)


def _new(edit: Edit) -> list[str]:
    return [quoted(value) if edit.key[1] == "TXT" else value for value in edit.new]


def _entry(key: RRKey, changetype: str, ttl: int | None, texts: list[str]) -> dict[str, Any]:
    records = [{"content": text, "disabled": False} for text in texts]
    name, type = f"{key[0]}.", key[1]
    return {"name": name, "type": type, "ttl": ttl, "changetype": changetype, "records": records}


def _tell_overtaken(listing: Listing, serial: str | None, edits: list[Edit]) -> None:
    """Tell if somebody else wrote to the zone since it was listed, as far as its serial shows it.

    Raises:
        MaybeLost: somebody did.
    """
    kind, before = listing.entry.get("soa_edit_api", "").upper(), listing.entry.get("serial")
    if kind not in _COUNTED or serial is None or not isinstance(before, int):
        return
    # DEFAULT begins anew with each day: 2026010207, 2026010301.
    is_first_of_day = kind == "DEFAULT" and int(serial) % 100 == 1
    if int(serial) > before + 1 and not is_first_of_day:
        names = ", ".join(sorted(" ".join(edit.key) for edit in edits))
        raise MaybeLost(
            f"somebody else wrote to {listing.origin} in the moment before (its serial went from "
            f"{before} to {serial}); what they wrote at {names} may be lost: look whether it is"
        )
