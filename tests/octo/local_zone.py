"""A zone of the local provider, with foreign records that must come through unharmed."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

from octodns.zone import Zone

from mailauth_dns.octo.local import LocalProvider
from mailauth_dns.octo.txt_round_trip import internal_text, txt_record
from mailauth_dns.records.name import DomainName
from mailauth_dns.records.zone import quoted

ORIGIN = DomainName("example.com")
ODD = 'say "hello"; \\ back\\; \x00\n\xff caf\xc3\xa9 ' + "".join(map(chr, range(256))) + "x" * 200
TEXT = f"""$ORIGIN example.com.
$TTL 1h
@       IN SOA  ns1.example.net. hostmaster.example.net. ( 41 ; serial
                2h 30m 2w 5m )
        IN NS   ns1.example.net.
        IN TXT  "v=spf1 a ~all"
        IN TXT  {quoted(ODD)} ; odd
        IN MX   10 mx
mx      IN A    192.0.2.1
        IN AAAA 2001:db8::1
sub     IN DNAME example.net.
"""


def provider(folder: Path, **arguments: Any) -> LocalProvider:
    return LocalProvider("local", directory=str(folder), **arguments)


def read(provider: LocalProvider) -> Any:
    zone = Zone("example.com.", [])
    assert provider.populate(zone, target=True, lenient=True)
    return zone


def plan(provider: LocalProvider, edit: Callable[[Any], None]) -> Any:
    desired = read(provider)
    edit(desired)
    return provider.plan(desired, lenient=True)


def spf(value: str) -> Callable[[Any], None]:
    """Return an edit that puts this SPF value into the apex set, beside what is foreign."""

    def edit(zone: Any) -> None:
        there = zone.get_type("", "TXT")
        texts = [str(text) for text in there.values if not text.startswith("v=spf1")]
        zone.add_record(
            txt_record(zone, "", there.ttl, [*texts, internal_text(value)]),
            replace=True,
            lenient=True,
        )

    return edit
