"""Cloudflare's API as its documentation describes it: records one by one, and batches of changes."""

from __future__ import annotations

import copy
import itertools
from collections import defaultdict
from collections.abc import Mapping
from typing import Any

from mailauth_dns.records.zone import quoted, unquoted
from tests.providers.contract import SECRET, ZONE, Fault, Key, spelled
from tests.providers.http_stub import Answer, Asked, HttpStub, Refusal

_ZONE_ID = "023e105f4ecef8ad9ca31a8372d0c353"
_ZONES = "/client/v4/zones"
_RECORDS = f"{_ZONES}/{_ZONE_ID}/dns_records"
_HOSTS = frozenset({"CNAME", "MX", "NS"})  # the content has no dot at its end

Record = dict[str, Any]


class CloudflareApi(HttpStub):
    id = "cloudflare"
    ttls = range(60, 86401)
    said_when_busy = (
        "Cloudflare answered 429: Please wait and consider throttling your request speed"
    )
    plan_cost = 2
    apply_cost = 4
    beside = 1  # the id of the zone

    def __init__(self) -> None:
        super().__init__()
        self.records: list[Record] = []
        self.accounts: tuple[str, ...] = ("a" * 32,)  # each has a zone of the name
        self._ids = itertools.count(0x372E67954025E0BA6AAA6D586B9E0B59)

    def stanza(self) -> Mapping[str, object]:
        return {
            "class": "octodns_cloudflare.CloudflareProvider",
            "token": "env/STUB_TOKEN",
            "api_url": f"{self.url}/client/v4",
        }

    def put(self, name: str, type: str, ttl: int, *values: str, comment: str = "") -> None:
        for value in values:
            more: Record = {}
            if type == "MX":
                priority, value = value.split()
                more["priority"] = int(priority)
            content = spelled(value) if type == "TXT" else value
            record = {"name": name, "type": type, "ttl": ttl, "content": content, **more}
            self._add(self.records, {**record, "comment": comment or None})

    def held(self) -> dict[Key, tuple[int, frozenset[str]]]:
        found: dict[Key, list[Record]] = defaultdict(list)
        for record in self.records:
            found[record["name"], record["type"]].append(record)
        return {
            key: (min(map(_seconds, records)), frozenset(map(_served, records)))
            for key, records in found.items()
        }

    def whole(self) -> dict[Key, Any]:
        found: dict[Key, list[Record]] = defaultdict(list)
        for record in copy.deepcopy(self.records):
            found[record["name"], record["type"]].append(record)
        return dict(found)

    def page_of(self, asked: Asked) -> int | None:
        if asked.method != "GET" or asked.path != _RECORDS:
            return None
        return int(asked.query.get("page", 1))

    def busy(self, seconds: int) -> Answer:
        told = "Please wait and consider throttling your request speed"
        return _error(429, 971, told, {"Retry-After": str(seconds)})

    def refused(self, status: int, message: str) -> Answer:
        return _error(status, 10000, message)

    def broken(self) -> Answer:
        return _error(502, 10000, "upstream failed")

    def answer(self, asked: Asked) -> Answer:
        if asked.headers.get("authorization") != f"Bearer {SECRET}":
            return _error(403, 9109, f"Invalid access token {asked.headers['authorization']}")
        match asked.method, asked.path:
            case "GET", str(path) if path == _ZONES:
                return self._zones(asked)
            case "GET", str(path) if path == _RECORDS:
                shown = [] if self.has(Fault.EMPTY) else self.records
                return self._page(asked, shown)
            case "POST", str(path) if path == f"{_RECORDS}/batch":
                return self._batch(asked.body)
        return _error(404, 7003, f"Could not route to {asked.path}")

    def _zones(self, asked: Asked) -> Answer:
        zones = [self._zone(account) for account in self.accounts]
        name, account = asked.query.get("name", ZONE), asked.query.get("account.id")
        found = [
            zone
            for zone in zones
            if zone["name"] == name and account in (None, zone["account"]["id"])
        ]
        return self._page(asked, found)

    def _zone(self, account: str) -> Record:
        return {
            "id": _ZONE_ID,
            "account": {"id": account},
            "name": ZONE,
            "status": "active",
            "plan": {"legacy_id": "free"},
            "name_servers": ["ada.ns.cloudflare.com", "bob.ns.cloudflare.com"],
        }

    def _page(self, asked: Asked, every: list[Record]) -> Answer:
        page, size = int(asked.query.get("page", 1)), self.page_size
        shown = every[(page - 1) * size : page * size]
        if page > 1 and self.has(Fault.EARLY_END):
            shown = []
        info = {
            "page": page,
            "per_page": size,
            "count": len(shown),
            "total_count": len(every),
            "total_pages": -(-len(every) // size),
        }
        return _done(shown, result_info=info)

    def _batch(self, batch: Mapping[str, list[Record]]) -> Answer:
        """Carry out all or nothing: deletes, patches, posts."""
        records = copy.deepcopy(self.records)
        for each in batch.get("deletes", ()):
            records.remove(_found(records, each["id"]))
        for each in batch.get("patches", ()):
            record = _found(records, each["id"])
            records.remove(record)
            self._add(records, record | each)
        for each in batch.get("posts", ()):
            self._add(records, each)
        if not self.has(Fault.NO_EFFECT):
            self.records = records
        kinds = ("deletes", "patches", "puts", "posts")
        return _done({name: batch.get(name, []) for name in kinds})

    def _add(self, records: list[Record], new: Record) -> None:
        if new["ttl"] != 1 and not 60 <= new["ttl"] <= 86400:
            told = "TTL must be between 60 and 86400 seconds, or 1 for Automatic."
            raise Refusal(_error(400, 9021, told))
        content = new["content"]
        if new["type"] == "TXT":
            octets = unquoted(content) if content.startswith('"') else content
            if self.has(Fault.CUT):
                content = quoted(octets[:255])
        elif new["type"] in _HOSTS:
            content = content.removesuffix(".")
        for record in records:
            if record["name"] != new["name"]:
                continue
            if (record["type"], record["content"]) == (new["type"], content):
                raise Refusal(_error(400, 81058, "An identical record already exists."))
            if "CNAME" in (record["type"], new["type"]):
                told = "A CNAME record with that host already exists."
                raise Refusal(_error(400, 81053, told))
        defaults = {
            "id": f"{next(self._ids):032x}",
            "proxied": False,
            "proxiable": new["type"] in ("A", "AAAA", "CNAME"),
            "settings": {},
            "meta": {},
            "comment": None,
            "tags": [],
            "created_on": "2026-01-01T05:20:00.12345Z",
            "modified_on": "2026-01-01T05:20:00.12345Z",
        }
        records.append({**defaults, **new, "content": content})


def _found(records: list[Record], id: str) -> Record:
    for record in records:
        if record["id"] == id:
            return record
    raise Refusal(_error(404, 81044, "Record does not exist."))


def _seconds(record: Record) -> int:
    return 300 if record["ttl"] == 1 else int(record["ttl"])


def _served(record: Record) -> str:
    content = str(record["content"])
    if record["type"] == "TXT":
        return unquoted(content) if content.startswith('"') else content
    if record["type"] == "MX":
        return f"{record['priority']} {content}."
    return f"{content}." if record["type"] in _HOSTS else content


def _done(result: Any, **more: Any) -> Answer:
    return Answer(200, {"success": True, "errors": [], "messages": [], "result": result, **more})


def _error(
    status: int, code: int, message: str, headers: Mapping[str, str] | None = None
) -> Answer:
    errors = [{"code": code, "message": message}]
    body = {"success": False, "errors": errors, "messages": [], "result": None}
    return Answer(status, body, headers or {})
