"""Where `next` looks for the private keys of this host, and what it says where there are none."""

from __future__ import annotations

from datetime import UTC, datetime
from pathlib import Path

import pytest

from mailauth_dns.guide import this_host
from mailauth_dns.policy.load import load_repo
from mailauth_dns.signing_host import key_owner
from mailauth_dns.signing_host.package_paths import KEY_DIR
from tests.conftest import RepoFolder

NOW = datetime(2026, 12, 1, tzinfo=UTC)

# The folders that have the key, the one that OpenDKIM's table names, and the one to export.
FOLDERS = [
    (["/etc/opendkim/keys"], "/etc/dkimkeys", "/etc/opendkim/keys"),
    (["/etc/opendkim/keys"], None, "/etc/opendkim/keys"),
    (["/etc/dkimkeys"], None, "/etc/dkimkeys"),
    (["/srv/keys"], "/srv/keys", "/srv/keys"),
    ([], "/srv/keys", "/srv/keys"),
]


@pytest.mark.parametrize(("there", "named", "exported"), FOLDERS)
def test_a_folder_that_has_the_key_is_exported(
    there: list[str],
    named: str | None,
    exported: str,
    repo: RepoFolder,
    private_dir: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    path = repo.policy("domain: example.com\nspf: {all: fail}\ndmarc: {p: none}\n")
    keygen = ("dkim", "keygen", "example.com", "--selector", "s1")
    assert repo.run(*keygen, "--private-dir", str(private_dir)).code == 0
    path.write_text(path.read_text().replace("pending", "active"))
    host = repo.root.parent / "host"
    files = {
        "etc/debian_version": "12.0\n",
        "etc/opendkim.conf": "KeyTable /etc/opendkim/KeyTable\nMode sv\n",
        "etc/opendkim/KeyTable": f"s1 example.com:s1:{named}/example.com/s1.private\n"
        if named
        else "",
        **{f"{folder.lstrip('/')}/example.com/s1.private": "" for folder in there},
    }
    for name, text in files.items():
        (host / name).parent.mkdir(parents=True, exist_ok=True)
        (host / name).write_text(text)
    monkeypatch.setattr(key_owner, "HOST", host)
    [policy] = load_repo(repo.root).policies
    found = this_host.signing_host(policy, None, None, NOW)
    assert found is not None
    assert dict(zip(found.options[::2], found.options[1::2], strict=True)).get(
        "--key-dir", KEY_DIR
    ) == (exported)
    missing = f"{host}{exported}/example.com/s1.private: there is no such key, and OpenDKIM defers"
    assert any(each.startswith(missing) for each in found.files) is not bool(there)
