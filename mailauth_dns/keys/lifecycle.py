"""The life of a DKIM key: pending, active, retiring, revoked, absent; what each step waits for, and when it may be taken.

A key signs only when nobody can still hold the answer that it does not exist: every authoritative server has served it for the longest
time that a cache keeps the old answer, the record's TTL or the negative one (RFC 2308 §5). It is revoked when mail that it signed
has left the queues. Nothing here reads the clock: `now` comes from the command line.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from typing import Literal

from mailauth_dns.diff.equivalence import parsed
from mailauth_dns.evaluate.observation import Observation, Unknown
from mailauth_dns.policy.public_key_files import PublicKey
from mailauth_dns.policy.repo import Policy
from mailauth_dns.policy.sections.dkim import RotationSection, SelectorSection, State
from mailauth_dns.records import dkim, dkim_received
from mailauth_dns.records.family import Family
from mailauth_dns.records.name import DomainName
from mailauth_dns.records.zone import RRKey, RRset, negative_ttl

Served = Literal["served", "revoked", "missing", "other", "partly", "unknown"]


@dataclass(frozen=True, slots=True)
class Key:
    """One declared selector; `public` is None where the policy does not hold the key itself.

    `ours` tells that the policy has the key as a file: a key given as `p` or `cname` is a sender's, who signs with it.
    """

    domain: DomainName
    zone: DomainName
    selector: str
    section: SelectorSection
    public: PublicKey | None
    ttl: int | None  # seconds, as declared

    @property
    def ours(self) -> bool:
        """Whether the private half is ours to sign with and to rotate."""
        return self.section.key is not None

    def is_own(self, type: str) -> bool:
        """Tell whether it is ours and of this type, such as rsa."""
        return self.ours and self.public is not None and self.public.k == type

    @property
    def name(self) -> DomainName:
        """Where the record is published."""
        return dkim.owner_name(self.selector, self.domain)

    @property
    def questions(self) -> frozenset[RRKey]:
        """What to ask the zone's servers to know how the key stands.

        The SOA tells the negative TTL, a wildcard what was answered before the record came, and an address a proxied alias.
        """
        types = (
            ("TXT", "CNAME", "A", "AAAA") if self.section.cname is not None else ("TXT", "CNAME")
        )
        return frozenset(
            {(self.zone, "SOA"), *((self.name, type) for type in types), *self.wildcards}
        )

    @property
    def wildcards(self) -> tuple[RRKey, ...]:
        """The sets that servers answered with, and caches may keep, while the selector had no record (RFC 4592)."""
        return tuple(
            (DomainName(f"*.{above}"), "TXT")
            for above in (f"_domainkey.{self.domain}", self.domain)
        )


@dataclass(frozen=True, slots=True)
class Sight:
    """What the authoritative servers say of a key, all taken together.

    `revoked` is an empty key, `other` a record that is not the policy's, `partly` that servers differ. `wait` is how long a cache may
    keep an older answer, None where that is not known; `bound` names what makes it so long.
    """

    state: Served
    detail: str = ""
    wait: timedelta | None = None
    bound: str = ""
    contradicts: bool = (
        False  # a server holds another key, or an empty one: not one that is yet to come
    )


@dataclass(frozen=True, slots=True)
class Step:
    """The next step in a key's life. `at` is when it may be taken, None while something else must come first, which `why` names."""

    to: State | Literal["successor"]
    at: datetime | None
    why: str = ""

    def due(self, now: datetime) -> bool:
        """Tell whether it may be taken."""
        return self.at is not None and self.at <= now


def keys_of(policy: Policy) -> tuple[Key, ...]:
    """Return the policy's selectors, in its order."""
    selectors = policy.body.dkim.selectors if policy.body.dkim is not None else {}
    return tuple(
        Key(
            policy.domain,
            policy.zone,
            selector,
            section,
            _public(policy, selector, section),
            section.ttl or policy.body.ttl,
        )
        for selector, section in selectors.items()
    )


