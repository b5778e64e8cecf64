"""A fleet of zones that are as their policies say, and what may happen to its files."""

from __future__ import annotations

import os
import re
import shutil
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

from tests.conftest import Ran, RepoFolder

ZONES = [f"d{number}.fleet.example" for number in range(7)]
KEYED = ZONES[5]  # its key is in a file
MASTER = """$TTL 3600
@ IN SOA ns1.example.net. hostmaster.example.net. 1 7200 1800 1209600 300
@ IN NS ns1.example.net.
@ IN TXT "verification=0123456789"
@ IN TXT "v=spf1 ip4:192.0.2.10 include:_spf.example.net -all"
_dmarc IN TXT "v=DMARC1; p=quarantine; rua=mailto:dmarc@example.net"
"""
POLICY = """domain: {domain}
spf: {{terms: ["ip4:192.0.2.10", "include:_spf.example.net"], all: fail}}
dmarc: {{p: quarantine, rua: ["mailto:dmarc@example.net"]}}
"""
# RFC 8410 §10.1; the record has the key without its head.
KEY = """-----BEGIN PUBLIC KEY-----
MCowBQYDK2VwAyEAGb9ECWmEzf6FQbrBZ9w7lshQhqowtrbLDFw4rXAxZuE=
-----END PUBLIC KEY-----
"""
MADE_AT = re.compile(r'"(made_at|fingerprint)": "[^"]*"')


@dataclass(frozen=True)
class Fleet:
    repo: RepoFolder

    @property
    def root(self) -> Path:
        return self.repo.root

    def policy(self, zone: str) -> Path:
        return self.root / f"zones/policy/{zone}.yaml"

    def master(self, zone: str) -> Path:
        return self.root / f"served/{zone}.zone"

    def replace(self, path: Path, old: str, new: str) -> None:
        if path.exists():
            path.write_text(path.read_text().replace(old, new))

    def add(self, path: Path, text: str) -> None:
        if path.exists():
            path.write_text(path.read_text() + text)

    def plan(self, *options: str) -> tuple[Ran, str]:
        """Return what a plan says, and the file that it writes, without the time."""
        file = self.root / "plan.json"
        file.unlink(missing_ok=True)
        ran = self.repo.run("plan", "--no-live", "--out", "plan.json", *options)
        return ran, MADE_AT.sub("", file.read_text()) if file.exists() else ""


def fleet_in(repo: RepoFolder) -> Fleet:
    repo.provider("local", {"class": "mailauth_dns.octo.LocalProvider", "directory": "served"})
    repo.write("zones/policy/_defaults.yaml", "providers: [local]\nttl: 3600\n")
    for zone in ZONES:
        repo.write(f"zones/policy/{zone}.yaml", POLICY.format(domain=zone))
        repo.write(f"served/{zone}.zone", MASTER)
    repo.write(f"zones/keys/{KEYED}/s1.pem", KEY)
    fleet = Fleet(repo)
    fleet.add(fleet.policy(KEYED), "dkim: {selectors: {s1: {key: s1.pem}}}\n")
    record = "v=DKIM1; k=ed25519; p=Gb9ECWmEzf6FQbrBZ9w7lshQhqowtrbLDFw4rXAxZuE="
    fleet.add(fleet.master(KEYED), f's1._domainkey IN TXT "{record}"\n')
    return fleet


Edit = Callable[[Fleet], object]


def _new_master(fleet: Fleet, zone: str) -> None:
    fleet.repo.write(f"served/{zone}.zone", MASTER)


def _new(fleet: Fleet, zone: str, more: str = "", policy: str = POLICY) -> None:
    fleet.repo.write(f"zones/policy/{zone}.yaml", policy.format(domain=zone) + more)


def _linked(path: Path) -> None:
    if path.exists() and not path.is_symlink():
        elsewhere = path.with_name(f"elsewhere{path.suffix}")
        path.rename(elsewhere)
        path.symlink_to(elsewhere.name)


