"""Seeds for fuzzing: inputs to begin with, from the tests' tables and from the examples here."""

from __future__ import annotations

import base64
import importlib
import json
from collections.abc import Callable, Iterable, Iterator
from pathlib import Path
from typing import Any

from mailauth_dns.compile.compile_repo import compile_repo
from mailauth_dns.deploy.make_plan import make_plan
from mailauth_dns.deploy.plan_request import PlanRequest
from mailauth_dns.deploy.provider_pool import providers
from mailauth_dns.keys import keypair
from mailauth_dns.live import dns_message, wire
from mailauth_dns.plan import plan_json
from mailauth_dns.policy.load import load_repo
from mailauth_dns.records.dkim import KeyType
from mailauth_dns.records.name import DomainName

ROOT = Path(__file__).parents[1]


ORIGIN = DomainName("example.com")


SOA = "@ 300 IN SOA ns1.example.net. hostmaster.example.net. 1 7200 1800 1209600 300\n"


ANSWERED_TYPES = ("TXT", "CNAME", "A", "NS", "MX")  # what the target `answer` asks for


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
    data = json.loads("".join(plan_json.dumped(made)))
    del data["fingerprint"]
    data["zones"] = sorted(data["zones"], key=lambda zone: len(json.dumps(zone)))[:1]
    return json.dumps(data).encode()


def answers() -> set[bytes]:
    """Return replies as the target `answer` takes them: without the id and without the question."""
    import dns.message

    records = {
        "TXT": 'example.com. 300 IN TXT "v=spf1 " "-all"\nexample.com. 300 IN TXT "x"\n',
        "CNAME": "example.com. 300 IN CNAME a.example.net.\na.example.net. 60 IN TXT x\n",
        "A": ";AUTHORITY\nexample.com. 300 IN SOA a. b. 1 2 3 4 5\n",
        "NS": "example.com. 300 IN NS ns.example.com.\nexample.com. 300 IN NS ns2.example.com.\n"
        ";ADDITIONAL\nns.example.com. 1 IN A 192.0.2.1\nns2.example.com. 1 IN AAAA 2001:db8::1\n",
        "MX": "example.com. 300 IN MX 10 mx.example.com.\n;AUTHORITY\n"
        "example.com. 300 IN NS ns.example.com.\n",
    }
    found = set()
    for number, type in enumerate(ANSWERED_TYPES):
        head = "id 1\nopcode QUERY\nrcode NOERROR\nflags QR AA\nedns 0\n;QUESTION\n"
        text = f"{head}example.com. IN {type}\n;ANSWER\n{records[type]}"
        reply = dns.message.from_text(text).to_wire()
        behind = wire.HEADER.size + len(dns_message.question_section(ORIGIN, type))
        found.add(bytes((number,)) + reply[2:4] + reply[6 : wire.HEADER.size] + reply[behind:])
    return found


def words() -> set[bytes]:
    """Return the words of the grammars, which the fuzzer combines."""
    space = vars(importlib.import_module("tests.records.strategies"))
    return {
        text.encode("latin-1")
        for name, value in space.items()
        if name.strip("_").isupper()
        for text in texts_in(value)
    }


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


def masters() -> Iterable[bytes]:
    rows = tables(
        "tests.masterfile.test_master_file",
        "tests.masterfile.test_master_file_refusals",
        "tests.octo.local_zone",
        "tests.octo.test_local",
        "tests.octo.test_local_refusals",
        "tests.importing.zones",
        "tests.masterfile.masterfiles",
    )()
    return {*rows, *(SOA.encode() + row for row in rows)}


def places_in(data: Any) -> Iterator[tuple[Any, Any]]:  # noqa: ANN401 - any JSON
    for step in list(data) if isinstance(data, dict) else range(len(data)):
        yield data, step
        if isinstance(data[step], dict | list):
            yield from places_in(data[step])


PLAN = good_plan()


def plan_parts() -> set[bytes]:
    """Return a good plan, and each part of it for its own place and for another."""
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
