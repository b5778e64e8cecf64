"""What a receiver finds by DMARC, case by case from the text of RFC 9989 §4.10, the order of its queries included."""

from __future__ import annotations

import itertools
import string

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from mailauth_dns.evaluate.dmarc import Applicable, compare, discover
from mailauth_dns.evaluate.dmarc_walk import walk
from mailauth_dns.evaluate.observation import Unknown
from mailauth_dns.records.dmarc import Alignment
from mailauth_dns.records.name import DomainName
from tests.evaluate.zones import Recorded

NONE = "v=DMARC1; p=none"
REJECT = "v=DMARC1; p=reject"
PSD = "v=DMARC1; p=reject; psd=y"
OWN = "v=DMARC1; p=reject; psd=n"

Sets = dict[str, str | list[str]]


def records(at: dict[str, str | list[str]]) -> Sets:
    """Return DMARC records by their domains."""
    return {f"_dmarc.{domain} TXT": texts for domain, texts in at.items()}


def queries(*domains: str) -> list[str]:
    return [f"_dmarc.{domain} TXT" for domain in domains]


ALPHABET = string.ascii_lowercase
# labels of the start, the domains asked for
DEPTHS = [
    (1, ["com"]),
    (2, ["a.com", "com"]),
    (3, ["a.b.com", "b.com", "com"]),
    (4, ["a.b.c.com", "b.c.com", "c.com", "com"]),
    (5, ["a.b.c.d.com", "b.c.d.com", "c.d.com", "d.com", "com"]),
    (6, ["a.b.c.d.e.com", "b.c.d.e.com", "c.d.e.com", "d.e.com", "e.com", "com"]),
    (
        7,
        ["a.b.c.d.e.f.com", "b.c.d.e.f.com", "c.d.e.f.com", "d.e.f.com", "e.f.com", "f.com", "com"],
    ),
    (
        8,
        [
            "a.b.c.d.e.f.g.com",
            "b.c.d.e.f.g.com",
            "c.d.e.f.g.com",
            "d.e.f.g.com",
            "e.f.g.com",
            "f.g.com",
            "g.com",
            "com",
        ],
    ),
    (
        9,
        [
            "a.b.c.d.e.f.g.h.com",
            "c.d.e.f.g.h.com",
            "d.e.f.g.h.com",
            "e.f.g.h.com",
            "f.g.h.com",
            "g.h.com",
            "h.com",
            "com",
        ],
    ),
    (
        10,
        [
            "a.b.c.d.e.f.g.h.i.com",
            "d.e.f.g.h.i.com",
            "e.f.g.h.i.com",
            "f.g.h.i.com",
            "g.h.i.com",
            "h.i.com",
            "i.com",
            "com",
        ],
    ),
]


@pytest.mark.parametrize(("labels", "domains"), DEPTHS)
def test_a_walk_is_at_most_eight_queries(labels: int, domains: list[str]) -> None:
    resolver = Recorded({})
    start = ".".join([*ALPHABET[: labels - 1], "com"])
    walked = walk(DomainName(start), resolver)
    assert resolver.asked == queries(*domains)
    assert [step.owner_name for step in walked.steps] == [f"_dmarc.{domain}" for domain in domains]
    assert walked.organizational_domain == start


def test_the_walk_of_the_rfc() -> None:
    """RFC 9989 §4.10 spells it out for thirteen labels."""
    resolver = Recorded({})
    walk(DomainName("a.b.c.d.e.f.g.h.i.j.mail.example.com"), resolver)
    assert resolver.asked == queries(
        "a.b.c.d.e.f.g.h.i.j.mail.example.com",
        "g.h.i.j.mail.example.com",
        "h.i.j.mail.example.com",
        "i.j.mail.example.com",
        "j.mail.example.com",
        "mail.example.com",
        "example.com",
        "com",
    )


