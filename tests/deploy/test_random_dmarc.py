"""Random DMARC records: plan reads them as receivers do."""

from __future__ import annotations

import re
from datetime import UTC, datetime

from hypothesis import example, given, settings
from hypothesis import strategies as st

from mailauth_dns.compile.compile_repo import compile_repo
from mailauth_dns.compile.publication import Declared, Publication
from mailauth_dns.diff.compare import compare
from mailauth_dns.diff.meaning import judge_at
from mailauth_dns.evaluate.dmarc import Applicable, discover
from mailauth_dns.evaluate.message import Message, judge
from mailauth_dns.evaluate.resolver import ZoneResolver
from mailauth_dns.lint.catalog import RULES
from mailauth_dns.lint.run_rules import run
from mailauth_dns.lint.subject import subjects
from mailauth_dns.policy.load import load_repo
from mailauth_dns.records.family import Family
from mailauth_dns.records.name import ROOT, DomainName
from mailauth_dns.records.zone import RRset, Zone, zone_of
from tests.conftest import RepoFolder
from tests.lint import worlds

# Random records, read by a second reader that is written from the grammar alone


_WEAKER = {"reject": "quarantine", "quarantine": "none"}
_URI = re.compile(r"[A-Za-z][A-Za-z0-9+.-]*:[!-~]+", re.ASCII)
_SIZE = re.compile(r"[0-9]+[kmgt]?", re.ASCII | re.IGNORECASE)


def second_reading(text: str) -> tuple[str, str]:
    """Return the applied policy, and what it requests for failing mail: `t` (RFC 9989 §4.7)."""
    version = re.match(r"[vV][ \t]*=[ \t]*DMARC1[ \t]*(?:;|\Z)", text)
    if version is None:
        return "no record", "no record"
    tags: dict[str, str] = {}
    for part in text[version.end() :].split(";"):
        tag = re.fullmatch(r"[ \t]*([A-Za-z]+)[ \t]*=[ \t]*(.*?)[ \t]*", part, re.DOTALL)
        if tag is not None:
            tags.setdefault(tag[1].lower(), tag[2])
    policies = [tags[name].lower() for name in ("p", "sp", "np") if name in tags]
    if "p" in tags and {"none", "quarantine", "reject"}.issuperset(policies):
        p = tags["p"].lower()
    elif any(_is_uri(piece.strip(" \t")) for piece in tags.get("rua", "").split(",")):
        p = "none"
    else:
        return "no record", "no record"
    return p, _WEAKER.get(p, p) if tags.get("t", "").lower() == "y" else p


def _is_uri(text: str) -> bool:
    uri, mark, size = text.partition("!")
    return _URI.fullmatch(uri.rstrip(" \t")) is not None and (
        not mark or _SIZE.fullmatch("".join(size.split())) is not None
    )


_WORDS = st.sampled_from(
    [
        "none",
        "quarantine",
        "reject",
        "Reject",
        "NONE",
        "rejct",
        "",
        "no ne",
        "reject,none",
        "y",
        "n",
        "0",
        "r",
    ]
)
_TAG = st.one_of(
    st.builds(
        "{}={}".format,
        st.sampled_from(
            ["p", "p", "p", "P", "sp", "np", "t", "T", "adkim", "fo", "pct", "psd", "p1", "x"]
        ),
        _WORDS,
    ),
    st.sampled_from(
        [
            "p",
            "",
            "fo:0",
            "=",
            "p==reject",
            "t=y",
            "t=yes",
            "rua",
            "rua=",
            "p=none p=reject",
            "v=DMARC1",
            "\xe9=\xe9",
            "p=r\xe9ject",
        ]
    ),
    st.builds(
        "rua={}".format,
        st.sampled_from(
            [
                "mailto:d@example.com",
                "d@example.com",
                "mailto:d@example.com!10 m,x",
                ",",
                "mailto:",
                "x:\xe9",
            ]
        ),
    ),
)
_SEPARATOR = st.sampled_from([";", "; ", ";;", " ;\t", ",", " "])
_VERSION = st.sampled_from(
    [
        "v=DMARC1",
        "v=DMARC1",
        "v=DMARC1",
        "V = DMARC1",
        "v=dmarc1",
        "v=DMARC10",
        " v=DMARC1",
        "v =DMARC1 ",
        "",
    ]
)
_TEXTS = st.builds(
    lambda version, first, rest: (
        version + first + "".join(tag + separator for tag, separator in rest)
    ),
    _VERSION,
    st.sampled_from([";", ";", ";", "; ", " ;", " ", ""]),
    st.lists(st.tuples(_TAG, _SEPARATOR), max_size=6),
)
AUTHOR, AT = DomainName("a.example"), (DomainName("_dmarc.a.example"), "TXT")


def by_plan(zone: Zone, p: str | None) -> tuple[str | None, tuple[str, ...]]:
    """Return what plan says of the policy before a change to `p`, or None; and the rules."""
    entry = Declared(AUTHOR, AT, Family.DMARC, None, frozenset({f"v=DMARC1; p={p}"} if p else ()))
    changes = compare(
        zone,
        Publication(ROOT, (entry,), (), ()),
        judge_at(datetime(2026, 6, 1, tzinfo=UTC)),
        normalize=True,
    ).changes
    if not changes:
        return None if p else "no record", ()
    meaning = changes[0].judgement.meaning
    if "receivers ignore" in meaning or "DMARC is new" in meaning:
        return "no record", changes[0].judgement.rules
    moved = re.search(r"(?:^|: )p (\w+) -> \w+", meaning)
    return (moved[1] if moved else p), changes[0].judgement.rules


def test_random_records_are_read_alike(repo: RepoFolder) -> None:
    repo.policy("domain: a.example\nspf: {terms: [mx], all: fail}\n")
    loaded = load_repo(repo.root)
    publications = compile_repo(loaded)
    looked_at = subjects(loaded, publications, datetime(2026, 6, 1, tzinfo=UTC).date())
    rules = [
        rule
        for rule in RULES
        if rule.id in {"DMARC001", "DMARC003", "DMARC005", "DMARC006", "DMARC007"}
    ]

    @settings(max_examples=400)
    @given(_TEXTS)
    @example("v=DMARC1;p=none;fo:0;adkim=r;aspf=r;sp=none;rua=mailto:d@example.com")
    def alike(text: str) -> None:
        applied, requested = second_reading(text)
        zone = zone_of(
            ROOT,
            [
                RRset(*AT, 60, frozenset({text})),
                RRset(AUTHOR, "MX", 60, frozenset({"10 mx.a.example."})),
            ],
        )
        resolver = ZoneResolver([zone])

        verdict = judge(
            Message(("x@a.example",), "x@a.example", "host.example", "203.0.113.66"), resolver
        )
        assert ("no record" if verdict.dmarc == "none" else str(verdict.disposition)) == requested
        found = discover(AUTHOR, resolver).applicable
        assert (str(found.policy) if isinstance(found, Applicable) else "no record") == applied

        before, reject = by_plan(zone, "reject")
        assert before in (requested, None)
        assert ("DMARC033" in reject) is (requested in ("none", "no record"))
        assert by_plan(zone, "none")[0] in (requested, None)
        assert ("no record" if by_plan(zone, None)[0] == "no record" else applied) == applied

        messages = {
            each.rule.id: each.message
            for each in run(rules, worlds.live(looked_at, publications, {"ns": zone}, {}))
        }
        told = re.search(r"apply p=(\w+)", messages.get("DMARC007", ""))
        if told is not None:
            assert told[1] == applied
        else:
            assert bool(messages) is (applied == "no record"), messages

    alike()
