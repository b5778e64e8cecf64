"""DMARC policy discovery: which record applies, and what it requests (RFC 9989 §4.10.1)."""

from __future__ import annotations

import pytest

from mailauth_dns.evaluate.dmarc import Applicable, discover
from mailauth_dns.records.name import DomainName
from tests.evaluate.dmarc_records import ALL, NONE, OWN, PSD, REJECT, Sets, queries, records
from tests.evaluate.zones import Recorded

HERE: Sets = {"a.example.com A": "192.0.2.1"}
RUA = "rua=mailto:d@example.com"

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
    # disputed: the walk steps over the organizational domain (RFC 9989 §4.10); if it were asked,
    # its record would come first (§4.10.1)
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
    # no usable policy: p=none if the record has a report address, else no DMARC; in neither case
    # does another domain's record apply
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


LONG = ".".join(["x" * 60, "y" * 60, "z" * 60, "w" * 60, "com"])


def test_a_name_that_is_too_long_has_no_record_and_is_not_asked() -> None:
    resolver = Recorded(records({"com": NONE}))
    assert discover(DomainName(LONG), resolver).policy_domain == "com"
    assert f"_dmarc.{LONG} TXT" not in resolver.asked
