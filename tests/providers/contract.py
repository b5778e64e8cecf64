"""What every provider has to do, and to leave alone: the table of providers, and what a test needs of one.

How to add a provider: subclass `Api` (an HTTP API: `http_stub.HttpStub`), and name it in `PROVIDERS`.
`test_contract.py` and `test_faults.py` then run every test with it, except those for a fault that is not
in its `faults`.
"""

from __future__ import annotations

import importlib
from abc import ABC, abstractmethod
from collections.abc import Mapping
from enum import Enum, auto
from typing import Any

import pytest

from mailauth_dns.records.zone import quoted

Key = tuple[str, str]  # owner name without a dot at its end, type
ZONE = "example.com"
SECRET = "t0ken-0f-the-stub-4711"

PROVIDERS = {  # id: module and class
    "azure": "tests.providers.azure_stub.AzureApi",
    "cloudflare": "tests.providers.cloudflare_stub.CloudflareApi",
    "desec": "tests.providers.desec_stub.DesecApi",
    "googlecloud": "tests.providers.googlecloud_stub.GoogleCloudApi",
    "hetzner": "tests.providers.hetzner_stub.HetznerApi",
    "route53": "tests.providers.route53_server.Route53Api",
}


class Fault(Enum):
    """What an API can do wrong."""

    SECOND_PAGE = auto()  # the second page of a listing fails
    EARLY_END = auto()  # a listing ends after its first page, as if that were all
    EMPTY = auto()  # a listing holds nothing
    EMPTY_LATER = auto()  # the second listing from now on holds nothing
    MOVED = auto()  # before the second listing from now on, somebody adds "token=added" to the apex
    OVERTAKEN = auto()  # the same, just before a write
    BUSY_READ = auto()  # a question comes too soon: 429, and how long to wait
    BUSY_WRITE = auto()
    BROKEN_WRITE = auto()  # 500, and nothing is done
    SILENT_READ = auto()  # the connection ends without an answer
    SILENT_WRITE = auto()  # the same, and what was asked is done
    NO_EFFECT = auto()  # says that it is done, and does nothing
    CUT = auto()  # keeps the first 255 octets of a TXT value


# What happens only between two looks; a provider that refuses by itself is looked at once.
BETWEEN_LOOKS = frozenset({Fault.EMPTY_LATER, Fault.MOVED})


class Api(ABC):
    """One provider with the zone example.com, which is empty at first but for what it always has."""

    id: str
    ttls: range  # in seconds
    faults: frozenset[Fault] = frozenset(Fault)
    page_size = 3  # so that the zone of the tests has several pages
    plan_cost: int  # requests for the plan of a zone with one change, all on one page
    apply_cost: int  # and for its apply
    beside = 0  # those of the apply that neither read the zone, nor write it, nor read it back
    watched = False  # whether `moments` are kept
    said_when_busy: str  # a part of what is told where it stays busy
    pause = 1  # seconds that it asks to wait where it is busy

    @abstractmethod
    def stanza(self) -> Mapping[str, object]:
        """Return providers/<id>.yaml; a secret is `env/STUB_TOKEN`."""

    @abstractmethod
    def put(self, name: str, type: str, ttl: int, *values: str, comment: str = "") -> None:
        """Add values as somebody does at the provider's own form: TXT values are octets."""

    @abstractmethod
    def held(self) -> dict[Key, tuple[int, frozenset[str]]]:
        """Return the TTL and the values of each set, as a name server would: TXT values are octets."""

    @abstractmethod
    def whole(self) -> dict[Key, Any]:
        """Return all that the provider keeps of each set: ids, comments, spelling."""

    def entries(self, key: Key) -> list[str]:
        """Return what the provider keeps of each value of a set, as text that can be compared."""
        return sorted(map(str, self.whole()[key]))

    @abstractmethod
    def break_with(self, fault: Fault, times: int = 10**6) -> None:
        """Do something wrong from now on, so many times."""

    @abstractmethod
    def requests(self) -> int:
        """Return how often it was asked anything."""

    @abstractmethod
    def listings(self) -> int:
        """Return how often it was asked for a page of the zone."""

    @abstractmethod
    def writes(self) -> int:
        """Return how often it was asked to change anything."""

    @abstractmethod
    def close(self) -> None:
        """Let it end."""

    # What not every provider needs

    def holds(self, value: str) -> str:
        """Return the octets that the provider makes of a TXT value that somebody enters."""
        return value

    def moments(self) -> list[frozenset[str]]:
        """Return the TXT values at the apex after each request, as a resolver could have seen them."""
        return []

    def reach(self, monkeypatch: pytest.MonkeyPatch) -> None:  # noqa: B027 - nothing, where the stanza says it
        """Lead the client to the stub where the stanza cannot, and keep it from waiting long."""


def spelled(value: str) -> str:
    """Return a TXT value as others may write it: in more strings than it needs."""
    return f"{quoted(value[:8])} {quoted(value[8:])}" if len(value) > 8 else quoted(value)


def kind(id: str) -> type[Api]:
    """Return the class of a provider of the table; its objects hold nothing of a policy at first."""
    module, _, name = PROVIDERS[id].rpartition(".")
    found: type[Api] = getattr(importlib.import_module(module), name)
    return found


def with_fault(fault: Fault) -> list[str]:
    """Return the providers that can be made to do something wrong."""
    return [id for id in PROVIDERS if fault in kind(id).faults]
