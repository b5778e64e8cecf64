"""What the authoritative servers of a zone serve for a declared key."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import timedelta
from typing import Literal

from mailauth_dns.diff.equivalence import parsed
from mailauth_dns.evaluate.observation import Observation, ServerView, Unknown
from mailauth_dns.keys.declared import Key, keys_of
from mailauth_dns.policy.repo import Policy
from mailauth_dns.records import dkim, dkim_received
from mailauth_dns.records.family import Family
from mailauth_dns.records.name import DomainName
from mailauth_dns.records.zone import RRKey, RRset, negative_ttl

DnsState = Literal["served", "revoked", "missing", "other", "partly", "unknown"]


@dataclass(frozen=True, slots=True)
class KeyInDns:
    """What all authoritative servers together serve for a key.

    `revoked` is an empty key, `other` a record that is not the policy's, `partly` means that the
    servers differ. `wait` is how long a cache may keep an older answer, None where that is
    unknown; `bound` names what makes it so long.
    """

    state: DnsState
    detail: str = ""
    wait: timedelta | None = None
    bound: str = ""
    contradicts: bool = False  # a server holds another key, or an empty one
    records: frozenset[dkim.Record] = frozenset()  # those that hold the policy's key


@dataclass(frozen=True, slots=True)
class _Answer:
    """What one server holds at a selector's name; `other` describes a record of someone else."""

    server: str
    state: DnsState
    other: str
    record: dkim.Record | None  # that holds the policy's key
    ttl: int  # seconds, the longest of what was answered
    negative_ttl: int  # seconds

    def __str__(self) -> str:
        return f"{self.server}: {self.state}" + (f" ({self.other})" if self.other else "")


def ask(
    policies: Iterable[Policy],
) -> tuple[list[tuple[Policy, Key]], Mapping[DomainName, Observation]]:
    """Return every key that the policies declare, and what the servers of their zones say."""
    # This takes time to load, and only live DNS needs it.
    from mailauth_dns.live.observe import Wanted, observe

    pairs = [(policy, key) for policy in policies for key in keys_of(policy)]
    questions: dict[DomainName, set[RRKey]] = {}
    servers: dict[DomainName, tuple[str, ...]] = {}
    for policy, key in pairs:
        questions.setdefault(policy.zone, set()).update(key.questions)
        servers[policy.zone] = policy.body.nameservers
    return pairs, observe(
        [Wanted(zone, frozenset(asked), servers[zone]) for zone, asked in questions.items()]
    )


def key_in_dns(key: Key, observation: Observation) -> KeyInDns:
    """Return what the servers serve for the key."""
    if not observation.servers:
        return KeyInDns("unknown", observation.problem or "no server was asked")
    answers: list[_Answer] = []
    for view in observation.servers:
        answer = _answer(key, view)
        if isinstance(answer, Unknown):
            return KeyInDns("unknown", f"{view.server}: {answer.reason}")
        answers.append(answer)
    negative = max(answer.negative_ttl for answer in answers)
    longest = max(key.ttl or 0, *(answer.ttl for answer in answers))
    states = {answer.state for answer in answers}
    if len(states) == 1:
        [state] = states
        detail = "; ".join(dict.fromkeys(answer.other for answer in answers if answer.other))
    else:
        state, detail = "partly", ", ".join(map(str, answers))
    return KeyInDns(
        state,
        detail,
        timedelta(seconds=max(negative, longest)),
        "the zone's negative TTL" if negative >= longest else "the record's TTL",
        contradicts=bool(states & {"other", "revoked"}),
        records=frozenset(answer.record for answer in answers if answer.record is not None),
    )


def _answer(key: Key, view: ServerView) -> _Answer | Unknown:
    """Return what one server holds at the selector's name; Unknown where it did not say."""
    sets: list[RRset] = []
    for question in sorted(key.questions):
        said = view.said(question)
        if isinstance(said, Unknown):
            return said
        if said is not None:
            sets.append(said)
    held = {each.type: each for each in sets if each.name in (key.name, key.zone)}
    if "SOA" not in held:
        return Unknown(f"gives no SOA for {key.zone}")
    state, record = _held(key, held)
    other = ""
    if state in ("other", "revoked") and _from_wildcard(key, held, sets):
        state = "missing"
    elif state == "other":
        other = _other(held)
    ttl = max((each.ttl or 0 for each in sets if each.type != "SOA"), default=0)
    return _Answer(view.server, state, other, record, ttl, negative_ttl(held["SOA"]))


def _from_wildcard(key: Key, held: Mapping[str, RRset], sets: Iterable[RRset]) -> bool:
    """Tell whether the answer is the one that a wildcard gives everywhere (RFC 4592)."""
    return "CNAME" not in held and any(
        each.key in key.wildcards and each.values == held["TXT"].values for each in sets
    )


def _held(key: Key, held: Mapping[str, RRset]) -> tuple[DnsState, dkim.Record | None]:
    """Return how one server's sets compare with the policy, and the record with its key."""
    if (alias := held.get("CNAME")) is not None:
        wanted = key.section.cname
        targets = {value.rstrip(".") for value in alias.values}
        return ("served" if wanted is not None and targets == {wanted} else "other"), None
    there = held.get("TXT")
    if there is None:
        return "missing", None
    if len(there.values) > 1:
        return "other", None  # RFC 6376 §3.6.2.2: with several the result is undefined
    [text] = there.values
    record = parsed(Family.DKIM, "TXT", text)
    if not isinstance(record, dkim.Record):
        return "other", None
    if not record.p:
        return "revoked", None
    if key.public is None or (record.effective_k, record.p) != (key.public.k, key.public.p):
        return "other", None
    return "served", record


def _other(held: Mapping[str, RRset]) -> str:
    """Describe what a server holds in place of the policy's key."""
    if (alias := held.get("CNAME")) is not None:
        return f"an alias of {', '.join(sorted(alias.values))}"
    texts = sorted(held["TXT"].values)
    if len(texts) > 1:
        return f"{len(texts)} records, of which verifiers may take any"
    if (fault := dkim_received.fault(texts[0])) is not None:
        return f"a broken record: {fault}"
    record = dkim.parse(texts[0])
    return f"k={record.effective_k}; p=...{record.p[-20:]}"  # all keys of a size open alike
