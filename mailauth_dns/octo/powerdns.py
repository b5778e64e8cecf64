"""PowerDNS by its HTTP API, through octodns-powerdns.

octodns-powerdns reads values that are `disabled` as if they were live and would publish them when it writes the set again, so the API's
own answer is looked at too.
"""

from __future__ import annotations

from typing import Any
from urllib.parse import unquote_plus

from octodns_powerdns import PowerDnsBaseProvider, PowerDnsProvider, _encode_zone_name

from mailauth_dns.octo.reading import Reading, octets, owner
from mailauth_dns.records.name import DomainName
from mailauth_dns.records.zone import RRKey, RRset, Zone


def fetch(provider: PowerDnsBaseProvider, origin: str) -> Reading:
    """Return the zone as the API tells it."""
    return reading(origin, provider._get(f"zones/{_encode_zone_name(origin)}").json())


def reading(origin: str, answer: Any) -> Reading:  # noqa: ANN401 - JSON
    """Return the API's answer as values; disabled ones are not served and lock their set."""
    rrsets: list[RRset] = []
    locked: dict[RRKey, str] = {}
    for entry in answer["rrsets"]:
        name, type = owner(entry["name"]), entry["type"]
        live = [record["content"] for record in entry["records"] if not record["disabled"]]
        if len(live) < len(entry["records"]):
            values = "1 value" if len(entry["records"]) - len(live) == 1 else f"{len(entry['records']) - len(live)} values"
            locked[name, type] = (
                f"{values} of this set disabled in PowerDNS: writing the set would publish that; enable or delete it there first"
            )
        if live:
            rrsets.append(RRset(name, type, entry["ttl"], frozenset(map(octets, live)) if type == "TXT" else frozenset(live)))
    return Reading(Zone(owner(origin), frozenset(rrsets)), exists=True, locked=locked)


def encoder(provider: PowerDnsBaseProvider) -> Any:  # noqa: ANN401 - carry.Encoder
    """Return what the API would be sent for a TXT record."""

    def encode(record: Any) -> list[str]:  # noqa: ANN401 - an octoDNS Record
        records, _ = provider._records_for(record)
        return [entry["content"] for entry in records]

    return encode


class PowerDns(PowerDnsProvider):  # type: ignore[misc] # octodns-powerdns has no types
    """octodns-powerdns's provider, with the API's answer kept beside what octoDNS makes of it."""

    def __init__(self, *args: Any, **kwargs: Any) -> None:  # noqa: ANN401 - whatever the stanza says
        super().__init__(*args, **kwargs)
        self._answers: dict[DomainName, Any] = {}

    def reading(self, origin: DomainName) -> Reading:
        """Return what the last answer said; a zone that the server does not have is not there."""
        answer = self._answers.get(origin)
        return Reading(Zone(origin, frozenset()), exists=False) if answer is None else reading(origin, answer)

    def _get(self, path: str, data: Any = None) -> Any:  # noqa: ANN401 - octodns-powerdns's signature
        if not path.startswith("zones/"):
            return super()._get(path, data)
        # The client writes "=2F" for a slash in the zone's name.
        origin = owner(unquote_plus(path.removeprefix("zones/").replace("=", "%")))
        self._answers.pop(origin, None)
        response = super()._get(path, data)
        self._answers[origin] = response.json()
        return response
