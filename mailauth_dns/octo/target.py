"""Provider stanzas as targets: a zone is read, a proposal worked out through octoDNS's own plan, and applied by it.

What octoDNS would do is compared with what we asked for: a change of its own (a proxy flag, metadata, a zone to be created) is never
carried out.
"""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import datetime
from pathlib import Path
from typing import Any

import dns.exception
from octodns.processor.base import BaseProcessor
from octodns.zone import Zone as OctoZone

from mailauth_dns.compile import Publication
from mailauth_dns.diff.change import Difference, Hold
from mailauth_dns.diff.compare import compare
from mailauth_dns.diff.meaning import judge_at
from mailauth_dns.errors import ProviderError, ProviderSilent
from mailauth_dns.octo.compiled_zone import relative
from mailauth_dns.octo.desired_zone import lay, octodns_record
from mailauth_dns.octo.local import LocalProvider
from mailauth_dns.octo.provider_errors import told
from mailauth_dns.octo.provider_kinds import carrier_of, local_reading
from mailauth_dns.octo.provider_objects import Maker, local_folder, provider_class
from mailauth_dns.octo.provider_zone import Reading, owner
from mailauth_dns.policy.provider_stanza import Stanza
from mailauth_dns.records.name import DomainName
from mailauth_dns.records.spf_parts import is_part
from mailauth_dns.records.zone import RRKey, Zone

_AT_ONCE = (
    4  # zones of one provider; each costs a provider object, which may log in or list its zones
)
_PATIENCE = 30.0  # seconds that a busy provider is waited for at most
_NOTHING_HELD: Mapping[RRKey, Hold] = {}
_BUSY = frozenset({408, 429, 500, 502, 503, 504})


@dataclass(frozen=True, slots=True)
class Proposal:
    """What one provider holds for one zone and what would be changed there.

    `octodns_plan`, and the provider object that made it and remembers what it read, are for `Target.apply` alone.
    """

    provider: str
    reading: Reading
    difference: Difference
    held: Mapping[RRKey, Hold] = field(
        default_factory=dict
    )  # what it was worked out with; the same holds when it is tried again
    octodns_plan: Any = field(default=None, repr=False, compare=False)
    octodns_provider: Any = field(default=None, repr=False, compare=False)


class Target:
    """One provider, ready to be asked. Its class was loaded and its secrets were found."""

    def __init__(self, stanza: Stanza, root: Path) -> None:
        """Make the first provider object.

        Raises:
            ProviderError: the stanza is wrong.
            Unreachable: the provider cannot be reached.
        """
        self.id = stanza.id
        self._maker = Maker(stanza, root)
        self._provider: Any = self._maker.make()
        self._looked_at: set[DomainName] = set()
        self._carrier = carrier_of(self._provider)
        # Local files are read and written at the speed of this process, under one lock.
        self.at_once = 1 if isinstance(self._provider, LocalProvider) else _AT_ONCE

    def propose(
        self,
        publication: Publication,
        now: datetime,
        held: Mapping[RRKey, Hold] = _NOTHING_HELD,
        *,
        normalize: bool = False,
    ) -> Proposal:
        """Read the zone and work out what would change; `held` is what must not be written or included yet.

        Raises:
            ProviderError: the provider cannot be asked, or does not have the zone.
        """
        quick = self._without_change(publication, now, normalize)
        if quick is not None:
            return quick
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
        difference, plan = _agreed(difference, plan)
        return Proposal(self.id, reading, difference, held, plan, provider)

    def apply(self, proposal: Proposal) -> None:
        """Carry out a proposal of this target.

        Raises:
            ProviderError: the provider cannot be reached or refuses; what it did before that is not known here.
        """
        with self._asked(proposal.reading.zone.origin):
            proposal.octodns_provider.apply(proposal.octodns_plan)

    def finish(self, origin: DomainName) -> None:
        """Do what an earlier run may have left undone for a zone that needs no change: the reload of a local zone.

        Raises:
            ProviderError: it cannot be done.
        """
        if isinstance(self._provider, LocalProvider):
            with self._asked(origin):
                self._provider.finish(origin)

    def read(self, origin: DomainName) -> Zone:
        """Return what the provider holds now, by a provider object that has read nothing yet: many remember what they read once.

        Raises:
            ProviderError: the provider cannot be asked, or does not have the zone.
        """
        existing = OctoZone(f"{origin}.", set())
        with self._asked(origin):
            provider = self._maker.make()
            exists = provider.populate(existing, target=True, lenient=True)
            if exists is False:
                raise self._no_zone(origin)
            return self._carrier.read(provider, existing).zone

    def _unread(self, origin: DomainName) -> Any:
        """Return a provider object for a look at a zone: for the first look at each zone the same one, for a second look a new one."""
        if origin in self._looked_at:
            with self._asked(origin):
                return self._maker.make()
        self._looked_at.add(origin)
        return self._provider

    def _without_change(
        self, publication: Publication, now: datetime, normalize: bool
    ) -> Proposal | None:
        """Return a proposal without changes where the local files already say what is declared; no octoDNS objects are made."""
        if not isinstance(self._provider, LocalProvider):
            return None
        with self._asked(publication.origin):
            reading = local_reading(self._provider, publication.origin)
        if reading is None:
            raise self._no_zone(publication.origin)
        difference = compare(reading.zone, publication, judge_at(now), normalize=normalize)
        return (
            None
            if difference.changes or difference.blocked
            else Proposal(self.id, reading, difference)
        )

    def _no_zone(self, origin: DomainName) -> ProviderError:
        return ProviderError(
            f"{self.id} has no zone {origin}; make it there first, this tool never creates zones"
        )

    @contextmanager
    def _asked(self, origin: DomainName) -> Iterator[None]:
        """Turn whatever a provider raises into our error, without the secrets it may quote."""
        try:
            yield
        except ProviderError as error:
            raise type(error)(f"{self.id}: {self._maker.redactor.line(str(error))}") from None
        except (Exception, SystemExit) as error:  # noqa: BLE001 - a provider has no business to end the program
            text = f"{self.id}: {origin}: {self._maker.redactor.line(told(error))}"
            # Without its cause, which still holds what was taken out of the text.
            raise (
                ProviderSilent(text, _retry_after(error))
                if _may_pass(error)
                else ProviderError(text)
            ) from None


