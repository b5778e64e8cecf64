"""What OpenDKIM and dkimpy verify with is a key to the plan, right or broken.

The plan never deletes one as if nothing were there. OpenDKIM reads a message and its keys from
files; nothing listens, and nothing is asked.
"""

from __future__ import annotations

import base64
import re
import shutil
import subprocess
from pathlib import Path

import dkim
import pytest
from cryptography.hazmat.primitives.asymmetric.rsa import RSAPublicKey
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat, load_der_public_key

from mailauth_dns.diff.change import Risk
from mailauth_dns.records.family import Family
from tests.conftest import need
from tests.diff.declared_zone import S1, compared, declare, zone
from tests.evaluate.messages import PLAIN, rsa_key

TEXTS = [  # {p}: the key, {bare}: the same without SubjectPublicKeyInfo
    "v=DKIM1; k=rsa; p={p}",
    "p={p}",
    "V=DKIM1; p={p}",
    "k=rsa; v=DKIM1; p={p}",
    "k=rsa; p={p}; v=DKIM1",
    "v=DKIM1; t=; p={p}",
    "v=DKIM1; t=!; p={p}",
    "v=DKIM1; h=sha256:; p={p}",
    "v=DKIM1; x-y=1; p={p}",
    "v=DKIM1; k=RSA; p={p}",
    "v=DKIM1; s=EMAIL; p={p}",
    "v=DKIM1; p={p}; p={p}",
    "v=DKIM1; p=; p={p}",
    "v=DKIM1; p={p}; p=",
    'v=DKIM1; p="{p}"',
    "v=DKIM1; p=-{p}",
    "v=DKIM1; p={bare}",
    "v=DKIM1;; p={p}",
    "v=DKIM1\\; p={p}",
    "v=DKIM1 k=rsa p={p}",
    "v=dkim1; p={p}",
    "v=DKIM1; p={p}; n=a;b",
]


def public(format: PublicFormat) -> str:
    key = load_der_public_key(base64.b64decode(rsa_key().record.rpartition("p=")[2]))
    assert isinstance(key, RSAPublicKey)
    return base64.b64encode(key.public_bytes(Encoding.DER, format)).decode()


def opendkim_verifies(folder: Path, message: bytes, text: str) -> bool:
    (folder / "message").write_bytes(message)
    (folder / "keys").write_text(f"s1._domainkey.example.com {text}\n")
    (folder / "conf").write_text(f"Mode v\nTestDNSData file:{folder}/keys\n")
    done = subprocess.run(
        ["opendkim", "-x", folder / "conf", "-vv", "-t", folder / "message"],
        capture_output=True,
        text=True,
        timeout=30,
        check=False,
    )
    assert re.search(r"dkim=\w+", done.stdout), done.stderr
    return "dkim=pass" in done.stdout


@pytest.mark.parametrize("text", TEXTS)
def test_what_a_verifier_takes_for_a_key_is_not_deleted_as_nothing(
    tmp_path: Path, text: str
) -> None:
    need(None if shutil.which("opendkim") else "opendkim is not installed")
    published = text.format(
        p=public(PublicFormat.SubjectPublicKeyInfo), bare=public(PublicFormat.PKCS1)
    )
    message = rsa_key().sign(PLAIN)
    asked = published.encode()
    verified = opendkim_verifies(tmp_path, message, published) or dkim.verify(
        message, dnsfunc=lambda *_, **__: asked
    )
    [change] = compared(
        zone((S1, "TXT", 60, {published})), declare(Family.DKIM, None, name=S1)
    ).changes
    guarded = change.judgement.risk is Risk.BREAKING and change.judgement.rules == ("DKIM030",)
    assert guarded or not verified, change.judgement


def test_opendkim_does_not_read_the_bare_form(tmp_path: Path) -> None:
    """Why DKIM040 warns, and why a plan that turns a key into that form is breaking."""
    need(None if shutil.which("opendkim") else "opendkim is not installed")
    message = rsa_key().sign(PLAIN)
    assert opendkim_verifies(
        tmp_path, message, f"v=DKIM1; p={public(PublicFormat.SubjectPublicKeyInfo)}"
    )
    assert not opendkim_verifies(tmp_path, message, f"v=DKIM1; p={public(PublicFormat.PKCS1)}")
