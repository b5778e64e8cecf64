"""Random repos of several zones that have to do with one another, by policy or at a provider."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from hypothesis import strategies as st

from mailauth_dns.policy.load import load_repo
from mailauth_dns.policy.repo import Repo
from tests.deploy.fixed_clock import DAY

ZONES = tuple(f"{letter}.example" for letter in "abcdef")
HEAD = "$TTL 3600\n@ IN SOA ns1.example.net. h.example.net. 1 2 3 4 5\n@ IN NS ns1.example.net.\n"
_OTHER = st.sampled_from(ZONES)
_UNTIL = ("2026-12-31", "2026-01-31")

spf = st.one_of(
    st.sampled_from(["absent", "{all: fail}", "{terms: [mx], all: fail}"]),
    _OTHER.map(lambda zone: f'{{terms: ["include:{zone}"], all: fail}}'),
)
dkim = st.one_of(
    st.sampled_from(
        ["{selectors: {s1: {p: AAAA}}}", "{selectors: {s1: {state: absent}}}"],
    ),
    _OTHER.map(lambda zone: f"{{selectors: {{s1: {{cname: s1._domainkey.{zone}}}}}}}"),
)
dmarc = st.sampled_from(["absent", "{p: none}", "{p: reject}"])
allow = st.builds(
    "[{{rule: {}, reason: meant, until: {}}}]".format,
    st.sampled_from(["SPF010", "DKIM030", "DMARC032", "DNS008"]),
    st.sampled_from(_UNTIL),
)
TEST = "[{name: t, from: x@Z, ip: 192.0.2.1, expect: {spf: fail}}]"
policies = st.one_of(
    st.just({"parked": "true"}),
    st.fixed_dictionaries(
        {"providers": st.sampled_from(["[local]", "[local]", "[other]", "[local, other]"])},
        optional={"spf": spf, "dkim": dkim, "dmarc": dmarc, "allow": allow},
    ),
)
records = st.one_of(
    st.sampled_from(["@ TXT v=spf1_-all", "@ TXT v=spf1_~all", "@ TXT note"]),
    _OTHER.map(lambda zone: f"@ TXT v=spf1_include:{zone}_~all"),
    _OTHER.map(lambda zone: f"s1._domainkey CNAME s1._domainkey.{zone}."),
    st.just("s1._domainkey TXT v=DKIM1;_p=BBBB"),
    st.sampled_from(["_dmarc TXT v=DMARC1;_p=none", "_dmarc TXT v=DMARC1;_p=reject"]),
)


@dataclass(frozen=True, slots=True)
class Drawn:
    """What the policies say of zones, and what their providers hold; None: it has no such zone."""

    policies: dict[str, dict[str, str]]
    held: dict[tuple[str, str], list[str] | None]
    tested: str | None = None  # the zone whose policy has a test


@st.composite
def repos(draw: st.DrawFn) -> Drawn:
    """Draw two to six zones; of half of the repos, some records lead where no policy says so."""
    names = draw(st.lists(_OTHER, min_size=2, max_size=6, unique=True))
    bodies = {name: draw(policies) for name in names}
    held = {
        (name, at): draw(st.one_of(st.lists(records, max_size=3), st.none()))
        if draw(st.integers(0, 7)) == 0
        else draw(st.lists(records, max_size=3))
        for name in names
        for at in ("local", "other")
    }
    tested = draw(st.sampled_from(names)) if draw(st.integers(0, 9)) == 0 else None
    return Drawn(bodies, held, tested)


def zone_text(lines: list[str]) -> str:
    """Return a zone file of these records; of a name, the first type counts."""
    kinds = {"@": "TXT"}
    found = []
    for line in dict.fromkeys(lines):
        name, kind, value = line.split(" ", 2)
        alone = kind == "CNAME" and name in kinds
        if kinds.setdefault(name, kind) != kind or alone:
            continue
        text = f'"{value.replace("_", " ")}"' if kind == "TXT" else value
        found.append(f"{name} IN {kind} {text}\n")
    return HEAD + "".join(found)


def written(root: Path, drawn: Drawn) -> Repo:
    """Write a repo, and read it on the day of the clock."""
    for provider, folder in (("local", "served"), ("other", "served-too")):
        (root / "providers").mkdir(exist_ok=True)
        (root / folder).mkdir()
        (root / f"providers/{provider}.yaml").write_text(
            f"class: mailauth_dns.octo.LocalProvider\ndirectory: {folder}\n"
        )
        for (zone, at), lines in drawn.held.items():
            if at == provider and lines is not None:
                (root / folder / f"{zone}.zone").write_text(zone_text(lines))
    (root / "zones/policy").mkdir(parents=True)
    (root / "zones/policy/_defaults.yaml").write_text("providers: [local]\n")
    for zone, body in drawn.policies.items():
        said = {"domain": zone, **body}
        if zone == drawn.tested:
            said["tests"] = TEST.replace("Z", zone)
        text = "".join(f"{key}: {value}\n" for key, value in said.items())
        (root / f"zones/policy/{zone}.yaml").write_text(text)
    return load_repo(root, today=DAY.date())
