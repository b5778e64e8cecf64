"""Rspamd with our exported files unchanged signs with the active keys.

An independent verifier accepts its signatures.
"""

from __future__ import annotations

import json
import pwd
import re
import shutil
import subprocess
import tempfile
import time
import urllib.error
import urllib.request
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import dkim
import pytest

from tests.conftest import RepoFolder, free_port, need

# Only the module that signs: a spam filter's lists of suffixes and expressions are slow to load.
CONF = """options {{ filters = "dkim"; disable_hyperscan = true; url_tld = "{folder}/tld"; dns {{ nameserver = ["127.0.0.1:1"]; }}
  pidfile = "{folder}/pid"; control_socket = "{folder}/control mode=0600"; local_addrs = ["127.0.0.0/8"]; }}
logging {{ type = "console"; level = "info"; }}
worker "normal" {{ bind_socket = "127.0.0.1:{port}"; count = 1; }}
modules {{ path = "/usr/share/rspamd/plugins/dkim_signing.lua"; }}
dkim_signing {{ .include "{folder}/dkim_signing.conf" }}
"""
MESSAGE = b"From: alice@example.com\r\nTo: bob@example.net\r\nSubject: x\r\nDate: Sun, 31 May 2026 12:00:00 +0000\r\n\r\nhello\r\n"


@contextmanager
def rspamd(folder: Path) -> Iterator[int]:
    """Run Rspamd with the files of this folder and yield its port."""
    port = free_port()
    (folder / "tld").write_text("com\nnet\n")
    (folder / "rspamd.conf").write_text(CONF.format(folder=folder, port=port))
    user = pwd.getpwnam("_rspamd")
    for path in [folder, *folder.rglob("*")]:
        shutil.chown(path, user.pw_uid)
    command = [
        "rspamd",
        "-f",
        "-u",
        "_rspamd",
        "-g",
        "_rspamd",
        "-c",
        str(folder / "rspamd.conf"),
        f"--var=DBDIR={folder}",
    ]
    with (folder / "log").open("wb") as log:
        process = subprocess.Popen(command, stdout=log, stderr=log)
    try:
        until = time.monotonic() + 60
        while not answers(port):
            assert process.poll() is None, (folder / "log").read_text()
            assert time.monotonic() < until, (folder / "log").read_text()
            time.sleep(0.1)
        yield port
    finally:
        process.terminate()
        process.wait(20)


def answers(port: int) -> bool:
    try:
        urllib.request.urlopen(f"http://127.0.0.1:{port}/ping", timeout=2).close()
    except (urllib.error.URLError, OSError):
        return False
    return True


def signatures(port: int) -> list[str]:
    request = urllib.request.Request(
        f"http://127.0.0.1:{port}/checkv2",
        data=MESSAGE,
        headers={"IP": "127.0.0.1", "From": "alice@example.com", "Rcpt": "bob@example.net"},
    )
    with urllib.request.urlopen(request, timeout=30) as response:
        said = json.load(response).get("dkim-signature", [])
    return [said] if isinstance(said, str) else said


@pytest.fixture
def folder() -> Iterator[Path]:
    # Rspamd runs under its own name, which pytest's folders keep out.
    path = Path(tempfile.mkdtemp(prefix="mailauth-rspamd-", dir="/var/lib"))
    path.chmod(0o755)
    yield path
    shutil.rmtree(path)


@pytest.mark.parametrize("types", [("rsa",), ("ed25519",), ("rsa", "ed25519")], ids=" ".join)
def test_rspamd_signs_with_the_active_keys(
    repo: RepoFolder, request: pytest.FixtureRequest, types: tuple[str, ...]
) -> None:
    need(None if shutil.which("rspamd") else "rspamd is not installed (script/servers gets it)")
    folder = request.getfixturevalue("folder")
    repo.write("zones/policy/_defaults.yaml", 'nameservers: ["127.0.0.1:1"]\n')
    path = repo.policy("domain: example.com\nspf: {all: fail}\n")
    for type in types:
        made = repo.run(
            "dkim",
            "keygen",
            "example.com",
            "--type",
            type,
            "--selector",
            type,
            "--private-dir",
            str(folder / "keys"),
        )
        assert made.code == 0, made.said
    path.write_text(path.read_text().replace("pending", "active"))
    export = (
        "export",
        "example.com",
        "--format",
        "rspamd",
        "--key-dir",
        str(folder / "keys"),
        "--config-dir",
        str(folder),
    )
    written = repo.run(*export, "--out", str(folder), "--allow", "live-unknown")
    assert written.code == 0, written.said
    with rspamd(folder) as port:
        found = signatures(port)
    assert sorted(re.findall(r"\bs=(\w+)", each)[0] for each in found) == sorted(types)
    assert repo.run(*export, "--check", str(folder)).code == 0
    lines = repo.run("export", "example.com", "--format", "bind").out
    records = {
        name: "".join(re.findall(r'"([^"]*)"', value)).encode()
        for name, value in re.findall(r"^(\S+)\. \d+ IN TXT (.*)$", lines, re.MULTILINE)
    }
    for each in found:
        signed = b"DKIM-Signature: " + each.encode() + b"\r\n" + MESSAGE
        assert dkim.verify(signed, dnsfunc=lambda name, **_: records[name.decode().rstrip(".")])
