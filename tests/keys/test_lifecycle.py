"""A key's life as tables: what servers say, which step comes next and when, and what a rotation writes."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from mailauth_dns.evaluate.observation import Observation, ServerView, Unknown
from mailauth_dns.keys.lifecycle import (
    Key,
    Sight,
    Step,
    moment,
    next_step,
    rotation_of,
    sight,
    sighting,
    usable_from,
)
from mailauth_dns.policy.public_key_files import PublicKey
from mailauth_dns.policy.sections.dkim import RotationSection, SelectorSection
from mailauth_dns.records.name import DomainName
from mailauth_dns.records.zone import RRKey, RRset

DOMAIN = DomainName("example.com")
NOW = datetime(2026, 6, 1, 12, tzinfo=UTC)
SETTINGS = RotationSection()
RSA, ED25519 = (
    PublicKey("rsa", "MFwwDQYJKoZIhvcNAQEBBQADSwAw"),
    PublicKey("ed25519", "11qYAYKxCrfVS/7TyWQHOg7hcvPapiMlrwIaaPcHURo="),
)
OTHER = "v=DKIM1; p=MFwwDQYJKoZIhvcNAQEBBQADSwAx"


def key(
    selector: str = "s1", public: PublicKey | None = RSA, ttl: int | None = None, **section: Any
) -> Key:
    given = (
        {"key": "s1.pem", **section} if "p" not in section and "cname" not in section else section
    )
    return Key(DOMAIN, DOMAIN, selector, SelectorSection.model_validate(given), public, ttl)


NAME = DomainName("s1._domainkey.example.com")
WILDCARDS = [(DomainName(f"{above}.example.com"), "TXT") for above in ("*._domainkey", "*")]


def text(value: str, ttl: int = 300) -> dict[RRKey, RRset | Unknown | None]:
    return {(NAME, "TXT"): RRset(NAME, "TXT", ttl, frozenset({value}))}


def server(
    name: str, held: dict[RRKey, RRset | Unknown | None], minimum: int = 900, soa_ttl: int = 3600
) -> ServerView:
    soa = RRset(
        DOMAIN,
        "SOA",
        soa_ttl,
        frozenset({f"ns1.example.net. hostmaster.example.net. 1 7200 1800 1209600 {minimum}"}),
    )
    empty: dict[RRKey, RRset | Unknown | None] = dict.fromkeys(
        [*((NAME, type) for type in ("TXT", "CNAME", "A")), *WILDCARDS]
    )
    return ServerView(name, {**empty, (DOMAIN, "SOA"): soa, **held})


def observed(*views: ServerView) -> Observation:
    return Observation(DOMAIN, views, None, None if views else "no name servers were found")


SERVED, REVOKED = text(f"v=DKIM1; k=rsa; p={RSA.p}"), text("v=DKIM1; p=")
SIGHTS: dict[str, tuple[Observation, str]] = {
    "served by all": (observed(server("a", SERVED), server("b", SERVED)), "served"),
    "the same key in another spelling": (
        observed(server("a", text(f"p={RSA.p[:9]} {RSA.p[9:]}; n=note"))),
        "served",
    ),
    "missing": (observed(server("a", {}), server("b", {})), "missing"),
    "one server lags": (observed(server("a", SERVED), server("b", {})), "partly"),
    "empty key": (observed(server("a", REVOKED)), "revoked"),
    "another key": (observed(server("a", text(OTHER))), "other"),
    "another key type": (observed(server("a", text(f"v=DKIM1; k=ed25519; p={RSA.p}"))), "other"),
    "no key record": (observed(server("a", text("hello"))), "other"),
    "two records": (
        observed(
            server(
                "a",
                {(NAME, "TXT"): RRset(NAME, "TXT", 300, frozenset({f"v=DKIM1; p={RSA.p}", OTHER}))},
            )
        ),
        "other",
    ),
    "an alias in its place": (
        observed(
            server(
                "a", {(NAME, "CNAME"): RRset(NAME, "CNAME", 300, frozenset({"s1.example.net."}))}
            )
        ),
        "other",
    ),
    "one server does not answer": (
        observed(server("a", SERVED), server("b", {(NAME, "TXT"): Unknown("timed out")})),
        "unknown",
    ),
    "no SOA, so the wait is not known": (
        observed(server("a", {**SERVED, (DOMAIN, "SOA"): None})),
        "unknown",
    ),
    "no servers": (observed(), "unknown"),
}


@pytest.mark.parametrize("case", SIGHTS)
def test_what_servers_say_is_one_state(case: str) -> None:
    observation, state = SIGHTS[case]
    assert sight(key(), observation).state == state


LONGER, ALIAS = (
    text("p=MIIBIjANBgkqhkiG9w0BAQEF"),
    {(NAME, "CNAME"): RRset(NAME, "CNAME", 300, frozenset({"s1.example.net."}))},
)
CONTRADICTED = {
    "another key": (observed(server("a", text(OTHER))), f"k=rsa; p=...{OTHER[-20:]}"),
    "broken": (
        observed(server("a", text(f"k=rsa; v=DKIM1; p={RSA.p}"))),
        "a broken record: v must be the first tag",
    ),
    "several": (
        observed(server("a", {(NAME, "TXT"): RRset(NAME, "TXT", 300, frozenset({OTHER, "p="}))})),
        "2 records, of which verifiers",
    ),
    "an alias": (observed(server("a", ALIAS)), "an alias of s1.example.net."),
    "two others": (
        observed(server("a", LONGER), server("b", ALIAS)),
        "k=rsa; p=...IjANBgkqhkiG9w0BAQEF; an alias of s1.example.net.",
    ),
    "one server of two": (
        observed(server("a", SERVED), server("b", LONGER)),
        "a: served, b: other (k=rsa; p=...IjANBgkqhkiG9w0BAQEF)",
    ),
    "revoked": (observed(server("a", text("p="))), ""),
    "one is revoked": (
        observed(server("a", SERVED), server("b", text("p="))),
        "a: served, b: revoked",
    ),
}


@pytest.mark.parametrize("case", CONTRADICTED)
def test_what_stands_in_the_place_of_a_key_is_told(case: str) -> None:
    observation, detail = CONTRADICTED[case]
    seen = sight(key(), observation)
    assert seen.contradicts
    assert seen.detail.startswith(detail)


@pytest.mark.parametrize("views", [(SERVED,), ({},), (SERVED, {})])
def test_a_key_that_is_yet_to_come_is_no_contradiction(
    views: tuple[dict[RRKey, RRset | None], ...],
) -> None:
    seen = sight(key(), observed(*(server(str(number), view) for number, view in enumerate(views))))
    assert not seen.contradicts


# TTL of the record, of the policy, SOA minimum and SOA TTL; what caches may hold, in seconds.
WAITS = [
    (300, None, 900, 3600, 900, "the zone's negative TTL"),
    (3600, None, 900, 3600, 3600, "the record's TTL"),
    (300, 7200, 900, 3600, 7200, "the record's TTL"),
    (
        300,
        None,
        86400,
        600,
        600,
        "the zone's negative TTL",
    ),  # RFC 2308 §5: the smaller of the SOA's TTL and its minimum
]


@pytest.mark.parametrize(("ttl", "declared", "minimum", "soa_ttl", "wait", "bound"), WAITS)
def test_the_wait_is_the_longest_that_any_cache_keeps_an_old_answer(
    ttl: int, declared: int | None, minimum: int, soa_ttl: int, wait: int, bound: str
) -> None:
    views = [
        server("a", text(f"p={RSA.p}", ttl), minimum, soa_ttl),
        server("b", text(f"p={RSA.p}", 1), 1, 1),
    ]
    seen = sight(key(ttl=declared), observed(*views))
    assert (seen.wait, seen.bound) == (timedelta(seconds=wait), bound)


@pytest.mark.parametrize("name", [name for name, _ in WILDCARDS])
def test_what_a_wildcard_answered_before_counts_too(name: DomainName) -> None:
    wildcard = RRset(name, "TXT", 43200, frozenset({"v=DKIM1; p="}))
    seen = sight(key(), observed(server("a", {**SERVED, (name, "TXT"): wildcard})))
    assert (seen.state, seen.wait) == ("served", timedelta(hours=12))


HOUR = timedelta(hours=1)
EVERYWHERE = Sight("served", wait=HOUR, bound="the zone's negative TTL")
FORGOTTEN = (
    "every cache must have forgotten that the key was not there: 1 hour, the zone's negative TTL"
)
STEPS: dict[str, tuple[Key, Sight, Step | None]] = {
    "pending, not published": (
        key(state="pending"),
        Sight("missing", wait=HOUR),
        Step(
            "active",
            None,
            "DNS has no such record; every server must serve it first: plan and apply",
        ),
    ),
    "pending, one server lags": (
        key(state="pending", seen=NOW),
        Sight("partly", "a: served, b: missing", HOUR),
        Step(
            "active",
            None,
            "the servers differ (a: served, b: missing); every server must serve it first: plan and apply",
        ),
    ),
    "pending, unknown": (
        key(state="pending", seen=NOW - 9 * HOUR),
        Sight("unknown", "b: timed out"),
        Step(
            "active",
            None,
            "DNS is unknown (b: timed out); every server must serve it first: plan and apply",
        ),
    ),
    "pending, never seen": (
        key(state="pending"),
        EVERYWHERE,
        Step("active", None, "no `seen:` in the policy yet; `dkim status` writes it"),
    ),
    "pending, seen": (
        key(state="pending", seen=NOW),
        EVERYWHERE,
        Step("active", NOW + HOUR, FORGOTTEN),
    ),
    "active": (key(), EVERYWHERE, Step("successor", NOW)),
    "active, a sender's": (key(p=RSA.p), EVERYWHERE, None),
    "active, delegated": (key(cname="s1.example.net", public=None), EVERYWHERE, None),
    "retiring": (
        key(state="retiring", signed_until=NOW),
        EVERYWHERE,
        Step("revoked", NOW + timedelta(days=7)),
    ),
    "retiring since nobody knows": (
        key(state="retiring"),
        EVERYWHERE,
        Step("revoked", None, "write signed_until: when did it sign last?"),
    ),
    "revoked": (
        key(state="revoked", since=NOW),
        Sight("revoked"),
        Step("absent", NOW + timedelta(days=30)),
    ),
    "revoked, already gone": (
        key(state="revoked", since=NOW),
        Sight("missing"),
        Step("absent", NOW + timedelta(days=30)),
    ),
    "revoked, not published": (
        key(state="revoked", since=NOW),
        Sight("other"),
        Step(
            "absent",
            None,
            "DNS has another record; the revocation must be published first: plan and apply",
        ),
    ),
    "absent": (key(state="absent"), Sight("missing"), None),
}


@pytest.mark.parametrize("case", STEPS)
def test_the_next_step_and_when_it_may_be_taken(case: str) -> None:
    given, seen, step = STEPS[case]
    assert next_step(given, seen, SETTINGS, NOW, {given.selector: (given, seen)}) == step


GRACE = timedelta(days=7)
# What is beside an active RSA key, and what comes next for it: what `status` says, and `rotate` does.
BESIDE: dict[str, tuple[list[Key], Step]] = {
    "a pending key": (
        [key("new", state="pending")],
        Step("retiring", None, "when new begins to sign"),
    ),
    "a pending key beside a retiring one": (
        [key("older", state="retiring", signed_until=NOW), key("new", state="pending")],
        Step("retiring", None, "when new begins to sign"),
    ),
    "a pending key of another type": (
        [key("new", ED25519, state="pending")],
        Step("successor", NOW),
    ),
    "a sender's pending key": ([key("new", p=RSA.p, state="pending")], Step("successor", NOW)),
    "a retiring key": (
        [key("older", state="retiring", signed_until=NOW)],
        Step("successor", NOW + GRACE, "older is revoked first"),
    ),
    "a retiring key whose grace is over": (
        [key("older", state="retiring", signed_until=NOW - GRACE)],
        Step("successor", None, "older is revoked first (dkim rotate)"),
    ),
    "a retiring key since nobody knows": (
        [key("older", state="retiring")],
        Step(
            "successor", None, "older is revoked first: write signed_until: when did it sign last?"
        ),
    ),
    "a retiring key of another type": (
        [key("older", ED25519, state="retiring", signed_until=NOW)],
        Step("successor", NOW),
    ),
    "a revoked key": ([key("older", state="revoked", since=NOW)], Step("successor", NOW)),
}


@pytest.mark.parametrize("case", BESIDE)
def test_status_and_rotate_agree_on_when_an_active_key_gets_a_successor(case: str) -> None:
    others, step = BESIDE[case]
    pairs = {each.selector: (each, EVERYWHERE) for each in [key("old"), *others]}
    assert next_step(*pairs["old"], SETTINGS, NOW, pairs) == step
    assert rotation_of("rsa", pairs, SETTINGS, NOW).new_key is (
        step.to == "successor" and step.due(NOW)
    )


AT = "2026-06-01T12:00:00Z"
LATER, EARLIER = NOW + HOUR, NOW - HOUR
ROTATIONS: dict[str, tuple[list[tuple[Key, Sight]], dict[str, dict[str, str]], bool, int]] = {
    # our keys, what is written, whether nothing is under way, how many wait
    "no key": ([], {}, True, 0),
    "an active key alone": ([(key("a"), EVERYWHERE)], {}, True, 0),
    "a revoked key keeps nobody from a new one": (
        [(key("a", state="revoked", since=NOW), Sight("revoked"))],
        {},
        True,
        0,
    ),
    "too early": (
        [(key("a"), EVERYWHERE), (key("b", state="pending", seen=NOW), EVERYWHERE)],
        {},
        False,
        1,
    ),
    "one takes over": (
        [(key("a"), EVERYWHERE), (key("b", state="pending", seen=EARLIER), EVERYWHERE)],
        {
            "a": {"state": "retiring", "since": AT, "signed_until": AT},
            "b": {"state": "active", "since": AT},
        },
        False,
        0,
    ),
    "the first key of a type retires nobody": (
        [(key("b", state="pending", seen=EARLIER), EVERYWHERE)],
        {"b": {"state": "active", "since": AT}},
        False,
        0,
    ),
    "a sender's key stays": (
        [(key("a", p=RSA.p), EVERYWHERE), (key("b", state="pending", seen=EARLIER), EVERYWHERE)],
        {"b": {"state": "active", "since": AT}},
        False,
        0,
    ),
    "another type stays": (
        [
            (key("a", public=ED25519), EVERYWHERE),
            (key("b", state="pending", seen=EARLIER), EVERYWHERE),
        ],
        {"b": {"state": "active", "since": AT}},
        False,
        0,
    ),
    "a grace that is over": (
        [(key("a", state="retiring", signed_until=NOW - timedelta(days=7)), EVERYWHERE)],
        {"a": {"state": "revoked", "since": AT}},
        False,
        0,
    ),
    "a grace that is not over": (
        [(key("a", state="retiring", signed_until=NOW - timedelta(days=6)), EVERYWHERE)],
        {},
        False,
        1,
    ),
    "the end": (
        [(key("a", state="revoked", since=NOW - timedelta(days=30)), Sight("revoked"))],
        {"a": {"state": "absent", "since": AT}},
        False,
        0,
    ),
}


@pytest.mark.parametrize("case", ROTATIONS)
def test_a_rotation_of_rsa_keys(case: str) -> None:
    keys, edits, idle, waiting = ROTATIONS[case]
    found = rotation_of("rsa", {each.selector: (each, seen) for each, seen in keys}, SETTINGS, NOW)
    assert found.edits == edits
    assert found.new_key is idle
    assert len(found.waiting) == waiting


def test_a_refusal_says_when_the_step_may_be_taken() -> None:
    found = rotation_of(
        "rsa", {"b": (key("b", state="pending", seen=NOW), EVERYWHERE)}, SETTINGS, NOW
    )
    assert found.waiting == (
        "b._domainkey.example.com: pending -> active may be taken from 2026-06-01T13:00:00Z: "
        + FORGOTTEN,
    )


SIGHTINGS = [
    ({"state": "pending"}, "served", {"seen": AT}),
    ({}, "served", {"seen": AT}),
    ({"seen": NOW}, "served", None),
    ({"state": "pending"}, "partly", None),
    ({"state": "pending"}, "unknown", None),
    ({"state": "retiring"}, "served", None),
    # A server lost it: caches may hold its absence again.
    ({"state": "pending", "seen": NOW}, "partly", {"seen": None}),
    ({"state": "pending", "seen": NOW}, "missing", {"seen": None}),
    ({"state": "pending", "seen": NOW}, "unknown", None),
    ({"seen": NOW}, "partly", None),
    ({"p": RSA.p}, "served", None),
]


@pytest.mark.parametrize(("section", "state", "written"), SIGHTINGS)
def test_the_first_sighting_at_every_server_is_written_down(
    section: dict[str, Any], state: Any, written: dict[str, str] | None
) -> None:
    assert sighting(key(**section), Sight(state, wait=HOUR), NOW) == written


def test_a_key_is_usable_when_it_was_seen_long_enough_and_is_still_served() -> None:
    assert usable_from(key(seen=NOW), EVERYWHERE) == LATER
    assert usable_from(key(), EVERYWHERE) is None
    assert usable_from(key(seen=NOW), Sight("partly", wait=HOUR)) is None


@given(st.datetimes(datetime(2000, 1, 1), datetime(2150, 1, 1), timezones=st.just(UTC)))
def test_a_time_is_never_written_earlier_than_it_is(time: datetime) -> None:
    """Rounded down, a gate would open before its time."""
    written = datetime.fromisoformat(moment(time))
    assert timedelta() <= written - time < timedelta(seconds=1)
