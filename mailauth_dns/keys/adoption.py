"""A key of one's own that a policy has as published (`p:`) becomes ours: its private half is known, so it signs, is exported and rotates.

Written in the order of `rotation`: the private half, its public half in zones/keys, the policy, and last the file that is moved is taken
away. A run that is cut off is finished by the same run again.
"""

from __future__ import annotations

import os.path
from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path

from mailauth_dns.errors import MailAuthError
from mailauth_dns.keys import keypair, lifecycle, policy_edit, private_files, rotation
from mailauth_dns.keys.keypair import KeyPair
from mailauth_dns.keys.lifecycle import Key, Sight
from mailauth_dns.policy import public_key_files, selector_edit
from mailauth_dns.policy.repo import KEY_DIR, Policy, Repo
from mailauth_dns.policy.sections.dkim import SelectorSection
from mailauth_dns.records.dkim import KeyType
from mailauth_dns.signing_host import key_owner as owners
from mailauth_dns.signing_host.key_owner import Owner


@dataclass(frozen=True, slots=True)
class Source:
    """Where the private half is, and what becomes of it: `folder` is where it is copied to, None leaves it; `move` takes `file` away.

    `owner` is the user that root gives the copy to, as for a new key.
    """

    file: Path
    folder: Path | None
    move: bool = False
    owner: Owner | None = None


@dataclass(frozen=True, slots=True)
class Adopted:
    """A key that is ours now; `private` is where its private half is, `public` and `policy` are relative to the repo.

    `left` is the file that was given, where it is still there beside `private`; `weaknesses` say who else could use the private half.
    """

    key: Key
    type: KeyType
    private: Path
    left: Path | None
    public: Path
    policy: Path
    sight: Sight
    weaknesses: tuple[str, ...]


def adopt(repo: Repo, policy: Policy, named: str, source: Source, now: datetime) -> Adopted:
    """Make a key ours: a selector that the policy has as `p`, or a new one, which is pending as a new key is.

    Raises:
        MailAuthError: the file holds no usable key, another one than the policy or DNS, or lies in git; the policy cannot be edited; a file
            cannot be written. Its text holds nothing of the key.
    """
    rotation.check_editable(repo, policy)
    name = rotation.checked_selector(named, policy.domain)
    pair = _read(source, repo.root)
    section = (policy.body.dkim.selectors if policy.body.dkim is not None else {}).get(name)
    _check_same(policy, name, section, pair.public)
    ours = section if section is not None and section.key is not None else _as_ours(section, name)
    key = Key(policy.domain, policy.zone, name, ours, pair.public, ours.ttl or policy.body.ttl)
    seen = _sight(policy, key)
    if seen.state in ("other", "revoked"):
        what = "another key" if seen.state == "other" else "an empty key"
        raise MailAuthError(
            f"{key.name}: DNS has {what}, and mail signed with this one would fail; make a new key with `dkim keygen`"
        )
    public = rotation.public_folder_of(repo, policy) / str(ours.key)
    edited = (
        None
        if section is not None and section.key is not None
        else _edit(policy, key, section, lifecycle.sighting(key, seen, now), now)
    )
    if edited is not None:
        policy_edit.tried(
            edited, policy_edit.read(repo.root, policy.path)
        )  # for a policy that has no place for it nothing is written
    private, remark = _keep(source, repo, policy, name, pair)
    with policy_edit.alone(repo.root, policy.path):
        _publish(public, pair)
        if edited is not None:
            policy_edit.edit(repo.root, policy.path, edited)
    left = None if private.samefile(source.file) else source.file
    if left is not None and source.move:
        _take_away(left)
        left = None
    weak = dict.fromkeys([remark] if remark else [])
    weak.update(
        dict.fromkeys(
            reason for path in (private, left) if path is not None for reason in _weaknesses(path)
        )
    )
    return Adopted(
        key,
        KeyType(pair.public.k),
        private,
        left,
        KEY_DIR / policy.domain / str(ours.key),
        Path(policy.path),
        seen,
        tuple(weak),
    )


def _read(source: Source, root: Path) -> KeyPair:
    private_files.refuse_inside(source.file, root)
    if source.move and source.file.is_symlink():
        raise MailAuthError(
            f"{source.file}: is a link; to move the key, name the file that it leads to"
        )
    real = source.file.resolve()
    if real in (private_files.in_git(real.parent) or ()):
        raise MailAuthError(
            f"{source.file}: is kept in git, so others may have it; make a new key with `dkim keygen`"
        )
    try:
        return keypair.read(private_files.octets(source.file))
    except OSError as error:
        raise MailAuthError(f"{source.file}: {error.strerror}") from None
    except public_key_files.KeyFileError as error:
        raise MailAuthError(
            f"{source.file}: {error}; give the file that the signing program uses, as PEM or an Ed25519 seed"
        ) from None


