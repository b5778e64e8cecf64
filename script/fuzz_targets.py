"""What is fuzzed: for each reader of text from outside, a function of octets that catches the errors which the reader documents.

Seeds come from the tests' tables and from the examples of this checkout.
"""

from __future__ import annotations

import base64
import hashlib
import importlib
import json
import tempfile
from collections.abc import Callable, Iterable, Iterator
from contextlib import suppress
from pathlib import Path
from typing import Any, NamedTuple, TypeVar

from mailauth_dns.compile.repo import compile_repo
from mailauth_dns.deploy.make_plan import PlanRequest, make_plan
from mailauth_dns.deploy.provider_pool import providers
from mailauth_dns.diff.change import Judgement
from mailauth_dns.diff.compare import compare
from mailauth_dns.errors import PlanRefused, PolicyError, RecordSyntaxError, octets, printable
from mailauth_dns.evaluate import dkim_verification, message_file
from mailauth_dns.evaluate import macro_expansion as macros
from mailauth_dns.evaluate.message import Message, judge
from mailauth_dns.evaluate.observation import Unknown
from mailauth_dns.evaluate.resolver import ZoneResolver
from mailauth_dns.importing import dkim_key_files
from mailauth_dns.importing.draft import drafts
from mailauth_dns.importing.surroundings import Surroundings
from mailauth_dns.keys import keypair
from mailauth_dns.lint import svg_tiny_ps
from mailauth_dns.live import wire
from mailauth_dns.masterfile import edit, lexer, loose_reader
from mailauth_dns.masterfile import master_file as masterfile
from mailauth_dns.plan import plan_file as planfile
from mailauth_dns.policy import provider_stanza as stanza
from mailauth_dns.policy import public_key_files, spf_lock_file
from mailauth_dns.policy.document import DocumentError
from mailauth_dns.policy.load import load_repo
from mailauth_dns.policy.repo import Repo
from mailauth_dns.policy.spf_lock import Lock
from mailauth_dns.records import (
    address_list,
    bimi,
    dkim,
    dmarc,
    dmarc_received,
    mta_sts,
    name_server,
    spf,
    spf_macro,
    tlsrpt,
)
from mailauth_dns.records.dkim import KeyType
from mailauth_dns.records.name import DomainName, domain_name
from mailauth_dns.records.zone import RRset, Zone, quoted, unquoted

ROOT = Path(__file__).parents[1]
ORIGIN = DomainName("example.com")
SOA = "@ 300 IN SOA ns1.example.net. hostmaster.example.net. 1 7200 1800 1209600 300\n"
QUESTION = wire.question_section(ORIGIN, "TXT")
KEY = "v=DKIM1; k=ed25519; p=11qYAYKxCrfVS/7TyWQHOg7hcvPapiMlrwIaaPcHURo="  # of RFC 8463 §A.2
RESOLVER = ZoneResolver(
    [
        Zone(
            ORIGIN,
            frozenset(
                {RRset(DomainName("s1._domainkey.example.com"), "TXT", 300, frozenset({KEY}))}
            ),
        )
    ]
)
MESSAGE = b"""Return-Path: <alice@example.com>\r
DKIM-Signature: v=1; a=ed25519-sha256; c=relaxed/simple; d=example.com; s=s1;\r
 h=from:to:from; t=1; x=99999999999; l=5; i=@example.com; bh=%s;\r
 b=%s\r
From: Alice <alice@example.com>\r
To: bob@example.org\r
\r
Hello Bob.\r
""" % (b"A" * 43 + b"=", b"A" * 86 + b"==")
SCRATCH = tempfile.TemporaryDirectory()  # gone when the process ends


_T = TypeVar("_T")


class Target(NamedTuple):
    """One reader; `seeds` are inputs to begin with."""

    run: Callable[[bytes], None]
    seeds: Callable[[], set[bytes]]


def text_of(octets: bytes) -> str:
    """Return text as people and files bring it, or octets as DNS does, one character an octet."""
    try:
        return octets.decode()
    except UnicodeDecodeError:
        return octets.decode("latin-1")


# Seeds


