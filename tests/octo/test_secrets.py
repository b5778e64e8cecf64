"""No output holds a secret, whatever its shape and however an error spells it."""

from __future__ import annotations

import base64
import json
import logging
import os
import subprocess
import sys
import warnings
from collections.abc import Callable
from pathlib import Path
from typing import Any
from urllib.parse import quote_plus

import pytest
from hypothesis import given
from hypothesis import strategies as st
from octodns.provider.base import BaseProvider
from octodns.record import Record

from mailauth_dns.policy.provider_stanza import Stanza
from mailauth_dns.policy.secret_redaction import Redactor, secrets_of
from tests.conftest import RepoFolder

HERE = "tests.octo.test_secrets"
POLICY = "domain: example.com\nproviders: [p]\nspf: {all: fail}\n"

SPELLINGS: dict[str, Callable[[str], str]] = {
    "as it is": str,
    "stripped": str.strip,
    "squeezed": lambda secret: " ".join(secret.split()),
    "as Python prints it": repr,
    "as Python prints it in something": lambda secret: repr({"X-API-Key": secret}),
    "as Python prints it, ASCII only": ascii,
    "as Python prints octets": lambda secret: repr(secret.encode()),
    "as Python prints what is printed": lambda secret: repr(repr(secret)),
    "in JSON": lambda secret: json.dumps({"key": secret}),
    "in JSON, not ASCII": lambda secret: json.dumps({"key": secret}, ensure_ascii=False),
    "in JSON in what Python prints": lambda secret: repr(json.dumps({"key": secret})),
    "in a URL": lambda secret: f"https://192.0.2.1/?token={quote_plus(secret)}&page=2",
    "in a URL, lower case": lambda secret: f"https://192.0.2.1/?token={quote_plus(secret).lower()}",
    "basic authentication": lambda secret: (
        "Basic " + base64.b64encode(f"admin:{secret}".encode()).decode()
    ),
    "basic authentication of a longer name": lambda secret: (
        "Basic " + base64.b64encode(f"admins:{secret}".encode()).decode()
    ),
    "basic authentication of a yet longer name": lambda secret: (
        "Basic " + base64.b64encode(f"admins2:{secret}".encode()).decode()
    ),
    "Base64 for URLs": lambda secret: base64.urlsafe_b64encode(secret.encode()).decode(),
}
SECRETS = [
    "S3cr3t\n",
    "S3cr3t\r\n",
    " S3cr3t",
    "S3cr  3t-\t-w0rd",
    "S3cr'3\"t\\",
    "S3cr3t/+=&?%",
    "päßw0rd→S3cr3t",
    "123456",
]


@pytest.mark.parametrize("spelling", SPELLINGS)
@pytest.mark.parametrize("secret", SECRETS)
def test_no_spelling_gets_past(secret: str, spelling: str) -> None:
    said = f"header value {SPELLINGS[spelling](secret)} is not allowed"
    redactor = Redactor([secret])
    for left in (redactor.text(said), redactor.line(said)):
        core = secret.strip().split()
        assert not any(
            word in left or json.dumps(word)[1:-1] in left for word in core if len(word) > 3
        )
        assert not any(
            base64.b64encode(word.encode()).decode().rstrip("=") in left
            for word in core
            if len(word) > 3
        )
        assert "***" in left
        assert left.startswith("header value")
        assert left.endswith(" is not allowed")


@given(
    secret=st.text(min_size=4).filter(lambda text: len(text.strip()) >= 4),
    spelling=st.sampled_from(sorted(SPELLINGS)),
)
def test_any_secret_in_any_spelling_is_taken_out(secret: str, spelling: str) -> None:
    try:
        said = SPELLINGS[spelling](secret)
    except UnicodeEncodeError:  # a lone surrogate, which no header and no URL can hold either
        return
    assert secret.strip() not in Redactor([secret]).text(f"({said})")
    assert "***" in Redactor([secret]).line(f"({said})")


KEY = "-----BEGIN SOMETHING-----\nMIIBVgIBADANBgkq\nhkiG9w0BAQEFAASC\n-----END SOMETHING-----\n"


def test_each_line_of_a_long_secret_is_one() -> None:
    redactor = Redactor(
        [
            KEY,
            json.dumps(
                {"type": "account", "private_key": KEY, "where": "https://example.com/token"}
            ),
        ]
    )
    for line in KEY.splitlines():
        assert redactor.text(f"cannot read {line}!") == "cannot read ***!"
    assert "MIIB" not in redactor.line(f"no key: {KEY}")
    assert (
        redactor.text("account at https://example.com/token")
        == "account at https://example.com/token"
    )


