"""Google Cloud DNS as its documentation describes it: changes of whole sets, done whole or not at all."""

from __future__ import annotations

import json
import os
import tempfile
from collections.abc import Mapping
from functools import cache
from pathlib import Path
from typing import Any

import pytest
from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric import rsa
from google.cloud.dns._http import Connection

from mailauth_dns.octo import googlecloud
from mailauth_dns.records.zone import quoted, unquoted
from tests.providers.contract import BETWEEN_LOOKS, SECRET, ZONE, Fault, Key
from tests.providers.http_stub import LOGIN, Answer, Asked, HttpStub, Refusal

_ZONES = "/dns/v1/projects/lab/managedZones"
_RRSETS, _CHANGES = f"{_ZONES}/zone-1/rrsets", f"{_ZONES}/zone-1/changes"


@cache
def _private_key() -> str:
    return (
        rsa.generate_private_key(65537, 2048)
        .private_bytes(
            serialization.Encoding.PEM,
            serialization.PrivateFormat.PKCS8,
            serialization.NoEncryption(),
        )
        .decode()
    )


def _error(status: int, reason: str, message: str, **headers: str) -> Answer:
    errors = [{"domain": "global", "reason": reason, "message": message}]
    body = {"error": {"code": status, "message": message, "errors": errors}}
    return Answer(status, body, {name.replace("_", "-"): value for name, value in headers.items()})


def _change(status: str) -> dict[str, str]:
    return {
        "kind": "dns#change",
        "id": "7",
        "status": status,
        "startTime": "2026-01-01T05:20:00.123Z",
    }


