"""PowerDNS by its HTTP API, through octodns-powerdns.

octodns-powerdns reads `disabled` values as if they were live, and would publish them when it writes
the set again, so we also read the API's own answer. The API has no conditional change, so a set is
read once more just before it is written.
"""

from __future__ import annotations

from typing import Any
from urllib.parse import unquote_plus

from octodns.idna import IdnaError
from octodns.record import Record
from octodns.record.exception import RecordException
from octodns.zone import DuplicateRecordException
from octodns.zone import Zone as OctoZone
from octodns_powerdns import PowerDnsBaseProvider, PowerDnsProvider, _encode_zone_name

from mailauth_dns.diff.change import Unwritable
from mailauth_dns.errors import ProviderError, SetMoved
from mailauth_dns.octo.provider_zone import Reading, octets, owner
from mailauth_dns.octo.txt_round_trip import refuse_what_hangs
from mailauth_dns.records.name import DomainName
from mailauth_dns.records.zone import RRKey, RRset, Zone

_WHO = "is it PowerDNS that answers at the stanza's host and port?"


def fetch(provider: PowerDnsBaseProvider, origin: str) -> Reading:
    """Return the zone as the API tells it."""
    return reading(origin, provider._get(f"zones/{_encode_zone_name(origin)}").json())


def reading(origin: str, answer: Any) -> Reading:
    """Return the API's answer as values; disabled ones are not served and lock their set."""
    rrsets: list[RRset] = []
    locked: dict[RRKey, str] = {}
    for entry in _rrsets(origin, answer):
        name, type = owner(entry["name"]), entry["type"]
        live = [record["content"] for record in entry["records"] if not record["disabled"]]
        if len(live) < len(entry["records"]):
            values = (
                "1 value"
                if len(entry["records"]) - len(live) == 1
                else f"{len(entry['records']) - len(live)} values"
            )
            locked[name, type] = (
                f"{values} of this set disabled in PowerDNS: writing the set would publish that; "
                "enable or delete it there first"
            )
        if live:
            rrsets.append(
                RRset(
                    name,
                    type,
                    entry["ttl"],
                    frozenset(map(octets, live)) if type == "TXT" else frozenset(live),
                )
            )
    zone = Zone(owner(origin), frozenset(rrsets))
    return Reading(zone, exists=True, unwritable=Unwritable(locked)).headed("SOA", "NS")


def _rrsets(origin: str, answer: Any) -> list[Any]:
    """Return the sets in an answer of the API.

    Raises:
        ProviderError: it is not the zone that was asked for, or not as the API writes one.
    """
    sets = answer.get("rrsets") if isinstance(answer, dict) else None
    if not isinstance(sets, list):
        raise ProviderError(
            f"{origin.rstrip('.')}: the answer is JSON and no zone of PowerDNS "
            f"(it has no rrsets): {_WHO}"
        )
    if owner(str(answer.get("name", origin))) != owner(origin):
        raise ProviderError(
            f"{origin.rstrip('.')}: the answer is about the zone {answer['name']}: {_WHO}"
        )
    for entry in sets:
        if not _is_set(entry):
            raise ProviderError(
                f"{origin.rstrip('.')}: a set in the answer is not as PowerDNS writes one: {_WHO}"
            )
    return sets


def _is_set(entry: Any) -> bool:
    """Tell whether this has all that we read of a set."""
    return (
        isinstance(entry, dict)
        and isinstance(entry.get("name"), str)
        and isinstance(entry.get("type"), str)
        and isinstance(entry.get("ttl"), int)
        and isinstance(entry.get("records"), list)
        and all(
            isinstance(record, dict)
            and isinstance(record.get("content"), str)
            and isinstance(record.get("disabled"), bool)
            for record in entry["records"]
        )
    )


def encoder(provider: PowerDnsBaseProvider) -> Any:
    """Return what the API would be sent for a TXT record."""

    def encode(record: Any) -> list[str]:
        refuse_what_hangs(record)
        records, _ = provider._records_for(record)
        return [entry["content"] for entry in records]

    return encode


class _Filtered:
    """A response of the API with some sets left out."""

    def __init__(self, rrsets: list[Any]) -> None:
        self._rrsets = rrsets

    def json(self) -> Any:
        return {"rrsets": self._rrsets}


