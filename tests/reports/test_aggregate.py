"""Aggregate reports: what is read, and what is told of what their reporters get wrong."""

from __future__ import annotations

import pytest

from mailauth_dns.records.dmarc import Alignment, Policy, PublicSuffix
from mailauth_dns.reports import aggregate_xml
from mailauth_dns.reports.aggregate import (
    AuthResult,
    Disposition,
    DkimResult,
    Override,
    OverrideReason,
    SpfResult,
)
from mailauth_dns.reports.tolerated import Tolerated
from tests.reports import made
from tests.reports.made import NAMESPACE, POLICY, RECORD, aggregate, read

HEAD = "<row>\n      <source_ip>192.0.2.10</source_ip>"


def test_a_report_is_read_whole() -> None:
    report, [record], told = read(aggregate())
    assert told == []
    assert (report.reporter.org, report.reporter.domain) == (
        "receiver.example",
        "mail.receiver.example",
    )
    assert report.reporter.report_id == "20251128.1@receiver.example"
    assert (report.reporter.begin, report.reporter.end) == (made.BEGIN, made.END)
    assert report.policy.domain == "example.com"
    assert (report.policy.p, report.policy.sp, report.policy.np) == (
        Policy.NONE,
        Policy.REJECT,
        None,
    )
    assert (report.policy.adkim, report.policy.aspf) == (Alignment.RELAXED, Alignment.RELAXED)
    assert (record.source, record.count) == ("192.0.2.10", 3)
    assert record.disposition is Disposition.NONE
    assert (record.dkim_aligned, record.spf_aligned, record.aligned) == (True, True, True)
    assert (record.header_from, record.envelope_from) == ("example.com", "bounces.example.com")
    assert record.dkim == (DkimResult(record.header_from, "mx2026", AuthResult.PASS),)
    assert record.spf == (SpfResult(record.envelope_from, AuthResult.PASS),)
    assert record.overrides == ()


def test_rfc_9990_says_more_of_the_policy() -> None:
    more = (
        "<np>quarantine</np><psd>n</psd><testing>y</testing><fo>1:d</fo>"
        "<discovery_method>treewalk</discovery_method></policy_published>"
    )
    report, [record], told = read(
        aggregate(
            ("</policy_published>", more),
            ("<disposition>none", "<disposition>pass"),
            attributes=NAMESPACE,
        )
    )
    assert told == []
    policy = report.policy
    assert (policy.np, policy.psd, policy.testing) == (Policy.QUARANTINE, PublicSuffix.NO, True)
    assert (policy.discovery, policy.fo) == ("treewalk", "1:d")
    assert record.disposition is Disposition.PASS


@pytest.mark.parametrize("prefix", ["", "dmarc:"])
@pytest.mark.parametrize(
    "uri", ["urn:ietf:params:xml:ns:dmarc-2.0", "http://dmarc.org/dmarc-xml/0.1"]
)
def test_with_a_name_space_the_same_is_read(prefix: str, uri: str) -> None:
    text = (
        aggregate(records=(RECORD, RECORD))
        .replace("<", f"<{prefix}")
        .replace(f"<{prefix}/", f"</{prefix}")
        .replace(f"<{prefix}?", "<?")
    )
    colon = f":{prefix[:-1]}" if prefix else ""
    text = text.replace(f"<{prefix}feedback>", f'<{prefix}feedback xmlns{colon}="{uri}">')
    assert read(text) == read(aggregate(records=(RECORD, RECORD)))


def test_extensions_are_read_over() -> None:
    """Also those whose elements are named like ours (RFC 9990, Extensible Reporting)."""
    inside = (
        "<ext:spf><ext:result>fail</ext:result></ext:spf><arc><spf><result>x</result></spf></arc>"
    )
    text = aggregate(
        ("</policy_published>", "</policy_published><extension><ext:p>x</ext:p></extension>"),
        ("</auth_results>", f"</auth_results><ext:auth_results>{inside}</ext:auth_results>"),
        ("<count>", "<count><!-- a comment --><?php echo ?>"),
        attributes=' xmlns:ext="https://receiver.example/ext"',
    )
    assert read(text) == read(aggregate())


def test_a_policy_behind_the_records_is_found() -> None:
    text = aggregate((POLICY, ""), ("</feedback>", f"{POLICY}</feedback>"))
    assert read(text) == read(aggregate())


def test_many_signatures_and_reasons() -> None:
    reason = "<reason><type>{}</type><comment>{}</comment></reason>"
    signature = (
        "<dkim><domain>a.example</domain><selector>s{}</selector><result>fail</result></dkim>"
    )
    text = aggregate(
        (
            "</policy_evaluated>",
            reason.format("local_policy", "arc=pass (i=1)")
            + reason.format("mailing_list", "")
            + "</policy_evaluated>",
        ),
        (
            "<spf>\n        <domain>",
            signature.format(1) + signature.format(2) + "<spf>\n        <domain>",
        ),
        ("<scope>mfrom", "<scope>helo"),
    )
    _, [record], told = read(text)
    assert told == []
    assert record.overrides == (
        Override(OverrideReason.LOCAL_POLICY, arc=True),
        Override(OverrideReason.MAILING_LIST),
    )
    assert [each.selector for each in record.dkim] == ["mx2026", "s1", "s2"]
    assert [each.helo for each in record.spf] == [True]


