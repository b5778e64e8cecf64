"""Editing master files: what was asked for is changed, and nothing else."""

from __future__ import annotations

import re
from collections.abc import Mapping

import pytest
from hypothesis import given
from hypothesis import strategies as st

from mailauth_dns.masterfile.edit import edited, next_serial
from mailauth_dns.masterfile.lexer import MasterFileError
from mailauth_dns.masterfile.master_file import MasterFile, parse
from mailauth_dns.records.name import DomainName
from mailauth_dns.records.zone import RRKey, RRset
from tests.masterfile.masterfiles import HEAD, ORIGIN, SOA, sets, without_soa, zones

REFUSED = [
    ("$INCLUDE other.zone\n", "$INCLUDE in line 4", False),
    ("$GENERATE 1-3 h$ A 192.0.2.$\n", "$GENERATE in line 4", False),
    (
        "a RRSIG A 8 3 60 20260101000000 20250101000000 1 example.com. AAAA\n",
        "signed (RRSIG in line 4)",
        True,
    ),
    ("a NSEC b.example.com. A\n", "signed (NSEC in line 4)", True),
]


@pytest.mark.parametrize(("text", "message", "whole"), REFUSED)
def test_reads_and_refuses_to_edit(text: str, message: str, whole: bool) -> None:
    file = parse(ORIGIN, HEAD + text)
    assert file.zone().get((ORIGIN, "NS")) is not None
    assert file.whole is whole
    with pytest.raises(MasterFileError, match=re.escape(message)):
        edited(file, {(ORIGIN, "TXT"): RRset(ORIGIN, "TXT", 60, frozenset({"x"}))})


def change(owner: str, type: str, ttl: int, *values: str) -> dict[RRKey, RRset | None]:
    name = DomainName(owner)
    return {(name, type): RRset(name, type, ttl, frozenset(values)) if values else None}


# What stands below HEAD before, the change, and what stands there after.
EDITED: dict[str, tuple[str, dict[RRKey, RRset | None], str]] = {
    "a new owner goes to the end": (
        "a A 192.0.2.1 ; c\n; end\n",
        change("b.example.com", "TXT", 60, 'v"\xff'),
        'a A 192.0.2.1 ; c\n; end\nb.example.com. 60 IN TXT "v\\"\\255"\n',
    ),
    "a new set follows its owner": (
        "a A 192.0.2.1\nb A 192.0.2.1\n",
        change("a.example.com", "MX", 60, "0 ."),
        "a A 192.0.2.1\na.example.com. 60 IN MX 0 .\nb A 192.0.2.1\n",
    ),
    "values that stay keep their lines": (
        'a TXT ( "fo"  ; c\n "reign" )\n  TXT old\n',
        change("a.example.com", "TXT", 3600, "foreign", "new"),
        'a TXT ( "fo"  ; c\n "reign" )\na.example.com. 3600 IN TXT "new"\n',
    ),
    "another TTL rewrites the set": (
        "a TXT x\na TXT y\n",
        change("a.example.com", "TXT", 60, "y", "x"),
        'a.example.com. 60 IN TXT "x"\na.example.com. 60 IN TXT "y"\n',
    ),
    "the owner is written out where its line goes": (
        "b A 192.0.2.2\na TXT x\n\t A 192.0.2.1\n",
        change("a.example.com", "TXT", 0),
        "b A 192.0.2.2\na.example.com.\t A 192.0.2.1\n",
    ),
    "$ORIGIN and $TTL do not matter to new lines": (
        "$ORIGIN sub\n$TTL 5\n",
        change("b.example.com", "MX", 60, "10 mx.example.com."),
        "$ORIGIN sub\n$TTL 5\nb.example.com. 60 IN MX 10 mx.example.com.\n",
    ),
    "the line end that was missing": (
        "a A 192.0.2.1",
        change("a.example.com", "A", 3600, "192.0.2.1", "192.0.2.2"),
        "a A 192.0.2.1\na.example.com. 3600 IN A 192.0.2.2\n",
    ),
    "an escaped owner is the same owner": (
        "\\095dmarc TXT v=DMARC1\n",
        change("_dmarc.example.com", "TXT", 0),
        "",
    ),
}


