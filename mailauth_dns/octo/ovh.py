"""OVH's own kinds of record, which octodns-ovh does not read.

OVH's website makes records of the kinds SPF and DMARC, and its servers answer them as TXT. To
octodns-ovh nothing is there. A second SPF or DMARC record beside such a one would break both.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from mailauth_dns.octo.provider_zone import owner
from mailauth_dns.records.zone import RRKey

_SERVED_AS_TXT = frozenset({"SPF", "DMARC"})


class OwnKinds:
    """Stands before octodns-ovh's class, and remembers which records it leaves out."""

    def get_records(self, zone_name: str) -> Any:
        """Return the records as OVH lists them; octodns-ovh asks for them to read a zone."""
        records = super().get_records(zone_name)  # type: ignore[misc] # of the class behind this one
        self.__dict__.setdefault("_mailauth_left_out", {})[owner(zone_name)] = {
            (owner(f"{record['subDomain']}.{zone_name}".lstrip(".")), "TXT"): (
                f"OVH has a record of its own kind {record['fieldType']} here, which octoDNS does "
                "not read, and serves it as TXT; delete it there, or make it a TXT record, and "
                "plan again"
            )
            for record in records
            if record["fieldType"] in _SERVED_AS_TXT
        }
        return records


def left_out(provider: Any, zone_name: str) -> Mapping[RRKey, str]:
    """Return the sets of a zone that octodns-ovh did not read, each with what to do."""
    found: Mapping[RRKey, str] = getattr(provider, "_mailauth_left_out", {}).get(
        owner(zone_name), {}
    )
    return found
