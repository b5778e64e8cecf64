"""MTA-STS records and policies: RFC 8461 §3.1 and §3.2 as tables, and what prints reads back."""

from __future__ import annotations

import contextlib

import pytest
from hypothesis import given
from hypothesis import strategies as st

from mailauth_dns.errors import RecordSyntaxError
from mailauth_dns.records import mta_sts
from mailauth_dns.records.mta_sts import Mode, Policy
from mailauth_dns.records.name import DomainName
from tests.records.strategies import mta_sts_policies, mta_sts_records, near_fields, near_policies

VALID = [
    ("v=STSv1; id=20260601T000000", "v=STSv1; id=20260601T000000"),
    ("v=STSv1;id=a;", "v=STSv1; id=a"),
    ("v=STSv1 \t; \t id=a \t", "v=STSv1; id=a"),
    ("v=STSv1; ext=1; id=a; x-y_z.1=<:>", "v=STSv1; id=a; ext=1; x-y_z.1=<:>"),
    ("v=STSv1; id=" + "9" * 32, "v=STSv1; id=" + "9" * 32),
    (
        "v=STSv1; id=a; id=b; x=1; x=2",
        "v=STSv1; id=a; x=1",
    ),  # RFC 8461 §3.2: of a repeated field the first counts
]
INVALID = [
    ("", "", "expected v=STSv1 first"),
    ("id=a", "id=a", "expected v=STSv1 first"),
    ("v=STSv2; id=a", "v=STSv2", "expected v=STSv1 first"),
    ("v=stsv1; id=a", "v=stsv1", "expected v=STSv1 first"),
    ("v = STSv1; id=a", "v = STSv1", "expected v=STSv1 first"),
    (" v=STSv1; id=a", " v=STSv1", "expected v=STSv1 first"),
    ("v=STSv1", "", "expected a field behind v=STSv1"),
    ("v=STSv1;", "", "expected a field behind v=STSv1"),
    ("v=STSv1; ext=1", "", "expected id="),
    ("v=STSv1; id=", "id=", "id has no value"),
    ("v=STSv1; id=2026-06-01", "2026-06-01", "1 to 32 letters and digits"),
    ("v=STSv1; id=" + "9" * 33, "9" * 33, "1 to 32 letters and digits"),
    ("v=STSv1; id= a", " a", "1 to 32 letters and digits"),
    ("v=STSv1; id =a", "id ", "a field's name holds"),
    ("v=STSv1; id", "id", "expected a field such as name=value"),
    ("v=STSv1; id=a;;", "", "expected a field such as name=value"),
    ("v=STSv1;; id=a", "", "expected a field such as name=value"),
    ("v=STSv1; id=a; x=b c", "b c", "printable ASCII without spaces"),
    ("v=STSv1; id=a; x=b=c", "b=c", "printable ASCII without spaces"),
    ("v=STSv1; id=a; " + "x" * 33 + "=1", "x" * 33, "a field's name holds"),
]


@pytest.mark.parametrize(("text", "printed"), VALID)
def test_parse_and_print(text: str, printed: str) -> None:
    record = mta_sts.parse(text)
    assert str(record) == printed
    assert mta_sts.parse(printed) == record


@pytest.mark.parametrize(("text", "fault", "expected"), INVALID)
def test_parse_refuses(text: str, fault: str, expected: str) -> None:
    with pytest.raises(RecordSyntaxError) as caught:
        mta_sts.parse(text)
    assert expected in caught.value.expected
    assert text[caught.value.start : caught.value.end] == fault


@given(mta_sts_records)
def test_text_round_trips(record: mta_sts.Record) -> None:
    """What we publish reads back as what we meant."""
    assert mta_sts.parse(str(record)) == record


@given(st.text() | near_fields)
def test_parse_raises_nothing_else(text: str) -> None:
    with contextlib.suppress(RecordSyntaxError):
        assert mta_sts.parse(str(mta_sts.parse(text))).meaning == mta_sts.parse(text).meaning


