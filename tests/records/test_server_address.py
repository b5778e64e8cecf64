"""What names a DNS server in a policy."""

import re

import pytest

from mailauth_dns.errors import RecordSyntaxError
from mailauth_dns.records.server_address import ServerAddress, parse

VALID = [
    ("192.0.2.1", ServerAddress("192.0.2.1")),
    ("127.0.0.1:5453", ServerAddress("127.0.0.1", 5453)),
    ("192.0.2.1:65535", ServerAddress("192.0.2.1", 65535)),
    ("[2001:db8::1]", ServerAddress("2001:db8::1")),
    ("[2001:db8::1]:53", ServerAddress("2001:db8::1")),
    ("[2001:DB8:0::1]:5353", ServerAddress("2001:db8::1", 5353)),
]

INVALID = [
    ("ns1.example.com", "not a name", "ns1.example.com"),
    ("ns1.example.com:53", "not a name", "ns1.example.com"),
    ("[ns1.example.com]:53", "not a name", "ns1.example.com"),
    ("", "expected the address of a DNS server", ""),
    ("192.0.2.256", "expected the address of a DNS server", "192.0.2.256"),
    ("192.0.2.010", "expected the address of a DNS server", "192.0.2.010"),
    ("192.0.2.1/32", "expected the address of a DNS server", "192.0.2.1/32"),
    ("[192.0.2.1]:53", "expected the address of a DNS server", "192.0.2.1"),
    ("192.0.2.1:", "a port from 1 to 65535", ""),
    ("192.0.2.1:0", "a port from 1 to 65535", "0"),
    ("192.0.2.1:65536", "a port from 1 to 65535", "65536"),
    ("192.0.2.1:5_3", "a port from 1 to 65535", "5_3"),
    ("192.0.2.1:٥٣", "a port from 1 to 65535", "٥٣"),
    ("192.0.2.1:53:53", "a port from 1 to 65535", "53:53"),
    ("2001:db8::1", "stands in brackets: '[2001:db8::1]'", "2001:db8::1"),
    ("2001:db8::1:53", "stands in brackets", "2001:db8::1:53"),
    ("::%{i\0", "stands in brackets: '[::%{i\\000]'", "::%{i\0"),  # a scope may hold anything
    ("[2001:db8::1]53", "expected the address of a DNS server", "[2001"),
    ("[2001:db8::1", "expected the address of a DNS server", "[2001"),
]


@pytest.mark.parametrize(("text", "expected"), VALID)
def test_an_address_with_or_without_a_port(text: str, expected: ServerAddress) -> None:
    assert parse(text) == expected
    assert parse(str(expected)) == expected


@pytest.mark.parametrize(("text", "message", "at_fault"), INVALID)
def test_refuses(text: str, message: str, at_fault: str) -> None:
    with pytest.raises(RecordSyntaxError, match=re.escape(message)) as caught:
        parse(text)
    assert text[caught.value.start : caught.value.end] == at_fault


def test_text_names_the_server_and_its_address() -> None:
    assert (
        str(ServerAddress("192.0.2.53", name="ns1.example.net"))
        == "ns1.example.net (192.0.2.53:53)"
    )
    assert str(ServerAddress("2001:db8::1", 5353)) == "[2001:db8::1]:5353"