def test_other_text_stays() -> None:
    redactor = Redactor(["S3cr3t-t0ken", "abc"])
    for said in (
        "abc is no secret",
        "c2VjcmV0 in Base64 is another one",
        "https://192.0.2.1/api/v1/servers/localhost/zones/example.com.",
    ):
        assert redactor.text(said) == said
    assert Redactor().text("nothing is hidden") == "nothing is hidden"


def test_a_variable_whose_name_says_secret_is_one_though_no_stanza_names_it() -> None:
    stanza = Stanza(
        "p", "providers/p.yaml", "x.Y", {"host": "env/HOST", "deep": {"token": "env/MINE"}}
    )
    environment = {"HOST": "192.0.2.1", "MINE": "1234", "AWS_SECRET_ACCESS_KEY": "x" * 40}
    others = {
        "PATH": "/usr/bin",
        "API_KEY": "short",
        "KEY_FILE": "/etc/keyfile",
        "HTTPS_PROXY": "http://user:pr%40xy@192.0.2.2:3128",
    }
    assert secrets_of([stanza], environment | others) == {*environment.values(), "pr%40xy", "pr@xy"}


def test_the_password_in_a_url_is_a_secret_by_itself() -> None:
    redactor = Redactor(["https://user:Pa55word@192.0.2.1/api"])
    assert (
        redactor.text("cannot resolve http: //user:Pa55word@192.0.2.1:80")
        == "cannot resolve http: //user:***@192.0.2.1:80"
    )


class Leaky(BaseProvider):  # type: ignore[misc] # octoDNS has no types
    """A provider whose errors quote its secret, as client libraries do."""

    SUPPORTS_GEO = SUPPORTS_DYNAMIC = False
    SUPPORTS = frozenset({"TXT"})

    def __init__(self, id: str, token: str, where: str, user: str = "admin") -> None:
        self.log = logging.getLogger("Leaky")
        super().__init__(id)
        self.token, self.where = token, where
        if where == "made":
            header = base64.b64encode(f"{user}:{token}".encode())
            raise RuntimeError(f"cannot log in with {token!r}, header {header!r}")
        if where == "made wrongly":
            raise ValueError(f"bad token {token!r}")

    def populate(self, zone: Any, target: bool = False, lenient: bool = False) -> bool:
        self.log.warning("asking with %s and %r", self.token, {"key": self.token})
        if self.where == "read":
            url = f"https://192.0.2.1/?token={quote_plus(self.token)}"
            raise RuntimeError(f"401 for {url}: {json.dumps(self.token)}")
        warnings.warn("this is DEPRECATED", DeprecationWarning, stacklevel=1)
        warnings.warn("and this is odd", stacklevel=1)
        if self.where == "answered":
            json.loads(f"<b>{self.token}</b>")
        zone.add_record(Record.new(zone, "", {"type": "TXT", "ttl": 60, "value": "v=spf1 ~all"}))
        return True

    def _apply(self, plan: Any) -> None:
        raise RuntimeError(f"500 for {self.token!r}")


@pytest.mark.parametrize(
    "secret",
    [
        "s3cr3t-t0ken",
        "s3cr3t-t0ken\n",
        "s3cr3t\nsecond-s3cr3t\n",
        " s3cr3t  t0ken s3cr3t ",
        "s3cr3t'\"\\",
    ],
)
@pytest.mark.parametrize("where", ["made", "made wrongly", "read", "answered", "written"])
def test_a_secret_in_a_providers_error_is_not_repeated(
    repo: RepoFolder, where: str, secret: str
) -> None:
    repo.policy(POLICY)
    repo.write("providers/p.yaml", f"class: {HERE}.Leaky\ntoken: env/LEAKY_TOKEN\nwhere: {where}\n")
    said = ""
    apply = ("apply", "plan.json", "--no-live", "--allow", "live-unknown", "--format", "json")
    for words in (("plan", "--no-live", "--out", "plan.json"), apply):
        command = [sys.executable, "-m", "mailauth_dns", "-vv", "-C", str(repo.root), *words]
        environment = {**os.environ, "LEAKY_TOKEN": secret}
        ran = subprocess.run(
            command,
            capture_output=True,
            text=True,
            check=False,
            cwd=Path(__file__).parents[2],
            env=environment,
        )
        said += ran.stdout + ran.stderr
    assert ran.returncode == 1
    assert where.startswith("made") or "Leaky: asking with ***" in said
    assert "***" in said
    assert not any(word in said for word in ("Traceback", "DEPRECATED", "this is odd"))
    written = "".join(path.read_text() for path in repo.root.rglob("*") if path.is_file())
    for text in (said, written):
        assert not any(
            each in text
            for each in ("s3cr3t", base64.b64encode(b"s3cr3t").decode().rstrip("=")[:6], "t0ken")
        )
    assert (repo.root / "plan.json").exists() is not where.startswith("made wrongly")