def texts_in(value: object) -> Iterator[str]:
    if isinstance(value, str):
        yield value
    elif isinstance(value, dict):
        yield from texts_in([*value, *value.values()])
    elif isinstance(value, list | tuple):
        for each in value:
            yield from texts_in(each)


def tables(*modules: str) -> Callable[[], set[bytes]]:
    """Return the texts in the tables of test modules."""

    def found() -> set[bytes]:
        spaces = [vars(importlib.import_module(module)) for module in modules]
        named = (value for space in spaces for name, value in space.items() if name.isupper())
        return {text.encode("utf-8", "replace") for value in named for text in texts_in(value)}

    return found


def files(*patterns: str) -> Callable[[], set[bytes]]:
    return lambda: {path.read_bytes() for pattern in patterns for path in ROOT.glob(pattern)}


def both(*sources: Callable[[], set[bytes]]) -> Callable[[], set[bytes]]:
    return lambda: set().union(*(source() for source in sources))


def good_plan() -> bytes:
    """Return a plan of one zone of this checkout's examples, without its fingerprint."""
    repo = load_repo(ROOT)
    with providers(repo) as pool:
        made = make_plan(repo, pool, compile_repo(repo), PlanRequest(live=False))
    data = json.loads(planfile.dumped(made))
    del data["fingerprint"]
    data["zones"] = sorted(data["zones"], key=lambda zone: len(json.dumps(zone)))[:1]
    return json.dumps(data).encode()


def plan_parts() -> set[bytes]:
    """Return what the plan target takes: each part of a good plan in its own place, and in another."""
    parts = [json.dumps(holder[step]).encode() for holder, step in places_in(json.loads(PLAN))]
    return {
        PLAN,
        *(
            f"{at + shift} ".encode() + part
            for at, part in enumerate(parts)
            for shift in (0, 1)
            if len(part) < 200
        ),
    }


def answers() -> set[bytes]:
    """Return replies to the question for TXT without their header's id and their question."""
    import dns.message

    text = (
        "id 1\nopcode QUERY\nrcode NOERROR\nflags QR AA\n;QUESTION\nexample.com. IN TXT\n;ANSWER\n"
    )
    records = [
        'example.com. 300 IN TXT "v=spf1 " "-all"\nexample.com. 300 IN TXT "x"\n',
        "example.com. 300 IN CNAME a.example.net.\na.example.net. 60 IN TXT x\n",
        ";AUTHORITY\nexample.com. 300 IN SOA a. b. 1 2 3 4 5\n",
        ";AUTHORITY\nexample.com. 300 IN NS ns.example.net.\n;ADDITIONAL\nns.example.net. 1 IN A 192.0.2.1\n",
    ]
    replies = [dns.message.from_text(text + each).to_wire() for each in records]
    return {
        reply[2:4] + reply[6 : wire.HEADER_SIZE] + reply[wire.HEADER_SIZE + len(QUESTION) :]
        for reply in replies
    }


def words() -> set[bytes]:
    """Return what the grammars are made of, for the fuzzer to put together."""
    space = vars(importlib.import_module("tests.records.strategies"))
    return {
        text.encode("latin-1")
        for name, value in space.items()
        if name.strip("_").isupper()
        for text in texts_in(value)
    }


PLAN = good_plan()


# Targets


def read(reader: Callable[[], _T], *errors: type[Exception]) -> _T | None:
    """Return what a reader returns; None where it ends in a documented error, whose text must be fit for a terminal."""
    documented: tuple[type[Exception], ...] = (RecordSyntaxError, *errors)
    try:
        return reader()
    except documented as error:
        said = str(error)
    assert said.replace("\n", "").isprintable(), said
    return None


def record(parse: Callable[[str], Any]) -> Callable[[bytes], None]:
    """Return the target for a record: what parses is printed so that it parses to the same."""

    def target(octets: bytes) -> None:
        found = read(lambda: parse(text_of(octets)))
        assert found is None or parse(str(found)) == found, str(found)

    return target


def dmarc_as_received(octets: bytes) -> None:
    text = text_of(octets)
    received = dmarc_received.receive(text)
    with suppress(RecordSyntaxError):
        # Where nothing is wrong, a receiver drops nothing; white space in front is read by some, and by the receiver here not.
        assert text[:1] in (" ", "\t") or received == dmarc_received.Received(dmarc.parse(text)), (
            received
        )


