"""Random zones, each with a master file that says it in a style of its own."""

from __future__ import annotations

from dataclasses import dataclass, field

from hypothesis import strategies as st

from mailauth_dns.masterfile.master_file import MasterFile
from mailauth_dns.records.name import DomainName
from mailauth_dns.records.zone import RRKey, RRset, quoted

ORIGIN = DomainName("example.com")
SOA = "@ IN SOA ns1.example.net. hostmaster.example.net. 1 7200 1800 1209600 300\n"
HEAD = "$TTL 3600\n" + SOA + "@ IN NS ns1.example.net.\n"


OWNERS = [
    DomainName(name)
    for name in (
        "example.com",
        "a.example.com",
        "_dmarc.example.com",
        "*.w.example.com",
        "x.sub.example.com",
    )
]
octets = st.text(st.characters(max_codepoint=255), max_size=12)
values: dict[str, st.SearchStrategy[str]] = {
    "TXT": st.one_of(
        octets, st.sampled_from(["v=spf1 -all", "a\\", '"q"', "x;y", "(z", "\u00a0", "y" * 300])
    ),
    "A": st.sampled_from(["192.0.2.1", "192.0.2.2", "192.0.2.3"]),
    "MX": st.sampled_from(["0 .", "10 mx.example.com.", "20 mx.example.net."]),
    "CAA": st.sampled_from(['0 issue "ca.example.net"', '0 issue ";"']),
}


@st.composite
def sets(draw: st.DrawFn) -> RRset:
    type = draw(st.sampled_from(sorted(values)))
    return RRset(
        draw(st.sampled_from(OWNERS)),
        type,
        draw(st.sampled_from([60, 300, 3600])),
        draw(st.frozensets(values[type], min_size=1, max_size=3)),
    )


@dataclass
class Style:
    """Writes records, leaving out now and then what the lines before give."""

    draw: st.DrawFn
    origin: str = "example.com."
    owner: str = ""
    default: int | None = None
    last: int | None = None
    lines: list[str] = field(default_factory=list)

    def pick(self, *options: str) -> str:
        return self.draw(st.sampled_from(options))

    def between(self) -> None:
        choice = self.pick("", "", "", '; c ( "\n', "\n", "  \t; indented\n", "$ORIGIN", "$TTL")
        if choice == "$ORIGIN":
            self.origin = self.pick("example.com.", "sub.example.com.", "example.net.")
            self.lines.append(f"$ORIGIN {self.origin} ; o\n")
        elif choice == "$TTL":
            self.default = self.draw(st.sampled_from([300, 3600]))
            self.lines.append(f"$TTL {self.default}\n")
        else:
            self.lines.append(choice)

    def name(self, absolute: str) -> str:
        spellings = [absolute]
        if absolute == self.origin:
            spellings.append("@")
        elif absolute.endswith("." + self.origin):
            spellings.append(absolute[: -len(self.origin) - 1])
        return self.pick(*spellings)

    def text(self, value: str) -> str:
        if value.isalnum() and value.isascii() and len(value) < 256 and self.draw(st.booleans()):
            return value
        if self.draw(st.booleans()):
            return quoted(value)
        halves = (value[: len(value) // 2], value[len(value) // 2 :])
        return self.pick(" ", "\t", " (\n ; c )\n\t ").join(map(quoted, halves))

    def rdata(self, type: str, value: str) -> str:
        if type == "TXT":
            text = self.text(value)
        elif type == "MX":
            preference, name = value.split()
            text = f"{preference} {self.name(name) if name != '.' else name}"
        else:
            text = value
        return (
            f"( {text} )"
            if "\n" not in text and self.draw(st.booleans())
            else text + " )"
            if "(\n" in text
            else text
        )

    def record(self, owner: str, ttl: int, type: str, value: str) -> None:
        gap = self.pick(" ", "\t", "  ")
        inherits = owner == self.owner and self.draw(st.booleans())
        implied = self.default if self.default is not None else self.last
        written = [] if implied == ttl and self.draw(st.booleans()) else [str(ttl)]
        if written:
            self.last = ttl
        parts = [*written, *([self.pick("IN", "in")] if self.draw(st.booleans()) else [])]
        parts = self.draw(st.permutations(parts))
        first = "" if inherits else self.name(f"{owner}.")
        self.owner = owner
        self.lines.append(
            gap.join([first, *parts, self.pick(type, type.lower()), self.rdata(type, value)])
            + self.pick("", " ; c", "\t")
            + "\n"
        )


@st.composite
def zones(draw: st.DrawFn) -> tuple[str, dict[RRKey, RRset]]:
    """Return a file's text and the sets in it."""
    chosen = {rrset.key: rrset for rrset in draw(st.lists(sets(), max_size=6))}
    style = Style(draw)
    style.record(
        "example.com",
        900,
        "SOA",
        draw(
            st.sampled_from(
                [
                    "ns1.example.net. h.example.net. ( 7 ; s\n 1 1 1 300 )",
                    "a.example.net. b.example.net. 7 1 1 1 300",
                ]
            )
        ),
    )
    records = [(rrset, value) for rrset in chosen.values() for value in rrset.values]
    for rrset, value in draw(st.permutations(records)):
        style.between()
        style.record(rrset.name, rrset.ttl or 0, rrset.type, value)
    text = "".join(style.lines)
    return (text[:-1] if draw(st.booleans()) else text), chosen


def without_soa(file: MasterFile) -> dict[RRKey, RRset]:
    return {rrset.key: rrset for rrset in file.zone().rrsets if rrset.type != "SOA"}
