"""deSEC's API as its documentation describes it: sets of records, changed in bulk or not at all."""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any

import pytest
from octodns_desec import DesecAPI

from mailauth_dns.records.zone import quoted, unquoted
from tests.providers.contract import SECRET, ZONE, Fault, Key, spelled
from tests.providers.http_stub import Answer, Asked, HttpStub, Refusal

_RRSETS = f"/api/v1/domains/{ZONE}/rrsets/"
_NOT_FOUND = Answer(404, {"detail": "Not found."})


class DesecApi(HttpStub):
    id = "desec"
    ttls = range(3600, 86401)
    # A listing says nowhere how much there is.
    faults = frozenset(Fault) - {Fault.EARLY_END}
    said_when_busy = "deSEC answered 429: Request was throttled"
    plan_cost = 1
    apply_cost = 3

    def __init__(self) -> None:
        super().__init__()
        self._sets: dict[Key, dict[str, Any]] = {}
        self._set(ZONE, "NS", 3600, ["ns1.desec.io.", "ns2.desec.org."])

    def stanza(self) -> Mapping[str, object]:
        return {"class": "octodns_desec.DesecProvider", "token": "env/STUB_TOKEN", "timeout": 5}

    def reach(self, monkeypatch: pytest.MonkeyPatch) -> None:
        monkeypatch.setattr(DesecAPI, "API_DOMAINS_URL", f"{self.url}/api/v1/domains")

    def put(self, name: str, type: str, ttl: int, *values: str, comment: str = "") -> None:
        there = self._sets.get((name, type), {}).get("records", [])
        new = map(spelled, values) if type == "TXT" else values
        self._set(name, type, ttl, [*there, *new])

    def held(self) -> dict[Key, tuple[int, frozenset[str]]]:
        return {
            key: (
                entry["ttl"],
                frozenset(map(unquoted, entry["records"]) if key[1] == "TXT" else entry["records"]),
            )
            for key, entry in self._sets.items()
        }

    def whole(self) -> dict[Key, Any]:
        return {key: [entry["ttl"], *entry["records"]] for key, entry in self._sets.items()}

    def page_of(self, asked: Asked) -> int | None:
        if asked.method != "GET" or asked.path != _RRSETS:
            return None
        return int(asked.query.get("cursor") or 1)

    def busy(self, seconds: int) -> Answer:
        text = f"Request was throttled. Expected available in {seconds} second."
        return Answer(429, {"detail": text}, {"Retry-After": str(seconds)})

    def refused(self, status: int, message: str) -> Answer:
        return Answer(status, {"detail": message})

    def broken(self) -> Answer:
        return Answer(500, {"detail": "Internal server error."})

    def answer(self, asked: Asked) -> Answer:
        if asked.headers.get("authorization") != f"Token {SECRET}":
            return Answer(401, {"detail": f"Invalid token {asked.headers.get('authorization')}."})
        if asked.path == f"/api/v1/domains/{ZONE}/" and asked.method == "GET":
            times = dict.fromkeys(
                ("created", "published", "touched"), "2026-09-18T16:32:16.510368Z"
            )
            return Answer(200, {"name": ZONE, "minimum_ttl": 3600, "keys": [], **times})
        if asked.path != _RRSETS:
            return _NOT_FOUND
        if asked.method == "GET":
            return self._listed(asked)
        if asked.method == "PATCH":
            return self._changed(asked)
        return Answer(405, {"detail": f'Method "{asked.method}" not allowed.'})

    def _listed(self, asked: Asked) -> Answer:
        entries = [] if self.has(Fault.EMPTY) else list(self._sets.values())
        page = int(asked.query.get("cursor") or 1)
        links = [f'<{self.url}{_RRSETS}?cursor=>; rel="first"']
        if page * self.page_size < len(entries):
            if "cursor" not in asked.query:
                return Answer(400, {"detail": "Pagination required."}, {"Link": links[0]})
            links.append(f'<{self.url}{_RRSETS}?cursor={page + 1}>; rel="next"')
        shown = entries[(page - 1) * self.page_size : page * self.page_size]
        return Answer(200, shown, {"Link": ", ".join(links)})

    def _changed(self, asked: Asked) -> Answer:
        problems = [self._problems(entry) for entry in asked.body]
        if any(problems):
            raise Refusal(Answer(400, problems))
        if not self.has(Fault.NO_EFFECT):
            for entry in asked.body:
                self._change(entry)
        return Answer(200, asked.body)

    def _change(self, entry: Mapping[str, Any]) -> None:
        name = f"{entry['subname']}.{ZONE}".removeprefix(".")
        if not entry["records"]:
            self._sets.pop((name, entry["type"]), None)
            return
        records = entry["records"]
        if entry["type"] == "TXT" and self.has(Fault.CUT):
            records = [quoted(unquoted(text)[:255]) for text in records]
        # The API writes what it is sent in one way: no escape that is not needed.
        records = [re.sub(r"\\(.)", _unescaped, text) for text in records]
        ttl = entry.get("ttl", self._sets.get((name, entry["type"]), {}).get("ttl"))
        self._set(name, entry["type"], ttl, records)

    def _problems(self, entry: Mapping[str, Any]) -> dict[str, list[str]]:
        found: dict[str, list[str]] = {}
        name = f"{entry['subname']}.{ZONE}".removeprefix(".")
        if "ttl" in entry and entry["ttl"] < 3600 and entry["records"]:
            found["ttl"] = ["Ensure this value is greater than or equal to 3600."]
        if "ttl" not in entry and entry["records"] and (name, entry["type"]) not in self._sets:
            found["ttl"] = ["This field is required."]
        if entry["type"] == "TXT" and not all(
            re.fullmatch(r'("(?:[^"\\]|\\.)*" ?)+', text) for text in entry["records"]
        ):
            found["records"] = ["Record content malformed: Content must be quoted."]
        return found

    def _set(self, name: str, type: str, ttl: int, records: list[str]) -> None:
        self._sets[name, type] = {
            "created": "2026-09-18T16:32:16.510368Z",
            "domain": ZONE,
            "subname": name.removesuffix(ZONE).removesuffix("."),
            "name": f"{name}.",
            "type": type,
            "records": list(records),
            "ttl": ttl,
            "touched": "2026-09-18T16:32:16.510368Z",
        }


def _unescaped(escape: re.Match[str]) -> str:
    return escape[0] if escape[1] in '"\\' or escape[1].isdigit() else escape[1]