@pytest.mark.parametrize("line_end", ["\n", "\r\n"])
@pytest.mark.parametrize(("before", "changes", "after"), EDITED.values(), ids=EDITED)
def test_edits(before: str, changes: dict[RRKey, RRset | None], after: str, line_end: str) -> None:
    file = parse(ORIGIN, (HEAD + before).replace("\n", line_end))
    assert edited(file, changes) == (HEAD.replace(" 1 7200", " 2 7200") + after).replace(
        "\n", line_end
    )


def test_a_ttl_is_written_out_where_its_line_goes() -> None:
    text = SOA.replace("@", "@ 900") + "a 60 TXT x\n A 192.0.2.1\nb A 192.0.2.2\n"
    text_after = edited(parse(ORIGIN, text), change("a.example.com", "TXT", 0))
    assert (
        text_after
        == SOA.replace("@", "@ 900").replace(" 1 7200", " 2 7200")
        + "a.example.com. 60 A 192.0.2.1\nb A 192.0.2.2\n"
    )


@pytest.mark.parametrize(
    ("before", "after"),
    [(0, 1), (1, 2), (2**31 - 1, 2**31), (2**32 - 2, 2**32 - 1), (2**32 - 1, 1)],
)
def test_serial(before: int, after: int) -> None:
    assert next_serial(before) == after


def test_only_the_digits_of_the_serial_change() -> None:
    soa = "@ SOA 41 41 ( ; 41\n\t41 ; serial 41\n\t41 41 41 41 )\n"
    assert edited(parse(ORIGIN, soa), change("a.example.com", "A", 60, "192.0.2.1")).startswith(
        soa.replace("\t41 ;", "\t42 ;")
    )


UNWRITABLE = [
    change("a.example.org", "TXT", 60, "x"),  # outside the zone
    change("a.example.com", "TXT", 60, "\u20ac"),  # not an octet
    change("a.example.com", "CNAME", 60, "x.example.net.\nb A 192.0.2.1"),
    change("a.example.com", "CNAME", 60, "x.example.net. ) ("),
    change("a.example.com", "MX", 60, "mx.example.net."),
    {(ORIGIN, "SOA"): None},
]


@pytest.mark.parametrize("changes", UNWRITABLE)
def test_an_edit_that_would_say_something_else_is_refused(
    changes: Mapping[RRKey, RRset | None],
) -> None:
    with pytest.raises(MasterFileError):
        edited(parse(ORIGIN, HEAD), changes)


# Random zones in random styles


def gaps(file: MasterFile) -> str:
    """Return what stands between the records."""
    ends = [0, *(entry.end for entry in file.entries)]
    starts = [*(entry.start for entry in file.entries), len(file.text)]
    return "".join(file.text[end:start] for end, start in zip(ends, starts, strict=True))


@given(zones(), st.lists(sets(), max_size=3), st.data(), st.sampled_from(["\n", "\r\n"]))
def test_an_edit_touches_nothing_else(
    zone: tuple[str, dict[RRKey, RRset]], news: list[RRset], data: st.DataObject, line_end: str
) -> None:
    text, before = zone
    file = parse(ORIGIN, text.replace("\n", line_end))
    changes: dict[RRKey, RRset | None] = {rrset.key: rrset for rrset in news}
    if before:
        changes |= dict.fromkeys(data.draw(st.sets(st.sampled_from(sorted(before)), max_size=2)))
    expected = {key: rrset for key, rrset in (before | changes).items() if rrset is not None}
    after = parse(ORIGIN, edited(file, changes))
    assert without_soa(after) == expected
    assert after.serial == file.serial + 1
    assert gaps(after).rstrip("\r\n") == gaps(file).rstrip("\r\n")
    kept = [entry for entry in file.entries if entry.key not in changes]
    for old, new in zip(
        kept, [entry for entry in after.entries if entry.key not in changes], strict=True
    ):
        was, now = (
            file.text[old.start : old.end].rstrip("\r\n"),
            after.text[new.start : new.end].rstrip("\r\n"),
        )
        if old.type != "SOA":
            rest = file.text[old.ttl_at : old.end].rstrip("\r\n")
            assert now == was or ((old.inherits_owner or old.inherits_ttl) and now.endswith(rest))
