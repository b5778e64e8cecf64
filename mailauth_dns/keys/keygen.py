"""A new key: `dkim keygen`.

Files are written in this order: the private key, its public half in zones/keys, and last the
policy that names it. A run that is killed in between leaves a key that nothing uses, never a
policy without its key.
"""

from __future__ import annotations

import os.path
from dataclasses import dataclass
from datetime import datetime, timedelta
from functools import partial
from pathlib import Path

from mailauth_dns.diff.compare import DEFAULT_TTL
from mailauth_dns.errors import MailAuthError
from mailauth_dns.keys import keypair, policy_edit, private_files, public_files, selector_names
from mailauth_dns.keys.declared import keys_of
from mailauth_dns.keys.private_files import KeyDestination
from mailauth_dns.keys.status import several_pending
from mailauth_dns.keys.times import moment
from mailauth_dns.policy import selector_edit
from mailauth_dns.policy.repo import Policy, Repo
from mailauth_dns.policy.sections.dkim import KeyState
from mailauth_dns.records.dkim import KeyType
from mailauth_dns.signing_host import key_owner


@dataclass(frozen=True, slots=True)
class KeySpec:
    """The key that is wanted; `bits` is the size of an RSA key, `selector` may be None."""

    type: KeyType
    bits: int
    selector: str | None = None


@dataclass(frozen=True, slots=True)
class NewKey:
    """A key that was made, and where its parts are; `public` and `policy` are relative to the repo.

    `wait` is how long every server has to serve it before it signs, unless the zone's negative TTL
    is longer.
    """

    domain: str
    selector: str
    type: KeyType
    private: Path
    public: Path
    policy: Path
    wait: timedelta
    remarks: tuple[str, ...]


def keygen(
    repo: Repo, policy: Policy, spec: KeySpec, destination: KeyDestination, now: datetime
) -> NewKey:
    """Make a key and add it to the policy as pending.

    Raises:
        MailAuthError: the policy is shared or parked, the selector is taken, a file cannot be
            written, or its owner cannot be given it.
    """
    folder = destination.folder(repo.root)
    policy_edit.check_editable(repo, policy)
    public_folder = public_files.folder_of(repo, policy)
    name = _selector(policy, spec, folder, public_folder, now)
    keys = {"key": f"{name}.pem", "state": KeyState.PENDING, "since": moment(now)}
    edited = partial(selector_edit.with_selector, policy.path, selector=name, keys=keys)
    # No key is made for a policy that has no place for it.
    policy_edit.tried(edited, policy_edit.read(repo.root, policy.path))
    heir, remark = key_owner.heir(folder / policy.domain, destination.owner)
    public_files.make_folder(public_folder)
    pair = keypair.generate(spec.type, spec.bits)
    private = private_files.path_of(folder, policy.domain, name)
    private_files.write(private, repo.root, pair, heir)
    public = public_folder / f"{name}.pem"
    with policy_edit.alone(repo.root, policy.path):
        _refuse_taken(public, private)
        try:
            public_files.write(public, pair.public_pem)
            policy_edit.edit(repo.root, policy.path, edited)
        except MailAuthError as error:
            way = selector_names.way_on(policy, name, private, public)
            raise MailAuthError(f"{error}\n{private} is made: {way}") from None
    return NewKey(
        policy.domain,
        name,
        spec.type,
        private,
        public.relative_to(repo.root),
        Path(policy.path),
        timedelta(seconds=policy.body.ttl or DEFAULT_TTL),
        tuple(filter(None, (remark, _beside(policy, name, spec.type)))),
    )


def _selector(
    policy: Policy, spec: KeySpec, folder: Path, public_folder: Path, now: datetime
) -> str:
    if spec.selector is not None:
        return selector_names.unused(policy, spec.selector, folder, public_folder)
    return selector_names.from_template(policy, spec.type, folder, public_folder, now)


def _refuse_taken(public: Path, private: Path) -> None:
    if os.path.lexists(public):
        raise MailAuthError(
            f"{public}: another run has made a key of this name meanwhile; "
            f"nothing uses {private}: delete it"
        )


def _beside(policy: Policy, name: str, type: KeyType) -> str:
    """Return the remark about other keys of the type that are pending too."""
    waiting = [
        key.selector
        for key in keys_of(policy)
        if key.section.state is KeyState.PENDING and key.is_own(type)
    ]
    return several_pending([*waiting, name], type, policy.domain) if waiting else ""