def test_owner_name() -> None:
    assert mta_sts.owner_name(DomainName("example.com")) == "_mta-sts.example.com"


MX, ANY = DomainName("mx.example.com"), DomainName("*.example.net")
POLICIES = [
    (
        "version: STSv1\nmode: enforce\nmx: mx.example.com\nmx: *.example.net\nmax_age: 604800\n",
        Policy(Mode.ENFORCE, (MX, ANY), 604800),
    ),
    (
        "version:STSv1\r\nmode:\ttesting \r\nmx: MX.Example.COM\t\r\nmax_age:0",
        Policy(Mode.TESTING, (MX,), 0),
    ),
    ("max_age: 31557600\nmode: none\nversion: STSv1\n", Policy(Mode.NONE, (), 31557600)),
    (
        "version: STSv1\nmode: none\nmax_age: 1\nx-1.y: caf\xe9  au lait\n",
        Policy(Mode.NONE, (), 1, (("x-1.y", "caf\xe9  au lait"),)),
    ),
    # RFC 8461 §3.2: of a repeated field other than mx the first counts
    (
        "version: STSv1\nmode: none\nmode: enforce\nmax_age: 1\nmax_age: 2\n",
        Policy(Mode.NONE, (), 1),
    ),
]
BROKEN_POLICIES = [
    ("", "", "expected a line such as mode: enforce"),
    ("# ours\nversion: STSv1\nmode: none\nmax_age: 1\n", "# ours", "expected a line such as"),
    ("version: STSv1\n\nmode: none\nmax_age: 1\n", "", "expected a line such as"),
    ("version: STSv1\r\nmode none\r\nmax_age: 1\r\n", "mode none", "expected a line such as"),
    ("version: STSv1\nmode: none\nmax_age: 1\nx:\n", "x:", "expected a line such as"),
    ("version : STSv1\nmode: none\nmax_age: 1\n", "version : STSv1", "expected a line such as"),
    ("version: STSv1\nmode: none\nmax_age: 1\nx: a\tb\n", "x: a\tb", "expected a line such as"),
    ("version: STSv2\nmode: none\nmax_age: 1\n", "STSv2", "expected STSv1"),
    ("mode: none\nmax_age: 1\n", "", "version is missing"),
    ("version: STSv1\nmax_age: 1\n", "", "mode is missing"),
    ("version: STSv1\nmode: none\n", "", "max_age is missing"),
    (
        "version: STSv1\nmode: Enforce\nmx: mx.example.com\nmax_age: 1\n",
        "Enforce",
        "expected enforce, testing or none",
    ),
    ("version: STSv1\nmode: testing\nmax_age: 1\n", "", "at least one mx"),
    ("version: STSv1\nmode: none\nmax_age: 31557601\n", "31557601", "seconds up to 31557600"),
    ("version: STSv1\nmode: none\nmax_age: 00000000001\n", "00000000001", "seconds up to 31557600"),
    ("version: STSv1\nmode: none\nmax_age: a week\n", "a week", "seconds up to 31557600"),
    (
        "version: STSv1\nmode: enforce\nmx: m\xf8x.example\nmax_age: 1\n",
        "m\xf8x.example",
        "stands in A-labels",
    ),
    ("version: STSv1\nmode: enforce\nmx: *\nmax_age: 1\n", "*", "expected a host name"),
    ("version: STSv1\nmode: enforce\nmx: mx*.example.com\nmax_age: 1\n", "mx*", "a label holds"),
    (
        "version: STSv1\nmode: enforce\nmx: a.*.example\nmax_age: 1\n",
        "a.*.example",
        "'*' can only be the first label",
    ),
    (
        "version: STSv1\nmode: enforce\nmx: mx_1.example.com\nmax_age: 1\n",
        "mx_1.example.com",
        "expected a host name",
    ),
    (
        "version: STSv1\rmode: none\rmax_age: 1\r",
        "version: STSv1\rmode: none\rmax_age: 1",
        "not CR alone",
    ),
    ("version: STSv1\nmode: none\rmax_age: 1\n", "mode: none\rmax_age: 1", "not CR alone"),
    (
        "\ufeffversion: STSv1\nmode: none\nmax_age: 1\n",
        "\ufeffversion: STSv1",
        "no byte order mark",
    ),
    (
        "\xef\xbb\xbfversion: STSv1\nmode: none\nmax_age: 1\n",
        "\xef\xbb\xbfversion: STSv1",
        "no byte order mark",
    ),
    ("v\0e\0r\0s\0", "v\0e\0r\0s\0", "there is a NUL in it"),
    (
        "version: STSv1\nmode: enforce\nmx: mx.example.com.\nmax_age: 1\n",
        ".",
        "no dot at their end",
    ),
    ("version: STSv1\nmode: enforce\nmx: 192.0.2.1\nmax_age: 1\n", "192.0.2.1", "not an address"),
    (
        "version: STSv1\nmode: enforce\nmx: 2001:db8::1\nmax_age: 1\n",
        "2001:db8::1",
        "not an address",
    ),
    (
        "version: STSv1\nmode: enforce\nmx: [192.0.2.1]\nmax_age: 1\n",
        "[192.0.2.1]",
        "not an address",
    ),
    (
        "version: STSv1\nmode: enforce\nmx: mx.example.com:25\nmax_age: 1\n",
        "mx.example.com:25",
        "without a port",
    ),
    (
        "version: STSv1\nmode: enforce\nmx: https://mx.example.com\nmax_age: 1\n",
        "https://mx.example.com",
        "not a URL",
    ),
    (
        "version: STSv1\nmode: enforce\nmx: mx-.example.com\nmax_age: 1\n",
        "mx-.example.com",
        "expected a host name",
    ),
]