class GoogleCloudApi(HttpStub):
    id = "googlecloud"
    ttls = range(2**31)
    # A listing says nowhere how much there is.
    faults = frozenset(Fault) - {Fault.EARLY_END} - BETWEEN_LOOKS
    said_when_busy = "Quota exceeded"
    plan_cost = 3
    apply_cost = 7
    beside = 4  # the log-in, the name of the zone, and two looks at the change until it is done

    def __init__(self) -> None:
        super().__init__()
        self.pending = 1  # how often a change says that it is not done yet
        self._private = False
        self._sets: dict[Key, dict[str, Any]] = {}
        self._folder = tempfile.TemporaryDirectory(prefix="mailauth-google-")
        (Path(self._folder.name) / "key.json").write_text(
            json.dumps(
                {
                    "type": "service_account",
                    "project_id": "lab",
                    "private_key": _private_key(),
                    "client_email": "octodns@lab.example",
                    "token_uri": f"{self.url}{LOGIN}",
                }
            )
        )
        self._set(ZONE, "NS", 21600, ["ns-cloud-a1.googledomains.com."])
        soa = "ns-cloud-a1.googledomains.com. hostmaster.google.com. 1 21600 3600 259200 300"
        self._set(ZONE, "SOA", 21600, [soa])

    def close(self) -> None:
        super().close()
        self._folder.cleanup()

    def stanza(self) -> Mapping[str, object]:
        return {
            "class": "octodns_googlecloud.GoogleCloudProvider",
            "credentials_file": f"{self._folder.name}/key.json",
        }

    def reach(self, monkeypatch: pytest.MonkeyPatch) -> None:
        # octodns-googlecloud has no key for it; the arguments are client_info and api_endpoint.
        monkeypatch.setattr(Connection.__init__, "__defaults__", (None, self.url))
        monkeypatch.setattr(googlecloud, "_PAUSE", 0.01)

    def put(self, name: str, type: str, ttl: int, *values: str, comment: str = "") -> None:
        there = self._sets.get((name, type), {}).get("rrdatas", [])
        new = map(quoted, values) if type == "TXT" else values
        self._set(name, type, ttl, [*there, *new])

    def route(self, name: str, type: str) -> None:
        """Give a set a routing policy: its values depend on who asks."""
        del self._sets[name, type]["rrdatas"]
        self._sets[name, type]["routingPolicy"] = {"wrr": {"items": [{"weight": 1.0}]}}

    def twice(self) -> None:
        """Make a private zone of the same name."""
        self._private = True

    def held(self) -> dict[Key, tuple[int, frozenset[str]]]:
        return {
            key: (
                entry["ttl"],
                frozenset(map(unquoted, entry["rrdatas"]) if key[1] == "TXT" else entry["rrdatas"]),
            )
            for key, entry in self._sets.items()
            if "rrdatas" in entry
        }

    def whole(self) -> dict[Key, Any]:
        return {
            key: [entry["ttl"], *entry.get("rrdatas", ()), str(entry.get("routingPolicy"))]
            for key, entry in self._sets.items()
        }

    def page_of(self, asked: Asked) -> int | None:
        if asked.method != "GET" or asked.path != _RRSETS:
            return None
        return int(asked.query.get("pageToken") or 1)

    def busy(self, seconds: int) -> Answer:
        text = "Quota exceeded for quota metric 'Queries'"
        return _error(429, "rateLimitExceeded", text, Retry_After=str(seconds))

    def refused(self, status: int, message: str) -> Answer:
        return _error(status, "refused", message)

    def broken(self) -> Answer:
        return _error(500, "backendError", "Backend Error")

    def answer(self, asked: Asked) -> Answer:
        if asked.path == LOGIN:
            # The key is in a file; a test that has another secret means another key.
            if os.environ.get("STUB_TOKEN") != SECRET:
                said = {"error": "invalid_grant", "error_description": "Invalid JWT Signature."}
                return Answer(400, said)
            return Answer(200, {"access_token": SECRET, "expires_in": 3599, "token_type": "Bearer"})
        if asked.headers.get("authorization") != f"Bearer {SECRET}":
            return _error(401, "authError", "Invalid Credentials")
        if asked.path == _ZONES:
            return Answer(200, {"managedZones": self._zones(asked.query.get("dnsName"))})
        if asked.path == _RRSETS:
            return self._listed(asked)
        if asked.path.startswith(_CHANGES):
            return self._changed(asked)
        return _error(404, "notFound", "Not found")

    def _zones(self, name: str | None) -> list[dict[str, str]]:
        zone = {"name": "zone-1", "dnsName": f"{ZONE}.", "visibility": "public"}
        zones = [zone, zone | {"name": "zone-2", "visibility": "private"}]
        return zones[: 1 + self._private] if name in (None, zone["dnsName"]) else []

    def _listed(self, asked: Asked) -> Answer:
        entries = [] if self.has(Fault.EMPTY) else list(self._sets.values())
        page = int(asked.query.get("pageToken") or 1)
        body: dict[str, Any] = {
            "rrsets": entries[(page - 1) * self.page_size : page * self.page_size]
        }
        if page * self.page_size < len(entries):
            body["nextPageToken"] = str(page + 1)
        return Answer(200, body)

    def _changed(self, asked: Asked) -> Answer:
        if asked.method == "GET":
            self.pending -= 1
            return Answer(200, _change("done" if self.pending <= 0 else "pending"))
        self._check(asked.body)
        if not self.has(Fault.NO_EFFECT):
            for entry in asked.body["deletions"]:
                del self._sets[entry["name"].rstrip("."), entry["type"]]
            for entry in asked.body["additions"]:
                rrdatas = entry["rrdatas"]
                if entry["type"] == "TXT" and self.has(Fault.CUT):
                    rrdatas = [quoted(unquoted(text)[:255]) for text in rrdatas]
                self._set(entry["name"].rstrip("."), entry["type"], entry["ttl"], rrdatas)
        self.pending = 2
        return Answer(200, _change("pending"))

    def _check(self, change: Any) -> None:
        for entry in change["deletions"]:
            if (entry["name"].rstrip("."), entry["type"]) not in self._sets:
                text = f"The resource named '{entry['name']} ({entry['type']})' does not exist"
                raise Refusal(_error(404, "notFound", text))
            if self._sets.get((entry["name"].rstrip("."), entry["type"])) != entry:
                text = "Precondition not met for 'entity.change.deletions[0]'"
                raise Refusal(_error(412, "conditionNotMet", text))
        gone = {(entry["name"], entry["type"]) for entry in change["deletions"]}
        for entry in change["additions"]:
            key = (entry["name"].rstrip("."), entry["type"])
            if key in self._sets and (entry["name"], entry["type"]) not in gone:
                text = "The resource 'entity.change.additions[0]' already exists"
                raise Refusal(_error(409, "alreadyExists", text))

    def _set(self, name: str, type: str, ttl: int, rrdatas: list[str]) -> None:
        self._sets[name, type] = {
            "kind": "dns#resourceRecordSet",
            "name": f"{name}.",
            "type": type,
            "ttl": ttl,
            "rrdatas": list(rrdatas),
            "signatureRrdatas": [],
        }