def test_records_do_not_leak_into_one_another() -> None:
    bare = "<record><row><source_ip>2001:DB8::1</source_ip><count>1</count></row></record>"
    _, records, _ = read(aggregate(records=(RECORD, bare, RECORD)))
    assert records[0] == records[2]
    assert records[1].source == "2001:db8::1"
    assert (records[1].dkim, records[1].spf, records[1].header_from) == ((), (), None)
    assert records[1].aligned is None


ALIGNED = [
    ("pass", "pass", True),
    ("pass", "fail", True),
    ("fail", "pass", True),
    ("fail", "fail", False),
    ("", "pass", True),
    ("", "fail", None),
    ("fail", "", None),
    ("", "", None),
]


@pytest.mark.parametrize(("dkim", "spf", "aligned"), ALIGNED)
def test_what_is_not_said_is_unknown(dkim: str, spf: str, aligned: bool | None) -> None:
    _, [record], _ = read(
        aggregate(
            ("<dkim>pass</dkim>\n        <spf>pass</spf>", f"<dkim>{dkim}</dkim><spf>{spf}</spf>")
        )
    )
    assert record.aligned is aligned


# What reporters write, and what is told of it. In each case the report counts.
ODD: list[tuple[str, list[tuple[str, str]], list[str]]] = [
    ("Pass in capitals", [("<dkim>pass<", "<dkim>Pass<"), ("<result>pass<", "<result>Pass<")],
     ["writes 'Pass' in capitals (3 times)"]),
    ("empty org_name", [("<org_name>receiver.example<", "<org_name><")],
     ["does not name its organization; the domain of its address stands for it"]),
    ("no org_name, no email",
     [("<org_name>receiver.example</org_name>", ""), ("<email>dmarc-reports@mail.receiver.example</email>", "")],
     ["says nothing of who sent it"]),
    ("no report id", [("<report_id>20251128.1@receiver.example</report_id>", "<report_id/>")],
     ["has no report id"]),
    ("two spf elements", [("</auth_results>", "<spf><domain>a.example</domain><result>none</result></spf></auth_results>")],
     ["has several SPF results in a record, where there can be one"]),
    ("version 1", [("<version>1.0", "<version>1")], ["has the version '1' where 1.0 is meant"]),
    ("no version", [("<version>1.0</version>", "")], []),
    ("unclosed schema tag",
     [("<feedback>", '<xs:schema xmlns:xs="http://www.w3.org/2001/XMLSchema" targetNamespace="x"><feedback>')],
     ["stands inside a schema element", "goes on after its last element"]),
    ("closed schema tag", [("<feedback>", "<xs:schema><feedback>"), ("</feedback>", "</feedback></xs:schema>")],
     ["stands inside a schema element"]),
    ("text behind the end", [("</feedback>", "</feedback>junk")], ["goes on after its last element"]),
    ("space before the declaration", [("<?xml", "\n  <?xml")], ["has white space before the XML declaration"]),
    ("a bare &", [("<org_name>receiver.example", "<org_name>Bits & Bytes &amp; Sons&copy")], ["has a bare & in a text"]),
    ("negative count", [("<count>3<", "<count>-3<")],
     ["has records with the count '-3', which are left out"]),
    ("count with a fraction", [("<count>3<", "<count>3.0<")], ["writes the number '3.0' in its own way"]),
    ("no count", [("<count>3</count>", "")],
     ["has records with the count '', which are left out"]),
    ("dates swapped", [(str(made.BEGIN), "x"), (str(made.END), str(made.BEGIN)), ("<begin>x", f"<begin>{made.END}")],
     ["ends before it begins; the two times are swapped"]),
    ("milliseconds", [(str(made.BEGIN), f"{made.BEGIN}000"), (str(made.END), f"{made.END}000")],
     ["gives times in milliseconds (2 times)"]),
    ("times with a fraction", [(f"{made.BEGIN}<", f"{made.BEGIN}.25<")],
     [f"writes a time with a fraction of a second: '{made.BEGIN}.25'"]),
    ("times as text", [(f"{made.BEGIN}<", "2025-11-28T00:00:00Z<"), (f"{made.END}<", "2025-11-28 23:59:59<")],
     ["writes a time as '2025-11-28T00:00:00Z' where seconds belong (2 times)",
      "gives its times without a zone; they are taken as UTC"]),
    ("no date_range around them", [("<date_range>", ""), ("</date_range>", "")], []),
    ("a long window", [(str(made.BEGIN), str(made.BEGIN - 40 * 86400))], ["covers more than a month"]),
    ("hardfail", [("<result>pass</result>\n      </spf>", "<result>hardfail</result></spf>")],
     ["writes 'hardfail', a word of older drafts"]),
    ("unknown result", [("<result>pass</result>\n      </spf>", "<result>maybe</result></spf>")],
     ["writes 'maybe', which means nothing there; it counts as unknown"]),
    ("a result of SPF as alignment", [("<spf>pass</spf>", "<spf>softfail</spf>")],
     ["writes 'softfail' where pass or fail belongs; it counts as not aligned"]),
    ("no evaluation", [("<dkim>pass</dkim>\n        <spf>pass</spf>", "")],
     ["has records that do not say whether SPF or DKIM aligned"]),
    ("identities", [("identifiers>", "identities>")], []),
    ("no header_from", [("<header_from>example.com</header_from>", "")],
     ["has records that do not say whom the mail is from"]),
    ("a host for an address", [("<source_ip>192.0.2.10<", "<source_ip>mx.example.net<")],
     ["has records without a source address ('mx.example.net')"]),
    ("an address for a domain", [("<envelope_from>bounces.example.com", "<envelope_from>alice@bounces.example.com")],
     ["has a mail address where a domain name belongs; the domain is kept"]),
    ("no domain name", [("<envelope_from>bounces.example.com", "<envelope_from>a b")],
     ["has 'a b' where a domain name belongs"]),
    ("an empty reason", [("</policy_evaluated>", "<reason/><reason><type/></reason></policy_evaluated>")], []),
    ("a reason without a type", [("</policy_evaluated>", "<reason><comment>arc</comment></reason></policy_evaluated>")],
     ["overrides a policy without a reason"]),
    ("an unknown reason", [("</policy_evaluated>", "<reason><type>whim</type></reason></policy_evaluated>")],
     ["writes 'whim', which means nothing there; it counts as unknown"]),
    ("no p", [("<p>none</p>", "")], ["does not say which policy it found"]),
    ("an old word for a mode", [("<adkim>r<", "<adkim>relaxed<")], []),
    ("an error of the reporter", [("</report_metadata>", "<error>two records for alice@example.com</error></report_metadata>")],
     ["says that its reporter met an error in your DMARC record"]),
    ("a section twice", [("</policy_published>", "</policy_published><policy_published><domain>example.net</domain></policy_published>")],
     ["gives policy_published twice; the first counts"]),
    ("no record", [(RECORD, "")], ["has no records"]),
    ("a hundred and one signatures",
     [("</auth_results>", "<dkim><domain>a.example</domain><result>none</result></dkim>" * 101 + "</auth_results>")],
     ["has records with more than a hundred results; the first hundred count"]),
    ("a brace for IPv6", [("<source_ip>192.0.2.10<", "<source_ip>[2001:db8::1]<")], []),
    ("pct of RFC 7489", [("</policy_published>", "<pct>50</pct></policy_published>")], []),
    ("pct of nothing", [("</policy_published>", "<pct>all</pct></policy_published>")],
     ["writes 'all', which means nothing there; it counts as unknown"]),
    ("selector of a mailbox", [("<selector>mx2026", "<selector>mx 2026")], ["has 'mx 2026' where a selector belongs"]),
    ("tabs behind each line", [("\n", "\t\n")], []),
    ("no line ends", [("\n", "")], []),
]  # fmt: skip