# start, records, the domains asked for, the organizational domain
ORGANIZATIONAL = [
    # nothing found: the start itself
    ("a.example.com", {}, ["a.example.com", "example.com", "com"], "a.example.com"),
    # the fewest labels
    (
        "a.example.com",
        {"example.com": NONE},
        ["a.example.com", "example.com", "com"],
        "example.com",
    ),
    (
        "a.example.com",
        {"a.example.com": REJECT, "example.com": NONE},
        ["a.example.com", "example.com", "com"],
        "example.com",
    ),
    (
        "a.mail.example.com",
        {"mail.example.com": NONE, "example.com": NONE},
        ["a.mail.example.com", "mail.example.com", "example.com", "com"],
        "example.com",
    ),
    (
        "a.example.com",
        {"a.example.com": REJECT},
        ["a.example.com", "example.com", "com"],
        "a.example.com",
    ),
    ("example.com", {"com": NONE}, ["example.com", "com"], "com"),
    # psd=n ends the walk wherever it stands
    (
        "a.b.example.com",
        {"a.b.example.com": OWN, "example.com": NONE},
        ["a.b.example.com"],
        "a.b.example.com",
    ),
    (
        "a.b.example.com",
        {"b.example.com": OWN, "example.com": NONE},
        ["a.b.example.com", "b.example.com"],
        "b.example.com",
    ),
    (
        "a.b.example.com",
        {"a.b.example.com": NONE, "b.example.com": OWN},
        ["a.b.example.com", "b.example.com"],
        "b.example.com",
    ),
    (
        "a.b.example.com",
        {"example.com": OWN, "com": PSD},
        ["a.b.example.com", "b.example.com", "example.com"],
        "example.com",
    ),
    (
        "a.b.example.com",
        {"com": OWN},
        ["a.b.example.com", "b.example.com", "example.com", "com"],
        "com",
    ),
    # psd=y: one label below, with or without a record there; at the start it only ends the walk
    (
        "a.b.example.com",
        {"com": PSD},
        ["a.b.example.com", "b.example.com", "example.com", "com"],
        "example.com",
    ),
    (
        "a.b.example.com",
        {"example.com": PSD, "com": NONE},
        ["a.b.example.com", "b.example.com", "example.com"],
        "b.example.com",
    ),
    (
        "a.b.example.com",
        {"b.example.com": PSD},
        ["a.b.example.com", "b.example.com"],
        "a.b.example.com",
    ),
    (
        "a.b.example.com",
        {"a.b.example.com": PSD, "example.com": NONE},
        ["a.b.example.com"],
        "a.b.example.com",
    ),
    (
        "a.b.example.com",
        {"b.example.com": NONE, "com": PSD},
        ["a.b.example.com", "b.example.com", "example.com", "com"],
        "example.com",
    ),
    ("com", {"com": PSD}, ["com"], "com"),
    # psd=u is what there is without it, and so is nonsense
    (
        "a.example.com",
        {"a.example.com": "v=DMARC1; psd=u", "example.com": "v=DMARC1; psd=x"},
        ["a.example.com", "example.com", "com"],
        "example.com",
    ),
    # several records at one name are none, whatever they say, and the walk goes on
    (
        "a.example.com",
        {"a.example.com": [OWN, NONE], "example.com": NONE},
        ["a.example.com", "example.com", "com"],
        "example.com",
    ),
    (
        "a.example.com",
        {"example.com": [PSD, NONE]},
        ["a.example.com", "example.com", "com"],
        "a.example.com",
    ),
    # what is not a DMARC record does not count as one
    (
        "a.example.com",
        {"example.com": [OWN, "v=spf1 -all", "v=dmarc1; p=none"]},
        ["a.example.com", "example.com"],
        "example.com",
    ),
    (
        "a.example.com",
        {"example.com": "V=dmarc1; psd=n"},
        ["a.example.com", "example.com", "com"],
        "a.example.com",
    ),
    # a record that asks for nothing still marks its domain
    (
        "a.example.com",
        {"example.com": "v=DMARC1"},
        ["a.example.com", "example.com", "com"],
        "example.com",
    ),
    # the eight queries may step over the name one label below
    (
        "a.b.c.d.e.f.g.h.i.com",
        {"d.e.f.g.h.i.com": PSD},
        ["a.b.c.d.e.f.g.h.i.com", "d.e.f.g.h.i.com"],
        "c.d.e.f.g.h.i.com",
    ),
]


@pytest.mark.parametrize(("start", "at", "domains", "organizational"), ORGANIZATIONAL)
def test_organizational_domain(
    start: str, at: dict[str, str | list[str]], domains: list[str], organizational: str
) -> None:
    resolver = Recorded(records(at))
    assert walk(DomainName(start), resolver).organizational_domain == organizational
    assert resolver.asked == queries(*domains)


