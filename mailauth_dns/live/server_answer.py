"""What one server said to one question."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from mailauth_dns.records.name import DomainName
from mailauth_dns.records.zone import RRKey, RRset


@dataclass(frozen=True, slots=True)
class ServerAnswer:
    """What one server said to one question.

    `rrset` is the set of the name and type asked for, `cname` an alias at that name instead of it.
    `followed` is the set at the end of the CNAMEs in the answer: what one asks a recursive resolver
    for. Without a CNAME it is `rrset` itself. `referral` is the NS set of a delegation that the
    server points to instead of answering.
    """

    rcode: str
    authoritative: bool
    rrset: RRset | None = None
    cname: RRset | None = None
    followed: RRset | None = None
    referral: RRset | None = None
    recursion_available: bool = False

    @property
    def nxdomain(self) -> bool:
        """The name, or the one that its CNAMEs lead to, does not exist (RFC 6604 §3)."""
        return self.rcode == "NXDOMAIN"


def followed(sets: Mapping[RRKey, RRset], name: DomainName, type: str) -> RRset | None:
    """Return the set of this type that the name, or the CNAMEs from it, lead to."""
    for _ in range(len(sets) + 1):  # at most a step for each set, so a loop of CNAMEs ends
        if (found := sets.get((name, type))) is not None:
            return found
        cname = sets.get((name, "CNAME"))
        if cname is None or len(cname.values) != 1:
            return None
        name = DomainName(next(iter(cname.values)).removesuffix("."))
    return None
