"""What a file of the catalogue says of one sender, as pydantic models.

Each fact names its source: where it stands, the day it was read there, and how good it is. RFC 7489
§3.1 says what aligns (RFC 9989 §5.3 now); the return path is the domain in MAIL FROM (RFC 5321).
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Set
from enum import StrEnum
from typing import Annotated

from pydantic import Field, model_validator

from mailauth_dns.senders.ask import GIVEN, RESERVED, Ask
from mailauth_dns.senders.facts import (
    Grade,
    OwnZone,
    Source,
    SourceIds,
    Template,
    YesNoUnknown,
    Zone,
)
from mailauth_dns.senders.templates import places
from mailauth_dns.typed_yaml.scalars import Section, fail, integer, one_of


class ReturnPathClass(StrEnum):
    """Whose domain is in MAIL FROM, and what makes it so."""

    OWN_DOMAIN = "own-domain"
    OWN_SUBDOMAIN_CNAME = "own-subdomain-cname"
    OWN_SUBDOMAIN_MX_SPF = "own-subdomain-mx+spf"
    VENDOR_DOMAIN = "vendor-domain"
    SUBDOMAIN_NS = "subdomain-ns"


class DkimForm(StrEnum):
    """How a sender's DKIM keys get into a domain."""

    TXT_ACCOUNT_KEY = "txt-account-key"
    CNAME_FIXED = "cname-fixed"
    CNAME_DERIVED = "cname-derived"
    CNAME_ACCOUNT_TOKEN = "cname-account-token"  # noqa: S105 - a form, no secret


class Exchanger(Section):
    """An MX record at a return path."""

    preference: Annotated[int, integer(0, 65535, "preference")]
    exchange: Template


class Alignment(Section):
    """Whether SPF aligns with the author domain, by mode."""

    relaxed: YesNoUnknown
    strict: YesNoUnknown


class ReturnPath(Section):
    """The domain in MAIL FROM, and the records that it needs."""

    class_: Annotated[ReturnPathClass, one_of(*ReturnPathClass)] = Field(alias="class")
    at: Template | None = Field(None, description="labels below the domain")
    cname: Template | None = Field(None, description="the alias at that name")
    mx: tuple[Exchanger, ...] = Field((), description="the exchangers at that name")
    spf: tuple[Template, ...] = Field((), description="SPF terms at that name")
    ns: tuple[Template, ...] = Field((), description="name servers that it is delegated to")
    domain: Zone | None = Field(None, description="the sender's own domain in MAIL FROM")
    zones: tuple[OwnZone, ...] = Field((), description="targets at or below these are the sender's")
    aligns: Alignment
    source: SourceIds

    @model_validator(mode="after")
    def _whole(self) -> ReturnPath:
        needed = {
            ReturnPathClass.OWN_SUBDOMAIN_CNAME: ("at", "cname", "zones"),
            ReturnPathClass.OWN_SUBDOMAIN_MX_SPF: ("at", "spf", "zones"),
            ReturnPathClass.SUBDOMAIN_NS: ("at",),
        }.get(self.class_, ())
        for key in ("at", "cname", "mx", "spf", "ns", "domain"):
            if key in needed and not getattr(self, key):
                fail(f"a return path of class {self.class_} needs {key}")
            allowed = (*needed, *_MAY.get(self.class_, ()))
            if key not in allowed and getattr(self, key):
                fail(f"a return path of class {self.class_} has no {key}")
        if "zones" in needed and not self.zones:
            fail("give zones: without them nobody can tell the sender's values from others")
        return self

    @property
    def is_published(self) -> bool:
        """Whether it needs records that a policy can publish."""
        return self.class_ in (
            ReturnPathClass.OWN_SUBDOMAIN_CNAME,
            ReturnPathClass.OWN_SUBDOMAIN_MX_SPF,
        )


_MAY: Mapping[ReturnPathClass, tuple[str, ...]] = {
    ReturnPathClass.OWN_SUBDOMAIN_MX_SPF: ("mx",),
    ReturnPathClass.SUBDOMAIN_NS: ("ns",),
    ReturnPathClass.VENDOR_DOMAIN: ("domain",),
}


class AuthorSpf(Section):
    """What the sender names for the SPF record of the author domain: an include, or more terms."""

    include: Template | None = None
    terms: tuple[Template, ...] = Field((), description="terms, where one include does not do")
    useful: YesNoUnknown = Field(description="yes where it can make mail align")
    why: str | None = Field(None, description="why it is not useful")
    source: SourceIds

    @model_validator(mode="after")
    def _whole(self) -> AuthorSpf:
        if (self.include is None) is (not self.terms):
            fail("give include or terms, one of them")
        if self.useful == "no" and not self.why:
            fail("say why the include is not useful; people see it in the plan")
        return self

    @property
    def templates(self) -> tuple[str, ...]:
        """The terms, with places for what the policy answers."""
        return (f"include:{self.include}",) if self.include is not None else self.terms

    @property
    def includes(self) -> tuple[str, ...]:
        """The names that the terms include, with places."""
        named = (each.partition("include:") for each in self.templates)
        return tuple(name for before, found, name in named if found and not before)


class SelectorTemplate(Section):
    """A selector, and the alias or the key at its name; a list answer gives one for each item."""

    selector: Template
    cname: Template | None = None
    p: Template | None = None
    k: str | None = Field(None, description="the kind of key; default: rsa")

    @model_validator(mode="after")
    def _whole(self) -> SelectorTemplate:
        if (self.cname is None) is (self.p is None):
            fail("give cname or p, one of them")
        return self


