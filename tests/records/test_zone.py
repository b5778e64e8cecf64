"""Names, TXT values and families, on which everything else is built."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st
from octodns.idna import IdnaError, idna_decode, idna_encode

from mailauth_dns.errors import RecordSyntaxError
from mailauth_dns.records.family import Family, family
from mailauth_dns.records.name import DomainName, ancestors, domain_name, publishable_name
from mailauth_dns.records.zone import quoted, strings, unquoted

octets = st.text(st.characters(min_codepoint=0, max_codepoint=255), max_size=600)


@given(octets)
def test_txt_octets_survive_a_master_file(value: str) -> None:
    assert unquoted(quoted(value)) == value
    assert quoted(value).isascii()
    assert quoted(value).isprintable()


@given(octets)
def test_strings_are_at_most_255_octets_and_join_again(value: str) -> None:
    assert "".join(strings(value)) == value
    assert all(len(string) <= 255 for string in strings(value))


UNQUOTED = [
    ('"a" "b"', "ab"),
    ("a b", "ab"),
    ('""', ""),
    ("", ""),
    (r'"a\"b"', 'a"b'),
    (r'"a\\b"', "a\\b"),
    (r'"\065\255"', "A\xff"),
    (r'"a\;b"', "a;b"),
    (r"a\ b", "a b"),
    ('"a"b', "ab"),
]


@pytest.mark.parametrize(("text", "value"), UNQUOTED)
def test_unquoted(text: str, value: str) -> None:
    assert unquoted(text) == value


@pytest.mark.parametrize("text", ['"a', '"a\\', r'"\256"', r'"\1"', "\\"])
def test_what_no_master_file_holds_is_refused(text: str) -> None:
    with pytest.raises(RecordSyntaxError):
        unquoted(text)


NAMES = [
    ("example.com", "example.com"),
    ("Example.COM.", "example.com"),
    ("_dmarc.example.com", "_dmarc.example.com"),
    ("*.example.com", "*.example.com"),
    ("faß.example", "xn--fa-hia.example"),  # IDNA 2008; Python's own codec says fass.example
    ("BÜCHER.example", "xn--bcher-kva.example"),
    ("xn--ls8h.example", "xn--ls8h.example"),  # IDNA 2008 refuses it, DNS has it
    ("xn--a.example", "xn--a.example"),
    ("a" * 63 + ".example", "a" * 63 + ".example"),
    (".".join(["a" * 49] * 5) + ".abc", ".".join(["a" * 49] * 5) + ".abc"),  # 253 octets
]
BAD_NAMES = [
    ("", "expected a domain name"),
    (".", "expected a domain name"),
    (".example", "expected a label before the dot"),
    ("a..example", "expected a label before the dot"),
    ("a b.example", "a label holds letters, digits, '-' and '_'"),
    ("a;b.example", "a label holds letters, digits, '-' and '_'"),
    ("a.*.example", "'*' can only be the first label"),
    ("a*.example", "a label holds letters, digits, '-' and '_'"),
    ("a" * 64 + ".example", "a label has at most 63 octets, this one has 64"),
    (".".join(["a" * 49] * 5) + ".abcd", "a name has at most 253 octets, this one has 254"),
    ("\u2019.example", "not an internationalised label"),
    ("-ü-.example", "not an internationalised label"),
]


@pytest.mark.parametrize(("text", "name"), NAMES)
def test_names_have_one_spelling(text: str, name: str) -> None:
    assert domain_name(text) == name


@pytest.mark.parametrize(("text", "expected"), BAD_NAMES)
def test_what_is_no_name_is_refused(text: str, expected: str) -> None:
    with pytest.raises(RecordSyntaxError) as caught:
        domain_name(text)
    assert expected in caught.value.expected


def test_octodns_takes_no_records_below_every_a_label() -> None:
    assert publishable_name("Xn--Bcher-Kva.example.") == "xn--bcher-kva.example"
    for text in ("xn--ls8h.example", "a.xn--a.example"):
        with pytest.raises(IdnaError):
            idna_decode(text)
        with pytest.raises(
            RecordSyntaxError,
            match="not an internationalised label, and octoDNS takes no records below one",
        ):
            publishable_name(text)


@given(
    st.lists(st.text("abcäöüßñ漢字é-_0Z", min_size=1, max_size=8), min_size=1, max_size=3).map(
        ".".join
    )
)
def test_names_are_spelled_as_octodns_does(text: str) -> None:
    try:
        name = domain_name(text)
    except RecordSyntaxError:
        return
    try:
        assert name == idna_encode(text)
    except IdnaError:
        pytest.fail(f"octoDNS refuses {text!r}")


def test_ancestors() -> None:
    assert ancestors(DomainName("a.b.example.com"), DomainName("example.com")) == ("b.example.com",)
    assert ancestors(DomainName("example.com"), DomainName("example.com")) == ()


FAMILIES = [
    ("example.com", "TXT", "v=spf1", Family.SPF),
    ("example.com", "TXT", "V=SPF1 -all", Family.SPF),
    ("sub.example.com", "TXT", "v=spf1 -all", Family.SPF),
    ("example.com", "TXT", "v=spf10 -all", None),
    ("example.com", "TXT", "v=spf1;", None),
    ("example.com", "TXT", " v=spf1 -all", None),
    ("example.com", "TXT", "google-site-verification=v=spf1", None),
    ("_dmarc.example.com", "TXT", "v=DMARC1; p=none", Family.DMARC),
    ("_dmarc.example.com", "TXT", "v = dmarc1 ; p=none", Family.DMARC),
    ("_dmarc.example.com", "TXT", "v=DMARC1", Family.DMARC),
    ("_dmarc.example.com", "TXT", "v=DMARC11", None),
    ("_dmarc.example.com", "TXT", "token", None),
    ("example.com", "TXT", "v=DMARC1; p=none", None),
    ("_dmarc.example.com", "CNAME", "x.example.", None),
    ("s1._domainkey.example.com", "TXT", "whatever", Family.DKIM),
    ("s1._domainkey.example.com", "CNAME", "x.example.", Family.DKIM),
    ("*._domainkey.example.com", "TXT", "v=DKIM1; p=", Family.DKIM),
    ("_domainkey.example.com", "TXT", "o=~", None),
    ("s1._domainkey.example.com", "A", "192.0.2.1", None),
    ("example.com", "MX", "0 .", Family.NULL_MX),
    ("example.com", "MX", "10 mx.example.", None),
    ("example.com", "MX", "10 .", None),
]


@pytest.mark.parametrize(("name", "type", "value", "expected"), FAMILIES)
def test_family(name: str, type: str, value: str, expected: Family | None) -> None:
    assert family(DomainName(name), type, value) is expected
