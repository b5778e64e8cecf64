"""What can be wrong with keys on the signing host and in DNS: private beside public, permissions, delegations."""

from __future__ import annotations

from collections.abc import Collection, Container, Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Literal

from mailauth_dns.diff.equivalence import parsed
from mailauth_dns.evaluate.observation import Observation, Unknown
from mailauth_dns.keys import keypair, private_files
from mailauth_dns.keys.lifecycle import Key, Sight
from mailauth_dns.policy import public_key_files
from mailauth_dns.policy.sections.dkim import State
from mailauth_dns.records import dkim
from mailauth_dns.records.dkim import KeyType
from mailauth_dns.records.family import Family
from mailauth_dns.records.name import DomainName
from mailauth_dns.records.zone import RRset
from mailauth_dns.signing_host.key_owner import Owner, unreadable

Weight = Literal["wrong", "unknown", "note"]


@dataclass(frozen=True, slots=True)
class KeyProblem:
    """One thing about a key: what is so, what happens to mail, and what to do; `rule` is its id.

    `unknown` is not wrong, and not right; a `note` is wrong with one signing program only, which the host may not have.
    """

    domain: DomainName
    selector: str
    rule: str
    message: str
    weight: Weight = "wrong"


@dataclass(frozen=True, slots=True)
class Reader:
    """Who signs with keys as far as this host shows it; `certain` where the command or the program's own table says so of these keys."""

    owner: Owner
    certain: bool


def of_private(
    key: Key, folder: Path, tracked: Collection[Path] | None, reader: Reader | None
) -> Iterator[KeyProblem]:
    """Yield what is wrong with a key's private half; `tracked` are the files that git keeps, None where git does not tell.

    `reader` is who has to read it, None where nothing tells. A key that is given as `p` is a sender's and has no private half here,
    unless there is a file for it.
    """
    if key.public is None or key.section.state not in ("pending", "active", "retiring"):
        return

    def problem(rule: str, message: str, weight: Weight = "wrong") -> KeyProblem:
        return KeyProblem(key.domain, key.selector, rule, message, weight)

    path = private_files.path_of(folder, key.domain, key.selector)
    seed = private_files.seed_of(path)
    try:
        there = [each for each in (path, seed) if each.exists()]
    except OSError as error:
        yield problem("DKIM032", f"{path}: {error.strerror}", "unknown")
        return
    if path not in there and key.ours and key.section.state != "retiring":
        yield problem("DKIM032", f"{path} is not there: nothing can sign with this key")
    if path in there and seed not in there and key.public.k == KeyType.ED25519:
        made = f"openssl pkey -in {path} -outform DER | tail -c 32 | base64 > {seed}"
        yield problem(
            "DKIM032",
            f"{seed} is not there: OpenDKIM does not need it, Rspamd cannot sign without; with umask 077: {made}",
            "note",
        )
    for each in there:
        try:
            held = keypair.public_half(private_files.octets(each))
        except OSError as error:
            yield problem("DKIM032", f"{each}: {error.strerror}", "unknown")
        except public_key_files.KeyFileError as error:
            yield problem("DKIM032", f"{each}: {error}")
        else:
            if held != key.public:
                yield problem(
                    "DKIM032",
                    f"{each} is not the private half of the policy's key: every signature with it fails",
                )
        if tracked is not None and each in tracked:
            yield problem(
                "DKIM037", f"{each} is kept in git; take it out of its history and make a new key"
            )
    try:
        signer = reader.owner if reader is not None and reader.certain else None
        open_to = dict.fromkeys(
            why for each in there for why in private_files.weaknesses(each, signer)
        )
        yield from (problem("DKIM037", reason) for reason in open_to)
        if reader is not None:
            closed = dict.fromkeys(why for each in there for why in unreadable(each, reader.owner))
            yield from (
                problem("DKIM037", reason, "wrong" if reader.certain else "note")
                for reason in closed
            )
    except OSError as error:
        yield problem("DKIM037", f"{error.filename or path}: {error.strerror}", "unknown")
    if tracked is None and there:
        yield problem(
            "DKIM037",
            f"{folder} lies in a git work tree, and git does not tell which files it keeps",
            "unknown",
        )


