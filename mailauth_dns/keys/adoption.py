"""A key that you have already becomes ours: `dkim adopt`.

The policy has it as published (`p:`), or does not name it yet. Once its private half is known, it
signs, is exported and rotates.

Files are written in the order of `keygen`: the private half, its public half in zones/keys, the
policy; last, a file that is to be moved is deleted. The same run again finishes one that was cut
off.
"""

from __future__ import annotations

import os.path
from collections.abc import Callable
from dataclasses import dataclass, replace
from datetime import datetime
from pathlib import Path

from mailauth_dns.errors import MailAuthError
from mailauth_dns.keys import (
    adoptable,
    exposure,
    first_seen,
    keypair,
    policy_edit,
    private_files,
    public_files,
    selector_names,
)
from mailauth_dns.keys.declared import Key
from mailauth_dns.keys.in_dns import KeyInDns, key_in_dns
from mailauth_dns.keys.keypair import KeyPair
from mailauth_dns.keys.policy_edit import SelectorEdit
from mailauth_dns.keys.times import moment
from mailauth_dns.policy import public_key_files, selector_edit, selector_tags
from mailauth_dns.policy.public_key_files import PublicKey
from mailauth_dns.policy.repo import Policy, Repo
from mailauth_dns.policy.repo_layout import KEY_DIR
from mailauth_dns.policy.sections.dkim import KeyState, SelectorSection
from mailauth_dns.policy.yaml_splice import Tree
from mailauth_dns.records.dkim import KeyType
from mailauth_dns.signing_host import key_owner
from mailauth_dns.signing_host.key_owner import Owner


@dataclass(frozen=True, slots=True)
class KeySource:
    """The file with the private half, and what happens to it.

    It is copied to `folder`, None leaves it where it is; `move` deletes `file` afterwards. `owner`
    is the user that root gives the copy to, as for a new key.
    """

    file: Path
    folder: Path | None
    move: bool = False
    owner: Owner | None = None


@dataclass(frozen=True, slots=True)
class Adopted:
    """A key that is ours now; `private` is its private half, other paths are relative to the repo.

    `left` is the given file, where it still exists beside `private`. `weaknesses` say who else
    could use the private half.
    """

    key: Key
    type: KeyType
    private: Path
    left: Path | None
    public: Path
    policy: Path
    in_dns: KeyInDns
    weaknesses: tuple[str, ...]


def adopt(repo: Repo, policy: Policy, named: str, source: KeySource, now: datetime) -> Adopted:
    """Make a key ours: a selector that the policy has as `p`, or one that it does not name.

    Of the latter, the policy takes over the tags that DNS has. It is active where every server
    serves it, because mail may be signed with it already, else pending as a new key is.

    Raises:
        MailAuthError: the file holds no usable key, or another one than the policy or DNS, or is in
            git; the policy cannot be edited; a file cannot be written. The text holds nothing of
            the key.
    """
    policy_edit.check_editable(repo, policy)
    name = selector_names.checked(named, policy.domain)
    pair = adoptable.read(source.file, repo.root, moved=source.move)
    section = (policy.body.dkim.selectors if policy.body.dkim is not None else {}).get(name)
    adoptable.check_policy(policy, name, section, pair.public)
    key = _as_ours(policy, name, section, pair.public)
    in_dns = _ask(policy, key)
    adoptable.check_dns(key, in_dns)
    key, edited = _edit(policy, section, key, in_dns, now)
    if edited is not None:  # nothing is written for a policy that has no place for it
        policy_edit.tried(edited, policy_edit.read(repo.root, policy.path))
    public = public_files.folder_of(repo, policy) / str(key.section.key)
    private, remark = _keep(source, repo, policy, name, pair)
    with policy_edit.alone(repo.root, policy.path):
        _publish(public, pair)
        if edited is not None:
            policy_edit.edit(repo.root, policy.path, edited)
    left = _left(source, private)
    weak = [remark, *(why for path in (private, left) if path for why in _weaknesses(path))]
    return Adopted(
        key,
        KeyType(pair.public.k),
        private,
        left,
        KEY_DIR / policy.domain / str(key.section.key),
        Path(policy.path),
        in_dns,
        tuple(dict.fromkeys(filter(None, weak))),
    )


