"""Each mistake in a value is recognised as itself, and a value without one is never called damaged."""

from __future__ import annotations

import re
from base64 import b64encode
from collections.abc import Callable

import pytest
from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric import ed25519, rsa
from hypothesis import given
from hypothesis import strategies as st

from mailauth_dns.diff import value_mistakes
from mailauth_dns.diff.equivalence import meaning
from mailauth_dns.records.family import Family
from mailauth_dns.records.zone import strings

SPF = "v=spf1 ip4:192.0.2.0/24 include:_spf.example.net -all"
DMARC = "v=DMARC1; p=none; rua=mailto:d@example.com"
LONG = "v=DKIM1; k=rsa; p=" + b64encode(bytes(range(256)) + bytes(range(40))).decode()
KEY = "v=DKIM1; k=ed25519; p=11qYAYKxCrfVS/7TyWQHOg7hcvPapiMlrwIaaPcHUR+="
PARTS = strings(LONG)


def octets(text: str) -> str:
    """Return a text as DNS holds it."""
    return text.encode().decode("latin-1")


CASES: list[tuple[Family, str, str, tuple[str, ...]]] = [
    (Family.SPF, SPF, f'"{SPF}"', ("quotes",)),
    (Family.SPF, SPF, f'"{SPF[:20]}" "{SPF[20:]}"', ("quotes",)),
    (Family.SPF, SPF, f"'{SPF}'", ("quotes",)),
    (Family.DKIM, LONG, f'"{PARTS[0]}" "{PARTS[1]}"', ("quotes",)),
    (Family.SPF, SPF, octets(f"“{SPF}”"), ("typographic quotes",)),
    (Family.SPF, SPF, f"\x93{SPF}\x94", ("typographic quotes",)),
    (Family.DMARC, DMARC, DMARC.replace(";", "\\;"), ("backslashes",)),
    (Family.DMARC, DMARC, DMARC.replace("; ", "\\; "), ("backslashes",)),
    (Family.DMARC, DMARC, f'"{DMARC}"'.replace(";", "\\;"), ("quotes", "backslashes")),
    (Family.DMARC, DMARC, DMARC.replace("; ", ";\\n"), ("line breaks",)),
    (Family.SPF, SPF, SPF.replace(" -", "\r\n-"), ("line breaks",)),
    (Family.DKIM, KEY, KEY[:40] + "\\n" + KEY[40:], ("line breaks",)),
    (Family.DMARC, DMARC, DMARC.replace(";", "&#59;"), ("HTML",)),
    (Family.SPF, SPF, f"&quot;{SPF}&quot;", ("HTML", "quotes")),
    (Family.SPF, SPF, octets(SPF.replace("-all", "–all")), ("dashes",)),
    (Family.SPF, SPF, SPF.replace("-all", "\x96all"), ("dashes",)),
    (Family.SPF, SPF, octets(SPF.replace(" ", "\u00a0", 1)), ("invisible characters",)),
    (Family.SPF, SPF, octets(f"\ufeff{SPF}"), ("invisible characters",)),
    (Family.DMARC, DMARC, octets(f"{DMARC}\u200b"), ("invisible characters",)),
    (Family.DMARC, DMARC, octets(DMARC.replace("p=none", "р=none")), ("foreign letters",)),
    (Family.SPF, SPF, octets(SPF.replace("s", "ѕ", 1)), ("foreign letters",)),
    (Family.DMARC, DMARC, DMARC.replace("mailto:", "http://"), ("addresses as links",)),
    (Family.DMARC, DMARC, DMARC.replace("mailto:", "https://mailto:"), ("addresses as links",)),
    (Family.DMARC, DMARC, DMARC.replace("mailto:", ""), ("addresses as links",)),
    (
        Family.DMARC,
        DMARC,
        DMARC.replace("d@example.com", '<a href="mailto:d@example.com">d@example.com</a>'),
        ("addresses as links",),
    ),
    (Family.DMARC, DMARC, f"_dmarc IN TXT {DMARC}", ("more than the value",)),
    (Family.SPF, SPF, f"Value: {SPF}", ("more than the value",)),
    (Family.SPF, SPF, f'@ TXT "{SPF}"', ("quotes", "more than the value")),
    (Family.SPF, SPF, f"{SPF}.", ("dot at the end",)),
    (Family.SPF, SPF, f"{SPF}.example.com", ("zone in the value",)),
    (Family.SPF, SPF, f"{SPF}.example.com.", ("zone in the value",)),
    (Family.SPF, SPF, f"{SPF}{SPF}", ("twice in one",)),
    (Family.DKIM, KEY, f"{KEY} {KEY}", ("twice in one",)),
    (Family.DKIM, LONG, LONG[:255], ("cut",)),
    (Family.DKIM, LONG, LONG[:-30], ("cut",)),
    (Family.DKIM, LONG, PARTS[1], ("string lost",)),
    (Family.DKIM, LONG, PARTS[1] + PARTS[0], ("strings in wrong order",)),
    (Family.SPF, SPF, f"{SPF[:40]} {SPF[40:]}", ("spaces",)),
    (Family.SPF, SPF, SPF.replace(" -all", "-all"), ("spaces",)),
    (Family.DMARC, DMARC, f" {DMARC}", ("spaces",)),
    (Family.DKIM, KEY, KEY.replace("+", " "), ("plus signs lost",)),
    (Family.DKIM, KEY, KEY.lower(), ("letter case",)),
    (
        Family.DKIM,
        KEY,
        KEY.replace("p=", "p=-----BEGIN PUBLIC KEY-----") + "-----END PUBLIC KEY-----",
        ("frame of the key file",),
    ),
    (Family.DMARC, DMARC, DMARC.replace(";", ""), ("semicolons",)),
    (Family.DMARC, DMARC, DMARC.replace(";", ","), ("semicolons",)),
    # Another value is no damaged one.
    (Family.SPF, SPF, "v=spf1 -all", ()),
    (Family.SPF, SPF, SPF.replace("-all", "~all"), ()),
    (Family.SPF, SPF, SPF, ()),
    (Family.SPF, SPF, SPF.upper().replace("V=SPF1", "v=spf1"), ()),
    (Family.SPF, SPF, "token", ()),
    (Family.SPF, SPF, '"token"', ()),
    (Family.DMARC, DMARC, DMARC + ";", ()),
    # Verifiers ignore white space in the key (RFC 6376 §3.6.1).
    (Family.DKIM, KEY, f"{KEY[:30]} {KEY[30:]}", ()),
    (Family.DKIM, LONG, " ".join(PARTS), ()),
]


