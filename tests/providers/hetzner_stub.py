"""Hetzner's Cloud API as its documentation describes it: sets, and actions that take a while."""

from __future__ import annotations

import copy
import itertools
from collections.abc import Callable, Mapping
from functools import partial
from typing import Any

import hcloud._client
import pytest

from mailauth_dns.octo import hetzner
from mailauth_dns.records.zone import quoted, unquoted
from tests.providers.contract import SECRET, ZONE, Fault, Key, spelled
from tests.providers.http_stub import Answer, Asked, HttpStub, Refusal

_ZONE_ID = 4711
# The words that the API has for a status.
_CODES = {
    401: "unauthorized",
    403: "forbidden",
    404: "not_found",
    409: "conflict",
    422: "invalid_input",
    500: "server_error",
    502: "bad_gateway",
    503: "unavailable",
    504: "timeout",
}
_RRSETS = f"/v1/zones/{_ZONE_ID}/rrsets"


class HetznerApi(HttpStub):
    id = "hetzner"
    ttls = range(60, 2**31)
    said_when_busy = "limit of 3600 requests per hour reached (rate_limit_exceeded)"
    plan_cost = 2
    apply_cost = 5
    beside = 2  # the zone's own data, and a look at the change until it is done

    def __init__(self) -> None:
        super().__init__()
        self._sets: dict[Key, dict[str, Any]] = {}
        self._ids = itertools.count(1)
        self._mode, self._outcome = "primary", "success"
        self._running: dict[int, Callable[[], object]] = {}
        soa = "hydrogen.ns.hetzner.com. dns.hetzner.com. 1 86400 10800 3600000 3600"
        self._put(ZONE, "SOA", 3600, [{"value": soa}])
        nameservers = ["helium.ns.hetzner.de.", "hydrogen.ns.hetzner.com."]
        self._put(ZONE, "NS", None, [{"value": value} for value in nameservers])

    def stanza(self) -> Mapping[str, object]:
        return {
            "class": "octodns_hetzner.HetznerProvider",
            "backend": "hcloud",
            "token": "env/STUB_TOKEN",
        }

    def reach(self, monkeypatch: pytest.MonkeyPatch) -> None:
        monkeypatch.setattr(hetzner, "_API", f"{self.url}/v1")
        # hcloud asks again by itself: at once, here.
        at_once = hcloud._client.constant_backoff_function(0.01)
        monkeypatch.setattr(
            hcloud._client, "exponential_backoff_function", lambda **_options: at_once
        )

    def put(self, name: str, type: str, ttl: int, *values: str, comment: str = "") -> None:
        there = self._sets.get((name, type), {}).get("records", [])
        more = {"comment": comment} if comment else {}
        new = [{"value": spelled(each) if type == "TXT" else each, **more} for each in values]
        self._put(name, type, ttl, [*there, *new])

    def held(self) -> dict[Key, tuple[int, frozenset[str]]]:
        return {
            key: (
                3600 if entry["ttl"] is None else entry["ttl"],
                frozenset(
                    unquoted(record["value"]) if key[1] == "TXT" else record["value"]
                    for record in entry["records"]
                ),
            )
            for key, entry in self._sets.items()
        }

    def whole(self) -> dict[Key, Any]:
        return copy.deepcopy(self._sets)

    def entries(self, key: Key) -> list[str]:
        return sorted(map(str, self._sets[key]["records"]))

    def become(
        self,
        mode: str = "primary",
        action: str = "success",
        protected: Key | None = None,
        without_ttl: Key | None = None,
    ) -> None:
        """Have a zone of another mode, actions that end in another way, or a set of another kind."""
        self._mode, self._outcome = mode, action
        if protected is not None:
            self._sets[protected]["protection"] = {"change": True}
        if without_ttl is not None:
            self._sets[without_ttl]["ttl"] = None

    def page_of(self, asked: Asked) -> int | None:
        if asked.method != "GET" or asked.path != _RRSETS:
            return None
        return int(asked.query.get("page", 1))

    def busy(self, seconds: int) -> Answer:
        return _error(429, "rate_limit_exceeded", "limit of 3600 requests per hour reached")

    def refused(self, status: int, message: str) -> Answer:
        return _error(status, _CODES.get(status, "refused"), message)

    def broken(self) -> Answer:
        return _error(500, "server_error", "an error occurred")

    def answer(self, asked: Asked) -> Answer:
        if asked.headers.get("authorization") != f"Bearer {SECRET}":
            return _error(401, "unauthorized", f"unable to take {asked.headers['authorization']}")
        if asked.method == "GET":
            return self._told(asked)
        parts = asked.path.removeprefix(_RRSETS).strip("/").split("/")
        match asked.method, parts:
            case "POST", [""]:
                key = (_name(asked.body["name"]), asked.body["type"])
                if key in self._sets:
                    return _error(409, "uniqueness_error", "the set exists already")
                return self._set(key, asked.body["ttl"], asked.body["records"], {"rrset": {}})
            case "DELETE", [name, type]:
                self._found(name, type)
                return self._begun(partial(self._sets.pop, (_name(name), type)))
            case "POST", [name, type, "actions", "set_records"]:
                ttl = self._found(name, type)["ttl"]
                return self._set((_name(name), type), ttl, asked.body["records"])
            case "POST", [name, type, "actions", "add_records"]:
                there = self._found(name, type)
                records = [*there["records"], *asked.body["records"]]
                return self._set((_name(name), type), there["ttl"], records)
            case "POST", [name, type, "actions", "remove_records"]:
                return self._remove(name, type, asked.body["records"])
            case "POST", [name, type, "actions", "change_ttl"]:
                records = self._found(name, type)["records"]
                return self._set((_name(name), type), asked.body["ttl"], records)
        return _error(404, "not_found", f"no such path: {asked.path}")

    def _told(self, asked: Asked) -> Answer:
        if asked.path.startswith("/v1/actions/"):
            return self._action(int(asked.path.rpartition("/")[2]))
        if asked.path == f"/v1/zones/{ZONE}":
            zone = {"id": _ZONE_ID, "name": ZONE, "mode": self._mode, "ttl": 3600, "status": "ok"}
            more = {"protection": {"delete": False}, "labels": {}, "record_count": len(self._sets)}
            return Answer(200, {"zone": {**zone, **more}})
        if asked.path != _RRSETS:
            return _error(404, "not_found", "zone not found")
        every = [] if self.has(Fault.EMPTY) else list(self._sets.values())
        page, size = int(asked.query.get("page", 1)), self.page_size
        last = max(1, -(-len(every) // size))
        paging = {
            "page": page,
            "per_page": size,
            "previous_page": page - 1 or None,
            "next_page": page + 1 if page < last and not self.has(Fault.EARLY_END) else None,
            "last_page": last,
            "total_entries": len(every),
        }
        shown = every[(page - 1) * size : page * size]
        return Answer(200, {"rrsets": shown, "meta": {"pagination": paging}})

    def _remove(self, name: str, type: str, records: list[dict[str, Any]]) -> Answer:
        """Take records away; a set that holds none any more goes too."""
        there, gone = self._found(name, type), {record["value"] for record in records}
        left = [record for record in there["records"] if record["value"] not in gone]
        if left:
            return self._set((_name(name), type), there["ttl"], left)
        return self._begun(partial(self._sets.pop, (_name(name), type)))

    def _found(self, name: str, type: str) -> dict[str, Any]:
        entry = self._sets.get((_name(name), type))
        if entry is None:
            raise Refusal(_error(404, "not_found", "rrset not found"))
        return entry

    def _set(
        self,
        key: Key,
        ttl: int | None,
        records: list[dict[str, Any]],
        more: Mapping[str, Any] | None = None,
    ) -> Answer:
        if ttl is not None and ttl < 60:
            return _invalid("ttl", "must be at least 60")
        values = [record["value"] for record in records]
        if len(set(values)) != len(values):
            return _invalid("records", "values must be distinct")
        if key[1] == "TXT" and not all(value.startswith('"') for value in values):
            return _invalid("records", "must be fully escaped with double quotes")
        if key[1] == "TXT" and self.has(Fault.CUT):
            records = [
                {**record, "value": quoted(unquoted(record["value"])[:255])} for record in records
            ]
        return self._begun(partial(self._put, *key, ttl, records), more)

    def _begun(self, work: Callable[[], object], more: Mapping[str, Any] | None = None) -> Answer:
        """Answer at once; it is done when somebody asks whether it is."""
        id = next(self._ids)
        if not self.has(Fault.NO_EFFECT):
            self._running[id] = work
        return Answer(201, {"action": _action(id, "running"), **(more or {})})

    def _action(self, id: int) -> Answer:
        if (work := self._running.pop(id, None)) is not None:
            work()
        return Answer(200, {"action": _action(id, self._outcome)})

    def _put(self, name: str, type: str, ttl: int | None, records: list[dict[str, Any]]) -> None:
        label = name.removesuffix(ZONE).removesuffix(".") or "@"
        self._sets[name, type] = {
            "id": f"{label}/{type}",
            "name": label,
            "type": type,
            "ttl": ttl,
            "labels": {},
            "protection": {"change": False},
            "records": records,
            "zone": _ZONE_ID,
        }


def _name(label: str) -> str:
    return ZONE if label == "@" else f"{label}.{ZONE}"


def _action(id: int, status: str) -> dict[str, Any]:
    return {
        "id": id,
        "command": "set_rrset_records",
        "status": status,
        "progress": 50 if status == "running" else 100,
        "started": "2026-01-30T23:50:00+00:00",
        "finished": None if status == "running" else "2026-01-30T23:50:01+00:00",
        "resources": [{"id": _ZONE_ID, "type": "zone"}],
        "error": {"code": "action_failed", "message": "Action failed"}
        if status == "error"
        else None,
    }


def _error(status: int, code: str, message: str, details: Any = None) -> Answer:
    return Answer(status, {"error": {"code": code, "message": message, "details": details}})


def _invalid(field: str, message: str) -> Answer:
    details = {"fields": [{"name": field, "messages": [message]}]}
    return _error(422, "invalid_input", f"invalid input in field '{field}'", details)
