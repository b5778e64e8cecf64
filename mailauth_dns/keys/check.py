"""The policy's keys beside this host and live DNS: `dkim check`."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from pathlib import Path

from mailauth_dns.keys import delegation, exposure, private_files, problems
from mailauth_dns.keys.declared import Key
from mailauth_dns.keys.in_dns import ask, key_in_dns
from mailauth_dns.keys.problems import KeyProblem, Reader
from mailauth_dns.policy.repo import Policy, Repo
from mailauth_dns.signing_host import key_owner, opendkim_conf
from mailauth_dns.signing_host.key_owner import Owner


def check(
    repo: Repo, policies: Iterable[Policy], folder: Path, owner: Owner | None
) -> tuple[int, list[KeyProblem]]:
    """Return how many keys were looked at, and what is wrong with them.

    It looks on this host, in DNS, and behind delegations. `owner` is the user that signs with the
    keys, None for the one that this host's signing program runs as.

    Raises:
        MailAuthError: the configuration of this host's OpenDKIM cannot be read.
    """
    pairs, observations = ask(policies)
    on_host = private_halves(folder, owner)
    targets = delegation.resolved(
        repo.policies, frozenset(filter(None, (problems.delegated_to(key) for _, key in pairs)))
    )
    found: list[KeyProblem] = []
    for policy, key in pairs:
        observation = observations[policy.zone]
        found += on_host(key)
        if (target := problems.delegated_to(key)) is not None:
            found += problems.of_delegated(key, target, observation, targets[target])
        else:
            found += problems.of_published(key, key_in_dns(key, observation))
    for policy in policies:
        selectors = policy.body.dkim.selectors if policy.body.dkim is not None else {}
        found += problems.of_folder(policy.domain, selectors, folder)
    return len(pairs), found


def private_halves(folder: Path, owner: Owner | None) -> Callable[[Key], Iterator[KeyProblem]]:
    """Return a function that yields what is wrong with a key's private half in this folder.

    It asks no DNS.

    Raises:
        MailAuthError: the configuration of this host's OpenDKIM cannot be read.
    """
    reader_of = _readers(owner)
    tracked = exposure.in_git(folder)

    def wrong(key: Key) -> Iterator[KeyProblem]:
        path = private_files.path_of(folder, key.domain, key.selector)
        yield from problems.of_private(key, folder, tracked, reader_of(path))

    return wrong


def _readers(owner: Owner | None) -> Callable[[Path], Reader | None]:
    """Return a function that tells who signs with the key in a file."""
    if owner is not None:
        return lambda _: Reader(owner, certain=True)
    users = key_owner.signers()
    daemons = opendkim_conf.daemons(key_owner.HOST).values() if "OpenDKIM" in users else ()
    used = {Path(path).resolve() for daemon in daemons for path in daemon.key_files()}
    alone = len({user.name for user in users.values()}) == 1
    likely = Reader(next(iter(users.values())), certain=False) if alone else None
    return lambda path: (
        Reader(users["OpenDKIM"], certain=True) if path.resolve() in used else likely
    )
