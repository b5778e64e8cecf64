"""Write a first policy and what it needs. The policy comes last.

A run that is killed leaves a key that no policy names; the next run takes that key.
"""

from __future__ import annotations

import contextlib
import json
import os
import re
from dataclasses import dataclass
from datetime import datetime
from importlib.resources import files
from pathlib import Path

from mailauth_dns.atomic_files import create_file, own_folder
from mailauth_dns.errors import MailAuthError
from mailauth_dns.keys import keypair, private_files, public_files
from mailauth_dns.policy.model import json_schema
from mailauth_dns.policy.public_key_files import KeyFileError
from mailauth_dns.policy.repo_layout import KEY_DIR, POLICY_DIR, PROVIDER_DIR
from mailauth_dns.quickstart.answers import Answers, SigningProgram
from mailauth_dns.quickstart.dns_services import SERVICES, stanza
from mailauth_dns.records.dkim import KeyType
from mailauth_dns.records.name import DomainName
from mailauth_dns.signing_host import key_owner
from mailauth_dns.signing_host.key_owner import Owner

_PROGRAMS = {SigningProgram.OPENDKIM: "OpenDKIM", SigningProgram.RSPAMD: "Rspamd"}
_LETTERS = ("", *"bcdefghijklmnopqrstuvwxyz")
_OURS = re.compile(r"[0-9]{8}[a-z]?")  # names that we give


@dataclass(frozen=True, slots=True)
class FirstKey:
    """The files of the key; `remark` is about who can read the private one."""

    selector: str
    private: Path
    public: Path
    remark: str


def selector_for(
    folder: Path, domain: DomainName, taken: frozenset[str], root: Path, now: datetime
) -> str:
    """Return the selector of a killed run's key, else a fresh one; `taken` are published ones.

    Raises:
        MailAuthError: every name of today is taken.
    """
    left, _ = private_files.unnamed(folder, domain, taken)
    ours = sorted(
        path.stem
        for path in left
        if path.suffix == private_files.SUFFIX and _OURS.fullmatch(path.stem)
    )
    if ours:
        return ours[-1]
    for letter in _LETTERS:
        name = f"{now:%Y%m%d}{letter}"
        if name not in taken and not os.path.lexists(root / KEY_DIR / domain / f"{name}.pem"):
            return name
    raise MailAuthError(
        f"{KEY_DIR / domain}: every selector of today, up to {name}, is taken there or in "
        "DNS; delete the public keys there that no policy names, or run this again tomorrow"
    )


def write_key(
    root: Path, folder: Path, answers: Answers, selector: str, owner: Owner | None
) -> FirstKey:
    """Write both halves of the key; a private half that is there is kept.

    Raises:
        MailAuthError: it cannot be written, or its owner cannot be given it.
    """
    private = private_files.path_of(folder, answers.domain, selector)
    if owner is None and os.geteuid() == 0:
        owner = key_owner.signers().get(_PROGRAMS[answers.signer])
    heir, remark = key_owner.heir(folder / answers.domain, owner)
    own_folder(root, KEY_DIR / answers.domain)
    pair = _pair(private)
    private_files.write(private, root, pair, heir, again=True)
    pair = _pair(private)  # another run may have written its own first
    public = root / KEY_DIR / answers.domain / f"{selector}.pem"
    public_files.make_folder(public.parent)
    _write_public(public, pair.public_pem)
    return FirstKey(selector, private, public.relative_to(root), remark)


def _pair(private: Path) -> keypair.KeyPair:
    if not private.exists():
        return keypair.generate(KeyType.RSA)
    try:
        return keypair.read(private_files.octets(private))
    except KeyFileError as error:
        raise MailAuthError(f"{private}: {error}; move it away, and run this again") from None


def _write_public(path: Path, pem: bytes) -> None:
    """Write the public half; one of another key stays, since a policy may name it by now."""
    if not path.exists():
        with contextlib.suppress(FileExistsError):
            create_file(path, pem)
    if path.read_bytes() != pem:
        raise MailAuthError(
            f"{path}: is of another key, which another run has made meanwhile; "
            "look with `mailauth-dns next`, or run this again"
        )


def write_beside(root: Path, answers: Answers) -> tuple[list[str], list[str]]:
    """Write what stands beside the policy; return what was written, and what was there already.

    Raises:
        OSError: a file cannot be written.
    """
    schema = json.dumps(json_schema(), indent=1, ensure_ascii=True) + "\n"
    ignored = files("mailauth_dns").joinpath("template/gitignore").read_text("utf-8")
    texts = {
        ".gitignore": ignored,
        "zones/policy.schema.json": schema,
    }
    if SERVICES[answers.dns].stanza:
        made = stanza(answers.dns, answers.dns_host, answers.dns_key_name, answers.dns_directory)
        texts[(PROVIDER_DIR / f"{answers.dns}.yaml").as_posix()] = made
    written: list[str] = []
    left: list[str] = []
    for name, text in texts.items():
        (written if _create(root, name, text) else left).append(name)
    return written, left


def write_policy(root: Path, domain: DomainName, text: str) -> str:
    """Write the policy and return its path.

    Raises:
        MailAuthError: it is there by now.
        OSError: it cannot be written.
    """
    path = (POLICY_DIR / f"{domain}.yaml").as_posix()
    if not _create(root, path, text):
        raise MailAuthError(f"{path}: was made by somebody else meanwhile, and is left as it is")
    return path


def _create(root: Path, name: str, text: str) -> bool:
    """Write a file unless it is there; tell whether it was written."""
    path = Path(name)
    folder = own_folder(root, path.parent)
    folder.mkdir(parents=True, exist_ok=True)
    try:
        create_file(folder / path.name, text.encode())
    except FileExistsError:
        return False
    return True
