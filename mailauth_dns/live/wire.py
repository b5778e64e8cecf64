"""The numbers in DNS messages (RFC 1035 §4, RFC 6891)."""

from __future__ import annotations

import struct

HEADER = struct.Struct("!6H")  # id, flags, and the counts of the four sections
FIXED = struct.Struct("!HHIH")  # type, class, TTL and length of a resource record
QR, AA, TC, RD, RA = 0x8000, 0x0400, 0x0200, 0x0100, 0x0080
OPCODE, RCODE = 0x7800, 0x000F
NOERROR, FORMERR, SERVFAIL, NXDOMAIN, NOTIMP, REFUSED = range(6)
IN = 1
A, NS, CNAME, SOA, PTR, MX, TXT, AAAA, SRV, OPT = 1, 2, 5, 6, 12, 15, 16, 28, 33, 41
DNAME, TLSA, HTTPS, CAA = 39, 52, 65, 257
POINTER = 0xC0  # the first octet of a pointer to an earlier name is at least this
MAX_TTL = 2**31 - 1  # seconds; a larger TTL counts as 0 (RFC 2181 §8)
