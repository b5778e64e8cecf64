"""What can be wrong with keys: private half, permissions, record in DNS, delegation."""

from __future__ import annotations

from collections.abc import Collection, Container, Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Literal

from mailauth_dns.diff.equivalence import parsed
from mailauth_dns.evaluate.observation import Observation, ServerView, Unknown
from mailauth_dns.keys import exposure, keypair, private_files
from mailauth_dns.keys.declared import Key
from mailauth_dns.keys.in_dns import KeyInDns
from mailauth_dns.policy import public_key_files
from mailauth_dns.policy.sections.dkim import KeyState
from mailauth_dns.records import dkim
from mailauth_dns.records.dkim import KeyType
from mailauth_dns.records.family import Family
from mailauth_dns.records.name import DomainName
from mailauth_dns.records.zone import RRset
from mailauth_dns.signing_host.key_owner import Owner, unreadable

Weight = Literal["wrong", "unknown", "note"]


@dataclass(frozen=True, slots=True)
class KeyProblem:
    """One problem of a key: what is so, what happens to mail, and what to do; `rule` is its id.

    `unknown` is neither right nor wrong. A `note` matters to one signing program only, which the
    host may not have.
    """

    domain: DomainName
    selector: str
    rule: str
    message: str
    weight: Weight = "wrong"


@dataclass(frozen=True, slots=True)
class Reader:
    """The user that signs with a key.

    `certain` where the command line or the signing program's own table says so of this key.
    """

    owner: Owner
    certain: bool


_IN_USE = (KeyState.PENDING, KeyState.ACTIVE, KeyState.RETIRING)


def _problem(key: Key, rule: str, message: str, weight: Weight = "wrong") -> KeyProblem:
    return KeyProblem(key.domain, key.selector, rule, message, weight)


# On the signing host


def of_private(
    key: Key, folder: Path, tracked: Collection[Path] | None, reader: Reader | None
) -> Iterator[KeyProblem]:
    """Yield what is wrong with a key's private half.

    `tracked` are the files that git keeps, None where git does not say. `reader` is who has to read
    the key, None where that is unknown. A key that is given as `p` is a sender's: it has no private
    half here unless there is a file for it.
    """
    if key.public is None or key.section.state not in _IN_USE:
        return
    path = private_files.path_of(folder, key.domain, key.selector)
    seed = private_files.seed_of(path)
    try:
        there = [each for each in (path, seed) if each.exists()]
    except OSError as error:
        yield _problem(key, "DKIM032", f"{path}: {error.strerror}", "unknown")
        return
    if path not in there and key.ours and key.section.state is not KeyState.RETIRING:
        yield _problem(key, "DKIM032", f"{path} is not there: nothing can sign with this key")
    if path in there and seed not in there and key.public.k == KeyType.ED25519:
        made = f"openssl pkey -in {path} -outform DER | tail -c 32 | base64 > {seed}"
        yield _problem(
            key,
            "DKIM032",
            f"{seed} is not there: OpenDKIM does not need it, Rspamd cannot sign without; "
            f"with umask 077: {made}",
            "note",
        )
    for each in there:
        yield from _of_half(key, each)
        if tracked is not None and each in tracked:
            message = (
                f"{each} is kept in git, so others may have it; make a new key with "
                "`dkim keygen`, and take this one out of git's history"
            )
            yield _problem(key, "DKIM037", message)
    yield from _of_access(key, path, there, reader)
    if tracked is None and there:
        message = f"{folder} is in a git work tree, and git does not say which files it keeps"
        yield _problem(key, "DKIM037", message, "unknown")


def _of_half(key: Key, path: Path) -> Iterator[KeyProblem]:
    """Yield that a file is not the private half of the policy's key."""
    try:
        held = keypair.public_half(private_files.octets(path))
    except OSError as error:
        yield _problem(key, "DKIM032", f"{path}: {error.strerror}", "unknown")
    except public_key_files.KeyFileError as error:
        yield _problem(key, "DKIM032", f"{path}: {error}")
    else:
        if held != key.public:
            message = (
                f"{path} is not the private half of the policy's key: every signature with it fails"
            )
            yield _problem(key, "DKIM032", message)


def _of_access(
    key: Key, path: Path, there: Sequence[Path], reader: Reader | None
) -> Iterator[KeyProblem]:
    """Yield who else could use the private half, and what keeps its reader from it."""
    signer = reader.owner if reader is not None and reader.certain else None
    try:
        open_to = (why for each in there for why in exposure.weaknesses(each, signer))
        for reason in dict.fromkeys(open_to):
            yield _problem(key, "DKIM037", reason)
        if reader is not None:
            closed = (why for each in there for why in unreadable(each, reader.owner))
            for reason in dict.fromkeys(closed):
                yield _problem(key, "DKIM037", reason, "wrong" if reader.certain else "note")
    except OSError as error:
        yield _problem(key, "DKIM037", f"{error.filename or path}: {error.strerror}", "unknown")


