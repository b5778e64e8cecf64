"""BIND and other servers by AXFR and RFC 2136 updates, through octodns-bind.

The transfer is read as it is on the wire: octodns-bind reads no DNAME, and gives up on a TXT that
is not UTF-8. An update carries prerequisites (RFC 2136 §2.4): if somebody added a value since we
looked, the update fails and the value is not lost.
"""

from __future__ import annotations

import binascii
from collections.abc import Hashable
from typing import Any

import dns.exception
import dns.query
import dns.rcode
import dns.rdata
import dns.rdataset
import dns.rdatatype
import dns.tsig
import dns.update
import dns.zone
from dns.rdtypes.ANY.TXT import TXT
from octodns.idna import IdnaError
from octodns.record import Create, Record, Rr, Update
from octodns.record.exception import RecordException
from octodns_bind import AxfrPopulate, Rfc2136Provider

from mailauth_dns.errors import ProviderError, ProviderSilent, ServerBusy, SetMoved
from mailauth_dns.octo.provider_errors import told
from mailauth_dns.octo.provider_zone import Reading, owner
from mailauth_dns.octo.transfers_at_once import transfers_from
from mailauth_dns.octo.txt_round_trip import exact_encoder
from mailauth_dns.records.name import DomainName
from mailauth_dns.records.zone import RRset, Zone

# What an update's answer means for who keeps the server (RFC 2136 §2.2).
_HINTS = {
    dns.rcode.REFUSED: ": it does not let this key change these names; see its update-policy",
    dns.rcode.NOTAUTH: ": it is not the primary of the zone, or does not know the key",
    dns.rcode.NOTIMP: ": it takes no updates at all",
    dns.rcode.SERVFAIL: ": it could not carry the update out, as where its disk is full or it may "
    "not write its journal; its log says why",
}


def transfer(provider: AxfrPopulate, origin: str) -> dns.zone.Zone:
    """Return the zone by AXFR, with the provider's own address and key.

    Raises:
        ProviderError: the server does not answer, does not have the zone, or refuses.
    """
    at_once = transfers_from(provider.host, provider.port)
    while True:
        with at_once.one():
            try:
                return _transferred(provider, origin)
            except ServerBusy:
                if not at_once.are_fewer():
                    raise


def _transferred(provider: AxfrPopulate, origin: str) -> dns.zone.Zone:
    what = f"zone transfer of {origin.rstrip('.')} from {provider.host} port {provider.port}"
    try:
        messages = dns.query.xfr(
            provider.host,
            origin,
            port=provider.port,
            timeout=provider.timeout,
            # Seconds to wait for the next message. A big zone that keeps coming is read whole.
            lifetime=provider.timeout,
            relativize=False,
            **provider._auth_params(),
        )
        return dns.zone.from_xfr(messages, relativize=False)
    except (dns.tsig.PeerError, dns.tsig.BadSignature, dns.tsig.BadTime, binascii.Error) as error:
        raise ProviderError(f"{what}: {_key_trouble(error)}") from None
    except dns.query.TransferError as error:
        rcode = dns.rcode.to_text(error.rcode)
        if error.rcode == dns.rcode.SERVFAIL:
            # BIND says this too where it sends as many transfers as it may (`transfers-out`).
            raise ServerBusy(f"{what}: {rcode}: the server cannot send it now") from None
        hint = (
            "the server does not have the zone, or does not let this key transfer it"
            if rcode in ("NOTAUTH", "REFUSED")
            else "the server does not take the question"
        )
        raise ProviderError(f"{what}: {rcode}: {hint}") from None
    except (dns.exception.DNSException, OSError, EOFError, ValueError) as error:
        is_silent = isinstance(error, OSError | EOFError | dns.exception.Timeout)
        kind = ProviderSilent if is_silent else ProviderError
        raise kind(f"{what}: {told(error)}") from None


def _key_trouble(error: Exception) -> str:
    """Return in terms of the stanza's keys what is wrong with the TSIG key (RFC 8945 §5.2)."""
    match error:
        case binascii.Error():
            return "key_secret is not Base64: copy it whole from the server's key statement"
        case dns.tsig.PeerBadKey():
            return (
                "the server does not know the key: "
                "compare key_name, and key_algorithm, with the server's key statement"
            )
        case dns.tsig.BadTime() | dns.tsig.PeerBadTime():
            return (
                "the clocks of this machine and of the server differ by more than TSIG allows: "
                "set them"
            )
    return (
        "the server has another secret for the key: "
        "compare key_secret, and key_algorithm, with the server's key statement"
    )


def reading(zone: dns.zone.Zone) -> Reading:
    """Return a transferred zone as values."""
    rrsets = []
    for name, rdataset in zone.iterate_rdatasets():
        type = dns.rdatatype.to_text(rdataset.rdtype)
        if rdataset.rdtype == dns.rdatatype.TXT:
            values = frozenset(b"".join(rdata.strings).decode("latin-1") for rdata in rdataset)
        else:
            values = frozenset(rdata.to_text() for rdata in rdataset)
        rrsets.append(RRset(owner(name.to_text()), type, rdataset.ttl, values))
    origin = zone.origin
    assert origin is not None
    return Reading(Zone(owner(origin.to_text()), frozenset(rrsets)), exists=True)


