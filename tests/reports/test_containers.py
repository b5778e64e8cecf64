"""What reports come in: archives, mail, mailboxes, and these in one another."""

from __future__ import annotations

import base64
import gzip
import struct
import zipfile
import zlib

import pytest

from mailauth_dns.reports.bounds import MAX_MEMBERS
from mailauth_dns.reports.containers import PassedOver, Unread
from mailauth_dns.reports.read_reports import ReadAggregate
from tests.reports import made
from tests.reports.made import (
    aggregate,
    gzipped,
    mail,
    mbox,
    outcomes,
    plain_mail,
    read,
    read_tls,
    tls,
    why,
    zipped,
)

REPORT = aggregate()
OCTETS = REPORT.encode()

# Everything that holds the one report and no other.
HOLDS_ONE = {
    "XML": OCTETS,
    "gzip": gzipped(REPORT),
    "gzip in two members": gzipped(REPORT[:100]) + gzipped(REPORT[100:]),
    "gzip with zeros behind": gzipped(REPORT) + bytes(600),
    "gzip with text behind": gzipped(REPORT) + b"\r\n-- \r\nsent by a mailer\r\n",
    "gzip in gzip": gzipped(gzipped(REPORT)),
    "zip": zipped(("receiver.example!example.com!1!2.xml", OCTETS)),
    "zip that is not compressed": zipped(("a.xml", OCTETS), method=zipfile.ZIP_STORED),
    "zip with an empty member name": zipped(("", OCTETS)),
    "zip with a path upwards": zipped(("../../x.xml", OCTETS)),
    "zip with an absolute path": zipped(("/etc/cron.d/x", OCTETS)),
    "zip with a folder": zipped(("reports/", b""), ("reports/a.xml", OCTETS)),
    "zip from a Mac": zipped(("a.xml", OCTETS), ("__MACOSX/._a.xml", b"\x00\x05\x16\x07")),
    "zip with gzip in it": zipped(("a.xml.gz", gzipped(REPORT))),
    "zip in gzip": gzipped(zipped(("a.xml", OCTETS))),
    "mail": mail(gzipped(REPORT)),
    "mail with CRLF": mail(gzipped(REPORT)).replace(b"\n", b"\r\n"),
    "mail with a type of GMX": mail(gzipped(REPORT), kind="application/octet-stream", name="report"),
    "mail that calls gzip a zip": mail(gzipped(REPORT), kind="application/zip", name="a.zip"),
    "mail that calls gzip XML": mail(gzipped(REPORT), kind="text/xml", name="a.xml"),
    "mail with XML": mail(OCTETS, kind="text/xml", name="a.xml"),
    "mail with XML as text": mail(OCTETS, kind="text/plain", name="a.txt"),
    "mail with a zip": mail(zipped(("a.xml", OCTETS)), kind="application/x-zip-compressed"),
    "mail with mail in it": mail(mail(gzipped(REPORT)), kind="application/octet-stream", name="a.eml"),
    "mail that is nothing but the report": (
        b"From: a@receiver.example\nContent-Type: application/gzip\n"
        b"Content-Transfer-Encoding: base64\n\n" + base64.encodebytes(gzipped(REPORT))
    ),
    "mbox": mbox(mail(gzipped(REPORT))),
    "mbox with CRLF": mbox(mail(gzipped(REPORT))).replace(b"\n", b"\r\n"),
}  # fmt: skip


@pytest.mark.parametrize("octets", HOLDS_ONE.values(), ids=HOLDS_ONE)
def test_the_report_is_found(octets: bytes) -> None:
    assert read(octets) == read(REPORT)


@pytest.mark.parametrize(
    "octets", [tls(), gzipped(tls()), "\ufeff" + tls(), tls().encode("utf-16")]
)
def test_a_tls_report_is_found(octets: str | bytes) -> None:
    assert read_tls(octets) == read_tls(tls())
    kind = "application/tlsrpt+gzip"
    assert read_tls(mail(gzipped(tls()), kind=kind, name="a.json.gz")) == read_tls(tls())


