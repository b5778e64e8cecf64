"""One reader of what receivers apply: plan, apply, lint --live, simulate and test agree on published DMARC records."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest
import yaml
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
from mailauth_dns.lint.run import run
from mailauth_dns.lint.subject import subjects
from mailauth_dns.policy.load import load_repo
from mailauth_dns.records.family import Family
from mailauth_dns.records.name import ROOT, DomainName
from mailauth_dns.records.zone import RRset, Zone, zone_of
from mailauth_dns.serve.server import Server
from tests.conftest import RepoFolder
from tests.lint import worlds

TABLE = yaml.safe_load((Path(__file__).parents[1] / "records/dmarc_received.yaml").read_text())
TEXTS = [row["text"] for row in TABLE]
APPLIED = [row["applied"] for row in TABLE]
TO_REJECT = {"reject": None, "quarantine": None, "none": "DMARC033", "no record": "DMARC033"}
TO_NONE = {"reject": "DMARC034", "quarantine": "DMARC034", "none": None, "no record": None}
HEAD = "$TTL 3600\n@ IN SOA ns1.example.net. hostmaster.example.net. 41 7200 1800 1209600 300\n@ IN NS ns1.example.net.\n"


def domain(number: int) -> str:
    return f"r{number}.example"


@contextmanager
def published(repo: RepoFolder, texts: list[str], p: str) -> Iterator[None]:
    """Have these records published, each at a domain that receives mail, and policies that say `p` for all of them.

    The zone is the top-level domain, so that it holds whatever a walk can find.
    """
    zone = "".join(
        f'r{at} IN MX 10 mx\n_dmarc.r{at} IN TXT "{text}"\n' for at, text in enumerate(texts)
    )
    repo.local("example", HEAD + zone)
    with Server(repo.root / "served", "127.0.0.1", 0) as server:
        base = f'providers: [local]\nnameservers: ["127.0.0.1:{server.port}"]\n'
        repo.write(
            "zones/policy/_defaults.yaml",
            base + f'dmarc: {{p: {p}, rua: ["mailto:d@example.com"]}}\n',
        )
        for at in range(len(texts)):
            spoof = f"{{name: a spoof, from: a@{domain(at)}, ip: 203.0.113.66, expect: {{dmarc: fail, disposition: {p}}}}}"
            repo.policy(f"domain: {domain(at)}\nzone: example\ntests: [{spoof}]\n", f"r{at}")
        yield


def by_verdict(verdict: dict[str, Any]) -> str:
    """Return the policy that a verdict on a message that fails says is applied."""
    return "no record" if verdict["dmarc"] == "none" else str(verdict["disposition"])


def applied_by_test(repo: RepoFolder) -> list[str]:
    data = json.loads(repo.run("test", "--format", "json").out)["tests"]
    found = {test["domain"]: by_verdict(test["before"]) for test in data}
    return [found[domain(at)] for at in range(len(found))]


def planned(repo: RepoFolder) -> list[dict[str, Any]]:
    ran = repo.run("plan", "--out", "plan.json")
    assert ran.code == 0, ran.said
    [zone] = json.loads((repo.root / "plan.json").read_text())["zones"]
    changes = {
        change["domain"]: change for change in zone["changes"] if change["family"] == "dmarc"
    }
    return [
        changes.get(domain(at), {"risk": "safe", "rules": []})
        for at in range(len(list(repo.root.glob("zones/policy/r*.yaml"))))
    ]


@pytest.mark.parametrize(("p", "rules"), [("reject", TO_REJECT), ("none", TO_NONE)])
def test_plan_and_apply_judge_by_what_is_applied(
    repo: RepoFolder, no_resolvers: None, p: str, rules: dict[str, str | None]
) -> None:
    with published(repo, TEXTS, p):
        expected = [rules[applied] for applied in APPLIED]
        changes = planned(repo)
        assert [
            next((rule for rule in change["rules"] if rule in ("DMARC033", "DMARC034")), None)
            for change in changes
        ] == expected
        risks = {"DMARC033": {"breaking"}, "DMARC034": {"caution"}, None: {"safe", "caution"}}
        assert all(
            change["risk"] in risks[rule] for change, rule in zip(changes, expected, strict=True)
        )
        refused = [domain(at) for at, rule in enumerate(expected) if rule == "DMARC033"]
        for name in refused:  # each by itself, so that none hides behind another
            ran = repo.run("plan", name, "--out", "one.json")
            assert ran.code == 0, ran.said
            ran = repo.run("apply", "one.json")
            assert (ran.code, f"--allow DMARC033:{name}" in ran.err) == (1, True), ran.said
        ran = repo.run("apply", "plan.json", *(["--allow", "DMARC033"] if refused else []))
        assert ran.code == 0, ran.said
        assert applied_by_test(repo) == [p] * len(TEXTS)


def test_simulate_and_test_judge_by_what_is_applied(repo: RepoFolder, no_resolvers: None) -> None:
    with published(repo, TEXTS, "quarantine"):
        assert applied_by_test(repo) == APPLIED
        for at, applied in enumerate(APPLIED):
            ran = repo.run(
                "simulate", "--from", f"a@{domain(at)}", "--ip", "203.0.113.66", "--format", "json"
            )
            assert by_verdict(json.loads(ran.out)["before"]) == applied, ran.said


def test_lint_says_what_is_applied(repo: RepoFolder, no_resolvers: None) -> None:
    with published(repo, TEXTS, "quarantine"):
        ran = repo.run(
            "lint",
            "--live",
            "--select",
            "DMARC001,DMARC002,DMARC003,DMARC006,DMARC007,DMARC016",
            "--format",
            "json",
        )
        said: dict[str, list[str]] = {}
        for finding in json.loads(ran.out)["findings"]:
            said.setdefault(finding["domain"], []).append(finding["message"])
    for at, row in enumerate(TABLE):
        messages = said.get(domain(at), [])
        assert bool(messages) is ("lint" in row), (row, messages)
        assert row.get("lint", "") in " ".join(messages), (row, messages)


# Random records, read by a second reader that is written from the grammar alone


_WEAKER = {"reject": "quarantine", "quarantine": "none"}
_URI = re.compile(r"[A-Za-z][A-Za-z0-9+.-]*:[!-~]+", re.ASCII)
_SIZE = re.compile(r"[0-9]+[kmgt]?", re.ASCII | re.IGNORECASE)


def second_reading(text: str) -> tuple[str, str]:
    """Return the policy that is applied, and what is requested for mail that fails; `t` makes the difference (RFC 9989 §4.7)."""
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
    """Return what plan's judge says of the policy before a change to `p`, None where it says nothing of it; and the rules."""
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
