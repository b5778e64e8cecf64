"""HandsOff: an octoDNS processor that keeps everything foreign.

It is for repos that stay with octodns-sync. It copies foreign records into the desired zone, so no
sync deletes or rewrites them. octoDNS's filters only hide them, and providers that write whole sets
then delete them.

    processors:
      hands-off:
        class: mailauth_dns.octo.HandsOff
        scope: zone      # or `sets`, where octoDNS itself manages the zone's other records
        absent: zones/compiled/_absent.yaml
"""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, datetime
from functools import partial
from pathlib import Path
from typing import Any

from octodns.processor.base import BaseProcessor, ProcessorException

from mailauth_dns.compile.publication import Declared, OfSender, Publication
from mailauth_dns.compile.report_consents import CONSENT
from mailauth_dns.diff.compare import compare
from mailauth_dns.diff.meaning import judge_at
from mailauth_dns.octo.compiled_zone import mark_of, read_absent
from mailauth_dns.octo.desired_zone import lay
from mailauth_dns.octo.provider_kinds import carrier_of
from mailauth_dns.octo.provider_zone import from_octodns, owner, rrset_of
from mailauth_dns.records.family import Family, family
from mailauth_dns.records.name import DomainName
from mailauth_dns.records.ownership import ours
from mailauth_dns.records.zone import RRset, Zone


class HandsOffRefused(ProcessorException):  # type: ignore[misc] # octoDNS has no types
    """The zone holds what a change of ours would harm; the text lists every reason."""


class HandsOff(BaseProcessor):  # type: ignore[misc] # octoDNS has no types
    """Keep what the policies do not declare.

    With scope `zone` that is the rest of the zone, with `sets` only foreign values in our sets.
    """

    def __init__(
        self,
        name: str,
        scope: str = "zone",
        absent: str = "zones/compiled/_absent.yaml",
        **kwargs: Any,
    ) -> None:
        super().__init__(name, **kwargs)
        if scope not in ("zone", "sets"):
            raise ProcessorException(f"{name}: scope is {scope!r}; use zone or sets")
        self._scope = scope
        self._absent = read_absent(Path(absent))

    def process_source_and_target_zones(
        self, desired: Any, existing: Any, target: Any, lenient: bool = False
    ) -> tuple[Any, Any]:
        """Return the desired zone with everything foreign in it; see octoDNS's zone life cycle."""
        origin = owner(desired.name)
        publication = Publication(origin, tuple(self._declared(origin, desired)), (), ())
        carrier = carrier_of(target)
        judge = judge_at(datetime.now(UTC))
        read = from_octodns(existing, exists=True)
        difference = compare(read.zone, publication, judge)
        if difference.changes or difference.blocked:
            # octoDNS's own form hides octets, disabled values and types that it does not read.
            read = carrier.read(target, existing)
            difference = compare(read.zone, publication, judge, read.unwritable)
        base = self._base(desired, existing, publication)
        ttls = partial(carrier.ttls, target, origin)
        difference = lay(base, existing, difference, carrier.encoders(target), ttls)
        reasons = [
            f"  {entry.key[0]} {entry.key[1]}: {entry.reason}" for entry in difference.blocked
        ]
        reasons += self._dropped(desired, read.zone, publication)
        if reasons:
            raise HandsOffRefused(
                f"{origin}: refused, nothing is planned for this zone:\n" + "\n".join(reasons)
            )
        return base, existing

    def _declared(self, origin: DomainName, desired: Any) -> Iterator[Declared]:
        absent = {entry.key: entry for entry in self._absent.get(origin, ())}
        for record in desired.records:
            rrset = rrset_of(record)
            keeps_ttl, sender = mark_of(record)
            ttl = None if keeps_ttl else rrset.ttl
            if sender is not None:
                absent.pop(rrset.key, None)
                yield _at_return_path(rrset, ttl, sender)
                continue
            families = {
                found for value in rrset.values if (found := family(rrset.name, rrset.type, value))
            }
            if not families:
                continue
            owned = min(families)
            if owned is Family.DMARC_REPORT and rrset.values != {CONSENT}:
                # compile writes the bare version only. Other words stand in a source of your own.
                continue
            values = frozenset(
                value for value in rrset.values if family(rrset.name, rrset.type, value) is owned
            )
            absent.pop(rrset.key, None)
            yield Declared(rrset.name, rrset.key, owned, ttl, values)
        yield from absent.values()

    def _dropped(self, desired: Any, there: Zone, publication: Publication) -> Iterator[str]:
        """Yield in words the values that a source of your own puts beside ours.

        This processor keeps only the values that the target has beside ours.
        """
        for record in desired.records:
            rrset = rrset_of(record)
            entry = next((entry for entry in publication.declared if entry.key == rrset.key), None)
            held = there.get(rrset.key)
            if entry is not None and rrset.values - entry.values - (
                held.values if held is not None else frozenset()
            ):
                yield (
                    f"  {rrset.name} {rrset.type}: your own source has values here that the target "
                    "lacks, and this processor would drop "
                    "them; use mailauth_dns.octo.MergeOurs in its place, which publishes both"
                )

    def _base(self, desired: Any, existing: Any, publication: Publication) -> Any:
        """Return the zone that our changes are laid into.

        Foreign sets come from where the scope says. Ours are as they are.
        """
        declared = {entry.key for entry in publication.declared}
        if self._scope == "zone":
            base = existing.copy()
            for record in desired.records:
                if (owner(record.fqdn), record._type) not in declared:
                    base.add_record(record, replace=True, lenient=True)
            return base
        base = desired.copy()
        for record in desired.records:
            if (owner(record.fqdn), record._type) in declared:
                base.remove_record(record)
        for record in existing.records:
            if (owner(record.fqdn), record._type) in declared:
                base.add_record(record, lenient=True)
        return base


def _at_return_path(rrset: RRset, ttl: int | None, sender: OfSender) -> Declared:
    """Return what a compiled record at a sender's return path declares."""
    is_spf = rrset.type == "TXT"
    owned = Family.SPF if is_spf else Family.RETURN_PATH
    values = ours(rrset, owned, sender.values)
    return Declared(rrset.name, rrset.key, owned, ttl, values, sender=sender, is_return_path=is_spf)