HERE: Sets = {"a.example.com A": "192.0.2.1"}
RUA = "rua=mailto:d@example.com"
ALL = "v=DMARC1; p=none; sp=quarantine; np=reject"

# author domain, sets, policy domain, tag, requested
POLICIES: list[tuple[str, Sets, str | None, str | None, str | None]] = [
    # its own record: p, whatever is above
    (
        "a.example.com",
        records({"a.example.com": ALL, "example.com": REJECT}),
        "a.example.com",
        "p",
        "none",
    ),
    ("example.com", records({"example.com": ALL}), "example.com", "p", "none"),
    # the organizational domain's: sp for what exists, np for what does not
    ("a.example.com", {**records({"example.com": ALL}), **HERE}, "example.com", "sp", "quarantine"),
    ("a.example.com", records({"example.com": ALL}), "example.com", "np", "reject"),
    ("a.b.example.com", {**records({"example.com": ALL}), **HERE}, "example.com", "np", "reject"),
    # existing is all but NXDOMAIN: an empty non-terminal, a wildcard, an alias that leads nowhere
    (
        "a.example.com",
        {**records({"example.com": ALL}), "x.a.example.com A": "192.0.2.1"},
        "example.com",
        "sp",
        "quarantine",
    ),
    (
        "a.example.com",
        {**records({"example.com": ALL}), "*.example.com MX": "0 ."},
        "example.com",
        "sp",
        "quarantine",
    ),
    (
        "a.example.com",
        {**records({"example.com": ALL}), "a.example.com CNAME": "nothing.example.net."},
        "example.com",
        "sp",
        "quarantine",
    ),
    # absent tags: np, then sp, then p
    (
        "a.example.com",
        records({"example.com": "v=DMARC1; p=reject; sp=quarantine"}),
        "example.com",
        "sp",
        "quarantine",
    ),
    (
        "a.example.com",
        {**records({"example.com": "v=DMARC1; p=quarantine; np=reject"}), **HERE},
        "example.com",
        "sp",
        "quarantine",
    ),
    (
        "a.example.com",
        records({"example.com": "v=DMARC1; p=quarantine; np=reject"}),
        "example.com",
        "np",
        "reject",
    ),
    ("a.example.com", records({"example.com": REJECT}), "example.com", "sp", "reject"),
    # a record between the author domain and the organizational domain says nothing
    (
        "a.b.example.com",
        records({"b.example.com": REJECT, "example.com": NONE}),
        "example.com",
        "sp",
        "none",
    ),
    (
        "a.b.example.com",
        records({"b.example.com": OWN, "example.com": NONE}),
        "b.example.com",
        "sp",
        "reject",
    ),
    # the public suffix's, where the organizational domain has none
    ("example.com", records({"com": PSD}), "com", "sp", "reject"),
    ("a.example.com", records({"com": PSD, "example.com": NONE}), "example.com", "sp", "none"),
    ("a.b.example.com", records({"com": PSD, "b.example.com": NONE}), "com", "sp", "reject"),
    ("example.com", records({"com": "v=DMARC1; p=none; np=reject; psd=y"}), "com", "np", "reject"),
    # disputed: the walk steps over the organizational domain (RFC 9989 §4.10), whose record would go first if it were asked for (§4.10.1)
    (
        "a.b.c.d.e.f.g.h.i.com",
        records({"d.e.f.g.h.i.com": PSD, "c.d.e.f.g.h.i.com": NONE}),
        "d.e.f.g.h.i.com",
        "sp",
        "reject",
    ),
    ("a.b.c.d.e.f.g.h.i.com", records({"d.e.f.g.h.i.com": PSD}), "d.e.f.g.h.i.com", "sp", "reject"),
    # a top-level domain without psd=y is taken for the organizational domain
    ("example.com", records({"com": REJECT}), "com", "sp", "reject"),
    # t=y: one level weaker
    (
        "example.com",
        records({"example.com": "v=DMARC1; p=reject; t=y"}),
        "example.com",
        "p",
        "quarantine",
    ),
    (
        "example.com",
        records({"example.com": "v=DMARC1; p=quarantine; t=Y"}),
        "example.com",
        "p",
        "none",
    ),
    ("example.com", records({"example.com": "v=DMARC1; p=none; t=y"}), "example.com", "p", "none"),
    ("a.example.com", records({"example.com": f"{ALL}; t=y"}), "example.com", "np", "quarantine"),
    # no usable policy: none with a report address, no DMARC at all without one, and nobody else's record instead
    (
        "a.example.com",
        records({"a.example.com": f"v=DMARC1; p=rejct; {RUA}", "example.com": REJECT}),
        "a.example.com",
        "p",
        "none",
    ),
    (
        "a.example.com",
        records({"a.example.com": "v=DMARC1; p=rejct", "example.com": REJECT}),
        "a.example.com",
        None,
        None,
    ),
    (
        "example.com",
        records({"example.com": f"v=DMARC1; p=reject; sp=rejct; {RUA}"}),
        "example.com",
        "p",
        "none",
    ),
    (
        "example.com",
        records({"example.com": "v=DMARC1; p=reject; sp=rejct"}),
        "example.com",
        None,
        None,
    ),
    (
        "a.example.com",
        records({"example.com": f"v=DMARC1; sp=reject; {RUA}"}),
        "example.com",
        "sp",
        "none",
    ),
    (
        "example.com",
        records({"example.com": "v=DMARC1; rua=d@example.com"}),
        "example.com",
        None,
        None,
    ),
    # several records at the author domain: its parent's applies
    (
        "a.example.com",
        records({"a.example.com": [NONE, REJECT], "example.com": REJECT}),
        "example.com",
        "sp",
        "reject",
    ),
    ("example.com", records({"example.com": [NONE, REJECT]}), None, None, None),
    ("example.com", {}, None, None, None),
    # a record behind an alias is as good
    (
        "example.com",
        {"_dmarc.example.com CNAME": "p.example.net.", "p.example.net TXT": REJECT},
        "example.com",
        "p",
        "reject",
    ),
    # and one that a wildcard makes: `*` stands for any number of labels
    ("a.example.com", {"*.example.com TXT": REJECT}, "a.example.com", "p", "reject"),
]