class Dkim(Section):
    """How the sender signs, and where its keys stand."""

    form: Annotated[DkimForm, one_of(*DkimForm)]
    selectors: tuple[SelectorTemplate, ...] = Field(min_length=1)
    source: SourceIds

    @model_validator(mode="after")
    def _whole(self) -> Dkim:
        for each in self.selectors:
            if (each.p is not None) is not (self.form is DkimForm.TXT_ACCOUNT_KEY):
                fail(f"{self.form} has {'p' if each.p is None else 'cname'} for each selector")
        return self


class RecognisedBy(Section):
    """How the sender is recognised in what is published and reported; names are zones."""

    includes: tuple[Zone, ...] = ()
    dkim: tuple[OwnZone, ...] = Field((), description="DKIM aliases lead at or below these")
    selectors: tuple[str, ...] = Field((), description="selectors of its TXT keys, where typical")
    return_paths: tuple[Zone, ...] = Field((), description="return paths lead at or below these")
    reports: tuple[Zone, ...] = Field((), description="its hosts' names are at or below these")
    source: SourceIds


class KnownWrong(Section):
    """A name that guides give, and that the sender does not publish or does not mean."""

    include: Zone | None = None
    cname: Zone | None = None
    instead: str = Field(description="what is right, or why it is wrong")
    source: SourceIds

    @model_validator(mode="after")
    def _whole(self) -> KnownWrong:
        if (self.include is None) is (self.cname is None):
            fail("give include or cname, one of them")
        return self


class Remark(Section):
    """What people who use the sender should know beside all that."""

    text: str
    source: SourceIds


class Also(Section):
    """A record beside mail authentication that the sender asks for: told, never written."""

    type: Annotated[str, one_of("MX", "TXT", "CNAME", "A", "AAAA", "NS")]
    name: str = Field(description="the owner name below the domain, @ for the domain itself")
    value: str = Field(description="as the sender gives it, with <...> for what its console shows")
    why: str = Field(description="what it is for")
    source: SourceIds


KINDS = ("mailbox", "transactional", "marketing", "support", "forwarder", "gateway")


def _check(template: str, known: Set[str]) -> None:
    if missing := places(template) - known:
        fail(f"{template!r} has {{{min(missing)}}}, which `asks` does not have")


class Entry(Section):
    """One sender. Without `return_path` it is only recognised: a policy cannot name it."""

    name: str = Field(description="as people know it")
    called: tuple[str, ...] = Field((), description="what people also call it, in lower case")
    kind: Annotated[str, one_of(*KINDS)] | None = Field(None, description="what people use it for")
    sources: dict[str, Source] = Field(min_length=1, description="where its facts stand, by id")
    asks: dict[str, Ask] = Field({}, description="what only the user knows, by the policy's key")
    return_path: ReturnPath | None = Field(None, description="whose domain is in MAIL FROM")
    spf: AuthorSpf | None = Field(None, description="what it names for the author domain itself")
    dkim: Dkim | None = Field(None, description="how the sender signs")
    recognised_by: RecognisedBy = Field(description="how it is recognised")
    known_wrong: tuple[KnownWrong, ...] = Field((), description="names that guides give wrongly")
    also: tuple[Also, ...] = Field((), description="other records that the sender asks for")
    remarks: tuple[Remark, ...] = Field((), description="what to know before you use it")

    @model_validator(mode="after")
    def _whole(self) -> Entry:
        for name, fact in self.facts():
            if unknown := [each for each in fact.source if each not in self.sources]:
                fail(f"{name} names the source {unknown[0]}, which `sources` does not have")
        if taken := self.asks.keys() & RESERVED:
            fail(f"asks.{min(taken)}: {min(taken)!r} means something else here; rename it")
        self._check_places()
        if self.return_path is None and (self.spf or self.dkim or self.asks):
            fail("give return_path: without it nobody can tell what aligns")
        return self

    def _check_places(self) -> None:
        """Refuse a place that nothing fills, and a list where one value belongs."""
        known = self.asks.keys() | GIVEN
        lists = {key for key, ask in self.asks.items() if ask.count is not None}
        for template in self._single_templates():
            _check(template, known)
            if several := places(template) & lists:
                fail(
                    f"{template!r} has {{{min(several)}}}, which is a list; only the selectors of "
                    "dkim have one record for each item"
                )
        for each in self.dkim.selectors if self.dkim is not None else ():
            _check(each.selector, known)
            for template in filter(None, (each.cname, each.p)):
                _check(template, known | {"selector"})

    @property
    def is_compiled(self) -> bool:
        """Whether a policy can name it; otherwise it is only recognised."""
        return self.return_path is not None

    @property
    def key_asks(self) -> frozenset[str]:
        """The asks that are a public key; every other is a name, or a part of one."""
        listed = self.dkim.selectors if self.dkim is not None else ()
        return frozenset[str]().union(*(places(each.p) for each in listed if each.p is not None))

    def facts(self) -> Iterator[tuple[str, _Fact]]:
        """Yield each part that states a fact, with its key."""
        for key, ask in self.asks.items():
            yield f"asks.{key}", ask
        for key in ("return_path", "spf", "dkim", "recognised_by"):
            part = getattr(self, key)
            if part is not None:
                yield key, part
        for key in ("known_wrong", "also", "remarks"):
            for number, part in enumerate(getattr(self, key)):
                yield f"{key}.{number}", part

    def _single_templates(self) -> Iterator[str]:
        if self.return_path is not None:
            path = self.return_path
            yield from filter(None, (path.at, path.cname))
            yield from (each.exchange for each in path.mx)
            yield from (*path.spf, *path.ns)
        if self.spf is not None:
            yield from self.spf.templates

    def grade(self, fact: _Fact) -> Grade:
        """Return the best grade of a fact's sources."""
        return min(Grade(self.sources[each].grade) for each in fact.source)


_Fact = Ask | ReturnPath | AuthorSpf | Dkim | RecognisedBy | KnownWrong | Also | Remark
