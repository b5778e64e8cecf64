"""Reports as reporters write them, made up: names and addresses are the reserved ones."""

from __future__ import annotations

import gzip
import io
import json
import warnings
import zipfile
from collections.abc import Iterator, Mapping, Sequence
from email.message import EmailMessage
from pathlib import Path
from typing import Any

from mailauth_dns.reports.aggregate import Record, Report
from mailauth_dns.reports.bounds import Budget
from mailauth_dns.reports.containers import Packed, PassedOver, ReportText, Unread, unwrapped
from mailauth_dns.reports.read_reports import Outcome, ReadAggregate, ReadTls, read_text
from mailauth_dns.reports.tls import TlsReport

NAMESPACE = ' xmlns="urn:ietf:params:xml:ns:dmarc-2.0"'
BEGIN, END = 1764288000, 1764374399  # 2025-11-28

RECORD = """  <record>
    <row>
      <source_ip>192.0.2.10</source_ip>
      <count>3</count>
      <policy_evaluated>
        <disposition>none</disposition>
        <dkim>pass</dkim>
        <spf>pass</spf>
      </policy_evaluated>
    </row>
    <identifiers>
      <envelope_from>bounces.example.com</envelope_from>
      <header_from>example.com</header_from>
    </identifiers>
    <auth_results>
      <dkim>
        <domain>example.com</domain>
        <selector>mx2026</selector>
        <result>pass</result>
      </dkim>
      <spf>
        <domain>bounces.example.com</domain>
        <scope>mfrom</scope>
        <result>pass</result>
      </spf>
    </auth_results>
  </record>
"""
METADATA = f"""  <report_metadata>
    <org_name>receiver.example</org_name>
    <email>dmarc-reports@mail.receiver.example</email>
    <report_id>20251128.1@receiver.example</report_id>
    <date_range>
      <begin>{BEGIN}</begin>
      <end>{END}</end>
    </date_range>
  </report_metadata>
"""
POLICY = """  <policy_published>
    <domain>example.com</domain>
    <adkim>r</adkim>
    <aspf>r</aspf>
    <p>none</p>
    <sp>reject</sp>
  </policy_published>
"""
# Makes it a report about another domain.
OTHER_DOMAIN = ("<domain>example.com</domain>\n    <adkim>", "<domain>example.net</domain><adkim>")
DECLARATION = '<?xml version="1.0" encoding="UTF-8"?>\n'


def aggregate(
    *changes: tuple[str, str], records: Sequence[str] = (RECORD,), attributes: str = ""
) -> str:
    """A report of RFC 7489, with `changes` made to its text; each must be possible."""
    text = (
        f"{DECLARATION}<feedback{attributes}>\n  <version>1.0</version>\n{METADATA}{POLICY}"
        f"{''.join(records)}</feedback>\n"
    )
    for old, new in changes:
        assert old in text, old
        text = text.replace(old, new)
    return text


def on_day(day: int, *changes: tuple[str, str]) -> str:
    """A report of another day, counted from that of the others."""
    moments = ((str(each), str(each + day * 86400)) for each in (BEGIN, END))
    return aggregate(*moments, ("20251128.1", f"day{day}"), *changes)


def many(number: int) -> Iterator[bytes]:
    """A report of many records, in pieces; they differ as those of a day do."""
    head, tail = aggregate(records=()).split("</feedback>")
    yield head.encode()
    waiting = []
    for at in range(number):
        source = f"198.51.{at // 250 % 250}.{at % 250}"
        waiting.append(
            RECORD.replace("192.0.2.10", source).replace(
                "<count>3<", f"<count>{at * 7919 % 1000 + 1}<"
            )
        )
        if len(waiting) == 100:
            yield "".join(waiting).encode()
            waiting.clear()
    yield "".join([*waiting, "</feedback>", tail]).encode()


TLS: Mapping[str, Any] = {
    "organization-name": "Receiver Example",
    "date-range": {
        "start-datetime": "2025-11-28T00:00:00Z",
        "end-datetime": "2025-11-28T23:59:59Z",
    },
    "contact-info": "tls-reports@receiver.example",
    "report-id": "2025-11-28T00:00:00Z_example.com",
    "policies": [
        {
            "policy": {
                "policy-type": "sts",
                "policy-string": [
                    "version: STSv1",
                    "mode: testing",
                    "mx: mx.example.com",
                    "max_age: 604800",
                ],
                "policy-domain": "example.com",
                "mx-host": ["mx.example.com"],
            },
            "summary": {
                "total-successful-session-count": 40,
                "total-failure-session-count": 2,
            },
            "failure-details": [
                {
                    "result-type": "certificate-expired",
                    "sending-mta-ip": "198.51.100.7",
                    "receiving-ip": "192.0.2.10",
                    "receiving-mx-hostname": "mx.example.com",
                    "failed-session-count": 2,
                }
            ],
        }
    ],
}


