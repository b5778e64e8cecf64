"""BIND and other servers by AXFR and RFC 2136 updates, through octodns-bind.

The transfer is read as it is on the wire: octodns-bind itself reads no DNAME and gives up on one TXT that is not UTF-8. An update
carries prerequisites (RFC 2136 §2.4), so that a value that was added since we looked makes it fail instead of being lost.
"""

from __future__ import annotations

from typing import Any

import dns.exception
import dns.query
import dns.rcode
import dns.rdata
import dns.rdatatype
import dns.update
import dns.zone
from octodns.idna import IdnaError
from octodns.record import Create, Record, Rr, Update
from octodns.record.exception import RecordException
from octodns_bind import AxfrPopulate, Rfc2136Provider

from mailauth_dns.errors import ProviderError, ProviderSilent, SetMoved
from mailauth_dns.octo.carry import internal_text, legacy_encoder
from mailauth_dns.octo.reading import Reading, owner
from mailauth_dns.records.name import DomainName
from mailauth_dns.records.zone import RRset, Zone


def transfer(provider: AxfrPopulate, origin: str) -> dns.zone.Zone:
    """Return the zone by AXFR, with the provider's own address and key.

    Raises:
        ProviderError: the server does not answer, does not have the zone, or refuses.
    """
    try:
        messages = dns.query.xfr(
            provider.host,
            origin,
            port=provider.port,
            timeout=provider.timeout,
            # Seconds after which nothing more is waited for; what has come by then is read, so a big zone that flows comes whole.
            lifetime=provider.timeout,
            relativize=False,
            **provider._auth_params(),
        )
        return dns.zone.from_xfr(messages, relativize=False)
    except dns.query.TransferError as error:
        rcode = dns.rcode.to_text(error.rcode)
        hint = "the server does not have the zone, or does not let this key transfer it" if rcode in ("NOTAUTH", "REFUSED") else rcode
        raise ProviderError(f"zone transfer of {origin.rstrip('.')} from {provider.host} port {provider.port}: {rcode}: {hint}") from None
    except (dns.exception.DNSException, OSError, EOFError, ValueError) as error:
        reason = str(error) or type(error).__name__
        kind = ProviderSilent if isinstance(error, OSError | EOFError | dns.exception.Timeout) else ProviderError
        raise kind(f"zone transfer of {origin.rstrip('.')} from {provider.host} port {provider.port}: {reason}") from None


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

    def __init__(self, *args: Any, **kwargs: Any) -> None:  # noqa: ANN401 - whatever the stanza says
        super().__init__(*args, **kwargs)
        self._zones: dict[DomainName, dns.zone.Zone] = {}

    def reading(self, origin: DomainName) -> Reading:
        """Return what the last transfer of the zone said."""
        return reading(self._zones[origin])

    def zone_records(self, zone: Any, target: bool) -> list[Rr]:  # noqa: ANN401, ARG002 - octoDNS's signature
        """Return the records octoDNS can hold; one it cannot decode is left out here, is in `reading`, and is never written."""
        transferred = transfer(self, zone.name)
        self._zones[owner(zone.name)] = transferred
        records: list[Rr] = []
        for name, rdataset in transferred.iterate_rdatasets():
            type = dns.rdatatype.to_text(rdataset.rdtype)
            if type in self.SUPPORTS:
                rrset = [Rr(name.to_text(), type, rdataset.ttl, rdata.to_text()) for rdata in rdataset]
                if self._holds(zone, rrset):
                    records += rrset
        return records

    def _holds(self, zone: Any, rrset: list[Rr]) -> bool:  # noqa: ANN401 - an octoDNS Zone
        try:
            Record.from_rrs(zone, rrset, lenient=True)
        except (RecordException, IdnaError, ValueError, LookupError) as error:
            self.log.warning("%s %s is left out: octoDNS cannot hold it: %s", rrset[0].name, rrset[0]._type, type(error).__name__)
            return False
        return True

    def _apply(self, plan: Any) -> bool:  # noqa: ANN401 - an octoDNS Plan
        update = dns.update.UpdateMessage(plan.desired.name, **self._auth_params())
        transferred = self._zones[owner(plan.desired.name)]
        for change in plan.changes:
            record = change.record
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
        for change in plan.changes:
            record = change.record
            if isinstance(change, Create | Update):
                update.replace(record.fqdn, record.ttl, *_rdatas(record, transferred))
            else:
                update.delete(record.fqdn, record._type)
        answer = dns.query.tcp(update, self.host, port=self.port, timeout=self.timeout)
        code = answer.rcode()
        if code in (dns.rcode.NXRRSET, dns.rcode.YXRRSET, dns.rcode.YXDOMAIN):
            raise SetMoved(f"{plan.desired.name.rstrip('.')}: a set changed at the server since it was read; plan again")
        if code != dns.rcode.NOERROR:
            raise ProviderError(f"{plan.desired.name.rstrip('.')}: the server answered the update with {dns.rcode.to_text(code)}")
        return True


def _rdatas(record: Any, transferred: dns.zone.Zone) -> list[dns.rdata.Rdata]:  # noqa: ANN401 - an octoDNS Record
    """Return what the update sends for a set: values that are there already as they are, since octoDNS would split them anew."""
    if record._type != "TXT":
        return [dns.rdata.from_text("IN", record._type, text) for text in record.to_rrset().rdatas]
    there = {
        internal_text(b"".join(rdata.strings).decode("utf-8", "surrogateescape")): rdata
        for rdata in transferred.get_rdataset(record.fqdn, "TXT") or ()
    }
    sent = zip(record.values, legacy_encoder(record), strict=True)
    return [there.get(str(value)) or dns.rdata.from_text("IN", "TXT", text) for value, text in sent]
