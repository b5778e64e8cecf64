"""OpenDKIM and we say the same of a message's signatures; it has the keys from a file."""

from __future__ import annotations

import random
import re
import shutil
import subprocess
from collections.abc import Mapping, Sequence
from pathlib import Path

import dkim
import pytest

from mailauth_dns.evaluate.dkim_verification import verified
from mailauth_dns.evaluate.message_file import read
from mailauth_dns.evaluate.resolver import ZoneResolver
from mailauth_dns.records.name import DomainName
from mailauth_dns.records.zone import RRset, zone_of
from tests.conftest import need
from tests.evaluate.messages import PLAIN, rsa_key, written

SIGNED = rsa_key().sign(PLAIN)
OTHER = rsa_key().sign(PLAIN, selector="old")  # a signature below the one that is looked at
KEYS = {
    "s1": rsa_key().record,
    "strict": rsa_key().record.replace("p=", "t=s; p="),
    "old": rsa_key().record,
}
FIELDS = {
    "example.com": KEYS,
    "xn--bcher-kva.example": {"strict": KEYS["strict"]},
    "xn--ls8h.example": {"s1": KEYS["s1"]},
}


@pytest.fixture(autouse=True)
def _installed() -> None:
    need(
        None
        if shutil.which("opendkim") or Path("/usr/sbin/opendkim").exists()
        else "not installed: opendkim (script/servers gets it)"
    )


def opendkim(folder: Path, messages: Sequence[bytes]) -> list[bool]:
    """Return whether OpenDKIM verifies each message's topmost signature."""
    keys = folder / "keys"
    keys.write_text(
        "".join(
            f"{s}._domainkey.{d} {record}\n"
            for d, selectors in FIELDS.items()
            for s, record in selectors.items()
        )
    )
    configuration = folder / "opendkim.conf"
    configuration.write_text(f"Mode v\nTestPublicKeys {keys}\nMaximumSignaturesToVerify 1\n")
    files = [folder / f"{number}.eml" for number in range(len(messages))]
    for file, octets in zip(files, messages, strict=True):
        file.write_bytes(octets)
    program = shutil.which("opendkim") or "/usr/sbin/opendkim"
    command = [program, "-x", str(configuration), "-t", ",".join(map(str, files))]
    done = subprocess.run(command, capture_output=True, text=True, check=False, timeout=120)
    verdicts = re.findall(r"/(\d+)\.eml: verification .*? (succeeded|failed)", done.stdout)
    said = {int(number): verdict for number, verdict in verdicts}
    assert len(verdicts) == len(said), done.stdout  # one verdict a file, and no more
    assert set(said) == set(range(len(messages))), done.stdout + done.stderr
    return [said[number] == "succeeded" for number in range(len(messages))]


def ours(octets: bytes) -> bool:
    zones = [
        zone_of(
            DomainName(d),
            (
                RRset(DomainName(f"{s}._domainkey.{d}"), "TXT", 300, frozenset({text}))
                for s, text in selectors.items()
            ),
        )
        for d, selectors in FIELDS.items()
    ]
    return verified(read(octets), ZoneResolver(zones))[0].result == "pass"


def spaced(octets: bytes) -> bytes:
    """Return a message with white space around the unsigned value of b= (RFC 6376 §3.7)."""
    return re.sub(
        rb" b=([A-Za-z0-9+/=]{40})([A-Za-z0-9+/=]+)", rb" b= \1\r\n\t\2 ", octets, count=1
    )


