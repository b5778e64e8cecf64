"""The order in which providers write a zone's changes that write them one by one.

A run may end after each of them, and receivers may ask at any moment.
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from mailauth_dns.octo.provider_zone import owner
from mailauth_dns.records import dmarc
from mailauth_dns.records.spf_parts import is_part


def in_turn(changes: Iterable[Any]) -> list[Any]:
    """Return octoDNS's changes in order.

    An SPF record comes after the parts that it includes. DMARC comes after what lets mail pass, a
    subdomain's before that of the domain above, which would catch it. What only goes comes last,
    when nothing leads to it any more; what makes room for a new record of its name does not wait.
    """
    changes = list(changes)
    made = {change.record.fqdn for change in changes if change.new is not None}

    def turn(change: Any) -> tuple[int, int]:
        name = owner(change.record.fqdn)
        if change.new is None and change.record.fqdn not in made:
            return 3, 0
        if name.startswith(f"{dmarc.LABEL}."):
            return 2, -name.count(".")
        return (0 if is_part(name) else 1), 0

    return sorted(changes, key=turn)
