"""RSA keys in DER: their size, and what is none."""

from __future__ import annotations

import pytest
from cryptography.hazmat.primitives.asymmetric import ec, rsa
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat
from hypothesis import given
from hypothesis import strategies as st

from mailauth_dns.records.rsa_key import (
    is_bare,
    modulus_bits,
    public_numbers,
    subject_public_key_info,
)

KEYS = {bits: rsa.generate_private_key(65537, bits).public_key() for bits in (1024, 2048, 3072)}
SPKI = KEYS[1024].public_bytes(Encoding.DER, PublicFormat.SubjectPublicKeyInfo)


@pytest.mark.parametrize("bits", KEYS)
@pytest.mark.parametrize("format", [PublicFormat.SubjectPublicKeyInfo, PublicFormat.PKCS1])
def test_size(bits: int, format: PublicFormat) -> None:
    assert modulus_bits(KEYS[bits].public_bytes(Encoding.DER, format)) == bits


@pytest.mark.parametrize("bits", KEYS)
def test_a_bare_key_is_wrapped_as_openssl_does_it(bits: int) -> None:
    bare, whole = (
        KEYS[bits].public_bytes(Encoding.DER, format)
        for format in (PublicFormat.PKCS1, PublicFormat.SubjectPublicKeyInfo)
    )
    assert subject_public_key_info(bare) == whole
    assert (is_bare(bare), is_bare(whole)) == (True, False)
    assert (
        public_numbers(bare)
        == public_numbers(whole)
        == (KEYS[bits].public_numbers().n, KEYS[bits].public_numbers().e)
    )


# A bare key of modulus 15 and exponent 3, and what can be wrong with it
BROKEN = [
    b"",
    bytes.fromhex("30"),
    bytes.fromhex("3006020110020103"),  # an even modulus
    bytes.fromhex("300602010f020102"),  # an even exponent
    bytes.fromhex("300602010f020101"),  # an exponent that encrypts nothing
    bytes.fromhex("30060201f1020103"),  # a negative modulus
    bytes.fromhex("300602010f02010300"),  # something behind it
    bytes.fromhex("300902010f020103020101"),  # a third number
    bytes.fromhex("3080 02010f 020103 0000"),  # an open length
    bytes.fromhex("3082"),
    bytes.fromhex("310602010f020103"),
    SPKI[:-1],
    SPKI.replace(bytes.fromhex("2a864886f70d010101"), bytes.fromhex("2a864886f70d01010a")),
    ec.generate_private_key(ec.SECP256R1())
    .public_key()
    .public_bytes(Encoding.DER, PublicFormat.SubjectPublicKeyInfo),
]


def test_a_small_one() -> None:
    assert modulus_bits(bytes.fromhex("300602010f020103")) == 4


@pytest.mark.parametrize("der", BROKEN, ids=range(len(BROKEN)))
def test_what_is_no_rsa_key(der: bytes) -> None:
    assert modulus_bits(der) is None


@given(
    st.binary(max_size=60)
    | st.builds(
        lambda at, octet: SPKI[:at] + octet + SPKI[at + 1 :],
        st.integers(0, len(SPKI)),
        st.binary(max_size=2),
    )
)
def test_any_octets_are_a_size_or_none(der: bytes) -> None:
    size = modulus_bits(der)
    assert size is None or size > 0
