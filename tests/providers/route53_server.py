"""Route 53: moto answers what octodns-route53 asks, and what stands before it can fail."""

from __future__ import annotations

import os
from collections.abc import Mapping
from typing import Any
from xml.etree import ElementTree
from xml.sax.saxutils import escape

import pytest
from moto.backends import get_backend
from moto.moto_server.werkzeug_app import DomainDispatcherApplication, create_backend_app
from werkzeug.test import Client

from mailauth_dns.records.zone import quoted, unquoted
from tests.providers.contract import BETWEEN_LOOKS, SECRET, ZONE, Fault, Key
from tests.providers.http_stub import Answer, Asked, HttpStub, Refusal

_ACCOUNT = "123456789012"  # moto's own
_API = "/2013-04-01"
_XMLNS = "https://route53.amazonaws.com/doc/2013-04-01/"


class Route53Api(HttpStub):
    id = "route53"
    ttls = range(2**31)
    # A listing says nowhere how much there is.
    faults = frozenset(Fault) - {Fault.EARLY_END} - BETWEEN_LOOKS
    said_when_busy = "Rate exceeded"
    pause = 0  # Route 53 does not say how long to wait
    plan_cost = 2
    apply_cost = 4
    beside = 1  # the id of the zone

    def __init__(self) -> None:
        super().__init__()
        self._moto = Client(DomainDispatcherApplication(create_backend_app))
        self._backend = get_backend("route53")[_ACCOUNT]["aws"]
        self._backend.reset()
        self._zone = self._backend.create_hosted_zone(f"{ZONE}.", private_zone=False)
        for entry in self._zone.rrsets:  # moto makes these two, in another form than it then reads
            entry.records = [
                each["Value"] if isinstance(each, dict) else each for each in entry.records
            ]
        self._rrset = f"{_API}/hostedzone/{self._zone.id.rpartition('/')[2]}/rrset"

    def stanza(self) -> Mapping[str, object]:
        return {
            "class": "octodns_route53.Route53Provider",
            "access_key_id": "lab-key-id",
            "secret_access_key": "env/STUB_TOKEN",
            "client_max_attempts": 1,
        }

    def reach(self, monkeypatch: pytest.MonkeyPatch) -> None:
        monkeypatch.setenv("AWS_ENDPOINT_URL", self.url)
        monkeypatch.setenv("AWS_DEFAULT_REGION", "us-east-1")

    def put(self, name: str, type: str, ttl: int, *values: str, comment: str = "") -> None:
        there = self.whole().get((name, type), [])[1:]
        new = map(_octal, map(quoted, values)) if type == "TXT" else values
        self.put_set(name, type, f"<TTL>{ttl}</TTL>", *there, *new)

    def put_set(self, name: str, type: str, extra: str, *texts: str) -> None:
        """Write a set, with more elements of the API's XML."""
        records = "".join(
            f"<ResourceRecord><Value>{escape(text)}</Value></ResourceRecord>" for text in texts
        )
        records = f"<ResourceRecords>{records}</ResourceRecords>" if texts else ""
        body = (
            f'<ChangeResourceRecordSetsRequest xmlns="{_XMLNS}"><ChangeBatch><Changes><Change>'
            f"<Action>UPSERT</Action><ResourceRecordSet><Name>{name}.</Name><Type>{type}</Type>"
            f"{extra}{records}</ResourceRecordSet>"
            "</Change></Changes></ChangeBatch></ChangeResourceRecordSetsRequest>"
        )
        answer = self._forward("POST", f"{self._rrset}/", {}, {}, body.encode())
        assert answer.status == 200, answer.body

    def twice(self) -> None:
        """Make a private zone of the same name."""
        self._backend.create_hosted_zone(
            f"{ZONE}.", private_zone=True, vpcid="vpc-1", vpcregion="us-east-1"
        )

    def held(self) -> dict[Key, tuple[int, frozenset[str]]]:
        return {
            key: (
                int(ttl or 0),
                frozenset(unquoted(_decimal(text)) if key[1] == "TXT" else text for text in texts),
            )
            for key, (ttl, *texts) in self.whole().items()
        }

    def whole(self) -> dict[Key, Any]:
        return {
            (entry.name.rstrip("."), str(entry.type)): [entry.ttl, *entry.records]
            for entry in self._zone.rrsets
        }

    def entries(self, key: Key) -> list[str]:
        return sorted(map(str, self.whole()[key][1:]))

    def page_of(self, asked: Asked) -> int | None:
        if asked.method != "GET" or asked.path.rstrip("/") != self._rrset:
            return None
        return 2 if "name" in asked.query else 1

    def busy(self, seconds: int) -> Answer:
        return _error(400, "Throttling", "Rate exceeded")

    def refused(self, status: int, message: str) -> Answer:
        return _error(status, "Refused", message)

    def broken(self) -> Answer:
        return _error(500, "InternalFailure", "An internal error occurred")

    def read(self, headers: Mapping[str, str], body: bytes) -> bytes:
        return body

    def answer(self, asked: Asked) -> Answer:
        if os.environ.get("STUB_TOKEN") != SECRET:  # moto believes any signature
            return _error(403, "SignatureDoesNotMatch", "The signature does not match.")
        if self.page_of(asked) and self.has(Fault.EMPTY):
            return _xml(
                f'<ListResourceRecordSetsResponse xmlns="{_XMLNS}"><ResourceRecordSets/>'
                "<IsTruncated>false</IsTruncated><MaxItems>300</MaxItems>"
                "</ListResourceRecordSetsResponse>"
            )
        query = dict(asked.query)
        if self.page_of(asked):
            query["maxitems"] = str(self.page_size)
        if asked.method == "POST" and self.has(Fault.NO_EFFECT):
            return _xml(
                f'<ChangeResourceRecordSetsResponse xmlns="{_XMLNS}"><ChangeInfo><Id>/change/C1</Id>'
                "<Status>INSYNC</Status><SubmittedAt>2026-09-10T01:36:41.958Z</SubmittedAt>"
                "</ChangeInfo></ChangeResourceRecordSetsResponse>"
            )
        if asked.method == "POST":
            self._check(ElementTree.fromstring(asked.body))
        answer = self._forward(asked.method, asked.path, query, asked.headers, asked.body)
        if asked.method == "POST" and self.has(Fault.CUT):
            for entry in self._zone.rrsets:
                if entry.type == "TXT":
                    entry.records = [
                        quoted(unquoted(_decimal(text))[:255]) for text in entry.records
                    ]
        return answer

    def _check(self, batch: ElementTree.Element) -> None:
        """Refuse to delete a set that is not as the batch has it: moto does not look."""
        for change in batch.iterfind(".//{*}Change"):
            name, type = (change.findtext(f".//{{*}}{tag}", "") for tag in ("Name", "Type"))
            values = {each.text for each in change.iterfind(".//{*}Value")}
            ttl = int(change.findtext(".//{*}TTL", "0"))
            there = self.whole().get((name.rstrip("."), type), [None])
            moved = (there[0], set(there[1:])) != (ttl, values)
            if change.findtext("{*}Action") == "DELETE" and moved:
                told = f"[name='{name}', type='{type}'] but the values provided do not match"
                message = f"[Tried to delete resource record set {told} the current values]"
                raise Refusal(_error(400, "InvalidChangeBatch", message))

    def _forward(
        self,
        method: str,
        path: str,
        query: Mapping[str, str],
        headers: Mapping[str, str],
        body: bytes | None,
    ) -> Answer:
        signed = "AWS4-HMAC-SHA256 Credential=k/20260101/us-east-1/route53/aws4_request"
        answer = self._moto.open(
            path=path,
            method=method,
            query_string=query,
            data=body,
            headers={"Authorization": headers.get("authorization", signed)},
            base_url="https://route53.amazonaws.com",
        )
        return Answer(answer.status_code, answer.data, {"Content-Type": "text/xml"})


def _xml(text: str, status: int = 200) -> Answer:
    return Answer(status, text.encode(), {"Content-Type": "text/xml"})


def _error(status: int, code: str, message: str) -> Answer:
    return _xml(
        f'<ErrorResponse xmlns="{_XMLNS}"><Error><Type>Sender</Type><Code>{code}</Code>'
        f"<Message>{message}</Message></Error><RequestId>1</RequestId></ErrorResponse>",
        status,
    )


def _octal(text: str) -> str:
    """Return a text with its octets as Route 53 writes them."""
    return _changed(text, 10, "03o")


def _decimal(text: str) -> str:
    return _changed(text, 8, "03d")


def _changed(text: str, base: int, form: str) -> str:
    made, rest = "", text
    while rest:
        if rest[0] != "\\":
            made, rest = made + rest[0], rest[1:]
        elif rest[1:4].isdigit():
            made, rest = made + f"\\{int(rest[1:4], base):{form}}", rest[4:]
        else:
            made, rest = made + rest[:2], rest[2:]
    return made
