"""Files of evidence in a zone repo: zones/evidence/<domain>.json."""

from __future__ import annotations

from pathlib import Path

from mailauth_dns.errors import FileProblem, PolicyError
from mailauth_dns.evidence import evidence_text
from mailauth_dns.evidence.evidence import Evidence
from mailauth_dns.policy.repo_files import RepoFiles
from mailauth_dns.policy.repo_layout import EVIDENCE_DIR
from mailauth_dns.records.name import DomainName
from mailauth_dns.typed_yaml.yaml_reader import DocumentError

# Octets that are written; the oldest reports make room. Git forges refuse files of 100 000 000.
MAX_WRITTEN = 20_000_000
# A merge can hold the lines of both sides.
MAX_READ = 3 * MAX_WRITTEN


def path_of(domain: DomainName) -> Path:
    """Return the path of a domain's file, from the root of the repo."""
    return EVIDENCE_DIR / f"{domain}.json"


def read_evidence(root: Path, domain: DomainName) -> Evidence:
    """Return the evidence of a domain; empty where there is no file.

    Raises:
        PolicyError: the file is broken, with every problem and its place.
    """
    files = RepoFiles(root)

    def read(path: str, data: bytes) -> Evidence:
        found = evidence_text.parse(_decoded(data, path), path)
        if found.domain != domain:
            message = f"the file is about {found.domain}; rename it to {path_of(found.domain).name}"
            raise DocumentError([FileProblem(path, 1, 1, "domain", message)])
        return found

    found = files.parsed(root / path_of(domain), read, MAX_READ)
    if files.problems:
        raise PolicyError(files.problems)
    return found or Evidence(domain)


def _decoded(data: bytes, path: str) -> str:
    try:
        return data.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        line = data.count(b"\n", 0, error.start) + 1
        column = error.start - data.rfind(b"\n", 0, error.start)
        message = f"not UTF-8: octet 0x{data[error.start]:02x}; take the file from git's history"
        raise DocumentError([FileProblem(path, line, column, "", message)]) from None
