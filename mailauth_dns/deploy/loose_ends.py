"""What only the providers tell: a record that goes, and others that still lead to it there.

What the policies say decides which zones are planned together (zone_groups.py). A provider may
hold a record that leads to a name without any policy that says so. It matters only where the record
of that name goes.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field

from mailauth_dns.compile.publication import Publication
from mailauth_dns.deploy.other_providers import Answers
from mailauth_dns.deploy.related_sets import Named, may_lead
from mailauth_dns.diff.led_to import FAMILIES, held_values, leads_to
from mailauth_dns.octo.target import Proposal
from mailauth_dns.records.family import Family
from mailauth_dns.records.name import DomainName
from mailauth_dns.records.zone import Zone


@dataclass(slots=True)
class LooseEnds:
    """The names of records that go, and to which records lead as no policy says; with zones.

    `own_spf`: the zones in which a domain's own SPF record goes.
    """

    gone: dict[Named, set[DomainName]] = field(default_factory=dict)
    led: dict[Named, set[DomainName]] = field(default_factory=dict)
    own_spf: set[DomainName] = field(default_factory=set)

    def look_at(self, publications: Iterable[Publication], answers: Answers) -> None:
        """Note what the answers for zones say of it."""
        by_zone = {each.origin: each for each in publications}
        for proposal in answers.values():
            if isinstance(proposal, Proposal):
                self._note_gone(proposal)
                zone = proposal.reading.zone
                for name in led_to_there(by_zone[zone.origin], zone):
                    self.led.setdefault(name, set()).add(zone.origin)

    def add(self, other: LooseEnds) -> None:
        """Note what was noted of other zones."""
        for mine, theirs in ((self.gone, other.gone), (self.led, other.led)):
            for name, zones in theirs.items():
                mine.setdefault(name, set()).update(zones)
        self.own_spf |= other.own_spf

    def _note_gone(self, proposal: Proposal) -> None:
        zone = proposal.reading.zone.origin
        for change in proposal.difference.changes:
            if change.family in FAMILIES and not change.after:
                self.gone.setdefault((change.family, change.key[0]), set()).add(zone)
                if change.family is Family.SPF and change.key[0] == change.domain:
                    self.own_spf.add(zone)

    def may_tie(self, publication: Publication) -> bool:
        """Tell whether a zone that nobody looked at may hold a record that leads to what goes."""
        families = {family for family, _ in self.gone}
        return bool(families) and any(
            entry.family in families and may_lead(entry) for entry in publication.declared
        )

    @property
    def tied(self) -> Iterator[tuple[DomainName, DomainName]]:
        """Pairs of zones that have to be planned together after all."""
        for name in self.gone.keys() & self.led.keys():
            for zone in self.gone[name]:
                yield from ((zone, other) for other in self.led[name])


def led_to_there(publication: Publication, zone: Zone) -> Iterator[Named]:
    """Yield the names to which declared sets lead at a provider, and not in the policy."""
    for entry in publication.declared:
        if entry.family not in FAMILIES or not may_lead(entry):
            continue
        type, held = entry.key[1], held_values(zone, entry.key, entry.family)
        if held and held != entry.values:
            for name in leads_to(entry.family, type, held) - leads_to(
                entry.family, type, entry.values
            ):
                yield entry.family, name
