"""check_host() beside pyspf over the same records and zones in the same run, in one process.

Prints microseconds a check and the ratio. Both take their answers from the same tables, so SPF is
measured and not a resolver. They run in turn; the fastest round of each counts. pyspf parses each
record anew, ours keeps parsed records; "cold" is ours with none kept.
"""

from __future__ import annotations

import sys
import time
from collections.abc import Callable

import spf as pyspf

from mailauth_dns.evaluate.spf import check_host
from mailauth_dns.records import spf
from mailauth_dns.records.name import DomainName

CHECKS = 2000
ROUNDS = 5

TXT = {
    "example.com": "v=spf1 ip4:192.0.2.0/28 ip4:198.51.100.0/24 ip6:2001:db8::/48 -all",
    "a.example": "v=spf1 a mx -all",
    "deep.example": "v=spf1 mx include:_spf.one.example include:_spf.two.example ~all",
    "_spf.one.example": "v=spf1 include:_a.one.example include:_b.one.example ~all",
    "_a.one.example": "v=spf1 "
    + " ".join(f"ip4:198.51.100.{n}/30" for n in range(0, 80, 4))
    + " ~all",
    "_b.one.example": "v=spf1 " + " ".join(f"ip6:2001:db8:{n}::/48" for n in range(12)) + " ~all",
    "_spf.two.example": "v=spf1 exists:%{ir}.%{v}._spf.two.example ip4:203.0.113.0/24 ~all",
    "redirected.example": "v=spf1 redirect=deep.example",
    "macro.example": "v=spf1 exists:%{l1r+-}.%{ir}.%{v}.x.%{d2} include:%{d}._spf.example -all "
    "exp=why.%{d}",
    "macro.example._spf.example": "v=spf1 a:mx.%{d2} -all",
    "why.macro.example": "%{i} may not send for %{d}: see http://example.com/why?s=%{S}",
}
HOSTS = {"mx.example": ("192.0.2.1",), "a.example": ("192.0.2.2", "192.0.2.3")}
MX = {"a.example": ("10 mx.example.",), "deep.example": ("10 mx.example.",)}
CASES = [  # client, sender
    ("192.0.2.7", "user@example.com"),
    ("203.0.113.9", "user@example.com"),
    ("192.0.2.1", "user@a.example"),
    ("192.0.2.200", "user@a.example"),
    ("203.0.113.9", "user@deep.example"),
    ("2001:db8:b::1", "user@deep.example"),
    ("192.0.2.200", "user@redirected.example"),
    ("192.0.2.200", "strong-bad@macro.example"),
    ("192.0.2.200", "user@nothing.example"),
]


class Tables:
    def lookup(self, name: DomainName, rrtype: str) -> tuple[str, ...] | None:
        if rrtype == "TXT":
            return (TXT[name],) if name in TXT else None
        if rrtype == "MX":
            return MX.get(name)
        return HOSTS.get(name) if rrtype == "A" else None


READ: dict[str, Callable[[str], object]] = {
    "TXT": lambda text: (text.encode(),),
    "MX": lambda value: (int(value.split()[0]), value.split()[1].rstrip(".")),
    "A": str,
}


def prepared() -> dict[tuple[str, str], list[object]]:
    """Return the tables in the form that pyspf gets from its DNS library."""
    tables = Tables()
    names = {*TXT, *HOSTS, *MX}
    return {
        (name, rrtype): [
            ((name, rrtype), read(value)) for value in tables.lookup(DomainName(name), rrtype) or ()
        ]
        for name in names
        for rrtype, read in READ.items()
    }


def seconds(check: Callable[[str, str], object], between: Callable[[], object]) -> float:
    """Return the wall time of CHECKS checks."""
    spent = 0.0
    for number in range(CHECKS):
        between()
        begun = time.perf_counter()
        check(*CASES[number % len(CASES)])
        spent += time.perf_counter() - begun
    return spent


def main() -> None:
    tables, answers = Tables(), prepared()
    pyspf.DNSLookup = lambda name, rrtype, *_: answers.get((name, rrtype), [])

    def ours(ip: str, sender: str) -> tuple[str, str | None]:
        found = check_host(ip, sender.partition("@")[2], sender, "mx.example", tables)
        return found.result.value, found.explanation

    def theirs(ip: str, sender: str) -> tuple[str, str | None]:
        result, explanation = pyspf.check2(i=ip, s=sender, h="mx.example")
        return (
            result,
            explanation
            if explanation not in pyspf.EXPLANATIONS.values() and result == "fail"
            else None,
        )

    for case in CASES:
        if ours(*case) != theirs(*case):
            sys.exit(f"{case}: {ours(*case)} here, {theirs(*case)} by pyspf")
    jobs = {
        "pyspf": (theirs, lambda: None),
        "mailauth-dns": (ours, lambda: None),
        "mailauth-dns, cold": (ours, spf.parse.cache_clear),
    }
    best: dict[str, float] = {}
    for _ in range(ROUNDS):
        for name, (check, between) in jobs.items():
            best[name] = min(best.get(name, float("inf")), seconds(check, between))
    print(f"{CHECKS} SPF checks of {len(CASES)} kinds; best of {ROUNDS} rounds in one run")
    for name, spent in best.items():
        print(
            f"  {name:<42} {spent / CHECKS * 1e6:7.1f} us a check, "
            f"{spent / best['pyspf']:.2f} times pyspf's"
        )


if __name__ == "__main__":
    main()
