"""A draft policy, and what stands beside it in the repo."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field

from mailauth_dns.errors import octets
from mailauth_dns.policy.repo import Policy
from mailauth_dns.policy.spf_lock import Lock
from mailauth_dns.records import dkim
from mailauth_dns.records.name import DomainName
from mailauth_dns.records.zone import RRKey, Zone, quoted
from mailauth_dns.typed_yaml import yaml_tree


@dataclass(frozen=True, slots=True)
class Left:
    """A published value that the policy leaves out, or does not say in full; it stays as it is."""

    key: RRKey
    value: str
    reason: str

    @property
    def shown(self) -> str | None:
        """The value as it may be shown: None for a private key that somebody published."""
        return None if dkim.holds_private_key(self.value) else self.value

    def __str__(self) -> str:
        """Return the record and the reason, octets spelt as in a zone file."""
        name, type = self.key
        value = (
            "(not shown)"
            if self.shown is None
            else quoted(self.value)
            if type == "TXT"
            else self.value
        )
        return f"{name} {type} {value}: {octets(self.reason)}"


@dataclass(frozen=True, slots=True)
class Draft:
    """One domain's policy: `text` is its YAML, `left` what it does not say.

    `told` are sentences for its readers. `nearly_parked` says what `parked: true` would change;
    None if the domain sends or receives.
    """

    domain: DomainName
    policy: Policy
    text: str
    left: tuple[Left, ...]
    nearly_parked: str | None
    told: tuple[str, ...] = ()


Consents = Callable[[DomainName, frozenset[RRKey]], tuple[Zone, ...]]


def _none(origin: DomainName, _: frozenset[RRKey]) -> tuple[Zone, ...]:
    return (Zone(origin, frozenset()),)


@dataclass(frozen=True, slots=True)
class Surroundings:
    """What stands beside drafts: the repo's defaults, its other policies and its lock.

    The lock holds what the other policies' flattened SPF names resolved to. `settings` are
    `providers` and `nameservers` to write into each draft. `consents` returns what a zone of the
    repo holds at the names where hosts consent to DMARC reports, once for each place that has the
    zone.
    """

    defaults: yaml_tree.Mapping | None = None
    policies: tuple[Policy, ...] = ()
    settings: Mapping[str, tuple[str, ...]] = field(default_factory=dict)
    lock: Lock = field(default_factory=Lock)
    consents: Consents = _none