def txt_value(octets: bytes) -> None:
    text = octets.decode("latin-1")
    assert unquoted(quoted(text)) == text
    value = read(lambda: unquoted(text))
    assert value is None or unquoted(quoted(value)) == value


def macro_expansion(octets: bytes) -> None:
    text, sender, helo = [*text_of(octets).split("\n", 2), "", ""][:3]
    for ip in ("192.0.2.3", "2001:db8::cb01"):
        session = macros.envelope(macros.client_address(ip), sender, helo)
        with suppress(RecordSyntaxError):
            target = macros.target_name(
                spf_macro.domain_spec(text, 0, len(text)), session, "example.com", lambda: ()
            )
            if target is not None:
                macros.queryable(target)
        with suppress(RecordSyntaxError):
            macros.expand(spf_macro.explain_string(text), session, "example.com", lambda: ())


def genkey_file(octets: bytes) -> None:
    found = read(
        lambda: dkim_key_files.parse(loose_reader.text_of(octets), ORIGIN, "given"),
        lexer.MasterFileError,
    )
    if found is not None:
        assert all(dkim.parse(str(key.record)) == key.record for key in found.keys)
        assert all(text.isprintable() for text in (*found.passed_over, *found.notes))


def exported_zone(octets: bytes) -> None:
    """Read a zone file for import; what the strict reader takes whole is read alike."""
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
    """Read a private key; what is written of it reads as the same key, and a refusal quotes nothing of it."""
    found = read(lambda: keypair.read(octets), public_key_files.KeyFileError)
    if found is not None:
        assert keypair.read(found.private_pem).public == found.public
        assert found.seed is None or keypair.public_half(found.seed) == found.public


def shown_octets(text: bytes) -> None:
    said = printable(text_of(text))
    assert said.isprintable(), said
    assert printable(said) == said
    assert octets(text.decode("latin-1")).isascii()


def private_keys() -> set[bytes]:
    pair = keypair.generate(KeyType.ED25519)
    assert pair.seed is not None
    raw = base64.b64decode(pair.seed) + base64.b64decode(pair.public.p)
    return {
        pair.private_pem,
        pair.seed,
        raw,
        base64.b64encode(raw),
        keypair.generate(KeyType.RSA).private_pem,
    }


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
    """Read it as it is; and a good plan with another part at the place that a number in front names, its fingerprint made to fit."""
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
            path.write_text(planfile.dumped(plan))
            assert planfile.read(path) == plan


def places_in(data: Any) -> Iterator[tuple[Any, Any]]:  # noqa: ANN401 - any JSON
    for step in list(data) if isinstance(data, dict) else range(len(data)):
        yield data, step
        if isinstance(data[step], dict | list):
            yield from places_in(data[step])


def master_file(octets: bytes) -> None:
    new = RRset(DomainName("_dmarc.example.com"), "TXT", 300, frozenset({"v=DMARC1; p=none"}))
    file = read(lambda: masterfile.parse(ORIGIN, octets.decode("latin-1")), lexer.MasterFileError)
    if file is not None:
        file.zone()
        after = read(lambda: edit.edited(file, {new.key: new}), lexer.MasterFileError)
        assert after is None or masterfile.parse(ORIGIN, after).zone().get(new.key) == new


def imported_zone(octets: bytes) -> None:
    """Import what a master file holds; the policy changes nothing."""
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


def dns_answer(octets: bytes) -> None:
    """Read a reply to the question for TXT at example.com: two octets of flags, three counts, and what comes behind the question."""
    message = (
        b"\0\1"
        + octets[:2].ljust(2, b"\0")
        + b"\0\1"
        + octets[2:8].ljust(6, b"\0")
        + QUESTION
        + octets[8:]
    )
    if not wire.replies_to(message, QUESTION) or wire.is_truncated(message):
        return
    plain = wire.read_plain(message, ORIGIN, "TXT")
    careful = wire.read_any(message, ORIGIN, "TXT")
    # What is broken in sections that nobody needs may go unnoticed; a value never differs.
    assert plain is None or isinstance(careful, Unknown) or plain == careful, (plain, careful)