class Bind(Rfc2136Provider):  # type: ignore[misc] # octodns-bind has no types
    """octodns-bind's provider, reading what it leaves out and writing under prerequisites."""

    asks_anew = True
    at_once = 24  # zones; the server is the user's own

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self._zones: dict[DomainName, dns.zone.Zone] = {}

    def reading(self, origin: DomainName) -> Reading:
        """Return what the last transfer of the zone said."""
        return reading(self._zones[origin])

    def forget(self, origin: DomainName) -> None:
        """Keep nothing of what was read for a zone."""
        self._zones.pop(origin, None)

    def zone_records(self, zone: Any, target: bool) -> list[Rr]:
        """Return the records that octoDNS can hold.

        One that it cannot decode is left out here. It is in the `Reading`, and is never written.
        """
        transferred = transfer(self, zone.name)
        self._zones[owner(zone.name)] = transferred
        records: list[Rr] = []
        for name, rdataset in transferred.iterate_rdatasets():
            type = dns.rdatatype.to_text(rdataset.rdtype)
            if type in self.SUPPORTS:
                rrset = [
                    Rr(name.to_text(), type, rdataset.ttl, rdata.to_text()) for rdata in rdataset
                ]
                if self._holds(zone, rrset):
                    records += rrset
        return records

    def _holds(self, zone: Any, rrset: list[Rr]) -> bool:
        try:
            Record.from_rrs(zone, rrset, lenient=True)
        except (RecordException, IdnaError, ValueError, LookupError) as error:
            self.log.warning(
                "%s %s is left out: octoDNS cannot hold it: %s",
                rrset[0].name,
                rrset[0]._type,
                type(error).__name__,
            )
            return False
        return True

    def _apply(self, plan: Any) -> bool:
        zone = plan.desired.name.rstrip(".")
        update = dns.update.UpdateMessage(plan.desired.name, **self._auth_params())
        transferred = self._zones[owner(plan.desired.name)]
        for change in plan.changes:
            _require_as_read(update, transferred, change.record)
        for change in plan.changes:
            _add_change(update, transferred, change)
        try:
            answer = dns.query.tcp(update, self.host, port=self.port, timeout=self.timeout)
        except dns.exception.TooBig:
            raise ProviderError(
                f"{zone}: a set is too big for one update of 64 kB that names what is there"
            ) from None
        except (dns.tsig.PeerError, dns.tsig.BadSignature, dns.tsig.BadTime) as error:
            raise ProviderError(f"update of {zone}: {_key_trouble(error)}") from None
        code = answer.rcode()
        if code in (dns.rcode.NXRRSET, dns.rcode.YXRRSET, dns.rcode.YXDOMAIN):
            raise SetMoved(f"{zone}: a set changed at the provider since it was read; plan again")
        if code != dns.rcode.NOERROR:
            raise ProviderError(
                f"{zone}: the server answered the update with {dns.rcode.to_text(code)}"
                f"{_HINTS.get(code, '')}"
            )
        return True


def _require_as_read(
    update: dns.update.UpdateMessage, transferred: dns.zone.Zone, record: Any
) -> None:
    """Add the prerequisite that a set is as it was transferred (RFC 2136 §2.4)."""
    there = transferred.get_rdataset(record.fqdn, record._type)
    if there is not None:
        update.present(record.fqdn, *there)
    elif record._type == "CNAME" and transferred.get_node(record.fqdn) is None:
        update.absent(record.fqdn)  # the name holds nothing at all
    else:
        update.absent(record.fqdn, record._type)
        if record._type != "CNAME" and transferred.get_rdataset(record.fqdn, "CNAME") is None:
            # BIND answers NOERROR to data beside an alias, and does nothing.
            update.absent(record.fqdn, "CNAME")


def _add_change(update: dns.update.UpdateMessage, transferred: dns.zone.Zone, change: Any) -> None:
    record = change.record
    there = transferred.get_rdataset(record.fqdn, record._type)
    wanted = record if isinstance(change, Create | Update) else None
    for old in _left_out(there, wanted):
        update.delete(record.fqdn, old)
    if wanted is not None:
        for new in _added(there, wanted):
            update.add(record.fqdn, record.ttl, new)


# Records are deleted and added one by one (RFC 2136 §2.5.1, §2.5.4), so those of others are never
# touched, whatever they hold.


def _left_out(there: dns.rdataset.Rdataset | None, wanted: Any) -> list[dns.rdata.Rdata]:
    """Return the records of a set that shall not be in it any more."""
    keep = {_meaning(rdata) for rdata in _rdatas(wanted)} if wanted is not None else set()
    return [rdata for rdata in there or () if _meaning(rdata) not in keep]


def _added(there: dns.rdataset.Rdataset | None, wanted: Any) -> list[dns.rdata.Rdata]:
    """Return the records to add to a set.

    Where the TTL changes these are all records, since a set has one TTL (RFC 2181 §5.2).
    """
    has = {_meaning(rdata) for rdata in there or ()}
    new = [rdata for rdata in _rdatas(wanted) if _meaning(rdata) not in has]
    if there is None or there.ttl == wanted.ttl:
        return new
    keep = {_meaning(rdata) for rdata in _rdatas(wanted)}
    # Those that stay go back octet for octet as they came.
    return [*new, *(rdata for rdata in there if _meaning(rdata) in keep)]


def _meaning(rdata: dns.rdata.Rdata) -> Hashable:
    """Return what two records of one type are compared by: a text by its octets, however split."""
    return b"".join(rdata.strings) if isinstance(rdata, TXT) else rdata


def _rdatas(record: Any) -> list[dns.rdata.Rdata]:
    """Return a set as records of the wire.

    Texts are taken as octets, since octoDNS would change some of them.
    """
    if record._type == "TXT":
        return [dns.rdata.from_text("IN", "TXT", text) for text in exact_encoder(record)]
    return [dns.rdata.from_text("IN", record._type, text) for text in record.to_rrset().rdatas]
