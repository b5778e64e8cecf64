"""The DKIM keys that policies declare, one a selector."""

from __future__ import annotations

from dataclasses import dataclass

from mailauth_dns.policy.public_key_files import PublicKey
from mailauth_dns.policy.repo import Policy
from mailauth_dns.policy.sections.dkim import KeyState, SelectorSection
from mailauth_dns.records import dkim
from mailauth_dns.records.name import DomainName
from mailauth_dns.records.zone import RRKey


@dataclass(frozen=True, slots=True)
class Key:
    """One declared selector; `public` is None where the policy does not hold the key itself."""

    domain: DomainName
    zone: DomainName
    selector: str
    section: SelectorSection
    public: PublicKey | None
    ttl: int | None  # seconds, as declared

    @property
    def ours(self) -> bool:
        """Whether we sign with it and rotate it: the policy names a key file.

        A key that is given as `p` or `cname` belongs to a sender, who signs with it.
        """
        return self.section.key is not None

    def is_own(self, type: str) -> bool:
        """Tell whether the key is ours and of this type, such as rsa."""
        return self.ours and self.public is not None and self.public.k == type

    @property
    def is_pending(self) -> bool:
        """Whether we are to sign with it, once every cache can have it."""
        return self.ours and self.section.state is KeyState.PENDING

    @property
    def name(self) -> DomainName:
        """Where the record is published."""
        return dkim.owner_name(self.selector, self.domain)

    @property
    def questions(self) -> frozenset[RRKey]:
        """What to ask the zone's servers about the key.

        The SOA gives the negative TTL. A wildcard is what servers answered before the record
        existed. An address shows an alias that the provider proxies.
        """
        types = ["TXT", "CNAME"]
        if self.section.cname is not None:
            types += ["A", "AAAA"]
        return frozenset(
            {(self.zone, "SOA"), *((self.name, type) for type in types), *self.wildcards}
        )

    @property
    def wildcards(self) -> tuple[RRKey, ...]:
        """The sets that servers answer with while the selector has no record (RFC 4592)."""
        return tuple(
            (DomainName(f"*.{above}"), "TXT")
            for above in (f"_domainkey.{self.domain}", self.domain)
        )


def keys_of(policy: Policy) -> tuple[Key, ...]:
    """Return the policy's keys in its order."""
    selectors = policy.body.dkim.selectors if policy.body.dkim is not None else {}
    return tuple(
        Key(
            policy.domain,
            policy.zone,
            selector,
            section,
            _public(policy, selector, section),
            section.ttl or policy.body.ttl,
        )
        for selector, section in selectors.items()
    )


def _public(policy: Policy, selector: str, section: SelectorSection) -> PublicKey | None:
    if section.p is not None:
        return PublicKey(section.k or "rsa", "".join(section.p.split()))
    return policy.keys.get(selector)
