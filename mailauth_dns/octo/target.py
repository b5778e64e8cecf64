"""Providers as targets: read a zone, work out a proposal with octoDNS's own plan, and apply it.

We compare what octoDNS would do with what we asked for. We never carry out a change of its own,
such as a proxy flag, metadata or a new zone.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from datetime import datetime
from functools import partial
from pathlib import Path
from typing import Any

from octodns.processor.base import BaseProcessor
from octodns.zone import Zone as OctoZone

from mailauth_dns.compile.publication import Publication
from mailauth_dns.diff.change import Difference, Hold
from mailauth_dns.diff.compare import compare
from mailauth_dns.diff.meaning import judge_at
from mailauth_dns.errors import ProviderError, ProviderSilent
from mailauth_dns.octo.compiled_zone import relative
from mailauth_dns.octo.desired_zone import lay, octodns_record
from mailauth_dns.octo.local import LocalProvider
from mailauth_dns.octo.local_proposal import difference_of, edits
from mailauth_dns.octo.provider_errors import longer_wait, may_pass, retry_after, told
from mailauth_dns.octo.provider_kinds import carrier_of, local_reading
from mailauth_dns.octo.provider_objects import Maker
from mailauth_dns.octo.provider_zone import Reading, owner
from mailauth_dns.octo.writing_order import in_turn
from mailauth_dns.policy.provider_stanza import Stanza
from mailauth_dns.records.name import DomainName
from mailauth_dns.records.zone import RRKey, Zone

# Zones of one provider, unless its class says how many. Each costs a provider object, which may log
# in or list its zones, and an API may count what is asked of it at once.
_AT_ONCE = 4
_NOTHING_HELD: Mapping[RRKey, Hold] = {}


@dataclass(frozen=True, slots=True)
class Proposal:
    """What one provider holds for one zone, and what would change there.

    `held` went into it, and holds again if it is tried again. `octodns_plan`, and the provider
    object that made the plan and remembers what it read, are for `Target.apply` alone.
    """

    provider: str
    reading: Reading
    difference: Difference
    held: Mapping[RRKey, Hold] = field(default_factory=dict)
    octodns_plan: Any = field(default=None, repr=False, compare=False)
    octodns_provider: Any = field(default=None, repr=False, compare=False)


class Target:
    """One provider, ready to be asked: its class is loaded and its secrets were found."""

    def __init__(self, stanza: Stanza, root: Path) -> None:
        """Make the first provider object.

        Raises:
            ProviderError: the stanza is wrong.
            Unreachable: the provider cannot be reached.
        """
        self.id = stanza.id
        self._maker = Maker(stanza, root)
        self._provider: Any = self._maker.make()
        self._providers = [self._provider]
        self._reads: dict[DomainName, int] = {}
        self._carrier = carrier_of(self._provider)
        # Local files are read and written at the speed of this process, under one lock.
        self.at_once = (
            1
            if isinstance(self._provider, LocalProvider)
            else getattr(self._provider, "at_once", _AT_ONCE)
        )

    def propose(
        self,
        publication: Publication,
        now: datetime,
        held: Mapping[RRKey, Hold] = _NOTHING_HELD,
        *,
        normalize: bool = False,
    ) -> Proposal:
        """Read the zone and work out what would change.

        `held` are the sets that must not be written, or included in another record, yet.

        Raises:
            ProviderError: the provider cannot be asked, or does not have the zone.
        """
        if isinstance(self._provider, LocalProvider):
            reading = self._file(self._provider, publication.origin)
            found = difference_of(reading, publication, now, held, normalize=normalize)
            return Proposal(self.id, reading, found, held)
        origin = publication.origin
        provider = self._unread(origin)
        desired = OctoZone(f"{origin}.", set())
        for rrset in publication.zone.rrsets:
            desired.add_record(
                octodns_record(desired, relative(rrset.name, origin), rrset), lenient=True
            )
        proposing = _Proposing(self._carrier, publication, now, held, normalize)
        with self._asked(origin):
            plan = provider.plan(desired, processors=[proposing], lenient=True)
        if proposing.proposal is None:
            raise ProviderError(f"{self.id}: octoDNS did not plan {origin}")
        reading, difference = proposing.proposal
        if not reading.exists or (plan is not None and not plan.exists):
            raise self._no_zone(origin)
        if reading.partial and not difference.changes and not difference.blocked:
            # What is to be absent may be in the part that was left out.
            raise ProviderError(f"{self.id}: {reading.unwritable.zone}")
        difference, plan = _agreed(difference, plan)
        return Proposal(self.id, reading, difference, held, plan, provider)

    def apply(self, proposal: Proposal) -> None:
        """Carry out a proposal of this target.

        Raises:
            ProviderError: the provider cannot be reached or refuses; it may have done a part.
        """
        with self._asked(proposal.reading.zone.origin):
            if isinstance(self._provider, LocalProvider):
                zone = proposal.reading.zone
                self._provider.edit(zone.origin, edits(zone, proposal.difference))
            else:
                proposal.octodns_provider.apply(proposal.octodns_plan)

    def release(self, proposal: Proposal) -> Proposal:
        """Return a proposal that is never applied, and forget what was read for it.

        A provider object that is used for very many zones would remember them all.
        """
        self._forget(proposal.octodns_provider, proposal.reading.zone.origin)
        return replace(proposal, octodns_plan=None, octodns_provider=None)

    def finish(self, origin: DomainName) -> None:
        """Finish what an earlier run may have left undone: the reload of a local zone.

        Call this for a zone that needs no change.

        Raises:
            ProviderError: it cannot be done.
        """
        if isinstance(self._provider, LocalProvider):
            with self._asked(origin):
                self._provider.finish(origin)

    def read(self, origin: DomainName) -> Zone:
        """Return what the provider holds now.

        It asks a provider object that does not remember the zone.

        Raises:
            ProviderError: the provider cannot be asked, or does not have the zone.
        """
        if isinstance(self._provider, LocalProvider):
            return self._file(self._provider, origin).zone
        existing = OctoZone(f"{origin}.", set())
        provider = self._unread(origin)
        with self._asked(origin):
            exists = provider.populate(existing, target=True, lenient=True)
            if exists is False:
                raise self._no_zone(origin)
            zone = self._carrier.read(provider, existing).zone
            self._forget(provider, origin)
            return zone

    def _unread(self, origin: DomainName) -> Any:
        """Return a provider object that has not read this zone yet.

        The first reads of all zones share one object, the second reads another one, and so on. One
        is enough where each reading asks the provider.
        """
        reads = 0 if _asks_anew(self._provider) else self._reads.get(origin, 0)
        if reads == len(self._providers):
            with self._asked(origin):
                self._providers.append(self._maker.make())
        self._reads[origin] = reads + 1
        return self._providers[reads]

    def _forget(self, provider: Any, origin: DomainName) -> None:
        if provider is not None:
            self._carrier.forget(provider, origin)
            # Most classes of octoDNS have this name for what they read.
            remembered = getattr(provider, "_zone_records", None)
            if isinstance(remembered, dict):
                remembered.pop(f"{origin}.", None)

    def _file(self, provider: LocalProvider, origin: DomainName) -> Reading:
        with self._asked(origin):
            reading = local_reading(provider, origin)
        if reading is None:
            raise self._no_zone(origin)
        return reading

    def _no_zone(self, origin: DomainName) -> ProviderError:
        return ProviderError(
            f"{self.id} has no zone {origin}; make it there first, this tool never creates zones"
        )

    @contextmanager
    def _asked(self, origin: DomainName) -> Iterator[None]:
        """Turn everything that a provider raises into our error, without the secrets in it."""
        try:
            yield
        except ProviderError as error:
            text = f"{self.id}: {self._maker.redactor.line(str(error))}"
            if isinstance(error, ProviderSilent):
                raise type(error)(text, error.pause) from None
            raise type(error)(text) from None
        # SystemExit too: a provider must not end the program.
        except (Exception, SystemExit) as error:  # noqa: BLE001 - providers share no error type
            said = self._maker.redactor.line(told(error) + longer_wait(error))
            text = f"{self.id}: {origin}: {said}"
            # Without its cause, which still holds the secrets.
            raise (
                ProviderSilent(text, retry_after(error)) if may_pass(error) else ProviderError(text)
            ) from None


class _Proposing(BaseProcessor):  # type: ignore[misc] # octoDNS has no types
    """The hook in octoDNS's plan: it lays our changes into everything that exists."""

    def __init__(
        self,
        carrier: Any,
        publication: Publication,
        now: datetime,
        held: Mapping[RRKey, Hold],
        normalize: bool,
    ) -> None:
        super().__init__("mailauth-dns")
        self.proposal: tuple[Reading, Difference] | None = None
        self._carrier, self._publication, self._now, self._held, self._normalize = (
            carrier,
            publication,
            now,
            held,
            normalize,
        )

    def process_source_and_target_zones(
        self, desired: Any, existing: Any, target: Any, lenient: bool = False
    ) -> tuple[Any, Any]:
        reading = self._carrier.read(target, existing)
        difference = compare(
            reading.zone,
            self._publication,
            judge_at(self._now),
            reading.unwritable,
            held=self._held,
            normalize=self._normalize,
        )
        base = existing.copy()
        if not reading.exists:  # there is nothing to ask about
            self.proposal = (reading, difference)
            return base, existing
        ttls = partial(self._carrier.ttls, target, reading.zone.origin)
        difference = lay(base, existing, difference, self._carrier.encoders(target), ttls)
        self.proposal = (reading, difference)
        return base, existing


def _asks_anew(provider: Any) -> bool:
    """Tell whether each reading asks the provider, whatever the object has read before."""
    return getattr(provider, "asks_anew", False)


def _agreed(difference: Difference, plan: Any) -> tuple[Difference, Any]:
    """Return the difference and the plan if octoDNS would do exactly what we asked for.

    Otherwise return the difference with every change blocked, and no plan.
    """
    wanted = {change.key for change in difference.changes}
    planned = (
        {(owner(change.record.fqdn), change.record._type) for change in plan.changes}
        if plan is not None
        else set()
    )
    reason = None
    if plan is not None and plan.meta is not None:
        reason = "the provider would also change settings of the zone that are not records"
    elif extra := planned - wanted:
        names = ", ".join(f"{name} {type}" for name, type in sorted(extra))
        reason = f"the provider would also change what is not ours: {names}"
    elif missing := wanted - planned:
        names = ", ".join(f"{name} {type}" for name, type in sorted(missing))
        reason = f"the provider would not carry out the change of {names}"
    if reason is None:
        if plan is not None:
            plan.changes = in_turn(plan.changes)
        return difference, plan
    return difference.refused(reason), None
