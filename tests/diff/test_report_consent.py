"""A published consent to DMARC reports is enough, whoever wrote it, in any spelling."""

from __future__ import annotations

from datetime import UTC, datetime

import pytest

from mailauth_dns.compile.publication import Declared, Publication
from mailauth_dns.diff.change import Difference, Risk
from mailauth_dns.diff.compare import compare
from mailauth_dns.diff.meaning import judge_at
from mailauth_dns.records.family import Family
from mailauth_dns.records.name import DomainName
from mailauth_dns.records.zone import RRset, Zone

HOST = DomainName("reports.example")
NAME = f"example.com._report._dmarc.{HOST}"
ANY = f"*._report._dmarc.{HOST}"
Sets = dict[tuple[str, str], set[str]]


def compared(there: Sets, *, normalize: bool = False) -> Difference:
    sets = frozenset(
        RRset(DomainName(name), type, 300, frozenset(values))
        for (name, type), values in there.items()
    )
    entry = Declared(
        DomainName("example.com"),
        (DomainName(NAME), "TXT"),
        Family.DMARC_REPORT,
        60,
        frozenset({"v=DMARC1"}),
    )
    return compare(
        Zone(HOST, sets),
        Publication(HOST, (entry,), (), ()),
        judge_at(datetime(2026, 6, 1, tzinfo=UTC)),
        normalize=normalize,
    )


SATISFIED: dict[str, Sets] = {
    "the same": {(NAME, "TXT"): {"v=DMARC1"}},
    "another spelling": {(NAME, "TXT"): {"v = DMARC1 ;"}},
    "other addresses": {(NAME, "TXT"): {"v=DMARC1; rua=mailto:elsewhere@reports.example"}},
    "several": {(NAME, "TXT"): {"v=DMARC1", "v=DMARC1; p=none", "a note"}},
    "a wildcard": {(ANY, "TXT"): {"v=DMARC1;"}},
    "a wildcard for the domains of com": {(f"*.com._report._dmarc.{HOST}", "TXT"): {"v=DMARC1"}},
    "a wildcard beside other names": {
        (ANY, "TXT"): {"v=DMARC1"},
        (f"example.org._report._dmarc.{HOST}", "TXT"): {"v=DMARC1"},
    },
}


@pytest.mark.parametrize("normalize", [False, True])
@pytest.mark.parametrize("case", SATISFIED)
def test_a_published_consent_is_left_as_it_is(case: str, normalize: bool) -> None:
    difference = compared(SATISFIED[case], normalize=normalize)
    assert difference.changes == ()
    assert difference.blocked == ()


# what is there, what of it is ours, what is kept beside it
MISSING: dict[str, tuple[Sets, set[str], set[str]]] = {
    "nothing": ({}, set(), set()),
    "something else": ({(NAME, "TXT"): {"a note"}}, set(), {"a note"}),
    "one that receivers do not accept": (
        {(NAME, "TXT"): {"v=dmarc1", "a note"}},
        {"v=dmarc1"},
        {"a note"},
    ),
    "a wildcard that does not consent": ({(ANY, "TXT"): {"a note"}}, set(), set()),
    # RFC 4592 §2.2.1: com._report._dmarc exists here, so the wildcard does not answer below it.
    "a wildcard that does not reach": (
        {
            (ANY, "TXT"): {"v=DMARC1"},
            (f"example.net.com._report._dmarc.{HOST}", "A"): {"192.0.2.1"},
        },
        set(),
        set(),
    ),
    "a wildcard under a deeper one": (
        {(ANY, "TXT"): {"v=DMARC1"}, (f"*.com._report._dmarc.{HOST}", "TXT"): {"a note"}},
        set(),
        set(),
    ),
    "a wildcard under a name below": (
        {(ANY, "TXT"): {"v=DMARC1"}, (f"x.{NAME}", "A"): {"192.0.2.1"}},
        set(),
        set(),
    ),
    "a wildcard that is not for reports": ({(f"*.{HOST}", "TXT"): {"v=DMARC1"}}, set(), set()),
    "a wildcard under other data of the name": (
        {(ANY, "TXT"): {"v=DMARC1"}, (NAME, "A"): {"192.0.2.1"}},
        set(),
        set(),
    ),
    "a wildcard for another host": (
        {(f"*._report._dmarc.in.{HOST}", "TXT"): {"v=DMARC1"}},
        set(),
        set(),
    ),
}


@pytest.mark.parametrize("case", MISSING)
def test_a_missing_consent_is_published(case: str) -> None:
    there, ours, kept = MISSING[case]
    [change] = compared(there).changes
    assert change.before == ours
    assert change.after == {"v=DMARC1"}
    assert change.kept == kept
    assert change.judgement.risk is Risk.SAFE
    assert change.judgement.meaning.startswith(
        "reports.example agrees to take DMARC reports about example.com"
    )


def test_a_consent_that_is_never_served_is_blocked() -> None:
    [blocked] = compared(
        {(NAME, "TXT"): {"v=DMARC1"}, (f"_dmarc.{HOST}", "NS"): {"ns.vendor.example."}}
    ).blocked
    assert "is delegated to other servers (NS)" in blocked.reason


def test_an_undeclared_consent_is_kept_and_named() -> None:
    other = f"example.org._report._dmarc.{HOST}"
    kept = compared({(NAME, "TXT"): {"v=DMARC1"}, (other, "TXT"): {"v=DMARC1"}}).kept
    assert [(entry.key[0], entry.looks_like) for entry in kept] == [(other, Family.DMARC_REPORT)]