def of_folder(domain: DomainName, selectors: Container[str], folder: Path) -> Iterator[KeyProblem]:
    """Yield the private keys of a domain that are none of these selectors', and what killed runs left; nothing signs with them."""
    try:
        files, drafts = private_files.unnamed(folder, domain, selectors)
    except OSError as error:
        yield KeyProblem(
            domain, "*", "DKIM032", f"{error.filename or folder}: {error.strerror}", "unknown"
        )
        return
    for path in files:
        message = (
            f"{path} is of a selector that the policy does not name; declare it, or delete the file"
        )
        yield KeyProblem(domain, path.stem, "DKIM032", message, "note")
    for path in drafts:
        message = f"{path} was left by a run that was cut off, and can hold a private key; the next `dkim keygen` deletes it"
        yield KeyProblem(domain, path.name[1:].rsplit(".", 3)[0], "DKIM037", message, "note")


# What DNS may say of a key in each state: the finding and what it means; what is left out is as it should be.
_SIGNS: Mapping[str, tuple[str, str]] = {
    "missing": ("DKIM001", "no authoritative server has the key: signatures with it fail"),
    "other": ("DKIM032", "DNS has another key than the policy: signatures with it fail"),
    "revoked": ("DKIM032", "DNS has an empty key and the policy does not: signatures with it fail"),
    "partly": ("DKIM001", "the servers differ"),
}
_REVOKED = (
    "DKIM029",
    "the policy has revoked this key and DNS has not: whoever has it can still sign; plan and apply",
)
_ABSENT = ("DKIM029", "the policy has this selector absent and DNS still has it; plan and apply")
_DIFFER = ("DKIM029", "the servers differ")
_PUBLISHED: Mapping[State, Mapping[str, tuple[str, str]]] = {
    "pending": {},  # it may be on its way
    "active": _SIGNS,
    "retiring": _SIGNS,
    "revoked": {"served": _REVOKED, "other": _REVOKED, "partly": _DIFFER},
    "absent": {"served": _ABSENT, "other": _ABSENT, "revoked": _ABSENT, "partly": _DIFFER},
}


def of_published(key: Key, seen: Sight) -> Iterator[KeyProblem]:
    """Yield what is wrong with a key, or with what is left of one, in DNS."""
    if seen.state == "unknown":
        yield KeyProblem(key.domain, key.selector, "DKIM001", seen.detail, "unknown")
    elif seen.state in (wrong := _PUBLISHED[key.section.state]):
        rule, message = wrong[seen.state]
        yield KeyProblem(
            key.domain, key.selector, rule, f"{message}: {seen.detail}" if seen.detail else message
        )


def delegated_to(key: Key) -> DomainName | None:
    """Return the name whose key a sender signs with under this selector; None where it is not delegated, or no longer."""
    target = key.section.cname
    return (
        DomainName(target)
        if target is not None and key.section.state in ("pending", "active", "retiring")
        else None
    )


def of_delegated(
    key: Key, wanted: DomainName, observation: Observation, target: RRset | Unknown | None
) -> Iterator[KeyProblem]:
    """Yield what is wrong with a selector that is delegated to `wanted`; `target` is the TXT set that this name resolves to."""

    def problem(rule: str, message: str, weight: Weight = "wrong") -> KeyProblem:
        return KeyProblem(key.domain, key.selector, rule, message, weight)

    if not observation.servers:
        yield problem("DKIM001", observation.problem or "no server was asked", "unknown")
    for view in observation.servers:
        alias, text, *addresses = (
            view.sets.get((key.name, type), Unknown("was not asked"))
            for type in ("CNAME", "TXT", "A", "AAAA")
        )
        dark = next((said for said in (alias, text, *addresses) if isinstance(said, Unknown)), None)
        if dark is not None:
            yield problem("DKIM001", f"{view.server}: {dark.reason}", "unknown")
        elif isinstance(alias, RRset):
            if {value.rstrip(".") for value in alias.values} != {wanted}:
                yield problem(
                    "DKIM001",
                    f"{view.server}: is an alias of {', '.join(sorted(alias.values))}, not of {wanted}",
                )
        elif any(isinstance(said, RRset) for said in (text, *addresses)):
            what = "the target's record" if isinstance(text, RRset) else "an address"
            message = f"{view.server}: answers {what} instead of the alias; it flattens or proxies it, so the sender cannot rotate its key"
            yield problem("DKIM025", message)
        else:
            yield problem(
                "DKIM001", f"{view.server}: has no such record: signatures of the sender fail"
            )
    if isinstance(target, Unknown):
        yield problem("DKIM024", f"{wanted}: {target.reason}", "unknown")
    elif target is None:
        yield problem(
            "DKIM024",
            f"{wanted} has no key: signatures fail, and whoever gets hold of that name can sign as {key.domain}",
        )
    else:
        records = [parsed(Family.DKIM, "TXT", value) for value in target.values]
        if not any(isinstance(record, dkim.Record) and record.p for record in records):
            yield problem("DKIM024", f"{wanted} holds no usable key: signatures fail")
