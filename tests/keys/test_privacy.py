"""No private octet in output, files of the repo, plans or git.

That holds for every command, and wherever a key was pasted.
"""

from __future__ import annotations

import base64
import subprocess
from collections.abc import Mapping
from pathlib import Path

import pytest

from tests.conftest import Ran
from tests.keys.keyhost import Host


def secrets_of(folder: Path) -> set[str]:
    """Return pieces that would give a private key away: in base64, in hexadecimal and raw."""
    found = set()
    for path in [*folder.rglob("*.private"), *folder.rglob("*.seed")]:
        body = "".join(
            line for line in path.read_text().splitlines() if not line.startswith("-----")
        )
        raw = base64.b64decode(body)[
            -32:
        ]  # of an RSA key the last CRT coefficient, of an Ed25519 key all of it
        found |= {body[-40:], raw.hex(), base64.b64encode(raw).decode()[:40], repr(raw)[2:-1]}
        # The head of an RSA key is its modulus, which is public.
        found |= {
            body[at : at + 40]
            for at in range(0, len(body) - 40, 40)
            if at > len(body) // 2 or len(body) < 100
        }
    return found


FORMATS = {
    "lint": ("text", "json", "sarif", "junit", "github", "markdown"),
    "plan": ("text", "json"),
    "diff": ("text", "json"),
    "verify": ("text", "json"),
    "test": ("text", "json"),
    "compile": ("text", "json"),
    "rules": ("text", "json"),
    "dkim status": ("text", "json"),
    "dkim check": ("text", "json"),
    "dkim rotate example.com": ("text", "json"),
    "simulate --from a@example.com --ip 192.0.2.10 --dkim example.com:old": ("text", "json"),
    "spf tree example.com": ("text", "json"),
    "export example.com --allow DKIM031": (
        "bind",
        "paste",
        "opendkim",
        "postfix",
        "rspamd",
        "terraform",
        "dnscontrol",
    ),
}


def assert_secret(secrets: set[str], texts: Mapping[str, str], command: object) -> None:
    for place, text in texts.items():
        assert "PRIVATE KEY" not in text, (command, place)
        assert not [secret for secret in secrets if secret in text], (command, place)


def texts_of(root: Path, ran: Ran) -> dict[str, str]:
    return {
        "output": ran.said,
        **{str(path): path.read_text("latin-1") for path in root.rglob("*") if path.is_file()},
    }


def test_private_octets_are_nowhere(host: Host, monkeypatch: pytest.MonkeyPatch) -> None:
    """Not in the output of any command in any format, the repo, a plan or a git object."""
    root = host.repo.root
    subprocess.run(["git", "-C", str(root), "init", "-q"], check=True)
    monkeypatch.setenv("MAILAUTH_PRIVATE_DIR", str(host.private_dir))
    plan = str(root / "plan.json")
    commands = [
        ("-vv", "dkim", "keygen", "example.com", "--selector", "r"),
        (
            "-vv",
            "dkim",
            "keygen",
            "example.com",
            "--selector",
            "e",
            "--type",
            "ed25519",
            "--format",
            "json",
        ),
        ("dkim", "keygen", "example.com", "--selector", "e"),  # refused
        ("dkim", "keygen", "example.com", "--private-dir", str(root)),  # refused
        (
            "-vv",
            "dkim",
            "adopt",
            "example.com",
            "r",
            "--private-key",
            str(host.private_dir / "example.com/r.private"),
            "--format",
            "json",
        ),
        (
            "-vv",
            "dkim",
            "adopt",
            "example.com",
            "e",
            "--private-key",
            str(host.private_dir / "example.com/r.private"),
        ),  # refused
        (
            "dkim",
            "adopt",
            "example.com",
            "e",
            "--private-key",
            str(host.private_dir / "example.com/e.seed"),
            "--leave",
        ),
        ("compile",),
        ("-vv", "plan", "--out", plan, "--show-kept"),
        ("plan", "--show", plan, "--format", "json"),
        ("-vv", "apply", plan, "--format", "json"),
        ("apply", plan),
        *(
            (*command.split(), "--format", format)
            for command, formats in FORMATS.items()
            for format in formats
        ),
        ("-vv", "lint", "--live"),
        ("import", "example.com", "--provider", "local"),
        ("import", "example.com", "--nameserver", "127.0.0.1:1"),
        *(
            ("export", "example.com", "--format", format, "--allow", "DKIM031", "--out", "out")
            for format in ("opendkim", "postfix", "rspamd")
        ),
        *(
            ("export", "example.com", "--format", format, "--check", "out")
            for format in ("opendkim", "postfix", "rspamd")
        ),
        ("schema",),
        ("schema", "plan"),
        ("completion", "bash"),
        ("init", "new"),
    ]
    secrets: set[str] = set()
    for command in commands:
        ran = host.run(*command)
        assert command[0] in (
            "apply",
            "init",
            "import",
            "dkim",
            "-vv",
            "lint",
            "export",
        ) or ran.code in (0, 2), (command, ran.said)
        subprocess.run(["git", "-C", str(root), "add", "-A"], check=True)
        secrets = secrets_of(host.private_dir)
        assert len(secrets) > 10
        assert_secret(secrets, texts_of(root, ran), command)
    objects = subprocess.run(
        ["git", "-C", str(root), "cat-file", "--batch-all-objects", "--batch"],
        capture_output=True,
        check=True,
    )
    assert (
        b"zones/policy"
        in subprocess.run(
            ["git", "-C", str(root), "ls-files"], capture_output=True, check=True
        ).stdout
    )
    assert_secret(secrets, {"git": objects.stdout.decode("latin-1")}, "git")


