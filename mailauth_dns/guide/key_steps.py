"""Steps in a key's life: made, seen in DNS, used, revoked."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from datetime import datetime, timedelta
from pathlib import Path

from mailauth_dns.guide.situation import Here, Situation
from mailauth_dns.guide.step import Step, ours
from mailauth_dns.guide.wording import clock, left, minutes, others
from mailauth_dns.keys.private_files import ENVIRONMENT
from mailauth_dns.keys.status import KeyStatus
from mailauth_dns.keys.times import FIRST_TTL
from mailauth_dns.policy.sections.dkim import KeyState
from mailauth_dns.signing_host.package_paths import KEY_DIR

_TAKEN = {
    KeyState.ACTIVE: "begins to sign",
    KeyState.REVOKED: "is revoked",
    KeyState.ABSENT: "is deleted",
}


def private_dir(here: Here) -> tuple[str, ...]:
    """Return the option that says where private keys are, where it is not said already."""
    if here.private_dir is not None:
        return ("--private-dir", str(here.private_dir))
    return ("--private-dir", KEY_DIR if here.administrator else str(Path.home() / "dkim-keys"))


def is_unsigned(_here: Here, at: Situation) -> bool:
    """Tell whether the domain sends mail, and no key signs it or soon will."""
    living = (KeyState.PENDING, KeyState.ACTIVE, KeyState.RETIRING)
    return at.sends and not any(status.key.section.state in living for status in at.keys)


def _unseen(at: Situation) -> Iterable[KeyStatus]:
    return (
        status
        for status in at.own_keys(KeyState.PENDING)
        if status.in_dns.state == "served" and status.key.section.seen is None
    )


def is_unseen(_here: Here, at: Situation) -> bool:
    """Tell whether a key is served everywhere, and the policy does not say since when."""
    return any(True for _ in _unseen(at))


def due(here: Here, at: Situation) -> list[KeyStatus]:
    """Return the keys whose next state may begin now; a successor is never due by itself."""
    return [
        status
        for status in at.own_keys(KeyState.PENDING, KeyState.RETIRING, KeyState.REVOKED)
        if status.step is not None and status.step.to in _TAKEN and status.step.due(here.now)
    ]


def is_due(here: Here, at: Situation) -> bool:
    """Tell whether a key may take its next step now."""
    return bool(due(here, at))


def waits(here: Here, at: Situation) -> bool:
    """Tell whether a new key has to wait until no cache can still deny it."""
    return bool(_waiting(here, at))


def _waiting(here: Here, at: Situation) -> list[KeyStatus]:
    found = [
        status
        for status in at.own_keys(KeyState.PENDING)
        if status.step is not None and status.step.at is not None
    ]
    return sorted(
        found, key=lambda status: status.step.at if status.step and status.step.at else here.now
    )


def make_key(here: Here, group: Sequence[Situation]) -> Step:
    """Mail of the domain is not signed by anybody."""
    at = group[0]
    return Step(
        f"Make a DKIM key for {at.domain}",
        "its mail is not signed, and DMARC then hangs on SPF alone, which forwarding breaks",
        "a second; it may sign about as long after it is published as its TTL says",
        (ours("dkim", "keygen", at.domain, *private_dir(here)),),
        after=(
            "where a sender signs for you, declare its selectors instead: "
            "`s1: {cname: NAME}` under dkim.selectors",
            *others(group, "then"),
        ),
    )


def find_private(here: Here, group: Sequence[Situation]) -> Step:
    """The private half of a key is not where it should be."""
    at = group[0]
    return Step(
        f"Put the private key of {at.domain} where it is looked for",
        f"{at.missing_halves[0]}; copy it from where it was made, or make a new key",
        "minutes",
        (ours("dkim", "check", at.domain, *private_dir(here)),),
        after=(
            f"{ENVIRONMENT} and --private-dir say where private keys are",
            *others(group, "then"),
        ),
    )


def look(here: Here, group: Sequence[Situation]) -> Step:
    """A key is in DNS, and the policy has to say since when."""
    keys = [status.key.name for at in group for status in _unseen(at)]
    more = f" and {len(keys) - 1} more" if len(keys) > 1 else ""
    first = next(iter(_unseen(group[0])))
    wait = first.in_dns.wait or timedelta()
    return Step(
        f"Wait until every cache can have {keys[0]}{more}, then let it sign",
        "every server has the key; caches may still say that it is not there, and the wait begins "
        "when this command first sees the key",
        f"{left(here.now + wait, here.now)} of waiting",
        (ours("dkim", "activate", group[0].domain, "--wait", minutes(wait)),),
        after=("commit what it writes into the policy", *others(group, "then")),
    )


def rotate(here: Here, group: Sequence[Situation]) -> Step:
    """A key may take its next step."""
    at = group[0]
    keys = due(here, at)
    signs = any(each.step is not None and each.step.to is KeyState.ACTIVE for each in keys)
    taken = ", ".join(f"{each.key.selector} {_TAKEN[each.step.to]}" for each in keys if each.step)  # type: ignore[index]
    return Step(
        f"Take the next step of {at.domain}'s keys: {taken}",
        "its time has come; the command writes it into the policy, and you review it",
        "a second",
        (ours("dkim", "activate" if signs else "rotate", at.domain),),
        after=(
            "`compile` and commit; then DNS or the signing host, as `next` says",
            *others(group, "then"),
        ),
    )


def wait(here: Here, group: Sequence[Situation]) -> Step:
    """A new key must not sign yet."""
    at = min(group, key=lambda each: _until(here, each))
    status, until = _waiting(here, at)[0], _until(here, at)
    assert status.step is not None
    return Step(
        f"Wait until {clock(until, here.now)}, then let {status.key.selector} sign",
        f"{status.step.why}; until then some receivers could not find it",
        f"{left(until, here.now)} of waiting",
        (ours("dkim", "activate", at.domain, "--wait", minutes(until - here.now)),),
        at=until,
        after=("the signing host gets the key's name by `export`", *others(group, "then")),
    )


def of_first_ttl(at: Situation) -> Iterable[KeyStatus]:
    """Yield the keys that sign and still have the short TTL of a key that nobody waits for now."""
    return (
        status
        for status in at.own_keys(KeyState.ACTIVE)
        if status.key.section.ttl is not None and status.key.section.ttl <= FIRST_TTL
    )


def is_left_by_sender(_here: Here, at: Situation) -> bool:
    """Tell whether a sender publishes no usable key where our alias leads to."""
    return any(status.unsigned for status in at.keys)


def ask_sender(_here: Here, group: Sequence[Situation]) -> Step:
    """Only the sender can mend the key that a selector is delegated to."""
    at = group[0]
    status = next(each for each in at.keys if each.unsigned)
    return Step(
        f"Ask the sender behind {status.key.name} for its key",
        status.unsigned or "",
        "a message; it may ask you to turn DKIM on in its settings",
        (ours("dkim", "check", at.domain),),
        after=(
            "where you do not use that sender any more, take the selector out of the policy",
            *others(group, "then"),
        ),
    )


def is_unseen_at_sender(_here: Here, at: Situation) -> bool:
    """Tell whether it is unknown what a sender publishes where our alias leads to."""
    return any(status.unseen for status in at.keys)


def ask_sender_dns(_here: Here, group: Sequence[Situation]) -> Step:
    """The sender's name servers did not say whether it has a key."""
    at = group[0]
    status = next(each for each in at.keys if each.unseen)
    return Step(
        f"Ask again for the sender's key behind {status.key.name}",
        status.unseen or "",
        "a second; where it fails again, ask the sender whether its name servers answer",
        (ours("dkim", "status", at.domain),),
        after=others(group, "then"),
        unknown=True,
    )


def _until(here: Here, at: Situation) -> datetime:
    step = _waiting(here, at)[0].step
    assert step is not None
    assert step.at is not None
    return step.at
