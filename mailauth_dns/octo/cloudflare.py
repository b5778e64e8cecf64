"""Cloudflare by its HTTP API, through octodns-cloudflare.

Cloudflare keeps records one by one, each with an id, a comment and tags of its own. octodns-
cloudflare writes every record of a set anew and so clears the comments of others, takes a listing
that ends early for a whole one, and waits five minutes at a time without a word where it is busy.
"""

from __future__ import annotations

from collections import defaultdict
from typing import Any

from octodns_cloudflare import CloudflareError, CloudflareProvider

from mailauth_dns.diff.change import Unwritable
from mailauth_dns.errors import ProviderError
from mailauth_dns.octo.listed_provider import ListedProvider
from mailauth_dns.octo.listed_zone import Edit, Item, ListedSet, Listing
from mailauth_dns.octo.provider_zone import owner
from mailauth_dns.records.name import DomainName
from mailauth_dns.records.zone import RRKey, quoted, unquoted

_AUTO = 1  # the TTL that Cloudflare chooses
_AUTO_SECONDS = 300
_LEAST_TTL, _LEAST_TTL_ENTERPRISE, _LONGEST_TTL = 60, 30, 86400  # seconds
_HOSTS = frozenset({"CNAME", "NS", "PTR"})  # their content is a name without its last dot


class Cloudflare(ListedProvider, CloudflareProvider):  # type: ignore[misc] # it has no types
    """octodns-cloudflare's provider, with our own reading and writing of records."""

    def __init__(self, id: str, *args: Any, **kwargs: Any) -> None:
        # Who calls knows when to ask again, and says so.
        super().__init__(id, *args, **{"retry_count": 0, **kwargs})
        self._answer: Any = None
        self._sess.hooks["response"].append(self._remember)

    def listing(self, origin: DomainName) -> Listing | None:
        """Return all records that the API lists, page by page."""
        zone = self.known(origin) or self._zone(origin)
        if zone is None:
            return None
        by_key: dict[RRKey, list[Item]] = defaultdict(list)
        for record in self._records(origin, zone["id"]):
            by_key[owner(record["name"]), record["type"]].append(Item(_value(record), record))
        sets = {key: ListedSet(key, _ttl(items), tuple(items)) for key, items in by_key.items()}
        locked = {
            each.key: (
                "Cloudflare answers for this alias itself (it is proxied), so receivers do not "
                "find its target; set it to DNS only there first"
            )
            for each in sets.values()
            if each.key[1] == "CNAME" and any(item.entry.get("proxied") for item in each.items)
        }
        return Listing(origin, sets, Unwritable(locked), zone).checked()

    def ttls(self, origin: DomainName) -> range:
        """Return the TTLs that the zone's plan allows."""
        listing = self._listings.get(origin)
        plan = listing.entry.get("plan", {}) if listing is not None else {}
        least = _LEAST_TTL_ENTERPRISE if plan.get("legacy_id") == "enterprise" else _LEAST_TTL
        return range(least, _LONGEST_TTL + 1)

    def write(self, listing: Listing, edits: list[Edit]) -> None:
        """Send one batch, of which Cloudflare carries out everything or nothing.

        It deletes first, then changes, then adds. Records of others are not in it.
        """
        batch: dict[str, list[Any]] = {"deletes": [], "patches": [], "posts": []}
        for edit in edits:
            _into(batch, edit)
        self._asked("POST", f"/zones/{listing.entry['id']}/dns_records/batch", data=batch)

    def _zone(self, origin: DomainName) -> Any:
        """Return what the API says of a zone; the class would list all zones of the account."""
        params = {"name": origin}
        if self.account_id is not None:
            params["account.id"] = self.account_id
        zones = self._asked("GET", "/zones", params=params)["result"]
        if len(zones) > 1:
            raise ProviderError(
                f"{origin}: the token sees {len(zones)} zones of this name; "
                "name the account in the stanza: account_id"
            )
        return zones[0] if zones else None

    def _records(self, origin: DomainName, zone: str) -> list[Any]:
        """Return the records of all pages.

        Raises:
            ProviderError: they are not as many as the API says there are.
        """
        records: dict[str, Any] = {}
        page, total, more = 0, 0, True
        while more:
            page += 1
            params = {"page": page, "per_page": self.records_per_page}
            answer = self._asked("GET", f"/zones/{zone}/dns_records", params=params)
            records |= {record["id"]: record for record in answer["result"]}
            total = answer["result_info"]["total_count"]
            more = bool(answer["result"]) and len(records) < total
        if len(records) != total:
            raise ProviderError(
                f"{origin}: Cloudflare listed {len(records)} of {total} records, "
                "so this is only a part of the zone; plan again"
            )
        return list(records.values())

    def _asked(self, method: str, path: str, **what: Any) -> Any:
        try:
            answer = self._try_request(method, path, **what)
        except (CloudflareError, OSError) as error:
            if getattr(error, "response", self._answer) is None:
                raise  # the connection's own error
            raise _Refused(_words(self._answer) or str(error), self._answer) from None
        if not answer.get("success", False):
            raise _Refused(_errors(answer), self._answer)
        return answer

    def _remember(self, answer: Any, *_args: Any, **_kwargs: Any) -> None:
        self._answer = answer


