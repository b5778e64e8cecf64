"""Static lint of many policies, beside checkdmarc's parsers over the same records in the same run.

Prints policies a second, processor seconds, and the peak memory of the largest process in MB. On a
busy machine only the processor seconds can be compared. checkdmarc has its own environment
(argument 1: its python; without it, ours runs alone). It gets the records in memory and a resolver
that answers from a table, so neither waits for a network; ours reads, checks and compiles the files
first. Each runs in its own process, twice in turn; the better run counts.
"""

from __future__ import annotations

import json
import os
import sys
import tempfile
from pathlib import Path

from bench_fleet import processor
from bench_plan import KEY, POLICY, run

POLICIES = int(os.environ.get("BENCH_POLICIES", "10000"))
ROUNDS = 2
SPF = "v=spf1 ip4:192.0.2.10 include:_spf.example.net -all"
DMARC = "v=DMARC1; p=quarantine; rua=mailto:dmarc@example.net"

CHECKDMARC = """
import json, sys
import dns.message, dns.rdatatype, dns.resolver, dns.rrset
from checkdmarc.dmarc import parse_dmarc_record
from checkdmarc.spf import parse_spf_record

class Table(dns.resolver.Resolver):
    def resolve(self, qname, rdtype="A", *args, **kwargs):
        name = str(qname).rstrip(".") + "."
        kind = dns.rdatatype.to_text(dns.rdatatype.RdataType.make(rdtype))
        text = '"v=DMARC1"' if "._report._dmarc." in name else None
        if name == "_spf.example.net.":
            text = '"v=spf1 ip4:198.51.100.0/24 -all"'
        found = {"TXT": text, "MX": "10 mx.example.net.", "A": "192.0.2.1"}.get(kind)
        response = dns.message.make_response(dns.message.make_query(name, kind))
        if found is None:
            raise dns.resolver.NoAnswer(response=response)
        whole = dns.rrset.from_text(name, 300, "IN", kind, found)
        key = whole.name, whole.rdclass, whole.rdtype
        response.find_rrset(response.answer, *key, create=True).update(whole)
        return dns.resolver.Answer(whole.name, whole.rdtype, whole.rdclass, response)

table = Table(configure=False)
table.nameservers = ["192.0.2.53"]
for domain, spf, dmarc in json.load(open(sys.argv[1])):
    parse_spf_record(spf, domain, resolver=table)
    parse_dmarc_record(dmarc, domain, resolver=table)
"""


def main() -> None:
    with tempfile.TemporaryDirectory(prefix="mailauth-bench-") as folder:
        root = Path(folder)
        (root / "zones/policy").mkdir(parents=True)
        domains = [f"d{number}.example" for number in range(POLICIES)]
        for domain in domains:
            (root / f"zones/policy/{domain}.yaml").write_text(POLICY.format(domain=domain, key=KEY))
        records = root / "records.json"
        records.write_text(json.dumps([[domain, SPF, DMARC] for domain in domains]))
        jobs = {
            "mailauth-dns lint": [
                str(Path(sys.executable).parent / "mailauth-dns"),
                "-q",
                "-C",
                str(root),
                "lint",
            ],
        }
        for python in sys.argv[1:]:
            jobs["checkdmarc, two parsers"] = [python, "-c", CHECKDMARC, str(records)]
        best: dict[str, tuple[float, float, float]] = {}
        for _ in range(ROUNDS):
            for name, command in jobs.items():
                begun = processor()
                seconds, memory = run(*command)
                used = processor() - begun
                known = best.get(name, (seconds, used, memory))
                best[name] = (min(known[0], seconds), min(known[1], used), max(known[2], memory))
    print(f"{POLICIES} policies; best of {ROUNDS} rounds in one run, {os.cpu_count()} cores")
    for name, (seconds, used, memory) in best.items():
        told = f"{POLICIES / seconds:7.0f} a second {used:7.1f} s {memory:7.0f} MB"
        print(f"  {name:<42} {told}")


if __name__ == "__main__":
    main()