def _public(policy: Policy, selector: str, section: SelectorSection) -> PublicKey | None:
    if section.p is not None:
        return PublicKey(section.k or "rsa", "".join(section.p.split()))
    return policy.keys.get(selector)


# What DNS says


def sight(key: Key, observation: Observation) -> Sight:
    """Return what the servers say of the key."""
    if not observation.servers:
        return Sight("unknown", observation.problem or "no server was asked")
    said: dict[str, Served] = {}
    others: dict[str, str] = {}
    negative, longest = 0, key.ttl or 0
    for view in observation.servers:
        answers = [
            view.sets.get(question, Unknown("was not asked")) for question in sorted(key.questions)
        ]
        for answer in answers:
            if isinstance(answer, Unknown):
                return Sight("unknown", f"{view.server}: {answer.reason}")
        sets = [answer for answer in answers if isinstance(answer, RRset)]
        held = {answer.type: answer for answer in sets if answer.name in (key.name, key.zone)}
        if "SOA" not in held:
            return Sight("unknown", f"{view.server}: gives no SOA for {key.zone}")
        said[view.server] = _held(key, held)
        if said[view.server] in ("other", "revoked") and _from_wildcard(key, held, sets):
            said[view.server] = "missing"
        elif said[view.server] == "other":
            others[view.server] = _other(held)
        ttls = [
            answer.ttl or 0
            for answer in answers
            if isinstance(answer, RRset) and answer.type != "SOA"
        ]
        negative, longest = max(negative, negative_ttl(held["SOA"])), max(longest, *ttls, 0)
    wait = timedelta(seconds=max(negative, longest))
    bound = "the zone's negative TTL" if negative >= longest else "the record's TTL"
    states = set(said.values())
    contradicts = bool(states & {"other", "revoked"})
    if len(states) == 1:
        return Sight(
            states.pop(), "; ".join(dict.fromkeys(others.values())), wait, bound, contradicts
        )
    detail = (
        f"{server}: {state}" + (f" ({others[server]})" if server in others else "")
        for server, state in said.items()
    )
    return Sight("partly", ", ".join(detail), wait, bound, contradicts)


def _from_wildcard(key: Key, held: Mapping[str, RRset], sets: Iterable[RRset]) -> bool:
    """Tell whether what is answered at the selector's name is what a wildcard answers everywhere (RFC 4592)."""
    return "CNAME" not in held and any(
        answer.key in key.wildcards and answer.values == held["TXT"].values for answer in sets
    )


def _held(key: Key, held: Mapping[str, RRset]) -> Served:
    """Return what one server holds at the selector's name."""
    alias = held.get("CNAME")
    if alias is not None:
        wanted = key.section.cname
        return (
            "served"
            if wanted is not None and {value.rstrip(".") for value in alias.values} == {wanted}
            else "other"
        )
    there = held.get("TXT")
    if there is None:
        return "missing"
    if len(there.values) > 1:
        return "other"  # RFC 6376 §3.6.2.2: with several the result is undefined
    [text] = there.values
    record = parsed(Family.DKIM, "TXT", text)
    if not isinstance(record, dkim.Record):
        return "other"
    if not record.p:
        return "revoked"
    public = key.public
    return (
        "served"
        if public is not None and (record.effective_k, record.p) == (public.k, public.p)
        else "other"
    )


def _other(held: Mapping[str, RRset]) -> str:
    """Return what stands at a selector in place of what the policy says."""
    if (alias := held.get("CNAME")) is not None:
        return f"an alias of {', '.join(sorted(alias.values))}"
    texts = sorted(held["TXT"].values)
    if len(texts) > 1:
        return f"{len(texts)} records, of which verifiers may take any"
    if (fault := dkim_received.fault(texts[0])) is not None:
        return f"a broken record: {fault}"
    record = dkim.parse(texts[0])
    return f"k={record.effective_k}; p=...{record.p[-20:]}"  # all keys of a size open alike


# What comes next