@pytest.mark.parametrize(("author", "sets", "policy_domain", "tag", "requested"), POLICIES)
def test_policy_discovery(
    author: str, sets: Sets, policy_domain: str | None, tag: str | None, requested: str | None
) -> None:
    found = discover(DomainName(author), Recorded(sets))
    assert found.policy_domain == policy_domain
    if tag is None:
        assert found.applicable is None
    else:
        assert isinstance(found.applicable, Applicable)
        assert (found.applicable.tag, found.applicable.requested) == (tag, requested)


def test_whether_a_name_exists_is_asked_only_where_it_matters() -> None:
    resolver = Recorded(records({"example.com": REJECT}))
    discover(DomainName("a.example.com"), resolver)
    assert resolver.asked == queries("a.example.com", "example.com", "com")
    resolver = Recorded(records({"example.com": ALL}))
    discover(DomainName("a.example.com"), resolver)
    assert resolver.asked == [
        *queries("a.example.com", "example.com", "com"),
        "a.example.com CNAME",
    ]


# records, name that does not answer, domains asked for, policy domain, organizational domain; None: unknown
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


R, S = Alignment.RELAXED, Alignment.STRICT
HOSTED: dict[str, str | list[str]] = {
    "tenant.example.com": OWN,
    "other.example.com": OWN,
    "example.com": NONE,
}
BANKS: dict[str, str | list[str]] = {
    "bank.example": PSD,
    "giant.bank.example": NONE,
}  # RFC 9989 B.4.3
# author domain, identifier, mode, records, aligned, domains asked for after discovery
ALIGNMENTS: list[tuple[str, str, Alignment, dict[str, str | list[str]], bool, list[str]]] = [
    ("example.com", "example.com", S, {"example.com": NONE}, True, []),
    ("example.com", "example.com", R, {"example.com": NONE}, True, []),
    ("a.example.com", "a.example.com", R, {"example.com": NONE}, True, []),
    ("example.com", "mail.example.com", S, {"example.com": NONE}, False, []),
    (
        "example.com",
        "mail.example.com",
        R,
        {"example.com": NONE},
        True,
        ["mail.example.com", "example.com", "com"],
    ),
    ("mail.example.com", "example.com", R, {"example.com": NONE}, True, ["example.com", "com"]),
    (
        "a.example.com",
        "b.example.com",
        R,
        {"example.com": NONE},
        True,
        ["b.example.com", "example.com", "com"],
    ),
    (
        "a.example.com",
        "b.example.com",
        R,
        dict.fromkeys(["a.example.com", "b.example.com", "example.com"], NONE),
        True,
        ["b.example.com", "example.com", "com"],
    ),
    # without a record above, each is on its own
    ("a.example.com", "b.example.com", R, {"a.example.com": NONE}, False, []),
    (
        "a.example.com",
        "b.example.com",
        R,
        {"a.example.com": NONE, "b.example.com": NONE},
        False,
        [],
    ),
    # not at or below the author's organizational domain: no question is needed
    ("example.com", "example.net", R, {"example.com": NONE, "example.net": NONE}, False, []),
    ("example.com", "badexample.com", R, {"example.com": NONE}, False, []),
    ("a.example.com", "example.com", R, {"a.example.com": OWN, "example.com": NONE}, False, []),
    # psd=n cuts a tenant off from its host
    ("tenant.example.com", "example.com", R, HOSTED, False, []),
    (
        "a.tenant.example.com",
        "b.tenant.example.com",
        R,
        HOSTED,
        True,
        ["b.tenant.example.com", "tenant.example.com"],
    ),
    ("tenant.example.com", "other.example.com", R, HOSTED, False, []),
    # psd=y keeps its registrants apart
    (
        "giant.bank.example",
        "mail.giant.bank.example",
        R,
        BANKS,
        True,
        ["mail.giant.bank.example", "giant.bank.example", "bank.example"],
    ),
    ("giant.bank.example", "mail.mega.bank.example", R, BANKS, False, []),
    ("giant.bank.example", "bank.example", R, {"bank.example": PSD}, False, []),
    # a top-level domain's record without psd=y makes one organization of all below it
    ("example.com", "other.com", R, {"com": NONE}, True, ["other.com", "com"]),
]


