"""What a run made of the files of evidence, as values."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from mailauth_dns.records.name import DomainName


@dataclass(frozen=True, slots=True)
class KeptFile:
    """The evidence of one domain; numbers are of reports.

    `reports` are all in the file. `added` are new in it, of which `other_policy` found a policy
    that the domain does not declare. `too_old` had no place in it. `problem` is why it could not be
    read or written, and is then as it was.
    """

    domain: DomainName
    path: str
    reports: int = 0
    added: int = 0
    other_policy: int = 0
    too_old: int = 0
    written: bool = False
    problem: str | None = None


@dataclass(frozen=True, slots=True)
class KeptFiles:
    """All files that a run looked at.

    `left_out` has domains that no policy is about, and how many reports about each were read.
    `orphans` are the paths of files of such domains.
    """

    files: tuple[KeptFile, ...]
    left_out: Mapping[str, int]
    orphans: tuple[str, ...]

    @property
    def problems(self) -> tuple[str, ...]:
        """Why files could not be read or written."""
        return tuple(file.problem for file in self.files if file.problem is not None)
