"""Pages of the site for the senders that a policy can name, and an index of all senders."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence

from site_rules import prose

from mailauth_dns.records.name import DomainName
from mailauth_dns.senders import example
from mailauth_dns.senders.ask import Ask
from mailauth_dns.senders.catalogue_files import Catalogue
from mailauth_dns.senders.entry import DkimForm, Entry, ReturnPathClass
from mailauth_dns.senders.facts import Grade
from mailauth_dns.senders.use import Use

FOLDER = "reference/senders"
DOMAIN = DomainName("example.com")

_KINDS = {
    "mailbox": "Mailboxes",
    "transactional": "Mail that programs send",
    "marketing": "Newsletters",
    "support": "Help desks and business software",
    "forwarder": "Forwarding",
    "gateway": "Gateways that mail goes through",
}
_FORMS = {
    DkimForm.TXT_ACCOUNT_KEY: "a key of your account, which you copy",
    DkimForm.CNAME_FIXED: "aliases that are the same for everybody",
    DkimForm.CNAME_DERIVED: "aliases that follow from your domain's name",
    DkimForm.CNAME_ACCOUNT_TOKEN: "aliases that name your account",
}
_GRADES = {
    Grade.SENDER: "the sender's own page",
    Grade.SUBMITTED: "a set-up template that the sender submitted, or a list that cites its pages",
    Grade.OBSERVED: "what many zones have, or a list whose author asked DNS",
    Grade.GUIDE: "somebody else's guide",
}
_SHORT = {
    ReturnPathClass.OWN_DOMAIN: "your domain",
    ReturnPathClass.OWN_SUBDOMAIN_CNAME: "a name below yours, an alias",
    ReturnPathClass.OWN_SUBDOMAIN_MX_SPF: "a name below yours, with MX and SPF",
    ReturnPathClass.VENDOR_DOMAIN: "the sender's own",
    ReturnPathClass.SUBDOMAIN_NS: "a name below yours, delegated",
}


def pages() -> dict[str, str]:
    """Return the pages by their path below docs/: one for each compiled sender, and an index."""
    entries = list(Catalogue().all())
    made = {
        f"{FOLDER}/{sender}.md": _page(sender, entry)
        for sender, entry in entries
        if entry.is_compiled
    }
    return {f"{FOLDER}/index.md": _index(entries), **made}


def _index(entries: Sequence[tuple[str, Entry]]) -> str:
    compiled = [each for each in entries if each[1].is_compiled]
    recognised = [each for each in entries if not each[1].is_compiled]
    lines = [
        "# Senders",
        "",
        f"A policy can name {len(compiled)} senders: [declare who sends](../../how-to/senders.md). "
        f"{len(recognised)} more are only recognised: nobody has described their records yet. "
        "*SPF* and *DKIM* say whether its mail aligns ([what decides "
        "that](../../explanation/return-paths.md)).",
        "",
    ]
    for kind, heading in _KINDS.items():
        lines += [f"## {heading}", "", "| sender | id | SPF | DKIM | return path |"]
        lines += ["|---|---|---|---|---|"]
        lines += [_row(sender, entry) for sender, entry in compiled if entry.kind == kind]
        lines.append("")
    lines += [
        "## Grades",
        "",
        "Each fact on these pages has a source, the day on which it was read ",
    ]
    lines += ["there, and a grade.", "", "| grade | what it is |", "|---|---|"]
    lines += [f"| {grade} | {said} |" for grade, said in _GRADES.items()]
    lines += ["", "## Only recognised", "", "| sender | id | by |", "|---|---|---|"]
    lines += [
        f"| {prose(entry.name)} | `{sender}` | {_traces(entry)} |" for sender, entry in recognised
    ]
    return "\n".join(lines) + "\n"


def _row(sender: str, entry: Entry) -> str:
    path = entry.return_path
    assert path is not None
    spf = "if relaxed" if (path.aligns.relaxed, path.aligns.strict) == ("yes", "no") else ""
    dkim = "yes" if entry.dkim is not None else "unknown"
    name = f"[{prose(entry.name)}]({sender}.md)"
    shown = _SHORT[ReturnPathClass(path.class_)]
    return f"| {name} | `{sender}` | {spf or path.aligns.relaxed} | {dkim} | {shown} |"


def _traces(entry: Entry) -> str:
    known = entry.recognised_by
    names = dict.fromkeys((*known.includes, *known.dkim, *known.return_paths, *known.reports))
    return ", ".join(f"`{name}`" for name in names) or "its selectors"


def _page(sender: str, entry: Entry) -> str:
    said = example.answers(entry)
    use = example.use(sender, entry, DOMAIN)
    lines = [f"# {entry.name}", "", *_in_short(entry), ""]
    for remark in entry.remarks:
        lines += [prose(remark.text.strip()), ""]
    lines += ["## In your policy", "", "```yaml", *example.block(sender, said), "```", ""]
    lines += [
        *_asked(entry),
        *_comes_out(use, entry),
        *_why(use, entry),
        *_wrong(entry),
        *_also(entry),
    ]
    lines += [*_sources(entry), "", "[All senders](index.md)"]
    return "\n".join(lines) + "\n"


def _in_short(entry: Entry) -> Iterator[str]:
    path = entry.return_path
    assert path is not None
    spf = {
        ("yes", "yes"): "SPF aligns",
        ("yes", "no"): "SPF aligns, but not where DMARC is strict (`aspf: s`)",
        ("yes", "unknown"): "SPF aligns; no source says whether it does with `aspf: s`",
        ("no", "no"): "SPF cannot align",
    }.get((path.aligns.relaxed, path.aligns.strict), "No source says whether SPF aligns")
    dkim = "DKIM aligns" if entry.dkim else "Its DKIM records are not in the catalogue"
    if path.class_ == ReturnPathClass.SUBDOMAIN_NS:
        dkim = "Its keys stand in the zone that you delegate"
    kind = f"**{_KINDS[entry.kind]}.** " if entry.kind else ""
    yield f"{kind}{spf}. {dkim}."


def _asked(entry: Entry) -> Iterator[str]:
    if not entry.asks:
        derived = entry.dkim is not None and entry.dkim.form == DkimForm.CNAME_DERIVED
        why = "follow from your domain's name" if derived else "are the same for everybody"
        yield from (f"{entry.name} asks for nothing: its records {why}.", "")
        return
    yield from ("| key | where you find it |", "|---|---|")
    for key, ask in entry.asks.items():
        yield f"| `{key}`{_must(ask)} | {_cell(ask.find)} |"
    yield ""


def _must(ask: Ask) -> str:
    count = f", {ask.count} of them" if ask.count is not None and ask.count > 1 else ""
    if ask.default is not None:
        return f"{count}, or leave it out for `{ask.default}`"
    return f"{count}, or leave it out" if ask.optional else count


def _comes_out(use: Use, entry: Entry) -> Iterator[str]:
    yield from ("## What comes out", "")
    if found := example.records(use, DOMAIN):
        widest = max(len(name) for name, _, _ in found)
        yield f"{'With these answers, ' if entry.asks else ''}{DOMAIN} publishes:"
        yield from ("", "```text")
        yield from (f"{name:<{widest}}  {type:<5}  {value}" for name, type, value in found)
        yield from ("```", "")
    path = use.path
    if path is not None and not path.is_published:
        servers = ", ".join(f"`{each}`" for each in path.name_servers)
        yield f"You delegate `{path.name}` to {servers or 'the name servers that it shows you'}. "
        yield from ("mailauth-dns checks that, and never writes it.", "")
    elif not found:
        yield from ("Nothing: what the catalogue knows of it needs no record of yours.", "")


def _why(use: Use, entry: Entry) -> Iterator[str]:
    path = entry.return_path
    assert path is not None
    yield from ("## Why", "", f"* **Return path**: {_return_path(use)}. {_cited(path.source)}")
    if entry.spf is not None:
        named = ", ".join(f"`{each}`" for each in use.terms or entry.spf.templates)
        why = prose(" ".join(entry.spf.why.split())) if entry.spf.why else ""
        said = {
            "yes": f"{named} {'let' if len(entry.spf.templates) > 1 else 'lets'} its hosts pass",
            "no": f"{named} is left out: {why}",
            "unknown": f"{named} goes in, in case it helps{': ' + why if why else ''}",
        }[entry.spf.useful]
        yield f"* **SPF**: {said}. {_cited(entry.spf.source)}"
    if entry.dkim is not None:
        yield f"* **DKIM**: {_FORMS[DkimForm(entry.dkim.form)]}. {_cited(entry.dkim.source)}"
    yield ""


def _return_path(use: Use) -> str:
    """Return whose domain is in MAIL FROM, in the example."""
    at = f"`{use.path.name}`" if use.path is not None else ""
    own = f", `{use.mail_from}`" if use.mail_from is not None else ""
    surely = "probably " if use.relaxed == "unknown" else ""
    return {
        ReturnPathClass.OWN_DOMAIN: f"{surely}your domain itself",
        ReturnPathClass.OWN_SUBDOMAIN_CNAME: f"{at}, an alias of a name that the sender runs",
        ReturnPathClass.OWN_SUBDOMAIN_MX_SPF: f"{at}, which has an SPF record of its own",
        ReturnPathClass.VENDOR_DOMAIN: f"{surely}the sender's own domain{own}",
        ReturnPathClass.SUBDOMAIN_NS: f"{at}, which the sender's name servers answer for",
    }[use.return_path]


def _wrong(entry: Entry) -> Iterator[str]:
    if entry.known_wrong:
        yield from ("## Names that are wrong", "", "Guides give these names. Do not use them.", "")
        yield from ("| name | what is right |", "|---|---|")
        for each in entry.known_wrong:
            said = f"{_cell(each.instead)} {_cited(each.source)}"
            yield f"| `{each.include or each.cname}` | {said} |"
        yield ""


def _also(entry: Entry) -> Iterator[str]:
    if entry.also:
        yield from ("## Records that you set yourself", "")
        yield from ("| name | type | value | what for |", "|---|---|---|---|")
        for each in entry.also:
            said = f"{_cell(each.why)} {_cited(each.source)}"
            yield f"| `{each.name}` | {each.type} | `{each.value}` | {said} |"
        yield ""


def _sources(entry: Entry) -> Iterator[str]:
    yield from ("## Sources", "", "| source | [grade](index.md#grades) | read |", "|---|---|---|")
    for name, source in entry.sources.items():
        yield f"| [{name}]({source.url}) | {source.grade} | {source.read} |"


def _cited(sources: Iterable[str]) -> str:
    return f"<small>({', '.join(sources)})</small>"


def _cell(text: str) -> str:
    return prose(" ".join(text.split())).replace("|", "\\|")
