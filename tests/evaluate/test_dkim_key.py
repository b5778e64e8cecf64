"""A signature passes only where DNS has a key that verifiers may use."""

from __future__ import annotations

import base64

import pytest
from cryptography.hazmat.primitives.asymmetric import rsa
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat

from mailauth_dns.evaluate.dkim_key import DkimCheck, DkimResult, claimed, overall
from mailauth_dns.records.name import DomainName
from tests.evaluate.zones import Recorded

COM = DomainName("example.com")


def rsa_key(bits: int) -> str:
    der = (
        rsa.generate_private_key(65537, bits)
        .public_key()
        .public_bytes(Encoding.DER, PublicFormat.SubjectPublicKeyInfo)
    )
    return base64.b64encode(der).decode()


def odd_key(bits: int, exponent_bits: int) -> str:
    """Return a bare RSAPublicKey of these sizes; nobody made it from primes."""
    numbers = ((1 << (bits - 1)) + 1, (1 << (exponent_bits - 1)) + 1)
    parts = b"".join(_der(2, number.to_bytes(number.bit_length() // 8 + 1)) for number in numbers)
    return base64.b64encode(_der(0x30, parts)).decode()


def _der(tag: int, content: bytes) -> bytes:
    return bytes([tag, 0x82]) + len(content).to_bytes(2) + content


RSA = rsa_key(1024)
ED25519 = base64.b64encode(bytes(32)).decode()

GOOD = [
    f"v=DKIM1; k=rsa; p={RSA}",
    f"p={RSA}",
    f"v=DKIM1; k=ed25519; p={ED25519}",
    f"v=DKIM1; h=sha1:sha256; s=tlsrpt:email; t=y:s; x=1; p={RSA}",
    f"v=DKIM1; s=*; p={RSA[:50]} {RSA[50:]}",
    f"v=DKIM1; p={RSA};",
    f"v=DKIM1; p={RSA} ; ",
    f"v=DKIM1; p={odd_key(16384, 64)}",
    f"v=DKIM1; p={odd_key(3072, 3000)}",
]

# TXT values, why a signature by it fails
BAD = [
    ([], "no key at s1._domainkey.example.com"),
    (["v=DKIM1; p="], "is revoked"),
    (["v=DKIM1; k=rsa"], "is broken: expected p="),
    (["v=spf1 -all"], "is broken"),
    ([f"v=DKIM2; p={RSA}"], "is broken: expected v=DKIM1"),
    ([f"v=DKIM1; p={RSA[:-8]}"], "is not an RSA key"),
    ([f"v=DKIM1; k=rsa; p={ED25519}"], "is not an RSA key"),
    ([f"v=DKIM1; p={rsa_key(1024)}", f"v=DKIM1; p={RSA}"], "has 2 TXT records"),
    ([f"v=DKIM1; k=ed25519; p={RSA}"], "octets instead of 32"),
    ([f"v=DKIM1; k=dsa; p={RSA}"], "k=dsa"),
    ([f"v=DKIM1; h=sha1; p={RSA}"], "but verifiers use sha256"),
    ([f"v=DKIM1; s=tlsrpt; p={RSA}"], "is not for mail"),
    # OpenDKIM and dkimpy refuse these too
    ([f"v=DKIM1;; p={RSA}"], "is broken: a semicolon has no tag before it"),
    ([f"v=DKIM1; ; p={RSA}"], "is broken: a semicolon has no tag before it"),
    ([f"; v=DKIM1; p={RSA}"], "is broken: a semicolon has no tag before it"),
    ([f"v=DKIM1; p={RSA};;"], "is broken: a semicolon has no tag before it"),
    ([f"v=DKIM1; p={RSA}; ; "], "is broken: a semicolon has no tag before it"),
    # 1000 bits: the modulus of a real key, cut
    (
        [
            "v=DKIM1; p="
            + base64.b64encode(
                bytes.fromhex("308183027e") + b"\x7f" + b"\xff" * 125 + b"\x02\x01\x03"
            ).decode()
        ],
        "verifiers accept none under 1024",
    ),
    # What keeps a verifier busy for minutes
    ([f"v=DKIM1; p={odd_key(16385, 17)}"], "has 16385 bits; verifiers accept none over 16384"),
    (
        [f"v=DKIM1; p={odd_key(16384, 16384)}"],
        "has an exponent of 16384 bits; verifiers accept 64 beside a modulus of 16384",
    ),
    ([f"v=DKIM1; p={odd_key(3073, 65)}"], "has an exponent of 65 bits"),
]


@pytest.mark.parametrize("text", GOOD, ids=range(len(GOOD)))
def test_a_good_key(text: str) -> None:
    resolver = Recorded({"s1._domainkey.example.com TXT": text})
    assert claimed(COM, "s1", resolver) == DkimCheck(COM, "s1", DkimResult.PASS)
    assert claimed(COM, "S1", resolver) == DkimCheck(COM, "S1", DkimResult.PASS)


def test_a_delegated_selector() -> None:
    resolver = Recorded(
        {"s1._domainkey.example.com CNAME": "s1.sender.example.", "s1.sender.example TXT": GOOD[0]}
    )
    assert claimed(COM, "s1", resolver).result is DkimResult.PASS


@pytest.mark.parametrize(("texts", "reason"), BAD)
def test_a_key_that_verifies_nothing(texts: list[str], reason: str) -> None:
    result = claimed(COM, "s1", Recorded({"s1._domainkey.example.com TXT": texts} if texts else {}))
    assert result.result is DkimResult.FAIL
    assert reason in str(result.reason)


def test_a_key_that_cannot_be_asked_for() -> None:
    name = "s1._domainkey.example.com"
    assert claimed(COM, "s1", Recorded({}, [name])) == DkimCheck(
        COM, "s1", DkimResult.TEMPERROR, f"{name} TXT: SERVFAIL"
    )
    assert (
        claimed(DomainName(".".join(["x" * 60] * 4)), "s1", Recorded({})).result is DkimResult.FAIL
    )


def test_a_wildcard_revokes_what_does_not_exist() -> None:
    resolver = Recorded(
        {"*._domainkey.example.com TXT": "v=DKIM1; p=", "s1._domainkey.example.com TXT": GOOD[0]}
    )
    assert claimed(COM, "s1", resolver).result is DkimResult.PASS
    assert "revoked" in str(claimed(COM, "s2", resolver).reason)


@pytest.mark.parametrize(
    ("results", "best"),
    [
        ([], DkimResult.NONE),
        ([DkimResult.FAIL], DkimResult.FAIL),
        ([DkimResult.FAIL, DkimResult.TEMPERROR], DkimResult.TEMPERROR),
        ([DkimResult.TEMPERROR, DkimResult.FAIL, DkimResult.PASS], DkimResult.PASS),
    ],
)
def test_one_good_signature_is_enough(results: list[DkimResult], best: DkimResult) -> None:
    assert overall(tuple(DkimCheck(COM, "s1", result) for result in results)) is best
