"""What evaluation asks: a resolver is handed in, so that the same code judges DNS as it is and as it would be."""

from __future__ import annotations

from typing import Protocol

from mailauth_dns.records.name import DomainName


class Resolver(Protocol):
    """Answers questions about names, with CNAMEs followed.

    None: the name does not exist (NXDOMAIN). Empty: it exists and has no such type. Values are as in `records.zone`: TXT as joined octets, one
    character an octet; MX as `10 mx.example.com.`; names absolute, in lower case.
    """

    def lookup(self, name: DomainName, rrtype: str) -> tuple[str, ...] | None:
        """Return the values of one set.

        Raises:
            ObservationError: nobody could tell (timeout, SERVFAIL, a loop of aliases), which is never "absent".
        """
        ...
