"""Files of evidence: what they look like, what git may do to them, and what is refused."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from mailauth_dns.evidence.evidence import Evidence
from mailauth_dns.evidence.kept import fold
from mailauth_dns.evidence.kept.evidence_text import MAX_PROBLEMS, parse, text_of
from mailauth_dns.evidence.kept.together import AnyReport, together
from mailauth_dns.reports.read_reports import ReadAggregate, ReadTls, read_reports
from mailauth_dns.typed_yaml.yaml_reader import DocumentError
from tests.evidence.kept import DOMAIN, evidence, record, report
from tests.reports import made
from tests.reports.made import RECORD, aggregate, tls, wrote

FILE = "zones/evidence/example.com.json"
GOLDEN = Path(__file__).parent / "golden/example.com.json"
FORWARDED = (
    RECORD.replace("192.0.2.10", "2001:db8::25")
    .replace("<spf>pass</spf>", "<spf>fail</spf><reason><type>local_policy</type>"
             "<comment>arc=pass</comment></reason>")
    .replace("<header_from>example.com<", "<header_from>news.example.com<")
    .replace("<scope>mfrom</scope>\n        <result>pass", "<scope>helo</scope><result>softfail")
)  # fmt: skip
SILENT = (
    RECORD.replace("<dkim>pass</dkim>", "").replace("<spf>pass</spf>", "")
    .replace("<source_ip>192.0.2.10</source_ip>", "")
    .replace("<header_from>example.com</header_from>", "")
)  # fmt: skip


def read(folder: Path) -> Evidence:
    found: list[AnyReport] = []
    for each in read_reports((folder,), (), fold.short):
        if isinstance(each, ReadAggregate):
            found.append(each.value)
        elif isinstance(each, ReadTls):
            found += fold.sessions(each.report).values()
    return together(DOMAIN, found)


def test_a_file_has_a_line_for_each_report(tmp_path: Path, request: pytest.FixtureRequest) -> None:
    later = aggregate(
        *((str(moment), str(moment + 86400)) for moment in (made.BEGIN, made.END)),
        records=(RECORD, FORWARDED, SILENT, RECORD.replace(">pass</", ">fail</")),
    )
    wrote(tmp_path, {"1.xml": aggregate(), "2.xml": later, "3.json": tls()})
    text = text_of(read(tmp_path))
    if request.config.getoption("--update-golden"):
        GOLDEN.write_text(text)
    assert text == GOLDEN.read_text()
    assert [type(each) for each in json.loads(text)] == [dict] * 4
    assert text_of(parse(text, FILE)) == text


LINES = [text_of(evidence(report(record(), day=day))).split("\n")[1] for day in range(4)]
HEAD = '[{"format": 1, "domain": "example.com"}'
# What git leaves of a file; the lines are those of the reports of four days.
MERGES = {
    "a conflict": [LINES[0], "<<<<<<< HEAD", LINES[1], "=======", LINES[2], ">>>>>>> other"],
    "with what was there before": [
        "<<<<<<< HEAD", LINES[0], LINES[1], "||||||| 1234abc", LINES[3], "=======", LINES[2],
        ">>>>>>> other",
    ],
    "a merge in a merge": [
        LINES[0], "<<<<<<< HEAD", LINES[1], "||||||| base", "<<<<<<<<< Temporary merge branch 1",
        LINES[3], "||||||||| x", LINES[3], "=========", LINES[3], ">>>>>>>>> Temporary merge branch 2",
        "=======", LINES[2], ">>>>>>> other",
    ],
    "one side empty": [LINES[0], "<<<<<<< HEAD", "=======", LINES[1], LINES[2], ">>>>>>> other"],
    "the lines of both": [LINES[2], LINES[0], LINES[1], LINES[0]],
    "two files": [*LINES[:2], "," + HEAD[1:], LINES[2]],
}  # fmt: skip


@pytest.mark.parametrize("ends", ["\n", "\r\n"])
@pytest.mark.parametrize("lines", MERGES.values(), ids=MERGES)
def test_reads_what_git_leaves(lines: list[str], ends: str) -> None:
    text = ends.join([HEAD, *lines, "]", ""])
    assert parse(text, FILE) == evidence(*(report(record(), day=day) for day in range(3)))


def test_reads_what_a_formatter_leaves() -> None:
    found = evidence(*(report(record(), day=day) for day in range(3)))
    assert parse(json.dumps(json.loads(text_of(found)), indent=4), FILE) == found


LINE = LINES[0]
# What a file holds behind its first line, and what is said of it.
REFUSED = [
    (LINE.replace('"count": 1', '"count": -1'), "2:{count}: rows.0.count: -1 is out of range"),
    (LINE.replace('"count": 1', '"count": 1.5'), "2:2: 1.5 is no whole number"),
    (LINE.replace('"count": 1', '"count": true'), "2:{count}: rows.0.count: true is not a number"),
    (LINE.replace('"count": 1', '"count": "many"'), "2:{count}: rows.0.count: 'many' is not a number"),
    (LINE.replace('"count": 1', f'"count": {"9" * 5000}'), "2:2: a number of 5000 digits"),
    (LINE.replace('"count": 1', '"count": NaN'), "2:2: NaN is no whole number"),
    (LINE.replace('"count": 1', '"count": 1, "count": 2'), "2:2: 'count' stands twice"),
    (LINE.replace('"count": 1', '"n": 1'), "rows.0.count: is missing"),
    (LINE.replace('"count": 1', '"count": [[[1]]]'), "2:{count}: rows.0.count: a list is not a number"),
    (LINE.replace("192.0.2.10", "192.0.2.010"), "rows.0.source: '192.0.2.010' is not an address"),
    (LINE.replace('"dkim_aligned": true', '"dkim_aligned": 1'), "rows.0.dkim_aligned: 1 is neither"),
    (LINE.replace('"rows": [', '"rows": {"a": ').replace("]}", "}}"), "2:{rows}: rows: expected a list"),
    (LINE.replace('"rows"', '"row"'), "2:2: rows: is missing"),
    (LINE.replace('"rows"', '"row"'), "row: is not a key here"),
    (LINE.replace('"published": {}', '"published": {"p": "rejct"}'), "published.p: 'rejct' is not known here"),
    (LINE.replace("2026-03-01T00", "2026-02-30T00"), "begin: '2026-02-30T00:00:00Z' is not a time"),
    (LINE.replace("2026-03-01T00", "0181-03-01T00"), "begin: '0181-03-01T00:00:00Z' is not a time"),
    (LINE.replace("2026-03-01T00:00:00Z", "1772323200"), "begin: '1772323200' is not a time"),
    (LINE.replace("receiver.example", "evil\\u202eelpmaxe.example"), "reporter: 'evil\\u202eelpmaxe.example' names no reporter"),
    (LINE.replace("receiver.example", "\\u001b[31mred"), "reporter: '\\x1b[31mred' names no reporter"),
    (LINE.replace("receiver.example", "\\ud800"), "reporter: '\\ud800' names no reporter"),
    (LINE.replace("receiver.example", "a" * 256), "names no reporter"),
    (LINE.replace('"id": "', '"id": "zz'), "is not an id of twelve hexadecimal digits"),
    (",7", "2:2: expected a report"),
    (",[]", "2:2: expected a report"),
    (",null", "2:2: expected a report"),
    (',{"format": 1, "domain": "example.net"}', "2:2: published: is missing"),
    (LINE[:-9], "3:1: not JSON"),
    (LINE[1:], "2:1: expected a comma or a closing bracket"),
    (LINE + ",", "3:1: not JSON: expecting value"),
    ("," + "[" * 100_000, "2:2: nested too deep"),
    ("," + '{"a":' * 100_000, "2:2: nested too deep"),
    ("]\n[", "3:1: the file goes on after its list"),
    ("<<<<<<< HEAD\n" + LINE[:-9], "not JSON"),
]  # fmt: skip


@pytest.mark.parametrize(("line", "said"), REFUSED, ids=[said[:40] for _, said in REFUSED])
def test_refuses(line: str, said: str) -> None:
    with pytest.raises(DocumentError) as refused:
        parse(f"{HEAD}\n{line}\n]\n", FILE)
    places = {key: line.find(f'"{key}": ') + len(key) + 5 for key in ("count", "rows")}
    told = [str(problem) for problem in refused.value.problems]
    assert any(said.format(**places) in each for each in told), told
    assert all(each.startswith(f"{FILE}:") and "git's history" in each for each in told), told
    assert all(len(each) < 600 for each in told)


HEADS = [
    ("", "1:1: expected a list"),
    ("{}", "1:1: expected a list"),
    ("[]", "1:2: not JSON"),
    ("[1]", "1:2: format: null is not a format"),
    ('[{"format": 2, "domain": "example.com"}]', "1:2: format: 2 is not a format"),
    ('[{"format": true, "domain": "example.com"}]', "1:2: format: true is not a format"),
    ('[{"format": 1}]', "1:2: domain: the first line has a format and a domain"),
    ('[{"format": 1, "domain": 3}]', "1:2: domain: the first line"),
    ('[{"format": 1, "domain": "../a.example"}]', "1:2: domain: the first line"),
    ('[{"format": 1, "domain": "a.example", "x": 1}]', "1:2: domain: the first line"),
]


@pytest.mark.parametrize(("text", "said"), HEADS)
def test_refuses_what_is_no_evidence(text: str, said: str) -> None:
    with pytest.raises(DocumentError) as refused:
        parse(text, FILE)
    [problem] = refused.value.problems
    assert str(problem).startswith(f"{FILE}:{said}")
    assert "git's history" in str(problem)


def test_tells_of_no_more_than_a_screenful() -> None:
    broken = LINE.replace('"count": 1', '"count": -1')
    with pytest.raises(DocumentError) as refused:
        parse("\n".join([HEAD, *[broken] * 1000, "]"]), FILE)
    assert len(refused.value.problems) == MAX_PROBLEMS
