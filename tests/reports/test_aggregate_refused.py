"""Aggregate reports that cannot be read, and encodings."""

from __future__ import annotations

import pytest

from tests.reports import made
from tests.reports.made import POLICY, aggregate, read, why

# What cannot be read, and the one line that says so.
UNREADABLE = [
    ("", "is empty"),
    ("<feedback>", "breaks off in line 1 (no element found)"),
    (aggregate()[:-20], "breaks off in line 46 (unclosed token)"),
    (aggregate(("</row>", "</raw>")), "is not well-formed XML: line 29, column 7: mismatched tag"),
    (aggregate(("<email>dmarc-reports@mail.receiver.example<", "<email><a@receiver.example><")),
     "is not well-formed XML: line 6, column 14: not well-formed (invalid token)"),
    (aggregate(("receiver.example</org", "a\x00b</org")),
     "is not well-formed XML: line 5, column 16: not well-formed (invalid token)"),
    ("<!-- nothing -->", "breaks off in line 1 (no element found)"),
    ("<rss><feedback/></rss>", "is XML with the root 'rss', and no feedback"),
    ("<xs:schema/>", "has no feedback element"),
    ("<feedback/>", "has no report_metadata"),
    (aggregate((POLICY, "")), "has no policy_published"),
    (aggregate(("<domain>example.com</domain>\n    <adkim>", "<adkim>")), "does not say which domain it is about"),
    (aggregate(("<domain>example.com</domain>\n    <adkim>", "<domain>-</domain><adkim>")), "does not say which domain it is about"),
    (aggregate((f"<begin>{made.BEGIN}</begin>", "")), "does not say when it begins (it says '')"),
    (aggregate((f"{made.END}<", "soon<")), "does not say when it ends (it says 'soon')"),
    (aggregate((f"{made.END}<", "-1<")), "does not say when it ends (it says '-1')"),
    (aggregate((f"{made.END}<", "9" * 400 + "<")), f"does not say when it ends (it says '{'9' * 37}...')"),
    (aggregate(("<feedback>", '<!DOCTYPE feedback SYSTEM "file:///etc/passwd"><feedback>')),
     "declares a document type (DOCTYPE), which is refused"),
    (aggregate(("<feedback>", '<!DOCTYPE a [<!ENTITY a "aaaa"><!ENTITY b "&a;&a;">]><feedback>'), ("receiver.example</org", "&b;</org")),
     "declares a document type (DOCTYPE), which is refused"),
    ("<html><body>gone</body></html>", "is neither XML, JSON, gzip, zip nor mail"),
    ("<!DOCTYPE HTML><html></html>", "is neither XML, JSON, gzip, zip nor mail"),
    ("unused\n", "holds the word 'unused' and no report: its reporter failed to fill it in"),
]  # fmt: skip


@pytest.mark.parametrize(("text", "said"), UNREADABLE)
def test_what_cannot_be_read_says_why(text: str, said: str) -> None:
    assert why(text) == said


ENCODINGS = [
    "utf-8",
    "utf-8-sig",
    "utf-16",
    "iso-8859-1",
    "windows-1252",
    "ISO-8859-15",
    "us-ascii",
]


@pytest.mark.parametrize("encoding", ENCODINGS)
def test_encodings(encoding: str) -> None:
    org = "Receiver" if encoding == "us-ascii" else "Empfänger GmbH"
    text = aggregate(("UTF-8", encoding), ("<org_name>receiver.example", f"<org_name>{org}"))
    report, _, told = read(text.encode(encoding))
    assert (report.reporter.org, told) == (org, [])


def test_encodings_that_are_not_what_they_say() -> None:
    latin = aggregate(("<org_name>receiver.example", "<org_name>Empfänger")).encode("latin-1")
    report, _, told = read(latin)
    assert (report.reporter.org, told) == (
        "Empf\ufffdnger",
        ["has octets that are no text in its encoding; they are replaced"],
    )
    assert read(aggregate(("UTF-8", "utf-16")))[2] == ["says that it is in utf-16, and is in UTF-8"]
    assert (
        why(aggregate(("UTF-8", "rot13"))) == "is in the encoding 'rot13', which reports do not use"
    )
    assert (
        why(aggregate(("UTF-8", "zlib"))) == "is in the encoding 'zlib', which reports do not use"
    )
    unmarked = aggregate(("UTF-8", "utf-16")).encode("utf-16-be")
    assert read(unmarked) == read(aggregate())
