"""The DMARC tree walk: which names are asked, and which domain is the organizational one.

The cases follow the text of RFC 9989 §4.10.
"""

from __future__ import annotations

import string

import pytest
from hypothesis import given
from hypothesis import strategies as st

from mailauth_dns.evaluate.dmarc_walk import walk
from mailauth_dns.records.name import DomainName
from tests.evaluate.dmarc_records import ALL, NONE, OWN, PSD, REJECT, queries, records
from tests.evaluate.zones import Recorded

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
