"""What can be wrong with keys on the signing host and in DNS: private beside public, permissions, delegations."""

from __future__ import annotations

from collections.abc import Collection, Iterator
from dataclasses import dataclass
from pathlib import Path

from mailauth_dns.diff.semantics import parsed
from mailauth_dns.evaluate.observation import Observation, Unknown
from mailauth_dns.policy import keys
from mailauth_dns.records import dkim
from mailauth_dns.records.family import Family
from mailauth_dns.records.name import DomainName
from mailauth_dns.records.zone import RRset
from mailauth_dns.signing import keypair, private_files
from mailauth_dns.signing.lifecycle import Key, Sight

MAX_PRIVATE = 100_000  # octets; an RSA key of 4096 bits has 3300


@dataclass(frozen=True, slots=True)
class KeyProblem:
    """One thing that is wrong with a key, what happens to mail, and what to do; `rule` is its id. Unknown is not wrong, and not right."""

    domain: DomainName
    selector: str
    rule: str
    message: str
    unknown: bool = False


def of_private(key: Key, folder: Path, tracked: Collection[Path]) -> Iterator[KeyProblem]:
    """Yield what is wrong with a key's private half; `tracked` are the files that git keeps.

    A key that is given as `p` is a sender's and has no private half here, unless there is a file for it.
    """
    if key.public is None or key.section.state not in ("pending", "active", "retiring"):
        return
    path = private_files.path_of(folder, key.domain, key.selector)
    try:
        there = [each for each in (path, private_files.seed_of(path)) if each.exists()]
    except OSError as error:
        yield KeyProblem(key.domain, key.selector, "DKIM032", f"{path}: {error.strerror}", unknown=True)
        return
    if path not in there and key.ours and key.section.state != "retiring":
        yield KeyProblem(key.domain, key.selector, "DKIM032", f"{path} is not there: nothing can sign with this key")
    for each in there:
        yield from _of_file(key, each, tracked)


def _of_file(key: Key, path: Path, tracked: Collection[Path]) -> Iterator[KeyProblem]:
    try:
        with path.open("rb") as file:
            held = keypair.public_half(file.read(MAX_PRIVATE))
        weak = private_files.weaknesses(path)
    except OSError as error:
        yield KeyProblem(key.domain, key.selector, "DKIM032", f"{path}: {error.strerror}", unknown=True)
        return
    except keys.KeyFileError as error:
        yield KeyProblem(key.domain, key.selector, "DKIM032", f"{path}: {error}")
        return
    if held != key.public:
        message = f"{path} is not the private half of the policy's key: every signature with it fails"
        yield KeyProblem(key.domain, key.selector, "DKIM032", message)
    for reason in weak:
        yield KeyProblem(key.domain, key.selector, "DKIM037", f"{path}: {reason}")
    if path in tracked:
        yield KeyProblem(key.domain, key.selector, "DKIM037", f"{path} is kept in git; take it out of its history and make a new key")


def of_published(key: Key, seen: Sight) -> Iterator[KeyProblem]:
    """Yield what is wrong with a key of ours in DNS; a pending one may still be on its way."""
    if not key.ours or key.section.state not in ("active", "retiring"):
        return
    if seen.state == "unknown":
        yield KeyProblem(key.domain, key.selector, "DKIM001", seen.detail, unknown=True)
    elif seen.state == "missing":
        yield KeyProblem(key.domain, key.selector, "DKIM001", "no authoritative server has the key: signatures with it fail")
    elif seen.state in ("other", "revoked"):
        what = "an empty key" if seen.state == "revoked" else "another key"
        yield KeyProblem(key.domain, key.selector, "DKIM032", f"DNS has {what} than the policy: signatures with it fail")
    elif seen.state == "partly":
        yield KeyProblem(key.domain, key.selector, "DKIM001", f"the servers differ: {seen.detail}")


def of_delegated(key: Key, observation: Observation, target: RRset | Unknown | None) -> Iterator[KeyProblem]:
    """Yield what is wrong with a selector that is delegated to a sender; `target` is the TXT set that its name resolves to."""
    wanted = key.section.cname
    if wanted is None or key.section.state not in ("pending", "active", "retiring"):
        return

    def problem(rule: str, message: str, *, unknown: bool = False) -> KeyProblem:
        return KeyProblem(key.domain, key.selector, rule, message, unknown)

    if not observation.servers:
        yield problem("DKIM001", observation.problem or "no server was asked", unknown=True)
    for view in observation.servers:
        alias, text, address = (view.sets.get((key.name, type), Unknown("was not asked")) for type in ("CNAME", "TXT", "A"))
        dark = next((said for said in (alias, text, address) if isinstance(said, Unknown)), None)
        if dark is not None:
            yield problem("DKIM001", f"{view.server}: {dark.reason}", unknown=True)
        elif isinstance(alias, RRset):
            if {value.rstrip(".") for value in alias.values} != {wanted}:
                yield problem("DKIM001", f"{view.server}: is an alias of {', '.join(sorted(alias.values))}, not of {wanted}")
        elif isinstance(text, RRset) or isinstance(address, RRset):
            what = "the target's record" if isinstance(text, RRset) else "an address"
            message = f"{view.server}: answers {what} instead of the alias; it flattens or proxies it, so the sender cannot rotate its key"
            yield problem("DKIM025", message)
        else:
            yield problem("DKIM001", f"{view.server}: has no such record: signatures of the sender fail")
    if isinstance(target, Unknown):
        yield problem("DKIM024", f"{wanted}: {target.reason}", unknown=True)
    elif target is None:
        yield problem("DKIM024", f"{wanted} has no key: signatures fail, and whoever gets hold of that name can sign as {key.domain}")
    else:
        records = [parsed(Family.DKIM, "TXT", value) for value in target.values]
        if not any(isinstance(record, dkim.Record) and record.p for record in records):
            yield problem("DKIM024", f"{wanted} holds no usable key: signatures fail")
