"""DKIM signatures whose white space, names or tags are spelled in unusual ways."""

from __future__ import annotations

import pytest

from mailauth_dns.evaluate.resolver import ZoneResolver
from mailauth_dns.records.name import DomainName
from mailauth_dns.records.zone import RRset, zone_of
from tests.evaluate.dkim_world import GOOD, only, world
from tests.evaluate.messages import PLAIN, rsa_key, written

OBSOLETE = PLAIN.replace(b"Subject:", b"Subject \t:")
# message as signed, canonical form of the head, message as it came, result (OpenDKIM's too)
MOVED = [
    (OBSOLETE, "relaxed", OBSOLETE, "pass"),
    (OBSOLETE, "simple", OBSOLETE, "pass"),
    (OBSOLETE, "relaxed", PLAIN, "pass"),
    (OBSOLETE, "simple", PLAIN, "fail"),
    (PLAIN, "relaxed", OBSOLETE, "pass"),
    (PLAIN, "simple", OBSOLETE, "fail"),
    (PLAIN.replace(b"From:", b"From :"), "relaxed", PLAIN.replace(b"From:", b"From :"), "pass"),
    (PLAIN.replace(b"From:", b"From :"), "simple", PLAIN.replace(b"From:", b"From :"), "pass"),
    (PLAIN, "relaxed", b"From : eve@example.org\r\n" + PLAIN, "fail"),
    (PLAIN, "relaxed", PLAIN.replace(b"To:", b"From : eve@example.org\r\nTo:"), "fail"),
]


@pytest.mark.parametrize(("signed", "form", "came", "result"), MOVED)
def test_white_space_before_the_colon_is_signed_as_the_form_says(
    signed: bytes, form: str, came: bytes, result: str
) -> None:
    field = written(signed, form, []).removesuffix(signed)
    assert only(field + came, world(s1=GOOD)).result == result


def test_a_subdomain_in_i_is_refused_where_the_key_says_so() -> None:
    signed = rsa_key().sign(PLAIN).replace(b"i=@example.com", b"i=@news.example.com")
    strict = only(signed, world(s1=GOOD.replace("p=", "t=s; p=")))
    assert strict.reason == "i= names news.example.com, and the key allows only example.com (t=s)"


def test_a_subdomain_in_i_may_be_written_as_people_read_it() -> None:
    """i= may hold UTF-8 (RFC 8616 §3); the key stands at the same name as A-labels."""
    apex = DomainName("xn--bcher-kva.example")
    key = RRset(
        DomainName(f"s1._domainkey.{apex}"), "TXT", 3600, frozenset({GOOD.replace("p=", "t=s; p=")})
    )
    resolver = ZoneResolver([zone_of(apex, [key])])
    for d, i, passes in [
        (apex, "@b\u00fccher.example", True),
        ("b\u00fccher.example", f"@{apex}", True),
        (apex, "@news.b\u00fccher.example", False),
    ]:
        result = only(written(PLAIN, "relaxed", [(b"i", i.encode())], d=d.encode()), resolver)
        assert (result.d, result.result) == (apex, "pass" if passes else "fail"), result.reason


def test_names_are_used_as_they_stand() -> None:
    """IDNA 2008 refuses this A-label, but DNS can hold it."""
    apex = DomainName("xn--ls8h.example")
    resolver = ZoneResolver(
        [
            zone_of(
                apex, [RRset(DomainName(f"s1._domainkey.{apex}"), "TXT", 3600, frozenset({GOOD}))]
            )
        ]
    )
    assert only(written(PLAIN, "relaxed", [], d=apex.encode()), resolver).result == "pass"


UNKNOWN_TAGS = [b"x b=AAAA", b"b=AAAA", b"b =", b"a\r\n\tb=AAAA b=BBBB"]


@pytest.mark.parametrize("value", UNKNOWN_TAGS)
@pytest.mark.parametrize("form", ["simple", "relaxed"])
def test_a_tag_that_nobody_knows_is_signed_as_it_stands(form: str, value: bytes) -> None:
    assert only(written(PLAIN, form, [(b"zz", value)]), world(s1=GOOD)).result == "pass"
