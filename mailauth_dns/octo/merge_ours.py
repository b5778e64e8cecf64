"""MergeOurs: an octoDNS processor that puts our records into zones that you fill yourself.

It is for repos whose own YAML is the truth about the whole zone. octoDNS refuses two sources that
hold the same set, so the compiled files cannot be a source there. With this processor, the SPF
record and your verification tokens share the TXT set of the domain.

    processors:
      merge-ours:
        class: mailauth_dns.octo.MergeOurs
        compiled: zones/compiled
"""

from __future__ import annotations

from pathlib import Path
from typing import Any

from octodns.processor.base import BaseProcessor, ProcessorException
from octodns.provider.yaml import YamlProvider
from octodns.zone import Zone as OctoZone

from mailauth_dns.compile.publication import Declared
from mailauth_dns.octo.compiled_zone import ABSENT, mark_of, read_absent
from mailauth_dns.octo.provider_zone import owner, rrset_of
from mailauth_dns.octo.txt_round_trip import txt_record
from mailauth_dns.records.family import family
from mailauth_dns.records.ownership import ours


class MergeRefused(ProcessorException):  # type: ignore[misc] # octoDNS has no types
    """Your own sources contradict the policies. The text names every set, and the way out."""


class MergeOurs(BaseProcessor):  # type: ignore[misc] # octoDNS has no types
    """Add our sets to the desired zone. Your own values, and the TTLs of your sets, stay."""

    def __init__(self, name: str, compiled: str = "zones/compiled", **kwargs: Any) -> None:
        super().__init__(name, **kwargs)
        self._folder = Path(compiled)
        self._absent = read_absent(self._folder / ABSENT)
        self._source = YamlProvider(
            f"{name}-compiled", directory=str(self._folder), escaped_semicolons=True
        )

    def process_source_zone(self, desired: Any, sources: Any, lenient: bool = False) -> Any:
        """Return the desired zone with our sets in it; see octoDNS's zone life cycle."""
        problems = []
        for record in self._ours(desired).records:
            there = desired.get_type(record.name, record._type)
            if (problem := _in_the_way(desired, record, there)) is not None:
                problems.append(problem)
            elif there is None:
                desired.add_record(record, lenient=True)
            elif record._type == "TXT":
                merged = txt_record(
                    desired,
                    record.name,
                    there.ttl,
                    {*map(str, there.values), *map(str, record.values)},
                )
                merged.octodns = there.octodns
                desired.add_record(merged, replace=True, lenient=True)
        for entry in self._absent.get(owner(desired.name), ()):
            if _held(desired, entry):
                problems.append(
                    f"{entry.key[0]} {entry.key[1]}: the policy declares {entry.family} absent, "
                    "and your own source has it: take it out of one of them"
                )
        if problems:
            raise MergeRefused(
                f"{owner(desired.name)}: refused, nothing is planned for this zone:\n"
                + "\n".join(f"  {each}" for each in problems)
            )
        return desired

    def process_source_and_target_zones(
        self, desired: Any, existing: Any, target: Any, lenient: bool = False
    ) -> tuple[Any, Any]:
        """Give sets without a TTL of their own the one that the target has."""
        for record in list(desired.records):
            there = existing.get_type(record.name, record._type)
            if there is not None and mark_of(record)[0] and record.ttl != there.ttl:
                kept = record.copy()
                kept.ttl = there.ttl
                desired.add_record(kept, replace=True, lenient=True)
        return desired, existing

    def _ours(self, desired: Any) -> Any:
        path = self._folder / f"{owner(desired.name)}.yaml"
        if not path.exists():
            # To go on would delete all that was published for this zone.
            raise MergeRefused(
                f"{path}: there is no such file; "
                "run `mailauth-dns compile`, or take the processor out of this zone"
            )
        ours = OctoZone(desired.name, desired.sub_zones)
        self._source.populate(ours, lenient=True)
        return ours


def _in_the_way(desired: Any, record: Any, there: Any) -> str | None:
    """Return what of your own keeps a set of ours from being published, in words, or None."""
    wanted = rrset_of(record)
    others = {
        each._type
        for each in desired.records
        if each.name == record.name and each._type != record._type
    }
    if others and (record._type == "CNAME" or "CNAME" in others):
        types = ", ".join(sorted(others))
        return (
            f"{wanted.name} {wanted.type}: your own source has {types} there, "
            "and an alias can have nothing beside it (RFC 1034 §3.6.2)"
        )
    if there is None or rrset_of(there).values == wanted.values:
        return None
    if limits := there.octodns.keys() & {"excluded", "included"}:
        # Ours would be kept from those targets too, or yours be published where you keep it from.
        named = " and ".join(sorted(limits))
        return (
            f"{wanted.name} {wanted.type}: your own set is only for some targets ({named}), "
            f"and the policy's for all; take {named} out there"
        )
    owned = {found for value in wanted.values if (found := family(wanted.name, wanted.type, value))}
    if record._type != "TXT":
        return (
            f"{wanted.name} {wanted.type}: your own source has this set already; "
            "take it out there, or out of the policy"
        )
    for each in owned:
        if _held(desired, Declared(wanted.name, wanted.key, each, None, wanted.values)):
            return (
                f"{wanted.name} {wanted.type}: your own source has a value for {each} already; "
                "take it out there, or out of the policy"
            )
    return None


def _held(desired: Any, entry: Declared) -> bool:
    """Tell whether the zone has values that the entry owns, other than those that it declares."""
    for record in desired.records:
        rrset = rrset_of(record)
        if rrset.key == entry.key:
            return bool(ours(rrset, entry.family, entry.sender_values) - entry.values)
    return False