@pytest.mark.parametrize(("kind", "wanted", "there", "said"), CASES)
def test_a_mistake_is_recognised_as_itself(
    kind: Family, wanted: str, there: str, said: tuple[str, ...]
) -> None:
    found = value_mistakes.mistakes(kind, wanted, there)
    assert tuple(each.id for each in found) == said


def test_every_mistake_of_the_table_has_a_case() -> None:
    said = {id for *_, ids in CASES for id in ids}
    assert said == {row.mistake.id for row in value_mistakes._ROWS}


def _private_keys() -> list[str]:
    found = []
    for key in (rsa.generate_private_key(65537, 2048), ed25519.Ed25519PrivateKey.generate()):
        for encoding in (serialization.Encoding.PEM, serialization.Encoding.DER):
            octets = key.private_bytes(
                encoding, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
            )
            pem = encoding is serialization.Encoding.PEM
            found.append(octets.decode() if pem else b64encode(octets).decode())
    return found


def test_a_private_key_is_named_as_such() -> None:
    for private, there in (
        (key, there)
        for key in _private_keys()
        for there in (f"v=DKIM1; k=rsa; p={key}", "".join(key.split("\n")))
    ):
        [found] = value_mistakes.mistakes(Family.DKIM, KEY, there)
        assert found.id == "private key"
        assert private[30:60] not in "".join((found.seen, found.meaning, found.remedy))


def test_the_words_of_a_mistake_stand_in_a_sentence() -> None:
    for row in value_mistakes._ROWS:
        for words in (row.mistake.seen, row.mistake.meaning, row.mistake.remedy):
            assert not re.search(r"[.:]\Z|\n", words)


hosts = st.from_regex(r"[a-z]{3,9}\.example", fullmatch=True)
spf = st.builds(
    lambda terms, end: f"v=spf1 {' '.join(terms)} {end}all",
    st.lists(
        hosts.map(lambda host: f"include:{host}")
        | st.ip_addresses(v=4).map(lambda ip: f"ip4:{ip}"),
        min_size=1,
        max_size=12,
        unique=True,
    ),
    st.sampled_from("-~?"),
)
dmarc = st.builds(
    lambda p, host: f"v=DMARC1; p={p}; rua=mailto:dmarc@{host}",
    st.sampled_from(["none", "quarantine", "reject"]),
    hosts,
)
dkim = st.binary(min_size=140, max_size=300).map(
    lambda octets: f"v=DKIM1; k=rsa; p={b64encode(octets).decode()}"
)
records = (
    st.tuples(st.just(Family.SPF), spf, spf)
    | st.tuples(st.just(Family.DMARC), dmarc, dmarc)
    | st.tuples(st.just(Family.DKIM), dkim, dkim)
)


@given(records)
def test_another_record_is_never_called_damaged(found: tuple[Family, str, str]) -> None:
    kind, wanted, other = found
    assert value_mistakes.mistakes(kind, wanted, wanted) == ()
    assert value_mistakes.mistakes(kind, wanted, wanted + ";" * (kind is not Family.SPF)) == ()
    assert value_mistakes.mistakes(kind, wanted, other) == ()


DAMAGE: dict[str, Callable[[str], str]] = {
    "quotes": lambda text: f'"{text}"',
    "typographic quotes": lambda text: octets(f"„{text}“"),
    "backslashes": lambda text: text.replace(";", "\\;").replace(" ", "\\ ", 1),
    "dot at the end": lambda text: f"{text}.",
    "zone in the value": lambda text: f"{text}.example.com",
    "twice in one": lambda text: f"{text} {text}",
    "invisible characters": lambda text: octets(f"\u200b{text}"),
    "more than the value": lambda text: f"IN TXT {text}",
    "HTML": lambda text: text.replace("=", "&#61;", 1),
}


@pytest.mark.parametrize("id", DAMAGE)
@given(records)
def test_a_damaged_record_is_named_as_its_own_damage(
    id: str, found: tuple[Family, str, str]
) -> None:
    kind, wanted, _ = found
    damaged = DAMAGE[id](wanted)
    assert meaning(kind, "TXT", damaged) != meaning(kind, "TXT", wanted)
    assert [each.id for each in value_mistakes.mistakes(kind, wanted, damaged)] == [id]


@given(st.binary(min_size=200, max_size=400), st.integers(0, 200))
def test_what_is_cut_is_called_cut(octets: bytes, by: int) -> None:
    wanted = f"v=DKIM1; k=rsa; p={b64encode(octets).decode()}"
    length = max(len(wanted) - 1 - by, 120)
    [found] = value_mistakes.mistakes(Family.DKIM, wanted, wanted[:length])
    assert found.id == "cut" or wanted[length:].strip("=") == ""