def _subdomain_in(fleet: Fleet) -> None:
    _new(fleet, f"sub.{ZONES[3]}", f"zone: {ZONES[3]}\n")


def _above(fleet: Fleet) -> None:
    _new(fleet, "fleet.example")
    _new_master(fleet, "fleet.example")


def _above_stricter(fleet: Fleet) -> None:
    _above(fleet)
    fleet.replace(fleet.policy("fleet.example"), "quarantine", "reject, sp: reject")


def _move_served(fleet: Fleet) -> None:
    shutil.copytree(fleet.root / "served", fleet.root / "other", dirs_exist_ok=True)
    (fleet.root / "other" / f"{ZONES[2]}.zone").write_text(MASTER.replace("-all", "~all"))
    fleet.replace(fleet.root / "providers/local.yaml", "served", "other")


def _linked_served(fleet: Fleet) -> None:
    if not (fleet.root / "served").is_symlink():
        (fleet.root / "served").rename(fleet.root / "real")
        (fleet.root / "served").symlink_to("real")
    (fleet.root / "real" / f"{ZONES[2]}.zone").write_text(MASTER.replace("-all", "~all"))


def _key_file(fleet: Fleet) -> None:
    fleet.repo.write(f"zones/keys/{ZONES[2]}/s1.pem", "no key\n")


def _private_key(fleet: Fleet) -> None:
    fleet.repo.write("zones/keys/left/s1.pem", "-----BEGIN PRIVATE KEY-----\nAAAA\n")


def _new_with_master(fleet: Fleet, zone: str, policy: str = POLICY) -> None:
    _new(fleet, zone, policy=policy)
    _new_master(fleet, zone)


def _linked_out(fleet: Fleet) -> None:
    fleet.policy(D4).unlink(missing_ok=True)
    fleet.policy(D4).symlink_to(os.devnull)


def _two_providers(fleet: Fleet) -> None:
    fleet.repo.write(
        "providers/more.yaml", "class: mailauth_dns.octo.LocalProvider\ndirectory: more\n"
    )
    fleet.repo.write(f"more/{D4}.zone", MASTER.replace("-all", "~all"))
    fleet.repo.write(f"more/{ZONES[2]}.zone", MASTER)
    for zone in (D4, ZONES[2]):
        fleet.add(fleet.policy(zone), "providers: [more, local]\n")