class _Refused(Exception):
    """Cloudflare did not do what it was asked; `response` says whether it may later."""

    def __init__(self, why: str, response: Any) -> None:
        super().__init__(f"Cloudflare answered {response.status_code}: {why}")
        self.response = response


def _words(response: Any) -> str | None:
    """Return what the API says, or None where it is not the API's form."""
    try:
        return _errors(response.json())
    except (ValueError, AttributeError):
        return None


def _errors(answer: Any) -> str:
    told = [str(error.get("message")) for error in answer.get("errors", ())]
    return "; ".join(told) or "it did not do what it was asked, and does not say why"


def _ttl(items: list[Item]) -> int:
    """Return the TTL of a set in seconds: the least, since each record may have its own."""
    return min(_AUTO_SECONDS if item.entry["ttl"] == _AUTO else item.entry["ttl"] for item in items)


def _value(record: Any) -> str:
    content, type = str(record["content"]), record["type"]
    if type == "TXT":
        # Older records have no quotes around them; they are the text itself.
        if content.startswith('"'):
            return unquoted(content)
        return content.encode("utf-8", "surrogateescape").decode("latin-1")
    if type in _HOSTS:
        return _dotted(content)
    if type == "MX":
        return f"{record['priority']} {_dotted(content)}"
    return content


def _dotted(name: str) -> str:
    return name if name.endswith(".") else f"{name}."


def _content(type: str, value: str) -> dict[str, Any]:
    """Return the fields that say what a record of ours holds."""
    if type == "TXT":
        return {"content": quoted(value)}
    if type == "MX":
        preference, exchange = value.split()
        return {"content": exchange, "priority": int(preference)}
    return {"content": value}


def _into(batch: dict[str, list[Any]], edit: Edit) -> None:
    """Add an edit: what goes is turned into what comes, so that our record is there all the time.

    An id, a comment and tags stay with a record that is changed.
    """
    name, type = edit.key
    ttl = {} if edit.ttl is None else {"ttl": edit.ttl}
    going, coming = list(edit.gone), list(edit.new)
    while going and coming:
        content = _content(type, coming.pop(0))
        batch["patches"].append({"id": going.pop(0).entry["id"], **content, **ttl})
    batch["deletes"] += [{"id": item.entry["id"]} for item in going]
    if ttl:
        batch["patches"] += [{"id": item.entry["id"], **ttl} for item in edit.kept]
    for value in coming:
        proxied = {"proxied": False} if type == "CNAME" else {}
        new = {"name": name, "type": type, **_content(type, value), **proxied}
        batch["posts"].append(new | (ttl or {"ttl": _ttl_beside(edit)}))


def _ttl_beside(edit: Edit) -> int:
    """Return the TTL of the records that a new one stands beside, as they have it."""
    assert edit.there is not None
    return int(min(item.entry["ttl"] for item in edit.there.items))