def of_folder(domain: DomainName, selectors: Container[str], folder: Path) -> Iterator[KeyProblem]:
    """Yield a domain's private keys that are for none of these selectors, and killed runs' drafts.

    Nothing signs with them.
    """
    try:
        files, drafts = private_files.unnamed(folder, domain, selectors)
    except OSError as error:
        message = f"{error.filename or folder}: {error.strerror}"
        yield KeyProblem(domain, "*", "DKIM032", message, "unknown")
        return
    for path in files:
        message = (
            f"{path} is of a selector that the policy does not name; declare it, or delete the file"
        )
        yield KeyProblem(domain, path.stem, "DKIM032", message, "note")
    for path in drafts:
        message = (
            f"{path} was left by a run that was cut off, and can hold a private key; "
            "the next `dkim keygen` deletes it"
        )
        yield KeyProblem(domain, path.name[1:].rsplit(".", 3)[0], "DKIM037", message, "note")


# In DNS


# What is wrong when DNS says this of a key in that state: the rule, and what it means.
_SIGNS: Mapping[str, tuple[str, str]] = {
    "missing": ("DKIM001", "no authoritative server has the key: signatures with it fail"),
    "other": ("DKIM032", "DNS has another key than the policy: signatures with it fail"),
    "revoked": ("DKIM032", "DNS has an empty key and the policy does not: signatures with it fail"),
    "partly": ("DKIM001", "the servers differ"),
}
_REVOKED = (
    "DKIM029",
    "the policy has revoked this key and DNS has not: "
    "whoever has it can still sign; plan and apply",
)
_ABSENT = ("DKIM029", "the policy has this selector absent and DNS still has it; plan and apply")
_DIFFER = ("DKIM029", "the servers differ")
_PUBLISHED: Mapping[KeyState, Mapping[str, tuple[str, str]]] = {
    KeyState.PENDING: {},  # it may be on its way
    KeyState.ACTIVE: _SIGNS,
    KeyState.RETIRING: _SIGNS,
    KeyState.REVOKED: {"served": _REVOKED, "other": _REVOKED, "partly": _DIFFER},
    KeyState.ABSENT: {
        "served": _ABSENT,
        "other": _ABSENT,
        "revoked": _ABSENT,
        "partly": _DIFFER,
    },
}


def of_published(key: Key, in_dns: KeyInDns) -> Iterator[KeyProblem]:
    """Yield what is wrong with a key, or with what is left of one, in DNS."""
    if in_dns.state == "unknown":
        yield _problem(key, "DKIM001", in_dns.detail, "unknown")
    elif in_dns.state in (wrong := _PUBLISHED[key.section.state]):
        rule, message = wrong[in_dns.state]
        yield _problem(key, rule, f"{message}: {in_dns.detail}" if in_dns.detail else message)


# Behind a delegation


def delegated_to(key: Key) -> DomainName | None:
    """Return the name that holds a sender's key; None where the key is not delegated, or unused."""
    target = key.section.cname
    return DomainName(target) if target is not None and key.section.state in _IN_USE else None


def of_delegated(
    key: Key, wanted: DomainName, observation: Observation, target: RRset | Unknown | None
) -> Iterator[KeyProblem]:
    """Yield what is wrong with a selector that is delegated to `wanted`.

    `target` is the TXT set that this name resolves to.
    """
    if not observation.servers:
        yield _problem(key, "DKIM001", observation.problem or "no server was asked", "unknown")
    for view in observation.servers:
        yield from _of_alias(key, wanted, view)
    yield from of_target(key, wanted, target)


def _of_alias(key: Key, wanted: DomainName, view: ServerView) -> Iterator[KeyProblem]:
    """Yield what is wrong with the alias at one server."""
    alias, text, *addresses = (view.said((key.name, type)) for type in _ALIAS_TYPES)
    dark = next((said for said in (alias, text, *addresses) if isinstance(said, Unknown)), None)
    if dark is not None:
        yield _problem(key, "DKIM001", f"{view.server}: {dark.reason}", "unknown")
    elif isinstance(alias, RRset):
        if {value.rstrip(".") for value in alias.values} != {wanted}:
            targets = ", ".join(sorted(alias.values))
            message = f"{view.server}: is an alias of {targets}, not of {wanted}"
            yield _problem(key, "DKIM001", message)
    elif any(isinstance(said, RRset) for said in (text, *addresses)):
        what = "the target's record" if isinstance(text, RRset) else "an address"
        message = (
            f"{view.server}: answers {what} instead of the alias; it flattens or proxies it, "
            "so the sender cannot rotate its key"
        )
        yield _problem(key, "DKIM025", message)
    else:
        message = f"{view.server}: has no such record: signatures of the sender fail"
        yield _problem(key, "DKIM001", message)


_ALIAS_TYPES = ("CNAME", "TXT", "A", "AAAA")


def of_target(key: Key, wanted: DomainName, target: RRset | Unknown | None) -> Iterator[KeyProblem]:
    """Yield what is wrong with the key that the alias leads to."""
    if isinstance(target, Unknown):
        yield _problem(key, "DKIM024", f"{wanted}: {target.reason}", "unknown")
    elif target is None:
        message = (
            f"{wanted} has no key: signatures fail, "
            f"and whoever gets hold of that name can sign as {key.domain}"
        )
        yield _problem(key, "DKIM024", message)
    else:
        records = [parsed(Family.DKIM, "TXT", value) for value in target.values]
        if not any(isinstance(record, dkim.Record) and record.p for record in records):
            yield _problem(key, "DKIM024", f"{wanted} holds no usable key: signatures fail")