D3, D4 = ZONES[3], ZONES[4]
EDITS: dict[str, Edit] = {
    "stricter": lambda fleet: fleet.replace(fleet.policy(D3), "quarantine", "reject"),
    "another term": lambda fleet: fleet.replace(fleet.policy(D4), "192.0.2.10", "192.0.2.11"),
    "a comment": lambda fleet: fleet.add(fleet.policy(D3), "# why\n"),
    "broken": lambda fleet: fleet.add(fleet.policy(D3), "dmarc: [\n"),
    "unknown key": lambda fleet: fleet.add(fleet.policy(D3), "dnarc: {p: none}\n"),
    "gone": lambda fleet: fleet.policy(D3).unlink(missing_ok=True),
    "new without a zone": lambda fleet: _new(fleet, "d9.fleet.example"),
    "new": lambda fleet: _new_with_master(fleet, "d8.fleet.example"),
    "twice": lambda fleet: fleet.repo.write("zones/policy/a.yaml", POLICY.format(domain=D3)),
    "defaults": lambda fleet: fleet.repo.write(
        "zones/policy/_defaults.yaml", "providers: [local]\nttl: 300\n"
    ),
    "no defaults": lambda fleet: (fleet.root / "zones/policy/_defaults.yaml").unlink(
        missing_ok=True
    ),
    "foreign value": lambda fleet: fleet.add(fleet.master(D3), '@ IN TXT "another"\n'),
    "drift": lambda fleet: fleet.replace(fleet.master(D4), "p=quarantine", "p=none"),
    "zone gone": lambda fleet: fleet.master(D3).unlink(missing_ok=True),
    "zone broken": lambda fleet: fleet.add(fleet.master(D3), "@ IN TXT (\n"),
    "zone signed": lambda fleet: fleet.add(fleet.master(D3), "@ IN NSEC a.example. A\n"),
    "zone partial": lambda fleet: fleet.add(fleet.master(D4), "$INCLUDE more\n"),
    "uneven": lambda fleet: fleet.add(fleet.master(D3), '@ 60 IN TXT "another"\n'),
    "delegated": lambda fleet: fleet.add(fleet.master(D3), "_dmarc IN NS ns.example.net.\n"),
    "leads elsewhere": lambda fleet: fleet.replace(
        fleet.master(D4), "_spf.example.net", f"{D3} include:_spf.example.net"
    ),
    "journal": lambda fleet: fleet.repo.write(f"served/{D3}.zone.jnl", ""),
    "linked zone": lambda fleet: _linked(fleet.master(D3)),
    "linked policy": lambda fleet: _linked(fleet.policy(D3)),
    "link out": _linked_out,
    "stanza": lambda fleet: fleet.add(fleet.root / "providers/local.yaml", "nonsense: 1\n"),
    "no stanza": lambda fleet: (fleet.root / "providers/local.yaml").unlink(missing_ok=True),
    "another folder": _move_served,
    "folder is a link": _linked_served,
    "another provider": lambda fleet: fleet.repo.write(
        "providers/more.yaml", "class: mailauth_dns.octo.LocalProvider\ndirectory: more\n"
    ),
    "subdomain": lambda fleet: _new(fleet, f"sub.{D3}"),
    "subdomain in the zone": _subdomain_in,
    "a policy above": _above,
    "a stricter policy above": _above_stricter,
    "reports to a neighbour": lambda fleet: fleet.replace(
        fleet.policy(D3), "dmarc@example.net", f"dmarc@{D4}"
    ),
    "reports to all": lambda fleet: _new_with_master(
        fleet, "example.net", "domain: {domain}\nspf: {{all: fail}}\n"
    ),
    "included by all": lambda fleet: _new_with_master(
        fleet, "_spf.example.net", "domain: {domain}\nspf: {{terms: [mx], all: fail}}\n"
    ),
    "at two providers": _two_providers,
    "includes a neighbour": lambda fleet: fleet.replace(
        fleet.policy(D3), "include:_spf.example.net", f"include:{D4}"
    ),
    "SPF absent": lambda fleet: fleet.policy(D4).write_text(f"domain: {D4}\nspf: absent\n"),
    "DMARC absent": lambda fleet: fleet.policy(D4).write_text(f"domain: {D4}\ndmarc: absent\n"),
    "parked": lambda fleet: fleet.policy(D4).write_text(f"domain: {D4}\nparked: true\n"),
    "tests": lambda fleet: fleet.add(
        fleet.policy(D3),
        f"tests:\n- {{name: ours, from: a@{D3}, ip: 192.0.2.10, expect: {{spf: pass}}}}\n",
    ),
    "senders": lambda fleet: fleet.add(fleet.policy(D3), "senders: {google: {}}\n"),
    "permission": lambda fleet: fleet.add(
        fleet.policy(D3), "allow: [{rule: DMARC032, reason: meant, until: 2030-01-01}]\n"
    ),
    "key file that is none": _key_file,
    "private key": _private_key,
    "key changed": lambda fleet: fleet.replace(
        fleet.root / f"zones/keys/{KEYED}/s1.pem", "Gb9E", "Gb9F"
    ),
    "policies below": lambda fleet: fleet.repo.write(
        "zones/policy/below/x.yaml", POLICY.format(domain="x.example")
    ),
    "another ending": lambda fleet: fleet.repo.write(
        "zones/policy/x.yml", POLICY.format(domain="x.example")
    ),
    "lock": lambda fleet: fleet.repo.write("zones/locks/spf.json", "no JSON\n"),
    "own sender": lambda fleet: fleet.repo.write("zones/senders/google.yaml", "name: [\n"),
    "another kind of file": lambda fleet: fleet.repo.write("zones/policy/README.md", "policies\n"),
}