@pytest.mark.parametrize(("text", "policy"), POLICIES)
def test_policies_are_read(text: str, policy: Policy) -> None:
    assert mta_sts.parse_policy(text) == policy
    assert mta_sts.parse_policy(str(policy)) == policy


@pytest.mark.parametrize(("text", "fault", "expected"), BROKEN_POLICIES)
def test_broken_policies_are_refused(text: str, fault: str, expected: str) -> None:
    with pytest.raises(RecordSyntaxError) as caught:
        mta_sts.parse_policy(text)
    assert expected in caught.value.expected
    assert text[caught.value.start : caught.value.end] == fault


@given(mta_sts_policies)
def test_policies_round_trip_with_either_line_end(policy: Policy) -> None:
    assert mta_sts.parse_policy(str(policy)) == policy
    assert mta_sts.parse_policy(str(policy).replace("\n", "\r\n")) == policy


@given(st.text() | near_policies)
def test_reading_a_policy_raises_nothing_else(text: str) -> None:
    with contextlib.suppress(RecordSyntaxError):
        assert mta_sts.parse_policy(str(mta_sts.parse_policy(text))) == mta_sts.parse_policy(text)


@given(mta_sts_policies, mta_sts_policies)
def test_an_id_changes_with_the_policy_and_tells_its_mode(one: Policy, other: Policy) -> None:
    ids = mta_sts.derived_id(one), mta_sts.derived_id(other)
    assert (ids[0] == ids[1]) is (one == other)
    assert mta_sts.parse(f"v=STSv1; id={ids[0]}").id == ids[0]
    assert mta_sts.mode_of(ids[0]) is one.mode


@pytest.mark.parametrize(
    "id", ["20260601", "enforce", "enforce20260601", "none" + "0" * 17, "strict" + "0" * 16]
)
def test_an_id_of_another_make_tells_no_mode(id: str) -> None:
    assert mta_sts.mode_of(id) is None
