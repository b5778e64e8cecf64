"""What the policies declare for a zone, and where it goes."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass
from datetime import date, datetime
from typing import TYPE_CHECKING

from mailauth_dns.errors import MailAuthError
from mailauth_dns.policy.repo import Repo
from mailauth_dns.records import mta_sts
from mailauth_dns.records.addresses import Addresses
from mailauth_dns.records.family import Family
from mailauth_dns.records.name import DomainName
from mailauth_dns.records.ownership import SenderValues
from mailauth_dns.records.zone import RRKey, RRset, Zone
from mailauth_dns.typed_yaml.yaml_tree import FileLine

if TYPE_CHECKING:
    from mailauth_dns.compile.declared_like import DeclaredLike


@dataclass(frozen=True, slots=True)
class OfSender:
    """The sender that one record is for.

    `values` are the ones that are this sender's; None where all of the family are ours. `relaxed`
    tells whether SPF aligns with its return path: yes, no or unknown. `retired` is since when it
    sends no more, where its record goes for that. `still` is what the policy calls another use of
    the same sender, which goes on.
    """

    name: str
    values: SenderValues | None = None
    relaxed: str = "unknown"
    retired: date | None = None
    still: str | None = None


@dataclass(frozen=True, slots=True)
class Declared:
    """What one policy says about one name and type: these values of one family, or none.

    Without `values`, ours is deleted. `ttl` is in seconds; None keeps what is there.

    DKIM: mail signed with a key that is to go may arrive until `needed_until`, since a policy says
    that it signed until `signed_until`. MTA-STS: `served` is
    the policy that the record announces, for HTTPS. A part of an SPF record: a record may include
    it from `ready` on, as the lock says. SPF: `spf_names` holds the addresses behind names that
    the record includes now or included before.

    `sender` is the sender whose record this is, where only one has it. SPF: `is_return_path` tells
    the record of a sender's return path from the domain's own.

    `place` is the line of the policy, or of its defaults, that says so.
    """

    domain: DomainName
    key: RRKey
    family: Family
    ttl: int | None
    values: frozenset[str]
    needed_until: datetime | None = None
    signed_until: datetime | None = None
    served: mta_sts.Policy | None = None
    ready: datetime | None = None
    spf_names: tuple[tuple[DomainName, Addresses], ...] = ()
    sender: OfSender | None = None
    is_return_path: bool = False
    place: FileLine | None = None

    @property
    def sender_values(self) -> SenderValues | None:
        """Which values are ours; None where all of the family are."""
        return self.sender.values if self.sender is not None else None


@dataclass(frozen=True, slots=True)
class Publication:
    """Everything that the policies declare for one zone, and where it goes.

    `unselected` are records of policies that were not selected: they are kept, and not foreign.
    """

    origin: DomainName
    declared: tuple[Declared, ...] | DeclaredLike
    providers: tuple[str, ...]
    nameservers: tuple[str, ...]
    unselected: frozenset[RRKey] = frozenset()

    @property
    def zone(self) -> Zone:
        """The record sets to be published."""
        sets = (
            RRset(*entry.key, entry.ttl, entry.values) for entry in self.declared if entry.values
        )
        return Zone(self.origin, frozenset(sets))

    @property
    def places(self) -> Mapping[tuple[RRKey, Family], FileLine | None]:
        """Where each record is declared."""
        return {(entry.key, entry.family): entry.place for entry in self.declared}

    @property
    def mta_sts(self) -> Mapping[DomainName, str]:
        """The MTA-STS policies to serve over HTTPS, by domain.

        They are files and not records, so `digest` leaves them out.
        """
        if all(entry.served is None for entry in self.said):
            return {}
        return {
            entry.domain: str(entry.served) for entry in self.declared if entry.served is not None
        }

    @property
    def domains(self) -> tuple[DomainName, ...]:
        """The policies' domains, in order."""
        declared = self.declared
        return domains_of(declared) if isinstance(declared, tuple) else declared.domains

    @property
    def said(self) -> tuple[Declared, ...]:
        """The entries, perhaps with another zone's name in `domain` and `key`, and nowhere else.

        Of very many zones, what the entries say is seen faster so.
        """
        return self.declared if isinstance(self.declared, tuple) else self.declared.said

    @property
    def digest(self) -> str:
        """SHA-256 of all that decides what is published, wherever it stands in the files.

        The zone's own name is left out, so that zones of one policy have one digest.
        """
        rows = [
            [
                entry.domain,
                *entry.key,
                entry.family,
                entry.ttl,
                sorted(entry.values),
                str(entry.needed_until),
                str(entry.ready),
                *_of_sender(entry.sender_values),
            ]
            for entry in self.declared
        ]
        said = json.dumps([rows, sorted(self.providers), sorted(self.nameservers)])
        # JSON has no such character, so the text could be had back: no other one becomes the same.
        return hashlib.sha256(said.replace(self.origin, "\0").encode()).hexdigest()

    def only(self, domains: frozenset[DomainName]) -> Publication:
        """Return the part that these domains declare; the rest is `unselected`."""
        kept = tuple(entry for entry in self.declared if entry.domain in domains)
        others = frozenset(entry.key for entry in self.declared if entry.domain not in domains)
        return Publication(self.origin, kept, self.providers, self.nameservers, others)


def domains_of(declared: Iterable[Declared]) -> tuple[DomainName, ...]:
    """Return the domains of the policies that declare something, in order."""
    return tuple(dict.fromkeys(entry.domain for entry in declared))


def _of_sender(values: SenderValues | None) -> tuple[object, ...]:
    return () if values is None else (values.zones, values.texts)


def selected(
    repo: Repo, publications: Iterable[Publication], domains: Collection[DomainName]
) -> tuple[Publication, ...]:
    """Return the publications cut down to these domains; all of them if `domains` is empty.

    Raises:
        MailAuthError: a domain has no policy, or its policy declares no record.
    """
    publications = tuple(publications)
    if not domains:
        return publications
    wanted = frozenset(policy.domain for policy in repo.of(domains))
    known = {domain for publication in publications for domain in publication.domains}
    if empty := sorted(wanted - known):
        raise MailAuthError(
            f"the policy for {', '.join(empty)} declares no record; "
            "give it a section such as `spf`, or leave the domain out"
        )
    cut = (
        publication.only(wanted & frozenset(publication.domains)) for publication in publications
    )
    return tuple(publication for publication in cut if publication.declared)