def _as_ours(policy: Policy, name: str, section: SelectorSection | None, public: PublicKey) -> Key:
    """Return the key as the policy declares it once it is ours."""
    if section is None:
        section = SelectorSection.model_validate({"key": f"{name}.pem", "state": KeyState.PENDING})
    elif section.key is None:
        section = section.model_copy(update={"key": f"{name}.pem", "p": None})
    ttl = section.ttl or policy.body.ttl
    return Key(policy.domain, policy.zone, name, section, public, ttl)


def _ask(policy: Policy, key: Key) -> KeyInDns:
    from mailauth_dns.live.observe import Wanted, observe  # it takes time to load

    wanted = Wanted(policy.zone, key.questions, policy.body.nameservers)
    return key_in_dns(key, observe([wanted])[policy.zone])


def _edit(
    policy: Policy, section: SelectorSection | None, key: Key, in_dns: KeyInDns, now: datetime
) -> tuple[Key, Callable[[str], str] | None]:
    """Return the key as the policy will have it, and the edit that it needs, if any."""
    if section is None:
        entry = _new_entry(key, in_dns, now)
        added = replace(key, section=SelectorSection.model_validate(entry))
        return added, _addition(policy, key.selector, entry)
    if section.key is None:
        return key, _change(policy, key, first_seen.edit(key, in_dns, now))
    return key, None


def _new_entry(key: Key, in_dns: KeyInDns, now: datetime) -> dict[str, str | dict[str, str]]:
    """Return the section of a selector that the policy does not name yet."""
    tags = [selector_tags.of(record) for record in in_dns.records]
    if any(each != tags[0] for each in tags):
        raise MailAuthError(
            f"{key.name}: the servers differ in the record's tags; run the command again when "
            "they agree, or declare the selector with `p:` and the tags that you want"
        )
    at = moment(now)
    served = in_dns.state == "served"
    life = (
        {"state": KeyState.ACTIVE, "since": at, "seen": at}
        if served
        else {"state": KeyState.PENDING, "since": at}
    )
    return {"key": str(key.section.key), **(tags[0] if tags else {}), **life}


def _addition(policy: Policy, name: str, entry: Tree) -> Callable[[str], str]:
    """Return the edit that adds a selector."""

    def edited(text: str) -> str:
        policy_edit.check_unchanged(policy, text)
        return selector_edit.with_selector(policy.path, text, name, entry)

    return edited


def _change(policy: Policy, key: Key, seen: SelectorEdit | None) -> Callable[[str], str]:
    """Return the edit that makes a declared selector ours."""
    name = policy_edit.spelling(policy, key.selector) or key.selector
    # The new key first: a mapping must not be empty in between.
    changes = {"key": key.section.key, "p": None, **(seen or {})}

    def edited(text: str) -> str:
        policy_edit.check_unchanged(policy, text)
        return selector_edit.with_keys(policy.path, text, name, changes)

    return edited


def _keep(
    source: KeySource, repo: Repo, policy: Policy, name: str, pair: KeyPair
) -> tuple[Path, str]:
    """Put the private half where private keys are kept.

    Returns its path, and a remark about its owner.
    """
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
                f"{each}: is there already, and is not this key; it is never overwritten: "
                "take it away, or use another folder"
            )
    heir, remark = key_owner.heir(source.folder / policy.domain, source.owner)
    private_files.write(path, repo.root, pair, heir, again=True)
    return path, remark


def _publish(public: Path, pair: KeyPair) -> None:
    if os.path.lexists(public):
        try:
            if public_key_files.read(private_files.octets(public)) == pair.public:
                return
        except (OSError, public_key_files.KeyFileError):
            pass
        raise MailAuthError(
            f"{public}: is there already, and holds another key; take it away if nothing uses it, "
            "and run the command again"
        )
    public_files.make_folder(public.parent)
    public_files.write(public, pair.public_pem)


def _left(source: KeySource, private: Path) -> Path | None:
    """Return the given file where it stays beside `private`; one that is to be moved is deleted."""
    if private.samefile(source.file):
        return None
    if source.move:
        _delete(source.file)
        return None
    return source.file


def _delete(path: Path) -> None:
    try:
        path.unlink()
    except OSError as error:
        raise MailAuthError(
            f"{path}: the key is adopted, but this file cannot be deleted: {error.strerror}; "
            "delete it"
        ) from None


def _weaknesses(path: Path) -> list[str]:
    try:
        return exposure.weaknesses(path)
    except OSError as error:
        return [f"{error.filename or path}: who else could use it is unknown: {error.strerror}"]
