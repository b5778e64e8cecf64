"""deSEC by its HTTP API, through octodns-desec.

octodns-desec throws away why the API refuses, and waits up to ten minutes without a word where it
is busy. It takes escapes in TXT values for part of the text. One request changes all sets of a zone
or none of them.
"""

from __future__ import annotations

import json
from typing import Any

import requests
from octodns_desec import DesecAPI, DesecAPINotFoundFromAPI, DesecProvider

from mailauth_dns.errors import ProviderError
from mailauth_dns.octo.listed_provider import ListedProvider
from mailauth_dns.octo.listed_zone import Edit, Item, ListedSet, Listing
from mailauth_dns.octo.provider_zone import octets, owner
from mailauth_dns.records.name import DomainName
from mailauth_dns.records.zone import RRKey, quoted

_LONGEST_TTL = 86400  # seconds


class _Refused(Exception):
    """The API did not do what it was asked; `response` says whether it may later."""

    def __init__(self, response: requests.Response) -> None:
        super().__init__(f"deSEC answered {response.status_code}: {_words(response)}")
        self.response = response


class _Api(DesecAPI):  # type: ignore[misc] # octodns-desec has no types
    def _send_request(
        self,
        url: str,
        method: str,
        headers: Any = None,
        data: Any = None,
        returncode: int = 200,
    ) -> requests.Response:
        """Ask once; who calls knows when to ask again."""
        response = requests.request(
            method, url, headers=headers, data=data, timeout=float(self.timeout)
        )
        if response.status_code == 404:
            raise DesecAPINotFoundFromAPI
        if response.status_code != returncode:
            raise _Refused(response)
        return response

    def minimum_ttl(self, origin: DomainName) -> int:
        """Return the least TTL in seconds that the zone takes."""
        answer = self._send_request(
            f"{self.API_DOMAINS_URL}/{origin}/",
            "get",
            headers={"Authorization": f"Token {self.token}"},
        )
        return int(answer.json()["minimum_ttl"])


def _words(response: requests.Response) -> str:
    """Return what the API says: `detail`, or a list with what is wrong in each set."""
    try:
        answer = response.json()
    except ValueError:
        return response.reason
    if isinstance(answer, dict) and isinstance(answer.get("detail"), str):
        return str(answer["detail"])
    problems = [each for each in answer if each] if isinstance(answer, list) else answer
    return json.dumps(problems, ensure_ascii=False)


class DeSec(ListedProvider, DesecProvider):  # type: ignore[misc] # octodns-desec has no types
    """octodns-desec's provider, with our own reading and writing of sets."""

    def __init__(self, id: str, token: str, **kwargs: Any) -> None:
        super().__init__(id, token, **kwargs)
        self.desec_api: _Api = _Api(token, timeout=kwargs.get("timeout", DesecAPI.DEFAULT_TIMEOUT))

    def listing(self, origin: DomainName) -> Listing | None:
        """Return all sets that the API lists, page by page."""
        try:
            entries = self.desec_api.get_rrset(origin)
        except DesecAPINotFoundFromAPI:
            return None
        return Listing(origin, dict(map(_listed, entries))).checked("NS")

    def ttls(self, origin: DomainName) -> range:
        """Return the TTLs that the zone takes: each has its own least one."""
        return range(self.desec_api.minimum_ttl(origin), _LONGEST_TTL + 1)

    def write(self, listing: Listing, edits: list[Edit]) -> None:
        """Send our sets in one request; values that are there go back as they were listed."""
        try:
            self.desec_api.update_rrset(
                listing.origin, [_update(listing.origin, edit) for edit in edits]
            )
        except DesecAPINotFoundFromAPI:
            raise ProviderError(f"{listing.origin}: deSEC has the zone no longer") from None


def _listed(entry: Any) -> tuple[RRKey, ListedSet]:
    key = (owner(entry["name"]), entry["type"])
    items = tuple(
        Item(octets(content) if entry["type"] == "TXT" else content, content)
        for content in entry["records"]
    )
    return key, ListedSet(key, entry["ttl"], items)


def _update(origin: DomainName, edit: Edit) -> dict[str, Any]:
    name, type = edit.key
    new = map(quoted, edit.new) if type == "TXT" else edit.new
    update: dict[str, Any] = {
        "subname": "" if name == origin else name[: -len(origin) - 1],
        "type": type,
        "records": [*(item.entry for item in edit.kept), *new],
    }
    if edit.ttl is not None:
        update["ttl"] = edit.ttl
    return update
