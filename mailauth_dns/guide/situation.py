"""Where a repo and its domains are, as frozen values: files, DNS, keys, the signing host.

What was not looked at, or could not be, is None or `unknown`; it never counts as done.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date, datetime
from pathlib import Path
from typing import Literal

from mailauth_dns.evaluate.macro_expansion import IPAddress
from mailauth_dns.keys.status import KeyStatus
from mailauth_dns.policy.sections.dkim import KeyState
from mailauth_dns.records.dmarc import Policy as DmarcPolicy
from mailauth_dns.records.name import DomainName

Area = Literal["spf", "dkim", "dmarc", "other"]
RecordState = Literal["as policy", "missing", "differs", "waits", "unknown"]
Place = Literal["no repo", "broken", "no lock", "empty", "loaded"]


@dataclass(frozen=True, slots=True)
class Fault:
    """An error that lint finds in a policy; `rule` has a page."""

    path: str
    line: int
    rule: str
    message: str


@dataclass(frozen=True, slots=True)
class Record:
    """One declared set and what the authoritative servers say of it; `reason` where that helps."""

    area: Area
    name: str
    type: str
    state: RecordState
    reason: str = ""


@dataclass(frozen=True, slots=True)
class SigningHost:
    """The signing program that this host has, and how its files differ from an export.

    `options` are those of an export for this host, `sockets` the part that Postfix needs too.
    `postfix` is how Postfix differs. `keys` says why the program cannot sign with a key, or who
    else could. `unseen` is what could not be looked at. `problem` is why a file could not be read;
    the rest is then unknown.
    """

    program: Literal["opendkim", "rspamd"]
    options: tuple[str, ...] = ()
    sockets: tuple[str, ...] = ()
    files: tuple[str, ...] = ()
    postfix: tuple[str, ...] = ()
    keys: tuple[str, ...] = ()
    unseen: tuple[str, ...] = ()
    problem: str = ""


@dataclass(frozen=True, slots=True)
class Ramp:
    """The next step of DMARC in words, and what reports say of it.

    `not_before` is the day from which they permit it, None where time alone does not bring it.
    `blocks` says with numbers what is in the way, and `lists` is how many messages of mailing lists
    the step would have met. `written` says what to write by hand where other domains have the
    policy's file too.
    """

    step: str
    met: bool = False
    reports: int = 0
    not_before: date | None = None
    blocks: tuple[str, ...] = ()
    lists: int = 0
    written: str | None = None


@dataclass(frozen=True, slots=True)
class Situation:
    """Where one domain is.

    `sends` is whether its policy lets anybody send. `missing_halves` says which private keys are
    not on this host, as far as it is known where they should be. `ramp` is None where DMARC has no
    step left. `host` is None where this host signs for nobody.
    """

    domain: DomainName
    path: str
    provided: bool
    parked: bool = False
    sends: bool = True
    sender: IPAddress | None = None  # the one address that the policy lets send
    declares: bool = True  # at least one record
    dmarc: DmarcPolicy | None = None
    dmarc_missing: bool = False  # no policy counts for the domain, declared or in DNS
    fault: Fault | None = None
    errors: int = 0
    warnings: int = 0
    stale: bool = False
    served_by: tuple[str, ...] | None = None  # the options of `serve` that make it answer
    records: tuple[Record, ...] = ()
    keys: tuple[KeyStatus, ...] = ()
    missing_halves: tuple[str, ...] = ()
    gone_senders: tuple[str, ...] = ()  # retired, and their grace is over; as the policy names them
    ramp: Ramp | None = None
    host: SigningHost | None = None

    def records_in(self, *states: RecordState) -> tuple[Record, ...]:
        """Return the records in these states."""
        return tuple(record for record in self.records if record.state in states)

    def own_keys(self, *states: KeyState) -> Iterator[KeyStatus]:
        """Yield our keys in these states."""
        for status in self.keys:
            if status.key.ours and status.key.section.state in states:
                yield status

    @property
    def signs(self) -> bool:
        """Whether a key signs for the domain: ours, or a sender's."""
        return any(status.key.section.state is KeyState.ACTIVE for status in self.keys)


@dataclass(frozen=True, slots=True)
class Here:
    """What belongs to no single domain: the repo, git, this host, and the time.

    `problem` says what is wrong with the files, and `problems` how often. `uncommitted` is None
    outside git; `tracked` are the folders that belong there. `private_dir` is None where nobody
    said it. `unknown_domains` were named and have no policy. `signing` are all domains that a key
    of ours signs for. `pipeline` is the file by which CI applies the repo, None where people do.
    """

    place: Place
    now: datetime
    problem: str = ""
    problems: int = 0
    stale: bool = False
    uncommitted: tuple[str, ...] | None = None
    tracked: tuple[str, ...] = ("zones",)
    private_dir: Path | None = None
    unknown_domains: tuple[DomainName, ...] = ()
    signing: tuple[DomainName, ...] = ()
    policies: int = 0
    pipeline: str | None = None
    administrator: bool = False  # files below /etc may be written
