"""Fuzz targets for files: policies, keys, plans, locks and zone files."""

from __future__ import annotations

import hashlib
import json
import tempfile
from contextlib import suppress
from pathlib import Path

from fuzz_checks import read
from fuzz_seeds import ORIGIN, PLAN, SOA, places_in

from mailauth_dns.compile.compile_repo import compile_repo
from mailauth_dns.diff.change import Judgement
from mailauth_dns.diff.compare import compare
from mailauth_dns.errors import PlanRefused, PolicyError
from mailauth_dns.importing import dkim_key_files
from mailauth_dns.importing.draft import drafts
from mailauth_dns.importing.surroundings import Surroundings
from mailauth_dns.keys import keypair
from mailauth_dns.masterfile import edit, lexer, loose_reader
from mailauth_dns.masterfile import master_file as masterfile
from mailauth_dns.plan import plan_file as planfile
from mailauth_dns.plan import plan_json
from mailauth_dns.policy import provider_stanza as stanza
from mailauth_dns.policy import public_key_files, spf_lock_file
from mailauth_dns.policy.load import load_repo
from mailauth_dns.policy.repo import Repo
from mailauth_dns.policy.spf_lock import Lock
from mailauth_dns.records import (
    dkim,
)
from mailauth_dns.records.name import DomainName
from mailauth_dns.records.zone import RRset
from mailauth_dns.typed_yaml.yaml_reader import DocumentError

SCRATCH = tempfile.TemporaryDirectory()  # gone when the process ends


def genkey_file(octets: bytes) -> None:
    found = read(
        lambda: dkim_key_files.parse(loose_reader.text_of(octets), ORIGIN, "given"),
        lexer.MasterFileError,
    )
    if found is not None:
        assert all(dkim.parse(str(key.record)) == key.record for key in found.keys)
        assert all(text.isprintable() for text in (*found.passed_over, *found.notes))


def exported_zone(octets: bytes) -> None:
    """Read a zone file for import. Where the strict reader takes it too, the sets are the same."""
    text = loose_reader.text_of(octets)
    read(lambda: loose_reader.zone_name(text), lexer.MasterFileError)
    found = read(lambda: loose_reader.read(ORIGIN, text), lexer.MasterFileError)
    if found is None:
        return
    assert all(text.isprintable() for text in (*found.outside, *found.notes))
    strict = read(lambda: masterfile.parse(ORIGIN, text), lexer.MasterFileError)
    if strict is not None and not found.notes:
        for rrset in strict.zone().rrsets:
            loose = found.zone.get(rrset.key)
            assert rrset.type not in ("TXT", "MX", "CNAME") or (
                loose is not None and rrset.values == loose.values
            ), rrset.key


def policy_file(octets: bytes) -> None:
    path = Path(SCRATCH.name, "zones/policy/p.yaml")
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(octets)
    read(lambda: compile_repo(load_repo(Path(SCRATCH.name))), PolicyError)


def public_key(octets: bytes) -> None:
    found = read(lambda: public_key_files.read(octets), public_key_files.KeyFileError)
    if found is not None:
        dkim.parse(f"v=DKIM1; k={found.k}; p={found.p}")


def private_key(octets: bytes) -> None:
    """Read a private key: written and read again, it is the same key."""
    found = read(lambda: keypair.read(octets), public_key_files.KeyFileError)
    if found is not None:
        assert keypair.read(found.private_pem).public == found.public
        assert found.seed is None or keypair.public_half(found.seed) == found.public


def provider_stanza(octets: bytes) -> None:
    found = read(lambda: stanza.read("x", "providers/x.yaml", octets), DocumentError)
    if found is not None:
        assert found.digest
        assert all(isinstance(name, str) for name in found.environment)


def spf_lock(octets: bytes) -> None:
    found = read(lambda: spf_lock_file.read("zones/locks/spf.json", octets), DocumentError)
    assert (
        found is None
        or spf_lock_file.read("zones/locks/spf.json", spf_lock_file.text(found).encode()) == found
    )


def plan_file(octets: bytes) -> None:
    """Read the octets as a plan, and a good plan in which they replace one part.

    A number in front names the place of that part. The fingerprint is made to fit.
    """
    texts = [octets]
    number, _, part = octets.partition(b" ")
    with suppress(ValueError, RecursionError):
        data = json.loads(PLAN)
        places = list(places_in(data))
        holder, step = places[int(number) % len(places)]
        holder[step] = json.loads(part)
        canonical = json.dumps(
            data, sort_keys=True, separators=(",", ":"), ensure_ascii=True
        ).encode()
        texts.append(
            json.dumps({**data, "fingerprint": hashlib.sha256(canonical).hexdigest()}).encode()
        )
    path = Path(SCRATCH.name, "plan.json")
    for text in texts:
        path.write_bytes(text)
        plan = read(lambda: planfile.read(path), PlanRefused)
        if plan is not None:
            path.write_text("".join(plan_json.dumped(plan)))
            assert planfile.read(path) == plan


def master_file(octets: bytes) -> None:
    new = RRset(DomainName("_dmarc.example.com"), "TXT", 300, frozenset({"v=DMARC1; p=none"}))
    file = read(lambda: masterfile.parse(ORIGIN, octets.decode("latin-1")), lexer.MasterFileError)
    if file is not None:
        file.zone()
        after = read(lambda: edit.edited(file, {new.key: new}), lexer.MasterFileError)
        assert after is None or masterfile.parse(ORIGIN, after).zone().get(new.key) == new


def imported_zone(octets: bytes) -> None:
    """Import the records of a master file: the policy that results changes nothing."""
    try:
        zone = masterfile.parse(ORIGIN, SOA + octets.decode("latin-1")).zone()
    except lexer.MasterFileError:
        return
    [made] = drafts([(zone, (ORIGIN,))], Surroundings(), {})
    for publication in compile_repo(Repo(Path(), (made.policy,), {}, Lock())):
        difference = compare(zone, publication, lambda *_: Judgement(""))
        assert not difference.changes, difference.changes
        assert not difference.blocked, difference.blocked
    assert all(str(left).isprintable() for left in made.left)