def usable_from(key: Key, seen: Sight) -> datetime | None:
    """Return when the key may sign: `seen` and the wait after it; None while the key is not known to be served everywhere."""
    if key.section.seen is None or seen.state != "served" or seen.wait is None:
        return None
    return key.section.seen + seen.wait


Pairs = Mapping[str, tuple[Key, Sight]]  # the keys of one domain, by selector


def next_step(
    key: Key, seen: Sight, rotation: RotationSection, now: datetime, beside: Pairs
) -> Step | None:
    """Return the next step of one key; None where there is none to take. `beside` are all keys of its domain."""
    section = key.section
    if section.state == "pending":
        return _activation(key, seen)
    if section.state == "active":
        return _succession(key, beside, rotation, now) if key.ours else None
    if section.state == "retiring":
        if section.signed_until is None:
            return Step("revoked", None, "write signed_until: when did it sign last?")
        return Step("revoked", section.signed_until + rotation.grace)
    if section.state == "revoked":
        if seen.state not in ("revoked", "missing"):
            return Step(
                "absent",
                None,
                f"{_reason(seen)}; the revocation must be published first: plan and apply",
            )
        if section.since is None:
            return Step("absent", None, "write since: when was it revoked?")
        return Step("absent", section.since + rotation.revoked_for)
    return None


def under_way(
    type: str, beside: Pairs, rotation: RotationSection, now: datetime
) -> dict[str, Step]:
    """Return the steps that a new key of a type waits for: those of our pending and retiring keys, by selector."""
    steps = {
        selector: next_step(key, seen, rotation, now, beside)
        for selector, (key, seen) in of_type(type, beside).items()
        if key.section.state in ("pending", "retiring")
    }
    return {selector: step for selector, step in steps.items() if step is not None}


def of_type(type: str, beside: Pairs) -> Pairs:
    """Return our keys of one type, in the policy's order."""
    return {selector: pair for selector, pair in beside.items() if pair[0].is_own(type)}


def _succession(key: Key, beside: Pairs, rotation: RotationSection, now: datetime) -> Step:
    """Return what comes after an active key: it retires when a pending one begins to sign, and gets none while another is retiring."""
    waiting = under_way(key.public.k, beside, rotation, now) if key.public is not None else {}
    for selector, step in waiting.items():
        if step.to == "active":
            return Step("retiring", None, f"when {selector} begins to sign")
    for selector, step in waiting.items():
        if step.at is None or step.due(now):
            return Step(
                "successor",
                None,
                f"{selector} is revoked first{f': {step.why}' if step.why else ' (dkim rotate)'}",
            )
        return Step("successor", step.at, f"{selector} is revoked first")
    return Step("successor", now)


def several_pending(selectors: Sequence[str], type: str, domain: DomainName) -> str:
    """Return what there is to say of several keys of one type that wait to take over."""
    return (
        f"{domain} has {len(selectors)} pending {type} keys, {' and '.join(selectors)}: one is enough to take over; "
        f"take the others out of the policy (published ones: `state: absent`), or `dkim rotate` makes all of them active"
    )


def _activation(key: Key, seen: Sight) -> Step:
    if seen.state != "served":
        return Step(
            "active", None, f"{_reason(seen)}; every server must serve it first: plan and apply"
        )
    if key.section.seen is None:
        return Step("active", None, "no `seen:` in the policy yet; `dkim status` writes it")
    forgotten = "every cache must have forgotten that the key was not there"
    return Step(
        "active",
        usable_from(key, seen),
        f"{forgotten}: {span(seen.wait)}, {seen.bound}" if seen.wait is not None else forgotten,
    )


def span(time: timedelta) -> str:
    """Return a time span in one unit, the largest that tells it exactly."""
    seconds = int(time.total_seconds())
    for unit, size in (("day", 86400), ("hour", 3600), ("minute", 60)):
        if seconds >= size and seconds % size == 0:
            return f"{seconds // size} {unit}{'s' if seconds > size else ''}"
    return f"{seconds} second{'s' if seconds != 1 else ''}"