def _may_pass(error: BaseException) -> bool:
    """Tell whether a provider's own error says that it did not answer, or is busy (RFC 9110 §15.6, RFC 6585 §4)."""
    if isinstance(error, json.JSONDecodeError):
        return False  # that of requests is an OSError too
    response = getattr(error, "response", None)  # of requests, which most octoDNS providers use
    if response is not None:
        return getattr(response, "status_code", None) in _BUSY
    # Without a response, an OSError is that of a connection, requests' own among them; dnspython says EOFError when a server hangs up.
    return isinstance(error, OSError | EOFError | dns.exception.Timeout)


def _retry_after(error: BaseException) -> float:
    """Return how many seconds a busy provider asks us to wait (RFC 9110 §10.2.3), as far as anybody would."""
    headers = getattr(getattr(error, "response", None), "headers", None) or {}
    seconds = str(headers.get("Retry-After", ""))
    return min(float(seconds), _PATIENCE) if seconds.isascii() and seconds.isdigit() else 0.0


class _Proposing(BaseProcessor):  # type: ignore[misc] # octoDNS has no types
    """The hook in octoDNS's plan: everything that exists, and our changes laid into it."""

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
        difference = lay(base, existing, difference, self._carrier.encoders(target))
        self.proposal = (reading, difference)
        return base, existing


def _agreed(difference: Difference, plan: Any) -> tuple[Difference, Any]:
    """Return the difference and the plan if octoDNS would do exactly what we asked for; otherwise all of it is blocked, and no plan."""
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
            # Providers that write set by set do so in the plan's order: a record comes after the parts that it includes.
            plan.changes.sort(key=lambda change: not is_part(owner(change.record.fqdn)))
        return difference, plan
    return difference.refused(reason), None


def local_directory(stanza: Stanza, root: Path) -> Path:
    """Return the directory that a `local` provider keeps its zones in.

    Raises:
        ProviderError: the stanza is another kind of provider.
    """
    directory = stanza.arguments.get("directory")
    if not issubclass(provider_class(stanza), LocalProvider) or not isinstance(directory, str):
        raise ProviderError(
            f"{stanza.path}: only a local provider (mailauth_dns.octo.LocalProvider) has files to serve"
        )
    return local_folder(stanza, root)