ROWS: Mapping[str, tuple[bytes, bool]] = {
    "as it was signed": (SIGNED, True),
    "a body that was changed": (SIGNED + b"more\r\n", False),
    "an unknown tag that holds b=": (written(PLAIN, "relaxed", [(b"zz", b"x b=AAAA")]), True),
    "an unknown tag that holds b= and no more": (
        written(PLAIN, "simple", [(b"zz", b"b=AAAA")]),
        True,
    ),
    "a tag's name with a hyphen": (written(PLAIN, "relaxed", [(b"x-b", b"1")]), False),
    "h= names dkim-signature once more than there are": (
        written(PLAIN, "relaxed", [], h=b"From:Subject:DKIM-Signature"),
        False,
    ),
    "h= names the signature below": (
        written(OTHER, "relaxed", [], h=b"From:Subject:DKIM-Signature"),
        True,
    ),
    "h= names the signature below and one more": (
        written(OTHER, "relaxed", [], h=b"From:Subject:DKIM-Signature:DKIM-Signature"),
        False,
    ),
    "the signature below was taken away": (
        written(OTHER, "relaxed", [], h=b"From:Subject:DKIM-Signature").replace(OTHER, PLAIN),
        False,
    ),
    "h= names a field that is not there": (
        written(PLAIN, "simple", [], h=b"From:Subject:X-Not:Subject"),
        True,
    ),
    "a key for the domain alone, and i= below it": (
        written(PLAIN, "relaxed", [(b"i", b"@news.example.com")], s=b"strict"),
        False,
    ),
    "a key for the domain alone, and i= as U-label": (
        written(
            PLAIN,
            "relaxed",
            [(b"i", b"@xn--bcher-kva.example")],
            d=b"xn--bcher-kva.example",
            s=b"strict",
        ),
        True,
    ),
    "a= and c= in capitals": (written(PLAIN, "Relaxed/Simple", [], a=b"RSA-SHA256"), True),
    "an A-label that IDNA 2008 refuses": (
        written(PLAIN, "relaxed", [], d=b"xn--ls8h.example"),
        True,
    ),
    "white space around the value of b=": (
        spaced(written(PLAIN, "relaxed", [], after=b"; zz=1")),
        True,
    ),
    "white space around the value of b=, simple": (
        spaced(written(PLAIN, "simple", [], after=b"; zz=1")),
        True,
    ),
}


def test_opendkim_agrees_with_the_table(tmp_path: Path) -> None:
    said = opendkim(tmp_path, [octets for octets, _ in ROWS.values()])
    assert dict(zip(ROWS, said, strict=True)) == {case: good for case, (_, good) in ROWS.items()}
    assert {case: ours(octets) for case, (octets, _) in ROWS.items()} == {
        case: good for case, (_, good) in ROWS.items()
    }


PIECES = [b"a", b" ", b"\t", b"  x ", b"b=", b";", b"\r\n ", b"\r\n\t ", b"=", b":", b"\xc3\xbc"]
LINES = [b"text", b"", b" ", b"a  b", b"\tx ", b"trailing \t ", b".", b"From here"]


def message(dice: random.Random) -> bytes:
    """Return a message with odd white space, repeated fields and an odd end."""
    fields = [b"From: Alice <alice@example.com>"]
    for _ in range(dice.randrange(5)):
        name = dice.choice([b"Subject", b"To", b"X-Odd", b"X-Odd", b"Date"])
        text = re.sub(rb"\r\n[ \t]+\Z", b"", b"".join(dice.choices(PIECES, k=dice.randrange(8))))
        fields.append(name + b": v" + re.sub(rb"(\r\n[ \t]+)+", rb"\r\n x ", text))
    dice.shuffle(fields)
    lines = dice.choices(LINES, k=dice.randrange(6))
    return b"\r\n".join([*fields, b"", *lines, *[b""] * dice.randrange(3)]) + b"\r\n"


def signed(dice: random.Random, octets: bytes) -> bytes:
    forms = tuple(dice.choice([b"simple", b"relaxed"]) for _ in range(2))
    names = [b"from", *dice.choices([b"subject", b"x-odd", b"to", b"missing"], k=dice.randrange(5))]
    private, length = rsa_key().private, dice.random() < 0.2
    field = dkim.sign(
        octets,
        b"s1",
        b"example.com",
        private,
        canonicalize=forms,
        include_headers=names,
        length=length,
    )
    return bytes(field) + octets


def changed(dice: random.Random, octets: bytes) -> bytes:
    """Change what may matter: white space, a letter, the end of the body, a field's place."""
    at = dice.randrange(len(octets))
    return dice.choice(
        [
            octets,
            octets.replace(b"text", b"text ", 1),
            octets.replace(b"a  b", b"a b"),
            octets.replace(b"X-Odd: v", b"x-odd: v", 1),
            octets.replace(b"\r\nFrom:", b"\r\nfrom:", 1),
            octets + dice.choice([b"\r\n", b"more\r\n", b" \r\n"]),
            octets[:at] + octets[at : at + 1].swapcase() + octets[at + 1 :],
            b"X-Odd: new\r\n" + octets,
        ]
    )


def test_opendkim_agrees_on_messages_that_are_made_up(tmp_path: Path) -> None:
    dice = random.Random(6376)
    messages = [changed(dice, signed(dice, message(dice))) for _ in range(400)]
    theirs = opendkim(tmp_path, messages)
    differing = [
        octets for octets, good in zip(messages, theirs, strict=True) if ours(octets) is not good
    ]
    assert not differing, differing[0].decode("latin-1")
    assert 100 < sum(theirs) < 390  # both verdicts are among them
