"""A set-up template as what a policy says of its sender, or as a draft for the catalogue."""

from __future__ import annotations

import json
import re
from collections import Counter
from collections.abc import Iterator

from mailauth_dns.senders.domain_connect import Template, TemplateRecord, looks_like_token
from mailauth_dns.senders.entry import Entry
from mailauth_dns.senders.published import target
from mailauth_dns.senders.recognition import Recognition, Trace

_MARK = "._domainkey"
_BOUNCES = re.compile(r"bounc|return|^rp\b|^em[0-9{]|mail-?from|^pm-|envelope")


def sender_of(template: Template, recognition: Recognition) -> str | None:
    """Return the sender whose names a template has most of; None where the catalogue has none."""
    votes: Counter[str] = Counter()
    for trace, name in _names(template):
        for sender in recognition.senders(trace, name)[:1]:
            votes[sender] += 1
    compiled = [
        (count, sender)
        for sender, count in votes.items()
        if (entry := recognition.catalogue.get(sender)) is not None and entry.is_compiled
    ]
    if compiled:
        return max(compiled)[1]
    # Templates of variables alone show no name of the sender's but its own.
    own = template.provider.partition(".")[0].lower()
    entry = recognition.catalogue.get(own)
    return own if entry is not None and entry.is_compiled else None


def _names(template: Template) -> Iterator[tuple[Trace, str]]:
    for record in template.records:
        name = _zone(record.value)
        if record.type == "CNAME" and name:
            yield (Trace.DKIM if _MARK in record.host else Trace.RETURN_PATH), name
        elif record.type == "MX" and record.host and name:
            yield Trace.RETURN_PATH, name
        for include in _includes(record):
            yield Trace.INCLUDE, include


def _zone(value: str) -> str:
    """Return the part of a name behind its last place, which is the same for everybody."""
    name = value.lower().rstrip(".").rpartition("}")[2].lstrip(".")
    first, _, rest = name.partition(".")
    return rest if looks_like_token(first) and "." in rest else name


def _includes(record: TemplateRecord) -> Iterator[str]:
    if record.type == "SPFM" or record.value.lower().startswith("v=spf1"):
        for word in record.value.split():
            name = target(word) if "{" not in word else None
            if name is not None:
                yield name


def block(sender: str, entry: Entry) -> str:
    """Return what a policy says of a sender, with a blank for each thing that is asked."""
    needed = [key for key, ask in entry.asks.items() if ask.default is None and not ask.optional]
    blanks = ", ".join(f"{key}: " for key in needed)
    lines = ["senders:", f"  {sender}: {{{blanks}}}"]
    lines += [f"  # {key}: {' '.join(entry.asks[key].find.split())}" for key in needed]
    return "\n".join(lines) + "\n"


def draft_id(template: Template) -> str:
    """Return the id that a draft goes by: the name of its file in zones/senders."""
    words = re.sub(r"\.(com|net|org|io|co|app|dev|email)$", "", template.provider.lower())
    return re.sub(r"[^a-z0-9]+", "-", words).strip("-") or "sender"


def draft(template: Template) -> str:
    """Return a file for zones/senders; what the template does not tell is left to fill in."""
    lines = [
        f"# From the set-up template {template.provider}.{template.service}. Confirm each line on",
        "# the sender's own pages, and say where you read it.",
        f"name: {_quoted(template.name)}",
        "sources:",
        "  template: {url: , read: , grade: B}  # where you have the template from, and the day",
    ]
    used = frozenset(_used(template))
    asked = [each for each in template.variables if each in used]
    lines += ["asks:"] if asked else []
    for name in asked:
        find = template.described or f"In the console of {template.name}"
        lines += [
            f"  {name}:",
            f"    find: {_quoted(f'{find}. It is what %{name}% stands for.')}",
            f"    example: {_quoted(name)}",
            "    source: template",
        ]
    lines += [*_return_path(template), *_spf(template), *_dkim(template), *_recognised(template)]
    return "\n".join(lines) + "\n"


def _used(template: Template) -> Iterator[str]:
    """Yield the places that the draft's return path and selectors have."""
    path = _path(template)
    for record in (*_selectors(template), *(path[1] if path is not None else ())):
        yield from re.findall(r"\{([a-z0-9_]+)\}", f"{record.host} {_value(record)}")


def _value(record: TemplateRecord) -> str:
    if record.type != "TXT":
        return record.value
    tag = re.search(r"(?:^|;)\s*p\s*=\s*([^;]*)", record.value)
    return tag[1].strip() if tag is not None else record.value