# A private key where none belongs: `{pem}` is its text, `{base64}` its body, `{seed}` that of an
# Ed25519 key, `{file}` the path of its file. What is written into the repo first, and the command.
MISTAKES: dict[str, tuple[dict[str, str], list[str]]] = {
    "in p": (
        {
            "zones/policy/policy.yaml": "domain: example.com\ndkim: {{selectors: {{old: {{p: {base64}}}}}}}\n"
        },
        ["lint"],
    ),
    "its seed in p": (
        {
            "zones/policy/policy.yaml": "domain: example.com\ndkim: {{selectors: {{old: {{p: {seed}x, k: ed25519}}}}}}\n"
        },
        ["lint", "--format", "json"],
    ),
    "as PEM in p": (
        {
            "zones/policy/policy.yaml": "domain: example.com\ndkim:\n  selectors:\n    old:\n      p: |\n        {indented}\n"
        },
        ["dkim", "status"],
    ),
    "in key": (
        {
            "zones/policy/policy.yaml": "domain: example.com\ndkim: {{selectors: {{old: {{key: {base64}}}}}}}\n"
        },
        ["plan"],
    ),
    "as a selector's name": (
        {
            "zones/policy/policy.yaml": "domain: example.com\ndkim: {{selectors: {{{base64}: {{key: old.pem}}}}}}\n"
        },
        ["lint"],
    ),
    "in zones/keys": ({"zones/keys/example.com/old.pem": "{pem}"}, ["compile"]),
    "in zones/keys, named by nobody": (
        {"zones/keys/example.com/old.private": "{pem}"},
        ["lint", "--format", "sarif"],
    ),
    "given to --from-genkey": ({}, ["import", "example.com", "--from-genkey", "{file}"]),
    "given to --from-zone": ({}, ["import", "example.com", "--from-zone", "{file}"]),
    "given to --plan": ({}, ["plan", "--show", "{file}"]),
    "given to check-message": ({}, ["check-message", "{file}", "--ip", "192.0.2.1"]),
    "its seed given to check-message": ({}, ["check-message", "{file}.seed", "--ip", "192.0.2.1"]),
    "as --selector": ({}, ["dkim", "keygen", "example.com", "--selector", "{pem}"]),
    "its body as --selector": ({}, ["dkim", "keygen", "example.com", "--selector", "{base64}"]),
    "its seed as --selector": ({}, ["dkim", "keygen", "example.com", "--selector", "{seed}"]),
    "as --type": ({}, ["dkim", "keygen", "example.com", "--type", "{pem}"]),
    "as the domain": ({}, ["dkim", "keygen", "{base64}"]),
    "as --private-dir": ({}, ["dkim", "keygen", "example.com", "--private-dir", "{pem}"]),
    "as --private-key": (
        {},
        ["dkim", "adopt", "example.com", "old", "--private-key", "{pem}", "--leave"],
    ),
    "its body as --private-key": (
        {},
        ["dkim", "adopt", "example.com", "old", "--private-key", "{base64}", "--leave"],
    ),
    "its seed as --private-key": (
        {},
        ["dkim", "adopt", "example.com", "old", "--private-key", "{seed}", "--leave"],
    ),
    "adopted as another one": (
        {},
        ["dkim", "adopt", "example.com", "old", "--private-key", "{file}", "--leave"],
    ),
    "its seed adopted as another one": (
        {},
        ["dkim", "adopt", "example.com", "old", "--private-key", "{file}.seed", "--leave"],
    ),
    "as JSON given to --from-genkey": (
        {"keys.json": '{{"selector": "s1", "privkey": "{base64}", "txt": "v=DKIM1; p=AAAA"}}'},
        ["import", "example.com", "--from-genkey", "keys.json"],
    ),
    "as --allow": ({}, ["export", "example.com", "--format", "bind", "--allow", "{base64}"]),
    "as an argument too many": ({}, ["dkim", "rotate", "example.com", "{pem}"]),
}


@pytest.mark.parametrize("type", ["rsa", "ed25519"])
@pytest.mark.parametrize("case", MISTAKES)
def test_a_private_key_in_the_wrong_place_is_refused_without_being_shown(
    host: Host, case: str, type: str
) -> None:
    host.keygen("--selector", "mine", "--type", type)
    host.keygen("--selector", "mine2", "--type", "ed25519")
    planted, command = MISTAKES[case]
    path = host.private_dir / "example.com/mine.private"
    seed = (host.private_dir / "example.com/mine2.seed").read_text().strip()
    (path.parent / "mine.private.seed").write_text(seed + "\n")
    pem = path.read_text()
    body = "".join(pem.splitlines()[1:-1])
    words = {
        "pem": pem,
        "base64": body,
        "seed": seed,
        "file": str(path),
        "indented": pem.strip().replace("\n", "\n        "),
    }
    for name, text in planted.items():
        host.repo.write(name, text.format(**words))
    secrets = secrets_of(host.private_dir) | {
        seed,
        *(line for line in pem.splitlines() if len(line) > 40 and not line.startswith("MII")),
    }
    refused = host.run("-vv", *(word.format(**words) for word in command))
    assert refused.code in (1, 2), refused.said
    texts = {
        place: text
        for place, text in texts_of(host.repo.root, refused).items()
        if not any(place.endswith(name) for name in planted)
    }
    assert_secret(
        secrets, {**texts, "output": refused.said.replace("PRIVATE KEY", "private key")}, case
    )
