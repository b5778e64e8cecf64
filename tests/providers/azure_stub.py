"""Azure DNS as its documentation describes it: one request a set, with an ETag for each."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import octodns_azure
import pytest
from azure.core.credentials import AccessToken
from azure.core.pipeline.policies import _authentication

from tests.providers.contract import BETWEEN_LOOKS, SECRET, ZONE, Fault, Key
from tests.providers.http_stub import Answer, Asked, HttpStub, Refusal

_GROUP = "/subscriptions/sub/resourceGroups/group/providers/Microsoft.Network/dnsZones"
_FIELDS = {  # by type: the field of a set, and that of a record
    "A": ("ARecords", "ipv4Address"),
    "AAAA": ("AAAARecords", "ipv6Address"),
    "MX": ("MXRecords", ""),
    "NS": ("NSRecords", "nsdname"),
    "TXT": ("TXTRecords", "value"),
    "CNAME": ("CNAMERecord", "cname"),
    "CAA": ("caaRecords", ""),
    "SOA": ("SOARecord", ""),
}
_ONE = frozenset({"CNAME", "SOA"})  # their field is one record, not a list
_SOA = {
    "host": "ns1-01.azure-dns.com.",
    "email": "azuredns-hostmaster.microsoft.com",
    "serialNumber": 1,
    "refreshTime": 3600,
    "retryTime": 300,
    "expireTime": 2419200,
    "minimumTTL": 300,
}


class _Credential:
    """Stands for the login, which asks a server of its own: the secret is the token."""

    def __init__(self, client_secret: str, **_: object) -> None:
        self._secret = client_secret

    def get_token(self, *_: object, **__: object) -> AccessToken:
        return AccessToken(self._secret, 2**40)


def _error(status: int, code: str, message: str, **headers: str) -> Answer:
    body = {"error": {"code": code, "message": message}}
    return Answer(status, body, {name.replace("_", "-"): value for name, value in headers.items()})


class AzureApi(HttpStub):
    id = "azure"
    ttls = range(1, 2**31)
    # A listing says nowhere how much there is.
    faults = frozenset(Fault) - {Fault.EARLY_END} - BETWEEN_LOOKS
    said_when_busy = "Too many requests"
    plan_cost = 1
    apply_cost = 3

    def __init__(self) -> None:
        super().__init__()
        self._sets: dict[Key, dict[str, Any]] = {}
        self._made = 0
        self._set(ZONE, "NS", {"TTL": 172800, "NSRecords": [{"nsdname": "ns1-01.azure-dns.com."}]})
        self._set(ZONE, "SOA", {"TTL": 3600, "SOARecord": _SOA})

    def stanza(self) -> Mapping[str, object]:
        return {
            "class": "octodns_azure.AzureProvider",
            "sub_id": "sub",
            "resource_group": "group",
            "directory_id": "directory",
            "client_id": "client",
            "key": "env/STUB_TOKEN",
            "base_url": self.url,
            "client_total_retries": 0,
            "client_status_retries": 0,
        }

    def reach(self, monkeypatch: pytest.MonkeyPatch) -> None:
        monkeypatch.setattr(octodns_azure, "ClientSecretCredential", _Credential)
        # The stub has no certificate.
        monkeypatch.setattr(_authentication, "_enforce_https", lambda _: None)

    def put(self, name: str, type: str, ttl: int, *values: str, comment: str = "") -> None:
        if type not in _FIELDS:
            return  # Azure has no sets of this type
        properties = dict(self._sets.get((name, type), {}).get("properties", {}))
        field, inner = _FIELDS[type]
        new = [_record(type, inner, value) for value in values]
        properties |= {"TTL": ttl, "metadata": {"note": comment} if comment else None}
        properties[field] = new[0] if type in _ONE else [*properties.get(field, ()), *new]
        self._set(name, type, properties)

    def lead(self, name: str, type: str) -> None:
        """Make a set an alias of a resource."""
        self._sets[name, type]["properties"]["targetResource"] = {"id": "/subscriptions/sub/ip"}

    def holds(self, value: str) -> str:
        """Return what Azure holds: a text is characters there, and their UTF-8 is served."""
        return _characters(value).encode().decode("latin-1")

    def held(self) -> dict[Key, tuple[int, frozenset[str]]]:
        return {
            key: (entry["properties"]["TTL"], frozenset(_values(key[1], entry["properties"])))
            for key, entry in self._sets.items()
        }

    def whole(self) -> dict[Key, Any]:
        return {
            key: [
                entry["properties"]["TTL"],
                str(entry["properties"].get("metadata")),
                *_records(key[1], entry["properties"]),
            ]
            for key, entry in self._sets.items()
        }

    def page_of(self, asked: Asked) -> int | None:
        if asked.method != "GET" or not asked.path.endswith("/recordsets"):
            return None
        return int(asked.query.get("$skipToken") or 1)

    def busy(self, seconds: int) -> Answer:
        return _error(429, "TooManyRequests", "Too many requests", Retry_After=str(seconds))

    def refused(self, status: int, message: str) -> Answer:
        return _error(status, "Refused", message)

    def broken(self) -> Answer:
        return _error(500, "InternalServerError", "An error occurred.")

    def answer(self, asked: Asked) -> Answer:
        if asked.headers.get("authorization") != f"Bearer {SECRET}":
            return _error(401, "InvalidAuthenticationToken", "The access token is invalid.")
        zone, _, rest = asked.path.removeprefix(f"{_GROUP}/").partition("/")
        if zone != ZONE:
            return _error(404, "ResourceNotFound", f"The Resource 'dnsZones/{zone}' was not found.")
        if rest == "recordsets":
            return self._listed(asked)
        type, _, name = rest.partition("/")
        key = (ZONE if name == "@" else f"{name}.{ZONE}", type)
        self._check(key, asked)
        new = key not in self._sets
        if asked.method == "DELETE":
            if not self.has(Fault.NO_EFFECT):
                self._sets.pop(key, None)
            return Answer(204 if new else 200)
        properties = asked.body["properties"]
        if type == "TXT" and self.has(Fault.CUT):
            properties["TXTRecords"] = [
                {"value": ["".join(record["value"])[:255]]} for record in properties["TXTRecords"]
            ]
        if not self.has(Fault.NO_EFFECT):
            self._set(*key, properties)
        made = self._sets.get(key, {"name": name, "type": f"Microsoft.Network/dnszones/{type}"})
        return Answer(201 if new else 200, made)

    def _check(self, key: Key, asked: Asked) -> None:
        there = self._sets.get(key)
        if "if-match" in asked.headers and asked.headers["if-match"] != (there or {}).get("etag"):
            raise Refusal(_error(412, "PreconditionFailed", "The condition set is not met."))
        if asked.headers.get("if-none-match") == "*" and there is not None:
            raise Refusal(_error(412, "PreconditionFailed", "The record set exists already."))
        if asked.method == "PUT":
            for value in asked.body["properties"].get("TXTRecords", ()):
                if any(len(each.encode()) > 255 for each in value["value"]):
                    raise Refusal(_error(400, "BadRequest", "A string is longer than 255."))
            aliases = {k for k in self._sets if k[0] == key[0]} - {key}
            if key[1] == "CNAME" and aliases:
                raise Refusal(_error(400, "BadRequest", "A CNAME stands alone."))

    def _listed(self, asked: Asked) -> Answer:
        entries = [] if self.has(Fault.EMPTY) else list(self._sets.values())
        page = int(asked.query.get("$skipToken") or 1)
        body: dict[str, Any] = {
            "value": entries[(page - 1) * self.page_size : page * self.page_size]
        }
        if page * self.page_size < len(entries):
            body["nextLink"] = (
                f"{self.url}{asked.path}?$skipToken={page + 1}&api-version=2018-05-01"
            )
        return Answer(200, body)

    def _set(self, name: str, type: str, properties: dict[str, Any]) -> None:
        self._made += 1
        relative = "@" if name == ZONE else name.removesuffix(f".{ZONE}")
        self._sets[name, type] = {
            "id": f"{_GROUP}/{ZONE}/{type}/{relative}",
            "name": relative,
            "type": f"Microsoft.Network/dnszones/{type}",
            "etag": f"00000000-{self._made:04}",
            "properties": {
                "fqdn": f"{name}.",
                "targetResource": {},
                "provisioningState": "Succeeded",
                **properties,
            },
        }


def _record(type: str, inner: str, value: str) -> dict[str, Any]:
    match type:
        case "TXT":
            text = _characters(value)
            return {"value": [text[start : start + 255] for start in range(0, len(text), 255)]}
        case "MX":
            preference, exchange = value.split()
            return {"preference": int(preference), "exchange": exchange}
        case "CAA":
            flags, tag, text = value.split()
            return {"flags": int(flags), "tag": tag, "value": text.strip('"')}
    return {inner: value}


def _characters(value: str) -> str:
    return value.encode("latin-1").decode("utf-8", "replace")


def _records(type: str, properties: Mapping[str, Any]) -> list[Any]:
    found = properties[_FIELDS[type][0]]
    return [found] if type in _ONE else list(found)


def _values(type: str, properties: Mapping[str, Any]) -> list[str]:
    records = _records(type, properties)
    if type == "TXT":
        return ["".join(record["value"]).encode().decode("latin-1") for record in records]
    return [" ".join(map(str, record.values())) for record in records]