def test_an_archive_with_many_reports() -> None:
    texts = [REPORT.replace("20251128.1", f"20251128.{number}") for number in range(MAX_MEMBERS)]
    members = [(f"{number}.xml", text.encode()) for number, text in enumerate(texts)]
    found = outcomes(zipped(*members))
    assert len(found) == MAX_MEMBERS
    assert {type(each) for each in found} == {ReadAggregate}
    one_more = ("another.xml", OCTETS)
    assert why(zipped(*members, one_more)) == ("has more than 1000 members, where a report has one")


def test_one_bad_member_does_not_hide_the_others() -> None:
    found = outcomes(zipped(("a.xml", OCTETS), ("b.xml", b"<feedback>"), ("c.txt", b"hello")))
    assert [(type(each), each.place) for each in found] == [
        (ReadAggregate, "FILE: a.xml"),
        (Unread, "FILE: b.xml"),
        (PassedOver, "FILE: c.txt"),
    ]
    found = outcomes(zipped(("", b"x"), ("", OCTETS)))
    assert [each.place for each in found] == ["FILE: member 1", "FILE: member 2"]


def test_a_mailbox_with_other_mail() -> None:
    found = outcomes(
        mbox(
            plain_mail(),
            mail(gzipped(REPORT)),
            plain_mail("From here on, 12:30:00 is late\n\nFrom what I hear, it is\n"),
            mail(gzipped(REPORT)[:200]),
            plain_mail(subject="Report Domain: example.com Submitter: receiver.example"),
            mail(b"<html></html>", kind="text/html", name="a.html", subject="hi"),
            mail(gzipped(b"unused"), subject="hi"),
        )
    )
    assert [(each.place, getattr(each, "why", getattr(each, "what", None))) for each in found] == [
        ("FILE: message 1", "is mail without a report"),
        ("FILE: message 2: part 2", None),
        ("FILE: message 3", "is mail without a report"),
        ("FILE: message 4: part 2", "is gzip that breaks off"),
        ("FILE: message 5", "is a message about a report, and has none attached"),
        ("FILE: message 6", "is mail without a report"),
        ("FILE: message 7: part 2", "holds the word 'unused' and no report: its reporter failed to fill it in"),
    ]  # fmt: skip


def test_a_mailbox_is_split_wherever_its_pieces_end() -> None:
    from mailauth_dns.reports.messages import split

    messages = [plain_mail(f"message {number}\n") for number in range(5)]
    box = mbox(*messages)
    whole = list(split(iter([box])))
    assert [each.split()[-1] for each in whole if each] == [b"0", b"1", b"2", b"3", b"4"]
    for size in (1, 7, 64, 1000):
        pieces = [box[at : at + size] for at in range(0, len(box), size)]
        assert list(split(iter(pieces))) == whole


def patched(at: int, number: int) -> bytes:
    """The zip, in whose list of members a 32-bit number is another."""
    out = bytearray(ZIP)
    start = out.index(CENTRAL) + at
    out[start : start + 4] = struct.pack("<I", number)
    return bytes(out)


CENTRAL = b"PK\x01\x02"  # what begins a member in the list
ZIP = zipped(("a.xml", OCTETS))
LOCKED = bytearray(ZIP)
LOCKED[ZIP.index(CENTRAL) + 8] |= 1
LOCKED[6] |= 1