@pytest.mark.parametrize(("author", "identifier", "mode", "at", "aligned", "domains"), ALIGNMENTS)
def test_alignment(
    author: str,
    identifier: str,
    mode: Alignment,
    at: dict[str, str | list[str]],
    aligned: bool,
    domains: list[str],
) -> None:
    resolver = Recorded(records(at))
    found = discover(DomainName(author), resolver)
    resolver.asked.clear()
    assert compare(DomainName(identifier), mode, found, resolver).aligned is aligned
    assert resolver.asked == queries(*domains)


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


LONG = ".".join(["x" * 60, "y" * 60, "z" * 60, "w" * 60, "com"])


def test_a_name_that_is_too_long_has_no_record_and_is_not_asked() -> None:
    resolver = Recorded(records({"com": NONE}))
    assert discover(DomainName(LONG), resolver).policy_domain == "com"
    assert f"_dmarc.{LONG} TXT" not in resolver.asked


labels = st.sampled_from(["a", "b", "example"])
domains = st.lists(labels, min_size=1, max_size=9).map(lambda parts: ".".join([*parts, "com"]))
texts = st.sampled_from([NONE, REJECT, PSD, OWN, ALL, "v=DMARC1", "v=spf1 -all"])


@given(st.dictionaries(domains, st.lists(texts, min_size=1, max_size=2), max_size=5), domains)
def test_a_walk_obeys_its_limits(at: dict[str, str | list[str]], start: str) -> None:
    """At most eight queries, upwards, and an organizational domain at or above the start."""
    resolver = Recorded(records(at))
    walked = walk(DomainName(start), resolver)
    asked = [step.domain for step in walked.steps]
    assert len(resolver.asked) <= 8
    assert all(f".{start}".endswith(f".{domain}") for domain in asked)
    assert [domain.count(".") for domain in asked] == sorted(
        {domain.count(".") for domain in asked}, reverse=True
    )
    assert f".{start}".endswith(f".{walked.organizational_domain}")


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
    """Against the definition: two whole walks, compared (RFC 9989 §4.10.2)."""

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
