"""DMARC where a name does not answer: only what depends on the answer is unknown."""

from __future__ import annotations

import itertools

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from mailauth_dns.evaluate.dmarc import Applicable, compare, discover
from mailauth_dns.evaluate.dmarc_walk import walk
from mailauth_dns.evaluate.observation import Unknown
from mailauth_dns.records.dmarc import Alignment
from mailauth_dns.records.name import DomainName
from tests.evaluate.dmarc_records import ALL, NONE, OWN, PSD, REJECT, Sets, queries, records
from tests.evaluate.zones import Recorded

R, S = Alignment.RELAXED, Alignment.STRICT

# records, name that does not answer, domains asked for, policy domain, organizational domain;
# None: unknown
DARK: list[tuple[dict[str, str | list[str]], str, list[str], str | None, str | None]] = [
    ({}, "a.b.example.com", [], None, None),
    ({"example.com": REJECT}, "b.example.com", ["a.b.example.com"], None, None),
    ({"b.example.com": REJECT}, "example.com", ["a.b.example.com", "b.example.com"], None, None),
    (
        {"example.com": REJECT},
        "com",
        ["a.b.example.com", "b.example.com", "example.com"],
        None,
        None,
    ),
    # its own record is known, but not who else is one organization with it
    ({"a.b.example.com": REJECT}, "b.example.com", ["a.b.example.com"], "a.b.example.com", None),
    (
        {"a.b.example.com": REJECT, "example.com": REJECT},
        "com",
        ["a.b.example.com", "b.example.com", "example.com"],
        "a.b.example.com",
        None,
    ),
    # what lies above the end of the walk is not asked
    (
        {"b.example.com": OWN},
        "example.com",
        ["a.b.example.com", "b.example.com"],
        "b.example.com",
        "b.example.com",
    ),
    (
        {"example.com": PSD},
        "com",
        ["a.b.example.com", "b.example.com", "example.com"],
        "example.com",
        "b.example.com",
    ),
]


@pytest.mark.parametrize(("at", "dark", "answered", "policy_domain", "organizational"), DARK)
def test_a_name_that_does_not_answer_is_unknown(
    at: dict[str, str | list[str]],
    dark: str,
    answered: list[str],
    policy_domain: str | None,
    organizational: str | None,
) -> None:
    resolver = Recorded(records(at), [f"_dmarc.{dark}"])
    found = discover(DomainName("a.b.example.com"), resolver)
    assert [step.domain for step in found.walk.steps] == answered
    assert resolver.asked == queries(*answered, *([dark] if found.walk.broken else []))
    for value, expected in (
        (found.policy_domain, policy_domain),
        (found.organizational_domain, organizational),
    ):
        assert value == (expected or Unknown(f"_dmarc.{dark} TXT: SERVFAIL"))
    if policy_domain is None:
        assert isinstance(found.applicable, Unknown)


def test_whether_the_author_domain_exists_may_be_unknown() -> None:
    found = discover(
        DomainName("a.example.com"), Recorded(records({"example.com": ALL}), ["a.example.com"])
    )
    assert isinstance(found.applicable, Applicable)
    assert found.applicable.requested == Unknown("a.example.com CNAME: SERVFAIL")


# identifier, mode, name that does not answer, aligned
UNKNOWN_ALIGNMENTS = [
    ("example.com", R, "_dmarc.com", True),
    ("mail.example.com", S, "_dmarc.com", False),
    ("mail.example.com", R, "_dmarc.com", True),  # whatever is there, it is above both
    ("mail.tenant.com", R, "_dmarc.com", False),
    (
        "mail.example.com",
        R,
        "_dmarc.mail.example.com",
        Unknown("_dmarc.mail.example.com TXT: SERVFAIL"),
    ),
    ("other.com", R, "_dmarc.com", Unknown("_dmarc.com TXT: SERVFAIL")),
    # can never be of the author's organization
    ("example.net", R, "_dmarc.example.net", False),
    ("example.net", R, "_dmarc.net", False),
    ("example.net", R, "_dmarc.com", False),
    ("other.com", R, "_dmarc.other.com", False),
    ("tenant.com", R, "_dmarc.com", False),
]


@pytest.mark.parametrize(("identifier", "mode", "dark", "aligned"), UNKNOWN_ALIGNMENTS)
def test_alignment_may_be_unknown(
    identifier: str, mode: Alignment, dark: str, aligned: bool | Unknown
) -> None:
    resolver = Recorded(records({"example.com": NONE, "tenant.com": OWN}), [dark])
    found = discover(DomainName("example.com"), resolver)
    assert compare(DomainName(identifier), mode, found, resolver).aligned == aligned


_FILLINGS = ["", NONE, OWN, PSD]
_NAMES = st.sampled_from(["com", "b.com", "a.b.com", "c.b.com", "d.a.b.com", "x.com", "net"])


@settings(max_examples=300)
@given(
    st.dictionaries(_NAMES, st.sampled_from(_FILLINGS[1:]), max_size=4),
    st.sets(_NAMES, min_size=1, max_size=2),
    _NAMES,
    _NAMES,
)
def test_what_is_decided_without_an_answer_holds_whatever_the_answer_is(
    at: Sets, dark: set[str], author: str, identifier: str
) -> None:
    """The definition compares two whole walks (RFC 9989 §4.10.2)."""

    def aligned(sets: Sets, unanswered: set[str]) -> bool | Unknown:
        resolver = Recorded(records(sets), [f"_dmarc.{name}" for name in unanswered])
        return compare(
            DomainName(identifier), R, discover(DomainName(author), resolver), resolver
        ).aligned

    known = {name: text for name, text in at.items() if name not in dark}
    found = set()
    for texts in itertools.product(_FILLINGS, repeat=len(dark)):
        sets: Sets = known | {
            name: text for name, text in zip(sorted(dark), texts, strict=True) if text
        }
        walks = [
            walk(DomainName(name), Recorded(records(sets))).organizational_domain
            for name in (author, identifier)
        ]
        assert aligned(sets, set()) is (author == identifier or walks[0] == walks[1])
        found.add(aligned(sets, set()))
    decided = aligned(known, dark)
    assert isinstance(decided, Unknown) or found == {decided}
