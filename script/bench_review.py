"""A plan of many changed zones as a reviewer gets it: seconds and characters of each format.

Once all zones change in the same way, as a fleet that gets parked does, and once each in its own.
"""

from __future__ import annotations

import os
import time
from collections.abc import Callable, Iterator
from dataclasses import replace

from mailauth_dns.pages.plan_page import plan_page
from mailauth_dns.plan import plan_json
from mailauth_dns.plan.digests import Digests
from mailauth_dns.plan.plan import AuthorityEntry, ChangeEntry, KeptEntry, Plan, ZoneEntry
from mailauth_dns.render import plan_github, plan_markdown

ZONES = int(os.environ.get("BENCH_REVIEW", "10000"))

PARKED = (  # what is said of a name, its type and its family
    ("", "TXT", "spf", "v=spf1 -all", "SPF is new: may send: nobody; every other host: fail"),
    ("_dmarc.", "TXT", "dmarc", "v=DMARC1; p=reject", "DMARC is new: p reject"),
    ("", "MX", "null_mx", "0 .", "the domain says that it receives no mail (null MX)"),
    ("*._domainkey.", "TXT", "dkim", "v=DKIM1; p=", "every selector is revoked"),
)
STEP = ChangeEntry(
    domain="zone0.example",
    name="_dmarc.zone0.example",
    type="TXT",
    family="dmarc",
    before=("v=DMARC1; p=none",),
    after=("v=DMARC1; p=reject",),
    ttl_before=300,
    ttl_after=3600,
    kept=0,
    meaning="p none -> reject: failing mail is refused",
    risk="breaking",
    rules=("DMARC033",),
)


def zone(number: int, apart: bool) -> ZoneEntry:
    """A parked zone; one in a hundred has a change that needs permission, too."""
    domain = f"zone{number}.example"
    own = str(number) if apart else ""
    changes = [
        replace(
            STEP,
            domain=domain,
            name=f"{label}{domain}",
            type=type,
            family=family,
            before=(),
            after=(value + own,),
            ttl_before=None,
            kept=number % 3,
            meaning=meaning + own,
            risk="caution",
            rules=(),
        )
        for label, type, family, value, meaning in PARKED
    ]
    if number % 100 == 0:
        changes.append(replace(STEP, domain=domain, name=f"_dmarc.{domain}"))
    kept = (KeptEntry(domain, "A", False, None, (f"A {number:08x}",)),)
    authority = AuthorityEntry("agrees", "the same NS set at the provider and in live DNS", True)
    return ZoneEntry(
        zone=domain,
        provider="local",
        digests=Digests("0" * 64, "0" * 64, "0" * 64),
        changes=tuple(changes),
        blocked=(),
        kept=kept,
        live=(),
        authority=authority,
        tests=(),
    )


def plan(apart: bool) -> Plan:
    zones = tuple(zone(number, apart) for number in range(ZONES))
    return Plan("0", "2026-11-28T12:00:00+00:00", None, None, False, zones, ())


def formats() -> Iterator[tuple[str, Callable[[Plan], str]]]:
    yield "markdown", plan_markdown.plan
    yield "github", lambda file: "\n".join(plan_github.plan(file))
    yield "html", plan_page
    yield "json", lambda plan: "".join(plan_json.dumped(plan))


def main() -> None:
    for apart, said in ((False, "the same in all"), (True, "another in each")):
        file = plan(apart)
        print(f"{ZONES} zones with {file.pending} changes, {said}")
        for name, render in formats():
            begun = time.perf_counter()
            length = len(render(file))
            print(f"  {name:<10} {time.perf_counter() - begun:7.2f} s {length:>12,} characters")


if __name__ == "__main__":
    main()