def received_message(octets: bytes) -> None:
    """Judge what a stranger sends: it ends in a verdict, or in a word about the file."""
    received = read(lambda: message_file.read(octets), message_file.NoMessageError)
    if received is not None:
        sender = message_file.return_path(received)
        signatures = dkim_verification.verified(received, RESOLVER)
        authors, fields = message_file.author_addresses(received), len(received.values("from"))
        for client in ("192.0.2.3", "2001:db8::cb01"):
            message = Message(
                authors,
                sender or "",
                "",
                client,
                signatures,
                dkim_verification.unseen(received),
                fields,
            )
            verdict = judge(message, RESOLVER)
            assert all(verdict.why)


def from_field(octets: bytes) -> None:
    text = text_of(octets)
    found = read(lambda: address_list.addresses(text))
    # An address stands for itself, wherever it came from.
    assert all(address_list.addresses(f"<{each}>") == (each,) for each in found or ()), found


def logo(octets: bytes) -> None:
    """Look at what a web server gives for a logo: whatever it is, there is only what keeps it off."""
    assert all(svg_tiny_ps.faults(octets))


def masters() -> Iterable[bytes]:
    rows = tables(
        "tests.masterfile.test_master_file",
        "tests.octo.test_local",
        "tests.importing.zones",
        "tests.masterfile.masterfiles",
    )()
    return {*rows, *(SOA.encode() + row for row in rows)}


TARGETS = {
    "spf": Target(record(spf.parse), tables("tests.records.test_spf", "tests.evaluate.test_spf")),
    "dkim": Target(record(dkim.parse), tables("tests.records.test_dkim")),
    "dmarc": Target(record(dmarc.parse), tables("tests.records.test_dmarc")),
    "dmarc-received": Target(
        dmarc_as_received, tables("tests.records.test_dmarc", "tests.records.test_dmarc_received")
    ),
    "mta-sts": Target(record(mta_sts.parse), tables("tests.records.test_mta_sts")),
    "mta-sts-policy": Target(record(mta_sts.parse_policy), tables("tests.records.test_mta_sts")),
    "tls-rpt": Target(record(tlsrpt.parse), tables("tests.records.test_tlsrpt")),
    "bimi": Target(record(bimi.parse), tables("tests.records.test_bimi")),
    "macro": Target(macro_expansion, tables("tests.evaluate.test_macro_expansion")),
    "name": Target(record(domain_name), tables("tests.records.test_zone")),
    "server": Target(record(name_server.server), tables("tests.records.test_name_server")),
    "txt": Target(txt_value, tables("tests.records.test_zone")),
    "export": Target(
        exported_zone, both(tables("tests.masterfile.test_loose_reader"), lambda: set(masters()))
    ),
    "genkey": Target(
        genkey_file,
        tables("tests.importing.test_dkim_key_files", "tests.importing.test_from_genkey"),
    ),
    "policy": Target(policy_file, files("tests/policy/cases/*.yaml", "zones/policy/*.yaml")),
    "public-key": Target(public_key, files("zones/keys/*/*.pem", "tests/lint/keys/*.pem")),
    "private-key": Target(private_key, private_keys),
    "octets": Target(shown_octets, tables("tests.cli.test_octets", "tests.records.test_zone")),
    "stanza": Target(
        provider_stanza, files("providers/*.yaml", "mailauth_dns/template/providers/*.yaml")
    ),
    "lock": Target(spf_lock, tables("tests.policy.test_spf_lock_file")),
    "plan": Target(plan_file, plan_parts),
    "master-file": Target(master_file, both(lambda: set(masters()), files("served/*.zone"))),
    "import": Target(imported_zone, both(tables("tests.importing.zones"), files("served/*.zone"))),
    "answer": Target(dns_answer, answers),
    "message": Target(received_message, lambda: {MESSAGE, MESSAGE.replace(b"\r", b"")}),
    "from": Target(from_field, tables("tests.records.test_address_list")),
    "logo": Target(
        logo, both(files("tests/lint/pages/*.svg"), tables("tests.lint.test_mark_certificate"))
    ),
}
