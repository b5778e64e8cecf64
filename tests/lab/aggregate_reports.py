"""The reports of a receiver with OpenDMARC, made of what it wrote down of each message.

OpenDMARC has a program for it that needs a database. Here a report is written as its one is: XML of
RFC 7489 appendix C, packed, attached to a message (RFC 9990, "Email").
"""

from __future__ import annotations

import gzip
from collections import Counter
from collections.abc import Iterator
from datetime import UTC, date, datetime, timedelta
from email.message import EmailMessage
from typing import NamedTuple
from xml.etree import ElementTree

REPORTER = "mx.example.net"
_RESULTS = {"0": "pass", "2": "softfail", "3": "neutral", "4": "temperror", "5": "permerror"} | {
    "6": "none",
    "7": "fail",
}
_ALIGNED = {"4": "pass", "5": "fail"}
_POLICIES = {ord("n"): "none", ord("q"): "quarantine", ord("r"): "reject"}
_DONE = {"0": "reject", "1": "reject", "2": "none", "4": "quarantine"}


class Seen(NamedTuple):
    """What the receiver found in one message."""

    source: str
    author: str
    mail_from: str
    spf: str
    dkim: tuple[tuple[str, str, str], ...]  # domain, selector, result
    dkim_aligned: str
    spf_aligned: str
    done: str
    domain: str
    policy: tuple[tuple[str, str], ...]  # the tags of the record that it found


def seen(history: str) -> list[Seen]:
    """Return the messages in OpenDMARC's history file for which it found a DMARC record."""
    return [_seen(job) for job in _jobs(history) if "pdomain" in dict(job)]


def _jobs(history: str) -> Iterator[list[tuple[str, str]]]:
    for job in history.split("job ")[1:]:
        yield [
            (word, rest) for word, _, rest in (line.partition(" ") for line in job.splitlines()[1:])
        ]


def _seen(job: list[tuple[str, str]]) -> Seen:
    said = dict(job)
    signatures = [rest.split() for word, rest in job if word == "dkim"]
    tags = {tag: _POLICIES[int(said[tag])] for tag in ("p", "sp") if said[tag] != "0"}
    tags |= {tag: chr(int(said[tag])) for tag in ("adkim", "aspf")}
    return Seen(
        source=said["ipaddr"],
        author=said["from"],
        mail_from=said["mfrom"],
        spf=_RESULTS[said["spf"]],
        dkim=tuple((domain, selector, _RESULTS[found]) for domain, selector, found in signatures),
        dkim_aligned=_ALIGNED[said["align_dkim"]],
        spf_aligned=_ALIGNED[said["align_spf"]],
        done=_DONE[said["action"]],
        domain=said["pdomain"],
        policy=tuple(sorted(tags.items())),
    )


def reports(messages: list[Seen], day: date) -> Iterator[bytes]:
    """Yield the mail with the reports of one day: one for each policy that was found."""
    by_policy: dict[tuple[object, ...], Counter[Seen]] = {}
    for each in messages:
        by_policy.setdefault((each.domain, each.policy), Counter())[each] += 1
    for number, rows in enumerate(by_policy.values()):
        yield _mail(rows, day, f"{day.isoformat()}.{number}")


def _mail(rows: Counter[Seen], day: date, id: str) -> bytes:
    first = next(iter(rows))
    begin = datetime(day.year, day.month, day.day, tzinfo=UTC)
    window = [int(moment.timestamp()) for moment in (begin, begin + timedelta(days=1))]
    message = EmailMessage()
    message["From"] = f"dmarc@{REPORTER}"
    message["To"] = f"dmarc@{first.domain}"
    message["Subject"] = (
        f"Report Domain: {first.domain} Submitter: {REPORTER} Report-ID: <{id}@{REPORTER}>"
    )
    message.set_content("This is a DMARC aggregate report.\n")
    message.add_attachment(
        gzip.compress(_xml(rows, window, id)),
        maintype="application",
        subtype="gzip",
        filename=f"{REPORTER}!{first.domain}!{window[0]}!{window[1]}.xml.gz",
    )
    return message.as_bytes()


def _xml(rows: Counter[Seen], window: list[int], id: str) -> bytes:
    first = next(iter(rows))
    root = ElementTree.Element("feedback")
    metadata = _under(
        root, "report_metadata", org_name=REPORTER, email=f"dmarc@{REPORTER}", report_id=id
    )
    _under(metadata, "date_range", begin=str(window[0]), end=str(window[1]))
    _under(root, "policy_published", domain=first.domain, **dict(first.policy))
    for each, count in rows.items():
        record = _under(root, "record")
        row = _under(record, "row", source_ip=each.source, count=str(count))
        _under(
            row,
            "policy_evaluated",
            disposition=each.done,
            dkim=each.dkim_aligned,
            spf=each.spf_aligned,
        )
        _under(record, "identifiers", header_from=each.author, envelope_from=each.mail_from)
        results = _under(record, "auth_results")
        for domain, selector, result in each.dkim:
            _under(results, "dkim", domain=domain, selector=selector, result=result)
        _under(results, "spf", domain=each.mail_from, scope="mfrom", result=each.spf)
    octets: bytes = ElementTree.tostring(root, encoding="utf-8", xml_declaration=True)
    return octets


def _under(above: ElementTree.Element, name: str, **texts: str) -> ElementTree.Element:
    element = ElementTree.SubElement(above, name)
    for child, text in texts.items():
        ElementTree.SubElement(element, child).text = text
    return element