BROKEN = [
    (gzipped(REPORT)[:-30], "is gzip that breaks off"),
    (gzipped(REPORT)[:-4], "is gzip that breaks off"),
    (gzipped(REPORT)[:2], "is gzip that breaks off"),
    (gzipped(b""), "is empty"),
    (b"\x1f\x8bxxxxxxxxxxxxxxxx", "is damaged gzip (Error -3 while decompressing data: "),
    (gzipped(REPORT)[:60] + b"\xff" * 40 + gzipped(REPORT)[100:], "is damaged gzip (Error -3 while"),
    (gzipped(gzipped(gzipped(gzipped(gzipped(REPORT))))), "is packed more than 4 times"),
    (ZIP[:-10], "is a damaged zip (File is not a zip file)"),
    (ZIP[:100], "is a damaged zip (File is not a zip file)"),
    (zipped(), "is a zip with nothing in it"),
    (zipped(("folder/", b"")), "is a zip with nothing in it"),
    (zipped(("a.xml", b"")), "is empty"),
    (bytes(LOCKED), "is a zip with a password"),
    (zipped(("a.xml", OCTETS), method=zipfile.ZIP_BZIP2), "is a zip that is not compressed as reports are (deflate)"),
    (zipped(("a.xml", OCTETS), method=zipfile.ZIP_LZMA), "is a zip that is not compressed as reports are (deflate)"),
    (patched(24, 100), "is a damaged zip (Bad CRC-32 for file 'a.xml')"),
    (patched(24, 10**6), "is a damaged zip ("),
    (patched(20, 50), "is a damaged zip ("),
    (patched(42, 10**6), "is a damaged zip ("),
    (ZIP[:60] + b"\xff" * 20 + ZIP[80:], "is a damaged zip ("),
    (b"\x7fELF" + bytes(100), "is neither XML, JSON, gzip, zip nor mail"),
    (b"BZh91AY&SY", "is packed as 7z, rar or bzip2, which reports do not use; unpack it first"),
    (b" \n ", "is neither XML, JSON, gzip, zip nor mail"),
]  # fmt: skip


@pytest.mark.parametrize(("octets", "said"), BROKEN, ids=range(len(BROKEN)))
def test_what_is_broken_says_how(octets: bytes, said: str) -> None:
    assert why(octets).startswith(said)


def test_nothing_is_claimed_of_what_is_no_report() -> None:
    assert made.passed_over(b"# a note\n") == "is neither XML, JSON, gzip, zip nor mail"
    assert made.passed_over(plain_mail()) == "is mail without a report"
    assert made.passed_over(zlib.compress(OCTETS)) == "is neither XML, JSON, gzip, zip nor mail"


def test_a_damaged_end_takes_the_whole_report_back() -> None:
    """Also where records were read before: a part of a report is no report."""
    pieces = b"".join(made.many(5000))
    assert why(gzip.compress(pieces)[:-2000]) == "is gzip that breaks off"
    assert why(pieces[:-2000]).startswith("breaks off in line ")


DOCX = zipped(("[Content_Types].xml", b"<Types/>"), ("word/document.xml", b"<w:document/>"))
SPAM = {
    "a page": mail(b"<div>Buy!</div>", kind="text/html", name="a.html", subject="hi"),
    "a page that is no XML": mail(b"<meta charset=utf-8>", kind="text/html", name="", subject="hi"),
    "a program in a zip": mail(zipped(("a.exe", b"MZ")), kind="application/zip", name="a.zip", subject="hi"),
    "a zip with a password": mail(bytes(LOCKED), kind="application/zip", name="a.zip", subject="hi"),
    "a document": mail(DOCX, kind="application/vnd.openxmlformats-officedocument.wordprocessingml.document", name="a.docx", subject="hi"),
    "a picture": mail(b"<svg/>", kind="image/svg+xml", name="a.svg", subject="hi"),
    "a failure report": mail(b"From: a@example.com\n\nhello\n", kind="application/octet-stream", name="a", subject="FW: hi"),
    "other JSON": mail(b'{"a": 1}', kind="application/json", name="a.json", subject="hi"),
}  # fmt: skip


@pytest.mark.parametrize("octets", SPAM.values(), ids=SPAM)
def test_other_mail_is_no_report_that_cannot_be_read(octets: bytes) -> None:
    """A mailbox for reports has an address that strangers know."""
    assert {type(each) for each in outcomes(mbox(octets))} == {PassedOver}


def test_a_report_that_cannot_be_read_is_no_other_mail() -> None:
    """Its file's name, its subject or its type says so."""
    attached = zipped(("a.exe", b"MZ"))
    for octets in (
        mail(attached, name="a!example.com!1!2.zip", subject="hi"),
        mail(attached, name="a.zip", subject="Fwd: Report Domain: example.com Submitter: a"),
        mail(attached, name="a.zip", kind="application/tlsrpt+gzip", subject="hi"),
        mail(bytes(LOCKED), name="a.zip", subject="=?utf-8?q?x?= Report domain: example.com"),
    ):
        assert {type(each) for each in outcomes(mbox(octets))} == {Unread}
