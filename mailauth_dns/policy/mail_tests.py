"""The `tests` of a policy: messages, and what receivers must say once it is live."""

from __future__ import annotations

from ipaddress import IPv6Address, ip_address
from typing import Annotated, Literal, Self

from pydantic import AfterValidator, BeforeValidator, Field, WithJsonSchema, model_validator

from mailauth_dns.errors import RecordSyntaxError
from mailauth_dns.records.mailbox import domain_of
from mailauth_dns.typed_yaml.scalars import Domain, Section, Selector, fail, host_name, one_of

NULL_PATH = ("", "<>")  # a bounce's MAIL FROM (RFC 5321 §4.5.5)


def _one_line(text: str) -> str:
    if not text.strip() or not text.isprintable():
        fail("a test needs a name on one line; reports show it")
    return text


def _address(text: str) -> str:
    try:
        domain_of(text)
    except RecordSyntaxError as error:
        fail(error.expected, error.start, error.end)
    return text


def _path(text: str) -> str:
    return text if text in NULL_PATH else _address(text)


def _ip(text: str) -> str:
    try:
        return str(ip_address(text))
    except ValueError:
        fail(
            f"{text!r} is not an IP address; write the client's alone, such as 192.0.2.10 or "
            "2001:db8::10"
        )


def _helo(text: str) -> str:
    """Return a name, or an address in brackets as a client without one says (RFC 5321 §4.1.3)."""
    if not text.startswith("["):
        return host_name(text)
    tag = text[1:6].lower() == "ipv6:"
    try:
        address = ip_address(text[6:-1] if tag else text[1:-1])
    except ValueError:
        address = None
    if address is None or isinstance(address, IPv6Address) is not tag or not text.endswith("]"):
        fail(
            f"{text!r} is not an address literal; write one such as [192.0.2.10] or "
            "[IPv6:2001:db8::10]"
        )
    return text


def _signature(value: object) -> object:
    return {"s": value} if isinstance(value, str) else value


def _oblige(*results: str) -> BeforeValidator:
    """Return a validator of results; nobody can expect that DNS gives no answer."""
    known = one_of(*results)

    def check(text: object) -> object:
        if text == "temperror":
            fail("temperror means that DNS gave no answer, and a test cannot expect that")
        return known.func(text)

    return BeforeValidator(check)


class SignatureSection(Section):
    """A DKIM signature that is good where its key is."""

    d: Domain | None = Field(None, description="the domain that signed; default: the policy's")
    s: Selector = Field(description="name the selector that signed")


_SIGNATURE_SCHEMA = {
    "anyOf": [
        {"type": "string"},
        {
            "type": "object",
            "properties": {"d": {"type": "string"}, "s": {"type": "string"}},
            "required": ["s"],
            "additionalProperties": False,
        },
    ]
}
Signature = Annotated[
    SignatureSection, BeforeValidator(_signature), WithJsonSchema(_SIGNATURE_SCHEMA)
]


class ExpectSection(Section):
    """What receivers must say; what is left out does not matter."""

    spf: Annotated[
        Literal["pass", "fail", "softfail", "neutral", "none", "permerror"] | None,
        _oblige("pass", "fail", "softfail", "neutral", "none", "permerror"),
    ] = Field(None, description="the result of SPF for the envelope's sender")
    dkim: Annotated[Literal["pass", "fail", "none"] | None, _oblige("pass", "fail", "none")] = (
        Field(None, description="pass if one signature verifies; none if there is none")
    )
    dmarc: Annotated[Literal["pass", "fail", "none"] | None, _oblige("pass", "fail", "none")] = (
        Field(None, description="the result of DMARC; none if no policy applies")
    )
    disposition: Annotated[
        Literal["none", "quarantine", "reject"] | None, one_of("none", "quarantine", "reject")
    ] = Field(
        None, description="what the domain requests for the message; receivers decide themselves"
    )

    @model_validator(mode="after")
    def _whole(self) -> ExpectSection:
        if not self.model_fields_set:
            fail("expects nothing; give spf, dkim, dmarc or disposition")
        return self


class EnvelopeSection(Section):
    """What the SMTP session of a message says."""

    mail_from: Annotated[str, AfterValidator(_path)] | None = Field(
        None, description="the envelope's sender, '<>' for the null sender; default: from"
    )
    helo: Annotated[str, AfterValidator(_helo)] | None = Field(
        None, description="what the client calls itself; default: the domain of mail_from"
    )
    ip: Annotated[str, AfterValidator(_ip)] = Field(description="give the client's address")

    @property
    def sender(self) -> str:
        """The address in MAIL FROM, empty for the null path and where none is known."""
        return "" if self.mail_from is None or self.mail_from in NULL_PATH else self.mail_from

    @property
    def client(self) -> str:
        """The HELO name; empty for a null sender whose name is not given."""
        return self.helo or self.sender.rpartition("@")[2]


class MessageSection(EnvelopeSection):
    """A message as a receiver sees it."""

    from_: Annotated[str, AfterValidator(_address)] = Field(
        alias="from", description="give the address in the message's From header"
    )
    dkim: tuple[Signature, ...] = Field(
        (),
        description=(
            "selectors that signed and verify; {d: other.example, s: x} for another domain's"
        ),
    )

    @property
    def sender(self) -> str:
        """The address in MAIL FROM, empty for the null path."""
        return self.from_ if self.mail_from is None else super().sender


class MailTest(MessageSection):
    """One message, and what is expected of it."""

    name: Annotated[str, AfterValidator(_one_line)] = Field(
        description="name the test, to tell it from others"
    )
    expect: ExpectSection = Field(description="say what receivers must find: {dmarc: pass}")

    @model_validator(mode="after")
    def _judged_by(self) -> Self:
        # DKIM alone can make DMARC pass; everything else is known only with SPF.
        if (
            self.mail_from in NULL_PATH
            and self.helo is None
            and (self.expect.spf is not None or not self.dkim)
        ):
            fail("a null sender is judged by its helo; give it")
        return self


def distinct(tests: tuple[MailTest, ...]) -> tuple[MailTest, ...]:
    """Refuse two tests of one name: a report could not say which of them failed."""
    names = [test.name for test in tests]
    twice = next((name for name in names if names.count(name) > 1), None)
    if twice is not None:
        fail(f"two tests are called {twice!r}; give each a name of its own")
    return tests
