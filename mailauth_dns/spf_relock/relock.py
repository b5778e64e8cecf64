"""Make the lock on SPF names again: resolve what policies flatten, and follow old parts.

It is all or nothing: if one name cannot be resolved completely, the lock stays as it is.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime

from mailauth_dns.atomic_files import alone, own_folder, replace_file
from mailauth_dns.errors import MailAuthError, NotFlattened, ObservationError, PolicyError
from mailauth_dns.evaluate.resolver import Resolver
from mailauth_dns.evaluate.spf_addresses import Drift, drift, passing
from mailauth_dns.policy import spf_lock_file
from mailauth_dns.policy.repo import Policy, Repo
from mailauth_dns.policy.repo_layout import LOCK_FILE
from mailauth_dns.policy.spf_flattening import flattened_names
from mailauth_dns.policy.spf_lock import Lock, LockedName, LockedPart
from mailauth_dns.records.addresses import NOBODY
from mailauth_dns.records.name import DomainName
from mailauth_dns.spf_relock.parts import Observe, PartRow, next_parts, ready
from mailauth_dns.typed_yaml import yaml_reader


@dataclass(frozen=True, slots=True)
class NameRow:
    """One name, and what it gained and lost since the review.

    `before` is None for a new name, `after` is None for a name that nothing flattens any more.
    """

    name: DomainName
    before: LockedName | None
    after: LockedName | None

    @property
    def drift(self) -> Drift:
        """The addresses that came and went."""
        return drift(
            *(NOBODY if side is None else side.addresses for side in (self.before, self.after))
        )


@dataclass(frozen=True, slots=True)
class Relocked:
    """The lock before and after."""

    before: Lock
    after: Lock
    names: tuple[NameRow, ...]
    parts: tuple[PartRow, ...]

    @property
    def stale(self) -> bool:
        """Tell whether the file would change."""
        return spf_lock_file.text(self.before) != spf_lock_file.text(self.after)


def relock(
    repo: Repo, resolver: Resolver, observe: Observe, domains: tuple[DomainName, ...], now: datetime
) -> Relocked:
    """Return the lock as it should be `now`, for the names that these domains, or all, flatten.

    `observe` asks the authoritative servers whether they serve the parts to include next.

    Raises:
        MailAuthError: a domain has no policy, or names cannot be resolved; the text lists them all.
    """
    chosen = repo.of(domains)
    names = _names(repo, chosen, resolver, now)
    rows: list[PartRow] = []
    fresh = ready(chosen, Lock(names, repo.lock.parts), observe, now, rows)
    parts: dict[DomainName, Mapping[DomainName, LockedPart]] = {}
    problems: list[str] = []
    for policy in repo.policies:
        try:
            parts[policy.domain], told = next_parts(
                policy, fresh, resolver if policy in chosen else None, now
            )
        except ObservationError as error:
            unknown = "whether old parts of its record are still in use is unknown"
            problems.append(f"  {policy.domain}: {unknown}: {error}")
            continue
        rows += told
    _refuse(problems)
    rows += [
        PartRow(domain, name, "no policy declares the domain any more; left as it is in DNS", True)
        for domain in sorted(repo.lock.parts.keys() - parts)
        for name in sorted(repo.lock.parts[domain])
    ]
    shown = sorted(repo.lock.names.keys() | names)
    return Relocked(
        repo.lock,
        Lock(names, parts),
        tuple(NameRow(name, repo.lock.names.get(name), names.get(name)) for name in shown),
        tuple(rows),
    )


def _names(
    repo: Repo, chosen: Sequence[Policy], resolver: Resolver, now: datetime
) -> dict[DomainName, LockedName]:
    """Return every name that a policy flattens, those of the `chosen` policies resolved again."""
    flattened = {name for policy in repo.policies for name in flattened_names(policy)}
    names = {name: locked for name, locked in repo.lock.names.items() if name in flattened}
    problems: list[str] = []
    for name in sorted({name for policy in chosen for name in flattened_names(policy)}):
        try:
            names[name] = _locked(name, repo.lock.names.get(name), resolver, now)
        except (NotFlattened, ObservationError) as error:
            problems.append(f"  {name}: {error}")
    _refuse(problems)
    return names


def write(repo: Repo, relocked: Relocked) -> None:
    """Replace the lock file in one step. Runs of this tool take turns.

    Raises:
        MailAuthError: the file cannot be written, or changed after it was read.
    """
    path = repo.root / LOCK_FILE
    try:
        path = own_folder(repo.root, LOCK_FILE.parent) / LOCK_FILE.name
        path.parent.mkdir(parents=True, exist_ok=True)
        with alone(path.parent):
            data = path.read_bytes() if path.exists() else None
            if (
                Lock() if data is None else spf_lock_file.read(LOCK_FILE.as_posix(), data)
            ) != relocked.before:
                raise MailAuthError(
                    f"{LOCK_FILE.as_posix()}: was changed while DNS was asked, "
                    "and is left as it is; run the command again"
                )
            replace_file(
                path, spf_lock_file.text(relocked.after).encode(), durable=False, instead_of=data
            )
    except yaml_reader.DocumentError as error:
        raise PolicyError(error.problems) from None
    except OSError as error:
        raise MailAuthError(f"{error.filename or path}: {error.strerror}") from None


def _refuse(problems: list[str]) -> None:
    if problems:
        raise MailAuthError("\n".join(["the lock stays as it is:", *problems]))


def _locked(
    name: DomainName, before: LockedName | None, resolver: Resolver, now: datetime
) -> LockedName:
    found = passing(name, resolver)
    same = before is not None and (before.addresses, dict(before.records)) == (
        found.addresses,
        dict(found.records),
    )
    if before is not None and same and before.proven:
        return before
    return LockedName(
        found.addresses,
        found.records,
        before.since if before is not None and same else now.date(),
        found.hosts,
    )