def tls(**changes: Any) -> str:
    """A TLS report; a change replaces a member, and None takes it away."""
    found = {**TLS, **{key.replace("_", "-"): value for key, value in changes.items()}}
    return json.dumps({key: value for key, value in found.items() if value is not None})


def tls_policy(**changes: Any) -> str:
    """A TLS report in whose only policy members are replaced."""
    [policy] = TLS["policies"]
    named = {key.replace("_", "-"): value for key, value in changes.items()}
    return tls(policies=[{**policy, **named}])


def zipped(*members: tuple[str, bytes], method: int = zipfile.ZIP_DEFLATED) -> bytes:
    stream = io.BytesIO()
    with warnings.catch_warnings(), zipfile.ZipFile(stream, "w", method) as archive:
        warnings.simplefilter("ignore")  # the same name twice
        for name, octets in members:
            archive.writestr(zipfile.ZipInfo(name), octets, method)
    return stream.getvalue()


def gzipped(text: str | bytes) -> bytes:
    return gzip.compress(text.encode() if isinstance(text, str) else text, mtime=0)


def mail(
    attachment: bytes,
    name: str = "receiver.example!example.com!1!2.xml.gz",
    kind: str = "application/gzip",
    subject: str = "Report Domain: example.com Submitter: receiver.example",
) -> bytes:
    message = EmailMessage()
    message["From"] = "DMARC reports <dmarc-reports@mail.receiver.example>"
    message["To"] = "dmarc@example.com"
    message["Subject"] = subject
    message.set_content("This is an aggregate report: nobody reads this.\n")
    main, _, sub = kind.partition("/")
    message.add_attachment(attachment, maintype=main, subtype=sub, filename=name)
    return message.as_bytes()


def plain_mail(text: str = "Hello, what: is this?\n", subject: str = "hello") -> bytes:
    message = EmailMessage()
    message["From"] = "somebody@example.net"
    message["Subject"] = subject
    message.set_content(text)
    return message.as_bytes()


def mbox(*messages: bytes) -> bytes:
    return b"".join(
        b"From bounce@receiver.example Fri Nov 28 06:00:00 2025\n" + each.rstrip() + b"\n\n"
        for each in messages
    )


Value = tuple[Report, list[Record]]


def kept(report: Report, records: Iterator[Record]) -> Value:
    """A fold that keeps everything."""
    return report, list(records)


def outcomes(octets: bytes | str, *, claimed: bool = True) -> list[Outcome[Value]]:
    """What becomes of what is in a file, each report looked at alone."""
    text = octets.encode() if isinstance(octets, str) else octets
    pieces = iter([text[at : at + 4096] for at in range(0, len(text), 4096)])
    budget = Budget()
    return [
        read_text(each, kept) if isinstance(each, ReportText) else each
        for each in unwrapped(Packed("FILE", budget.read(pieces), budget, claimed))
    ]


def read(octets: bytes | str) -> tuple[Report, list[Record], list[str]]:
    """The only report in a file: its head, its records, and what was told."""
    [found] = outcomes(octets)
    assert isinstance(found, ReadAggregate), found
    return *found.value, [str(each) for each in found.told]


def read_tls(octets: bytes | str) -> tuple[TlsReport, list[str]]:
    [found] = outcomes(octets)
    assert isinstance(found, ReadTls), found
    return found.report, [str(each) for each in found.told]


def why(octets: bytes | str) -> str:
    """Why the only report in a file is unreadable."""
    [found] = outcomes(octets)
    assert isinstance(found, Unread), found
    return found.why


def passed_over(octets: bytes | str) -> str:
    [found] = outcomes(octets, claimed=False)
    assert isinstance(found, PassedOver), found
    return found.what


def wrote(folder: Path, files: Mapping[str, bytes | str]) -> Path:
    for name, content in files.items():
        path = folder / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(content.encode() if isinstance(content, str) else content)
    return folder