def _path(template: Template) -> tuple[str, tuple[TemplateRecord, ...]] | None:
    """Return the class of the return path, and its records; None where nobody can tell."""
    below = [each for each in template.records if each.host and _MARK not in each.host]
    for record in below:
        beside = tuple(each for each in below if each.host == record.host)
        if record.type == "NS":
            return "subdomain-ns", tuple(each for each in beside if each.type == "NS")
        spf = any(each.value.lower().startswith("v=spf1") or each.type == "SPFM" for each in beside)
        if record.type == "MX" and spf:
            return "own-subdomain-mx+spf", beside
    bounces = [each for each in below if each.type == "CNAME" and _BOUNCES.search(each.host)]
    if len(bounces) == 1:
        return "own-subdomain-cname", (bounces[0],)
    return None


def _return_path(template: Template) -> Iterator[str]:
    found = _path(template)
    yield "return_path:"
    if found is None:
        own = any(list(_includes(each)) for each in template.records if not each.host)
        yield "  # the template does not tell whose domain is in MAIL FROM; ask the sender"
        yield f"  class: {'own-domain' if own else 'vendor-domain'}"
    else:
        kind, records = found
        yield f"  class: {kind}"
        yield f"  at: {_quoted(records[0].host)}"
        yield from _path_records(kind, records)
    yield "  aligns: {relaxed: unknown, strict: unknown}"
    yield "  source: template"


def _path_records(kind: str, records: tuple[TemplateRecord, ...]) -> Iterator[str]:
    zones = ", ".join(dict.fromkeys(filter(None, (_zone(each.value) for each in _led(records)))))
    if kind == "own-subdomain-cname":
        yield f"  cname: {_quoted(records[0].value.rstrip('.'))}"
    elif kind == "subdomain-ns":
        yield f"  ns: [{', '.join(_quoted(each.value.rstrip('.')) for each in records)}]"
        return
    else:
        hosts = [each for each in records if each.type == "MX"]
        rows = (
            f"{{preference: {each.priority or 10}, exchange: {_quoted(each.value.rstrip('.'))}}}"
            for each in hosts
        )
        yield f"  mx: [{', '.join(rows)}]"
        terms = [f"include:{name}" for each in records for name in _includes(each)]
        yield f"  spf: [{', '.join(map(_quoted, terms))}]"
    yield f"  zones: [{zones}]"


def _led(records: tuple[TemplateRecord, ...]) -> Iterator[TemplateRecord]:
    yield from (each for each in records if each.type in ("CNAME", "MX"))


def _spf(template: Template) -> Iterator[str]:
    for record in template.records:
        if not record.host:
            for name in _includes(record):
                yield f"spf: {{include: {name}, useful: unknown, source: template}}"
                return


def _selectors(template: Template) -> tuple[TemplateRecord, ...]:
    """Return the records of selectors: the aliases, or the keys where there is no alias."""
    there = [each for each in template.records if each.host.endswith(_MARK)]
    aliases = tuple(each for each in there if each.type == "CNAME")
    keys = tuple(each for each in there if each.type == "TXT" and "{" in _value(each))
    return aliases or keys


def _dkim(template: Template) -> Iterator[str]:
    records = _selectors(template)
    if not records:
        return
    places = {name for each in records for name in re.findall(r"\{(\w+)\}", each.host + each.value)}
    form = "cname-fixed" if not places else "cname-account-token"
    if places == {"domain"}:
        form = "cname-derived"
    if records[0].type == "TXT":
        form = "txt-account-key"
    yield "dkim:"
    yield f"  form: {form}"
    yield "  selectors:"
    for each in records:
        key = "p" if each.type == "TXT" else "cname"
        selector = _quoted(each.host.removesuffix(_MARK))
        yield f"    - {{selector: {selector}, {key}: {_quoted(_value(each).rstrip('.'))}}}"
    yield "  source: template"


def _recognised(template: Template) -> Iterator[str]:
    includes = dict.fromkeys(name for each in template.records for name in _includes(each))
    led = dict.fromkeys(_zone(each.value) for each in _selectors(template) if each.type == "CNAME")
    yield "recognised_by:"
    yield f"  includes: [{', '.join(includes)}]"
    yield f"  dkim: [{', '.join(name for name in led if name.count('.'))}]"
    yield "  source: template"


def _quoted(text: str) -> str:
    return text if re.fullmatch(r"[A-Za-z][A-Za-z0-9.-]*", text) else json.dumps(text)
