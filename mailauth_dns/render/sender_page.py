"""Everything that the catalogue says of one sender, for people and as JSON data."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from typing import Any

from rich.text import Text

from mailauth_dns.records.name import DomainName
from mailauth_dns.render.json_data import FORMAT
from mailauth_dns.senders import example
from mailauth_dns.senders.ask import Ask
from mailauth_dns.senders.entry import Entry, ReturnPath, ReturnPathClass
from mailauth_dns.senders.use import Use

_KINDS = {
    "mailbox": "mailboxes",
    "transactional": "mail of programs",
    "marketing": "newsletters",
    "support": "a help desk",
    "forwarder": "forwards mail",
    "gateway": "a gateway that mail goes through",
}
_PATHS: Mapping[ReturnPathClass, str] = {
    ReturnPathClass.OWN_DOMAIN: "the domain itself",
    ReturnPathClass.OWN_SUBDOMAIN_CNAME: "a name below the domain, with an alias (CNAME)",
    ReturnPathClass.OWN_SUBDOMAIN_MX_SPF: "a name below the domain, with MX and SPF records",
    ReturnPathClass.VENDOR_DOMAIN: "the sender's own domain",
    ReturnPathClass.SUBDOMAIN_NS: "a name below the domain, which you delegate to the sender (NS)",
}
_FORMS = {
    "txt-account-key": "a key of your account, as TXT",
    "cname-fixed": "aliases (CNAME) that are the same for everybody",
    "cname-derived": "aliases (CNAME) that follow from the domain's name",
    "cname-account-token": "aliases (CNAME) with a token of your account",
}


def lines(sender: str, entry: Entry, domain: DomainName) -> Iterator[Text]:
    """Yield all that the catalogue says, and what comes out for a domain."""
    kind = f": {_KINDS[entry.kind]}" if entry.kind is not None else ""
    yield Text.assemble((entry.name, "bold"), f" ({sender}){kind}")
    if entry.return_path is None:
        yield Text("")
        yield Text("It is only recognised: a policy cannot name it, since its records are unknown.")
    else:
        yield from _mail(entry, entry.return_path)
        yield from _asked(entry)
        yield from _in_policy(sender, entry)
        yield from _published(example.use(sender, entry, domain), domain)
    yield from _recognised(entry)
    yield from _wrong(entry)
    yield from _also(entry)
    yield from _headed("Sources", _sources(entry))


def _headed(heading: str, items: Iterable[Text]) -> Iterator[Text]:
    """Yield items under a heading; nothing where there are none."""
    for number, item in enumerate(items):
        if not number:
            yield Text("")
            yield Text(f"{heading}:", style="bold")
        yield item


def _cited(text: str, source: tuple[str, ...]) -> Text:
    return Text.assemble(f"  {text} ", (f"[{', '.join(source)}]", "dim"))


def _mail(entry: Entry, path: ReturnPath) -> Iterator[Text]:
    where = _PATHS[ReturnPathClass(path.class_)]
    named = f": {path.domain}" if path.domain else f": {path.at}.<domain>" if path.at else ""
    said = [
        _cited(f"Return path (MAIL FROM): {where}{named}.", path.source),
        _cited(
            f"SPF aligns: {path.aligns.relaxed} where DMARC is relaxed, "
            f"{path.aligns.strict} where it is strict (aspf: s).",
            path.source,
        ),
    ]
    if entry.spf is not None:
        use = {
            "yes": "goes into the domain's SPF record",
            "no": f"left out: {entry.spf.why}",
            "unknown": "goes into the domain's SPF record; nobody says whether it helps",
        }[entry.spf.useful]
        said.append(_cited(f"SPF {' '.join(entry.spf.templates)}: {use}.", entry.spf.source))
    if entry.dkim is not None:
        form = _FORMS[str(entry.dkim.form)]
        said.append(_cited(f"DKIM aligns. It takes {form}.", entry.dkim.source))
    else:
        said.append(Text("  DKIM: the catalogue knows no key of it in the domain."))
    yield from _headed("How its mail passes", said)


def _asked(entry: Entry) -> Iterator[Text]:
    items: list[Text] = []
    for key, ask in entry.asks.items():
        items += [
            Text.assemble("  ", (key, "bold"), f"{_amount(ask)}: {_example(ask)}"),
            _cited(f"  {ask.find.strip()}", ask.source),
        ]
    yield from _headed("What you give", items)


def _amount(ask: Ask) -> str:
    count = f", a list of {ask.count}" if ask.count is not None else ""
    if ask.default is not None:
        return f"{count} (may be left out: then {ask.default})"
    return f"{count} (may be left out)" if ask.optional else count


def _example(ask: Ask) -> str:
    return f"such as {ask.example}"


def _in_policy(sender: str, entry: Entry) -> Iterator[Text]:
    block = example.block(sender, example.answers(entry))
    yield from _headed(
        "In your policy", (Text(f"  {line}", no_wrap=True, overflow="ignore") for line in block)
    )


def _published(use: Use, domain: DomainName) -> Iterator[Text]:
    items = [
        Text(f"  {name}  {type}  {value}", no_wrap=True, overflow="ignore")
        for name, type, value in example.records(use, domain)
    ]
    items += [Text(f"  {note}") for note in use.notes]
    path = use.path
    if path is not None and not path.is_published:
        servers = ", ".join(path.name_servers) or "the name servers that the sender names"
        items.append(
            Text(
                f"  {path.name} is yours to delegate to {servers}; this is checked, never written."
            )
        )
    if not items:
        items.append(Text("  nothing"))
    yield from _headed(f"What comes out for {domain}, with these examples", items)


def _recognised(entry: Entry) -> Iterator[Text]:
    known = entry.recognised_by
    kinds = (
        ("includes", known.includes),
        ("DKIM aliases", known.dkim),
        ("DKIM selectors", known.selectors),
        ("return paths", known.return_paths),
        ("hosts in reports", known.reports),
    )
    yield from _headed(
        "Recognised by",
        (_cited(f"{what}: {', '.join(names)}", known.source) for what, names in kinds if names),
    )


def _wrong(entry: Entry) -> Iterator[Text]:
    items = (
        _cited(f"{wrong.include or wrong.cname}: {wrong.instead}.", wrong.source)
        for wrong in entry.known_wrong
    )
    yield from _headed("Names that guides give, and that are wrong", items)


def _also(entry: Entry) -> Iterator[Text]:
    items = (
        _cited(f"{each.name} {each.type} {each.value}: {each.why}.", each.source)
        for each in entry.also
    )
    yield from _headed("Other records, which you set yourself", items)


def _sources(entry: Entry) -> Iterator[Text]:
    for name, source in entry.sources.items():
        yield Text(
            f"  {name}: grade {source.grade}, read {source.read}, {source.url}",
            no_wrap=True,
            overflow="ignore",
        )


def data(sender: str, entry: Entry, domain: DomainName) -> dict[str, Any]:
    """Return all that the catalogue says as JSON data: `entry` is as in its file."""
    found = example.use(sender, entry, domain) if entry.is_compiled else None
    answers = example.answers(entry)
    return {
        "format": FORMAT,
        "id": sender,
        "entry": entry.model_dump(mode="json", by_alias=True),
        "example": {
            "domain": domain,
            "senders": {sender: answers},
            "records": [
                {"name": name, "type": type, "value": value}
                for name, type, value in example.records(found, domain)
            ],
            "notes": list(found.notes),
        }
        if found is not None
        else None,
    }
