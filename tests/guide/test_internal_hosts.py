"""The export that `next` names signs for every host that an earlier export signed for."""

from __future__ import annotations

from pathlib import Path

import pytest

from mailauth_dns.guide import this_host
from mailauth_dns.signing_host import key_owner

DEBIAN = "127.0.0.0/8 [::ffff:127.0.0.0]/104 [::1]/128"

# Postfix's mynetworks, the list of OpenDKIM, and what --mynetworks must say.
NETWORKS = [
    ("", "", None),
    (DEBIAN, "127.0.0.1\n::1\n", None),
    (DEBIAN, "127.0.0.1\n::1\n127.0.0.0/8\n", "127.0.0.0/8"),
    (f"{DEBIAN} 192.0.2.0/24", "127.0.0.1\n", f"{DEBIAN} 192.0.2.0/24"),
    ("192.0.2.0/24", "192.0.2.7\n198.51.100.0/24\n", "192.0.2.0/24 198.51.100.0/24"),
    ("hash:/etc/postfix/table", "192.0.2.7\nmx.example.com\n", "192.0.2.7"),
]


@pytest.mark.parametrize(("relayed", "there", "named"), NETWORKS)
def test_no_host_is_dropped(
    relayed: str, there: str, named: str | None, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    for path, text in {
        "etc/postfix/main.cf": f"mynetworks = {relayed}\n" if relayed else "",
        "etc/opendkim/TrustedHosts": there,
    }.items():
        (tmp_path / path).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / path).write_text(text)
    monkeypatch.setattr(key_owner, "HOST", tmp_path)
    assert this_host._relayed("/etc/opendkim") == named