def _check_same(
    policy: Policy, name: str, section: SelectorSection | None, public: public_key_files.PublicKey
) -> None:
    """Refuse a key that is not the one which the policy declares under this selector."""
    if section is None:
        return
    where = f"{policy.path}: {name}"
    if section.cname is not None:
        raise MailAuthError(
            f"{where} is delegated to {section.cname}, whose owner has its key; nothing is to be adopted"
        )
    if section.state in ("revoked", "absent"):
        raise MailAuthError(
            f"{where} is {section.state}; a key that has ended does not come back: make a new one with `dkim keygen`"
        )
    declared = next(key.public for key in lifecycle.keys_of(policy) if key.selector == name)
    if declared != public:
        raise MailAuthError(
            f"{where} declares another key: the file is not its private half, so every signature with it would fail"
        )


def _as_ours(section: SelectorSection | None, name: str) -> SelectorSection:
    if section is None:
        return SelectorSection.model_validate({"key": f"{name}.pem", "state": "pending"})
    return section.model_copy(update={"key": f"{name}.pem", "p": None})


def _sight(policy: Policy, key: Key) -> Sight:
    from mailauth_dns.live.observe import Wanted, observe  # dnspython takes time to load

    return lifecycle.sight(
        key, observe([Wanted(policy.zone, key.questions, policy.body.nameservers)])[policy.zone]
    )


def _edit(
    policy: Policy,
    key: Key,
    section: SelectorSection | None,
    seen: lifecycle.Keys | None,
    now: datetime,
) -> Callable[[str], str]:
    file = str(key.section.key)

    def edited(text: str) -> str:
        policy_edit.check_unchanged(policy, text)
        if section is None:
            entry = {"key": file, "state": "pending", "since": lifecycle.moment(now)}
            return selector_edit.with_selector(
                policy.path,
                text,
                key.selector,
                entry | {name: at for name, at in (seen or {}).items() if at is not None},
            )
        # The new key first: a mapping must not be empty in between.
        changes = {"key": file, "p": None, **(seen or {})}
        return selector_edit.with_keys(
            policy.path, text, rotation.spelling(policy, key.selector) or key.selector, changes
        )

    return edited


def _keep(source: Source, repo: Repo, policy: Policy, name: str, pair: KeyPair) -> tuple[Path, str]:
    """Put the private half where private keys are kept, and return where it is and what its owner still has to do."""
    if source.folder is None:
        return source.file, ""
    private_files.refuse_inside(source.folder, repo.root)
    path = private_files.path_of(source.folder, policy.domain, name)
    for each in (path, private_files.seed_of(path)):
        if not os.path.lexists(each):
            continue
        try:
            held = keypair.public_half(private_files.octets(each))
        except (OSError, public_key_files.KeyFileError):
            held = None
        if held != pair.public:
            raise MailAuthError(
                f"{each}: is there already, and is not this key; it is never overwritten: take it away, or use another folder"
            )
    heir, remark = owners.heir(source.folder / policy.domain, source.owner)
    return private_files.write(
        source.folder, repo.root, policy.domain, name, pair, heir, again=True
    ), remark


def _publish(public: Path, pair: KeyPair) -> None:
    if os.path.lexists(public):
        try:
            if public_key_files.read(private_files.octets(public)) == pair.public:
                return
        except (OSError, public_key_files.KeyFileError):
            pass
        raise MailAuthError(
            f"{public}: is there already, and holds another key; take it away if nothing uses it, and run the command again"
        )
    try:
        public.parent.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise MailAuthError(f"{error.filename}: {error.strerror}") from None
    rotation.write_public(public, pair.public_pem)


def _take_away(path: Path) -> None:
    try:
        path.unlink()
    except OSError as error:
        raise MailAuthError(
            f"{path}: the key is adopted, but this file cannot be taken away: {error.strerror}; delete it"
        ) from None


def _weaknesses(path: Path) -> list[str]:
    try:
        return private_files.weaknesses(path)
    except OSError as error:
        return [f"{error.filename or path}: who else could use it is unknown: {error.strerror}"]