class PowerDns(PowerDnsProvider):  # type: ignore[misc] # octodns-powerdns has no types
    """octodns-powerdns's provider, with the API's answer kept beside what octoDNS makes of it."""

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self._answers: dict[DomainName, Any] = {}

    def reading(self, origin: DomainName) -> Reading:
        """Return what the last answer said; a zone that the server does not have is not there."""
        answer = self._answers.get(origin)
        return (
            Reading(Zone(origin, frozenset()), exists=False)
            if answer is None
            else reading(origin, answer)
        )

    def forget(self, origin: DomainName) -> None:
        """Keep nothing of what was read for a zone."""
        self._answers.pop(origin, None)

    def _get(self, path: str, data: Any = None) -> Any:
        if not path.startswith("zones/"):
            return super()._get(path, data)
        name = _zone_in(path)
        self._answers.pop(owner(name), None)
        answer = super()._get(path, data).json()
        self._answers[owner(name)] = answer
        zone = OctoZone(name, set())
        return _Filtered([entry for entry in _rrsets(name, answer) if self._holds(zone, entry)])

    def _holds(self, zone: Any, entry: Any) -> bool:
        """Tell whether octoDNS can hold a set.

        One that it cannot hold is in the `Reading`, and the others can be changed all the same.
        """
        if entry["type"] not in self.SUPPORTS:
            return True  # octodns-powerdns passes it over
        try:
            name = zone.hostname_from_fqdn(entry["name"])
            record = Record.new(
                zone, name, getattr(self, f"_data_for_{entry['type']}")(entry), lenient=True
            )
            zone.add_record(record, lenient=True)
        except (
            RecordException,
            IdnaError,
            ValueError,
            LookupError,
            DuplicateRecordException,
        ) as error:
            self.log.warning(
                "%s %s is left out: octoDNS cannot hold it: %s",
                entry["name"],
                entry["type"],
                type(error).__name__,
            )
            return False
        return True

    def _patch(self, path: str, data: Any) -> Any:
        """Send changes. Values that are there stay: octoDNS would split their strings anew."""
        there = {
            (owner(entry["name"]), octets(record["content"])): record["content"]
            for entry in self._answers[owner(_zone_in(path))]["rrsets"]
            if entry["type"] == "TXT"
            for record in entry["records"]
        }
        for rrset in data["rrsets"]:
            for record in rrset.get("records", ()) if rrset["type"] == "TXT" else ():
                record["content"] = there.get(
                    (owner(rrset["name"]), octets(record["content"])), record["content"]
                )
        return super()._patch(path, data)

    def _apply(self, plan: Any) -> None:
        """Write, if what is written over is as it was read: the API itself has no conditions."""
        origin = owner(plan.desired.name)
        before = _at_names(self._answers[origin], plan)
        answer = super()._get(f"zones/{_encode_zone_name(plan.desired.name)}").json()
        if (closed := reading(plan.desired.name, answer).unwritable.zone) is not None:
            raise ProviderError(f"{origin}: {closed}")
        now = _at_names(answer, plan)
        if now != before:
            names = ", ".join(
                sorted(
                    {f"{name} {type}" for name, type in now.keys() ^ before.keys()}
                    or _moved(before, now)
                )
            )
            raise SetMoved(f"{names}: changed at the server since it was read; plan again")
        super()._apply(plan)


def _zone_in(path: str) -> str:
    """Return the zone that a request's path names; the client writes "=2F" for a slash in it."""
    return unquote_plus(path.removeprefix("zones/").replace("=", "%"))


def _at_names(answer: Any, plan: Any) -> dict[RRKey, Any]:
    """Return all that the server holds at the names that a plan changes.

    A new alias there would hide what we write.
    """
    names = {owner(change.record.fqdn) for change in plan.changes}
    return {
        (owner(entry["name"]), entry["type"]): (
            entry["ttl"],
            sorted((record["content"], record["disabled"]) for record in entry["records"]),
        )
        for entry in answer["rrsets"]
        if owner(entry["name"]) in names and entry["type"] != "SOA"
    }


def _moved(before: dict[RRKey, Any], now: dict[RRKey, Any]) -> set[str]:
    return {f"{name} {type}" for name, type in now if now[name, type] != before[name, type]}
