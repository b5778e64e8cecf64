"""Files of evidence in a zone repo: zones/evidence/<domain>.json."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

from mailauth_dns.errors import FileProblem, PolicyError
from mailauth_dns.evidence.evidence import Evidence
from mailauth_dns.evidence.kept import evidence_text
from mailauth_dns.evidence.kept.keep import MAX_WRITTEN
from mailauth_dns.policy.repo_files import RepoFiles
from mailauth_dns.policy.repo_layout import EVIDENCE_DIR
from mailauth_dns.records.name import DomainName
from mailauth_dns.typed_yaml.yaml_reader import DocumentError

MAX_READ = 3 * MAX_WRITTEN  # octets; a merge can hold the lines of both sides


def path_of(domain: DomainName) -> Path:
    """Return the path of a domain's file, from the root of the repo."""
    return EVIDENCE_DIR / f"{domain}.json"


def read_evidence(root: Path, domain: DomainName) -> Evidence:
    """Return the evidence of a domain; empty where there is no file.

    Raises:
        PolicyError: the file is broken, with every problem and its place.
    """
    return _read(root, domain, float("inf"))[0]


def read_to_change(root: Path, domain: DomainName, latest: float) -> tuple[Evidence, bytes | None]:
    """Return the evidence of a domain and what its file holds, None where there is none.

    No report ends behind `latest`, in seconds since 1970: what is newer than everything would push
    the rest out.

    Raises:
        PolicyError: the file is broken, with every problem and its place.
    """
    return _read(root, domain, latest)


def _read(root: Path, domain: DomainName, latest: float) -> tuple[Evidence, bytes | None]:
    path = root / path_of(domain)
    if _is_missing(path):  # as for most domains of a fleet
        return Evidence(domain), None
    files = RepoFiles(root)

    def read(path: str, data: bytes) -> tuple[Evidence, bytes]:
        text = _decoded(data, path)
        found = evidence_text.parse(text, path)
        if found.domain != domain:
            message = f"the file is about {found.domain}; rename it to {path_of(found.domain).name}"
            raise DocumentError([FileProblem(path, 1, 1, "domain", message)])
        if problems := list(_to_come(found, latest, text, path)):
            raise DocumentError(problems)
        return found, data

    found = files.parsed(path, read, MAX_READ)
    if files.problems:
        raise PolicyError(files.problems)
    return found or (Evidence(domain), None)


def _is_missing(path: Path) -> bool:
    """Tell whether there is certainly no such file."""
    try:
        path.lstat()
    except FileNotFoundError:
        return True
    except OSError:  # told where the file is read
        return False
    return False


def _to_come(evidence: Evidence, latest: float, text: str, path: str) -> Iterator[FileProblem]:
    windows = (each.window for of in (evidence.mail, evidence.sessions) for each in of)
    for window in windows:
        if window.end > latest:
            line = text.count("\n", 0, text.find(f'"{window.id}"')) + 1
            message = (
                f"{window.last_day} is still to come; look at the clock of this machine, "
                "or delete the line"
            )
            yield FileProblem(path, line, 1, "end", message)


def domains_with_evidence(root: Path) -> frozenset[DomainName]:
    """Return the domains that have a file; `_` opens the names of other files."""
    found = (root / EVIDENCE_DIR).glob("[!_]*.json")
    return frozenset(DomainName(path.stem) for path in found)


def _decoded(data: bytes, path: str) -> str:
    try:
        return data.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        line = data.count(b"\n", 0, error.start) + 1
        column = error.start - data.rfind(b"\n", 0, error.start)
        message = f"not UTF-8: octet 0x{data[error.start]:02x}; take the file from git's history"
        raise DocumentError([FileProblem(path, line, column, "", message)]) from None