@pytest.mark.parametrize(("name", "changes", "told"), ODD, ids=[name for name, _, _ in ODD])
def test_what_reporters_get_wrong_is_told(
    name: str, changes: list[tuple[str, str]], told: list[str]
) -> None:
    report, records, said = read(aggregate(*changes))
    assert said == told
    assert report.policy.domain == "example.com"
    assert (report.reporter.first_day, report.reporter.last_day)[1] == "2025-11-28"
    assert sum(record.count for record in records) == (3 if records else 0)
    assert bool(records) is (name not in ("negative count", "no count", "no record"))


# Of these, nothing is lost.
SLIPS = (
    "Pass in capitals",
    "milliseconds",
    "dates swapped",
    "times with a fraction",
    "times as text",
    "unclosed schema tag",
    "identities",
    "tabs behind each line",
    "no line ends",
    "space before the declaration",
)


@pytest.mark.parametrize("slip", SLIPS)
def test_what_was_meant_is_read(slip: str) -> None:
    [changes] = [changes for name, changes, _ in ODD if name == slip]
    assert read(aggregate(*changes))[:2] == read(aggregate())[:2]


@pytest.mark.parametrize("size", [1, 61, 1024])
def test_it_does_not_matter_in_which_pieces_a_report_comes(size: int) -> None:
    for _, changes, _ in ODD:
        text = aggregate(*changes).encode()
        found = []
        for pieces in ([text], [text[at : at + size] for at in range(0, len(text), size)]):
            told = Tolerated()
            report, records = aggregate_xml.read(iter(pieces), told)
            found.append((report, list(records), list(told)))
        assert found[0] == found[1]
