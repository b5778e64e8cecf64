"""What the policies of a repo declare, at a glance: for a shell that waits for a word.

The answer is what can be read at once. A file that somebody is writing is no reason to say nothing.
"""

from __future__ import annotations

from collections.abc import Iterator
from itertools import islice
from pathlib import Path

from mailauth_dns.policy import domain_list
from mailauth_dns.policy.repo_files import Mention, RepoFiles
from mailauth_dns.policy.repo_layout import DEFAULTS, KEY_DIR, POLICY_DIR, PROVIDER_DIR, SENDER_DIR
from mailauth_dns.senders.catalogue_files import PACKAGED
from mailauth_dns.typed_yaml import yaml_reader
from mailauth_dns.typed_yaml.yaml_tree import Plain, plain, value_place

MAX_POLICIES = 500  # files that are read; the names of the others stand for what is in them


def domains(root: Path) -> Iterator[str]:
    """Yield the domains that policies declare."""
    files = RepoFiles(root)
    for number, path in enumerate(_policy_files(files, root)):
        if number < MAX_POLICIES:
            yield from (domain for domain, _ in _declared(files, path))
        else:
            yield path.stem


def selectors(root: Path, domain: str) -> Iterator[str]:
    """Yield the selectors of a domain: those of its policy, and those that have a key file."""
    for body in _bodies(root, domain):
        section = body.get("dkim")
        found = section.get("selectors") if isinstance(section, dict) else None
        yield from found if isinstance(found, dict) else ()
    yield from (path.stem for path in (root / KEY_DIR / domain).glob("*.pem"))


def providers(root: Path) -> Iterator[str]:
    """Yield the ids of the providers that have a stanza."""
    yield from (path.stem for path in (root / PROVIDER_DIR).glob("*.yaml"))


def declared_senders(root: Path, domain: str) -> Iterator[str]:
    """Yield what the policy of a domain calls its senders."""
    for body in _bodies(root, domain):
        found = body.get("senders")
        yield from found if isinstance(found, dict) else ()


def senders(root: Path) -> Iterator[str]:
    """Yield the ids of the senders of the catalogue, and of the repo's own."""
    for folder in (PACKAGED, root / SENDER_DIR):
        yield from (path.stem for path in folder.glob("*.yaml"))


def _bodies(root: Path, domain: str) -> Iterator[dict[str, Plain]]:
    """Yield what the files that declare a domain say."""
    files = RepoFiles(root)
    named = root / POLICY_DIR / f"{domain}.yaml"
    paths = [named] if named.is_file() else list(_policy_files(files, root))[:MAX_POLICIES]
    for path in paths:
        found = (body for declared, body in _declared(files, path) if declared == domain)
        yield from islice(found, 1)


def _policy_files(files: RepoFiles, root: Path) -> Iterator[Path]:
    folder = root / POLICY_DIR
    for path in files.policy_files(folder) if folder.is_dir() else ():
        if path.name != DEFAULTS:
            yield path


def _declared(files: RepoFiles, path: Path) -> Iterator[tuple[str, dict[str, Plain]]]:
    """Yield the domains of a policy file, each with what the file says."""
    tree = files.parsed(path, yaml_reader.read)
    body = plain(tree) if tree is not None else None
    if tree is None or not isinstance(body, dict):
        yield path.stem, {}
        return
    if isinstance(domain := body.get("domain"), str):
        yield domain, body
    if isinstance(listed := body.get("domains"), list):
        yield from ((each, body) for each in listed if isinstance(each, str))
    if isinstance(name := body.get("domains_file"), str):
        mention = Mention(value_place(tree, ("domains_file",)), "domains_file")
        for each, _ in domain_list.in_file(files, path.parent / name, name, mention):
            yield each, body
