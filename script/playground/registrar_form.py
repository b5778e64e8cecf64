"""A registrar's web form on the command line, with the habits of such forms.

The host is what stands in front of the zone's name, which the form puts behind whatever it gets. A
value is one line without quotes; quotes that are typed become part of the value. Adding a record
replaces none.
"""

from __future__ import annotations

import argparse
import sys
from pathlib import Path

import dns.exception
import dns.name
import dns.query
import dns.rdata
import dns.rdataclass
import dns.rdatatype
import dns.rdtypes.ANY.TXT
import dns.tsigkeyring
import dns.update
import dns.xfr
import dns.zone
from playground.arguments import Parser
from playground.places import BIND, KEYS

ZONE = dns.name.from_text("example.com")
TYPES = ("A", "AAAA", "CNAME", "MX", "TXT")
SHORTEST = 60  # seconds
_KEY = "registrar-form"


def main(arguments: list[str]) -> int:
    asked = _parser().parse_args(arguments)
    try:
        {"list": _list, "add": _add, "delete": _delete}[asked.act](asked)
    except (dns.exception.DNSException, ValueError, OSError) as error:
        print(f"registrar-form: {error}", file=sys.stderr)
        return 1
    return 0


def _parser() -> Parser:
    parser = Parser(
        prog="registrar-form",
        description=f"The web form for {ZONE.to_text(True)} at your registrar.",
    )
    acts = parser.add_subparsers(dest="act", required=True)
    acts.add_parser("list", help="show the records")
    add = acts.add_parser("add", help="add a record; it replaces none")
    delete = acts.add_parser("delete", help="delete a record")
    for act in (add, delete):
        act.add_argument("host", help=f"what stands before .{ZONE.to_text(True)}; @ for the domain")
        act.add_argument("type", choices=TYPES)
    add.add_argument("ttl", type=int, help="seconds")
    add.add_argument("value", help="one line, without quotes around it")
    delete.add_argument("value", nargs="?", help="needed where there are several")
    return parser


def _list(_: argparse.Namespace) -> None:
    rows = [("HOST", "TYPE", "TTL", "VALUE")]
    for name, ttl, rdata in _zone().iterate_rdatas():
        if rdata.rdtype != dns.rdatatype.SOA:
            type = dns.rdatatype.to_text(rdata.rdtype)
            rows.append((str(name), type, str(ttl), shown(rdata)))
    widths = [max(len(row[column]) for row in rows) for column in range(3)]
    for row in [rows[0], *sorted(rows[1:])]:
        print("  ".join((*map(str.ljust, row[:3], widths), row[3])))


def _add(asked: argparse.Namespace) -> None:
    if asked.ttl < SHORTEST:
        raise ValueError(f"the TTL must be {SHORTEST} seconds or more")
    host, rdata = _host(asked.host), typed(asked.type, asked.value)
    if rdata in (_zone().get_rdataset(host, asked.type) or ()):
        raise ValueError("this record is there already")
    update = _update()
    update.add(host, asked.ttl, rdata)
    _send(update)


def _delete(asked: argparse.Namespace) -> None:
    host = _host(asked.host)
    found = _zone().get_rdataset(host, asked.type) or ()
    matching = [each for each in found if asked.value in (None, shown(each))]
    if not matching:
        raise ValueError(f"there is no such {asked.type} record at {asked.host}")
    if len(matching) > 1:
        raise ValueError(
            f"there are {len(matching)} {asked.type} records at {asked.host}:"
            " say which by its value"
        )
    update = _update()
    update.delete(host, matching[0])
    _send(update)


def typed(type: str, value: str) -> dns.rdata.Rdata:
    """Return the record that the form makes of a value."""
    if type == "TXT":
        octets = value.encode()
        strings = [octets[start : start + 255] for start in range(0, len(octets), 255)]
        return dns.rdtypes.ANY.TXT.TXT(dns.rdataclass.IN, dns.rdatatype.TXT, strings or [b""])
    return dns.rdata.from_text(dns.rdataclass.IN, type, value, origin=dns.name.root)


def shown(rdata: dns.rdata.Rdata) -> str:
    """Return a record's value as the form shows it."""
    if isinstance(rdata, dns.rdtypes.ANY.TXT.TXT):
        return b"".join(rdata.strings).decode(errors="replace")
    return rdata.to_text()


def _host(text: str) -> dns.name.Name:
    if text in ("@", ""):
        return dns.name.empty
    return dns.name.from_text(text.rstrip("."), origin=None)


def _key() -> dict[str, object]:
    secret = Path(KEYS, "registrar.key").read_text().strip()
    keyring = dns.tsigkeyring.from_text({_KEY: secret})
    return {"keyring": keyring, "keyname": _KEY, "keyalgorithm": "hmac-sha256"}


def _zone() -> dns.zone.Zone:
    zone = dns.zone.Zone(ZONE)
    query, _ = dns.xfr.make_query(zone, **_key())  # type: ignore[arg-type]
    dns.query.inbound_xfr(BIND, zone, query, timeout=5)
    return zone


def _update() -> dns.update.UpdateMessage:
    return dns.update.UpdateMessage(ZONE, **_key())  # type: ignore[arg-type]


def _send(update: dns.update.UpdateMessage) -> None:
    answer = dns.query.tcp(update, BIND, timeout=5)
    if answer.rcode() != dns.rcode.NOERROR:
        raise ValueError(f"not saved: the server says {dns.rcode.to_text(answer.rcode())}")
    print("saved")


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
