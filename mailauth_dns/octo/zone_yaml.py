"""A zone file of an octoDNS repo, read as octoDNS reads it."""

from __future__ import annotations

import re
from pathlib import Path

from octodns.provider.yaml import YamlProvider
from octodns.zone import Zone as OctodnsZone

from mailauth_dns.errors import ProviderError
from mailauth_dns.octo.provider_zone import from_octodns
from mailauth_dns.records.zone import Zone


def read(path: Path) -> Zone:
    """Return what the file says; octoDNS names it after its zone, and has a TTL where it has none.

    Raises:
        ProviderError: it is no zone file of octoDNS.
        OSError: it cannot be read.
    """
    text = path.read_text(encoding="utf-8", errors="replace")
    provider = YamlProvider(
        "import",
        str(path.parent),
        enforce_order=False,
        # The repo's config says whether `;` is escaped. A file that has both forms is broken.
        escaped_semicolons=re.search(r"\\;", text) is not None,
    )
    zone = OctodnsZone(f"{path.stem}.", [])
    try:
        provider.populate(zone, lenient=True)
    except Exception as error:  # noqa: BLE001 - its loader and its records share no error type
        # Python's own words about code tell a user nothing.
        of_code = isinstance(error, AttributeError | TypeError | LookupError | RecursionError)
        said = "it holds something else" if of_code else " ".join(str(error).split())
        raise ProviderError(f"{path}: is no zone file of octoDNS: {said}") from None
    return from_octodns(zone, exists=True).zone
