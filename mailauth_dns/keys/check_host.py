"""Keys beside what this host and live DNS hold: private halves, who reads them, records, and where delegations lead."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from pathlib import Path

from mailauth_dns.errors import ObservationError
from mailauth_dns.evaluate.observation import Unknown
from mailauth_dns.keys import checks, lifecycle, private_files, rotation
from mailauth_dns.keys.checks import KeyProblem, Reader
from mailauth_dns.policy.repo import Policy, Repo
from mailauth_dns.records.name import DomainName
from mailauth_dns.records.zone import RRset
from mailauth_dns.signing_host import key_owner as owners
from mailauth_dns.signing_host.key_owner import Owner
from mailauth_dns.signing_host.opendkim_conf import every


def check(
    repo: Repo, policies: Iterable[Policy], folder: Path, owner: Owner | None
) -> tuple[int, list[KeyProblem]]:
    """Return how many keys were looked at, and what is wrong with them: on this host, in DNS, and behind delegations.

    `owner` is the user that signs with them, None to look for the one that this host's signing program runs as.

    Raises:
        MailAuthError: the configuration of this host's OpenDKIM cannot be read.
    """
    pairs, observations = rotation.observed(policies)
    reader_of = _readers(owner)
    tracked = private_files.in_git(folder)
    targets = _resolved(
        repo,
        frozenset(target for _, key in pairs if (target := checks.delegated_to(key)) is not None),
    )
    found: list[KeyProblem] = []
    for policy, key in pairs:
        observation = observations[policy.zone]
        found += checks.of_private(
            key, folder, tracked, reader_of(private_files.path_of(folder, key.domain, key.selector))
        )
        if (target := checks.delegated_to(key)) is not None:
            found += checks.of_delegated(key, target, observation, targets[target])
        else:
            found += checks.of_published(key, lifecycle.sight(key, observation))
    for policy in policies:
        found += checks.of_folder(
            policy.domain,
            policy.body.dkim.selectors if policy.body.dkim is not None else {},
            folder,
        )
    return len(pairs), found


def _readers(owner: Owner | None) -> Callable[[Path], Reader | None]:
    """Return a function that tells who signs with the key in a file."""
    if owner is not None:
        return lambda _: Reader(owner, certain=True)
    users = owners.signers()
    daemons = every(owners.HOST).values() if "OpenDKIM" in users else ()
    used = {Path(path).resolve() for daemon in daemons for path in daemon.key_files()}
    likely = (
        Reader(next(iter(users.values())), certain=False)
        if len({user.name for user in users.values()}) == 1
        else None
    )
    return lambda path: (
        Reader(users["OpenDKIM"], certain=True) if path.resolve() in used else likely
    )


def _resolved(
    repo: Repo, names: frozenset[DomainName]
) -> Mapping[DomainName, RRset | Unknown | None]:
    """Return the TXT set that each name leads to; None where there is none. Zones that name their servers are asked there."""
    from mailauth_dns.live.observe import resolve
    from mailauth_dns.simulate.dns_views import (
        as_it_is,  # dnspython takes time to load; only live DNS needs it
    )

    live = as_it_is(repo.policies)
    found = {
        name: said
        for (name, _), said in resolve(
            (name, "TXT") for name in names if not live.names_servers_for(name)
        ).items()
    }
    for name in sorted(names - found.keys()):
        live.next_message()
        try:
            values = live.lookup(name, "TXT")
            found[name] = RRset(name, "TXT", None, frozenset(values)) if values else None
        except ObservationError as error:
            found[name] = Unknown(str(error))
    return found
