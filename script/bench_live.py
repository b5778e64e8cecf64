"""Live DNS: questions a second of our lookup, of `diff` as a whole, and of dnsperf.

One server on loopback, NSD or else BIND, serves a fleet of parked names with what their policy
says, so `diff` finds no difference. BENCH_LIVE sets how many names with records are asked (default
4000); the NS set of each zone is one question more. Each measure runs ROUNDS times in turn, the
fastest counts. Processor time is ours alone: the server and dnsperf have their own.
"""

from __future__ import annotations

import os

RECORDS = {  # of each parked name, as its policy declares them
    "{domain}.": ("TXT", '"v=spf1 -all"'),
    "_dmarc.{domain}.": ("TXT", '"v=DMARC1; p=reject; sp=reject; np=reject"'),
    "*._domainkey.{domain}.": ("TXT", '"v=DKIM1; p="'),
    "{domain}": ("MX", "0 ."),
}
NAMES = int(os.environ.get("BENCH_LIVE", "4000"))
DOMAINS = [f"parked-{number:06}.example" for number in range(NAMES // len(RECORDS))]
ROUNDS = int(os.environ.get("BENCH_ROUNDS", "3"))
TOP = """$TTL 3600
@ IN SOA ns1.example.net. hostmaster.example.net. 1 7200 1800 1209600 300
@ IN NS ns1.example.net.
@ IN NS ns2.example.net.
@ IN TXT "v=spf1 -all"
@ IN MX 0 .
_dmarc IN TXT "v=DMARC1; p=reject; sp=reject; np=reject"
*._domainkey IN TXT "v=DKIM1; p="
"""