def _reason(seen: Sight) -> str:
    words = {
        "served": "DNS serves the key",
        "revoked": "DNS has an empty key",
        "missing": "DNS has no such record",
        "other": "DNS has another record",
        "partly": "the servers differ",
        "unknown": "DNS is unknown",
    }
    return words[seen.state] + (f" ({seen.detail})" if seen.detail else "")


# Writing it down


def moment(time: datetime) -> str:
    """Return a time as policies have it, rounded up to the second: a gate never opens too early."""
    whole = time.astimezone(UTC).replace(microsecond=0)
    if whole < time:
        whole += timedelta(seconds=1)
    return whole.strftime("%Y-%m-%dT%H:%M:%SZ")


Keys = Mapping[str, str | None]  # keys of a selector to write; None takes one out


def sighting(key: Key, seen: Sight, now: datetime) -> Keys | None:
    """Return what an observation adds to the policy: `seen` where every server serves the key for the first time.

    A pending key that a server has lost again starts anew: its absence may be in caches again.
    """
    if not key.ours:
        return None
    if (
        key.section.state in ("pending", "active")
        and key.section.seen is None
        and seen.state == "served"
    ):
        return {"seen": moment(now)}
    if (
        key.section.state == "pending"
        and key.section.seen is not None
        and seen.state not in ("served", "unknown")
    ):
        return {"seen": None}
    return None


def with_sighting(key: Key, keys: Keys) -> Key:
    """Return the key as it is once `sighting` is written."""
    text = keys["seen"]
    return replace(
        key,
        section=key.section.model_copy(
            update={"seen": datetime.fromisoformat(text) if text is not None else None}
        ),
    )


@dataclass(frozen=True, slots=True)
class Rotation:
    """What a rotation may do now: selectors to change, what has to wait, with the reason, and whether neither is so."""

    edits: Mapping[str, Keys]
    new_key: bool = False
    waiting: tuple[str, ...] = ()


def rotation_of(type: str, keys: Pairs, settings: RotationSection, now: datetime) -> Rotation:
    """Return the next step for our keys of one type; `keys` are all of the domain, by selector.

    What is due is done; the time for a new key is when nothing is under way.
    """
    own = of_type(type, keys)
    edits: dict[str, Keys] = {}
    waiting: list[str] = []
    for selector, (key, seen) in own.items():
        if key.section.state == "active":
            continue  # it goes when its successor comes
        step = next_step(key, seen, settings, now, keys)
        if step is None:
            continue
        if step.due(now):
            edits |= _taken(selector, step, own, now)
        elif (
            key.section.state != "revoked"
        ):  # a revoked key needs nothing more, and keeps nobody from making a new one
            waiting.append(_told(key, step))
    idle = not edits and not under_way(type, keys, settings, now)
    return Rotation(edits, new_key=idle, waiting=() if edits else tuple(waiting))


def _taken(selector: str, step: Step, own: Pairs, now: datetime) -> Iterator[tuple[str, Keys]]:
    """Yield the edits of a step that is due."""
    at = moment(now)
    yield selector, {"state": step.to, "since": at}
    if step.to == "active":
        for other, (key, _) in own.items():
            if other != selector and key.section.state == "active":
                yield other, {"state": "retiring", "since": at, "signed_until": at}


def _told(key: Key, step: Step) -> str:
    what = f"{key.selector}._domainkey.{key.domain}: {key.section.state} -> {step.to}"
    if step.at is None:
        return f"{what} cannot be taken yet: {step.why}"
    return f"{what} may be taken {_from(step)}"


def told(step: Step, now: datetime) -> str:
    """Return when a step may be taken, in words."""
    if step.at is None:
        return f"not yet: {step.why}"
    return "now" if step.due(now) else _from(step)


def _from(step: Step) -> str:
    return (f"from {moment(step.at)}" if step.at is not None else "") + (
        f": {step.why}" if step.why else ""
    )
