"""Say in a policy who sends, and prove that its records stay as they are, save what is told."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, replace

from mailauth_dns.compile.compile_repo import compile_repo
from mailauth_dns.compile.publication import Publication
from mailauth_dns.diff.change import Change, Judgement
from mailauth_dns.diff.compare import DEFAULT_TTL, compare
from mailauth_dns.errors import MailAuthError
from mailauth_dns.policy.absent import ABSENT
from mailauth_dns.policy.repo import Policy, Repo
from mailauth_dns.policy.sections.dkim import KeyState
from mailauth_dns.policy.sender_edit import SenderEdit, with_senders
from mailauth_dns.records import dkim, spf
from mailauth_dns.records.family import Family
from mailauth_dns.records.name import DomainName
from mailauth_dns.records.zone import RRKey, RRset, Zone
from mailauth_dns.senders.published import Published, published, without_names
from mailauth_dns.senders.spf_arrangement import folded
from mailauth_dns.senders.suggestion import Suggestion
from mailauth_dns.senders.use import Use
from mailauth_dns.typed_yaml import yaml_tree


@dataclass(frozen=True, slots=True)
class Difference:
    """What publishing the edited policy changes at one name, beside what the policy says now."""

    name: DomainName
    type: str
    gone: tuple[str, ...]
    added: tuple[str, ...]


def seen_with(policy: Policy, zone: Zone) -> Published:
    """Return what is published, with the policy's word on what it declares.

    Terms that its senders add are left out: they are said already.
    """
    there = published(zone, policy.domain)
    added = {folded(term) for use in policy.senders for term in use.terms}
    section = policy.body.spf
    if section is ABSENT:
        there = replace(there, terms=())
    elif section is not None:
        own = [term for term in section.terms if folded(term) not in added]
        redirect = [f"redirect={section.redirect}"] if section.redirect is not None else []
        there = replace(there, terms=(*own, *redirect))
    aliases, keys = dict(there.aliases), dict(there.keys)
    theirs = {each.selector for use in policy.senders for each in use.selectors}
    for selector, entry in (policy.body.dkim.selectors if policy.body.dkim else {}).items():
        aliases.pop(selector, None)
        keys.pop(selector, None)
        if selector in theirs or entry.state in (KeyState.ABSENT, KeyState.REVOKED):
            continue
        if entry.cname is not None:
            aliases[selector] = entry.cname.rstrip(".").lower()
        elif entry.p is not None:
            keys[selector] = dkim.Record(entry.p, k=entry.k)
    paths = {use.path.name for use in policy.senders if use.path is not None}
    return without_names(replace(there, aliases=aliases, keys=keys), paths)


def own_keys(policy: Policy) -> tuple[str, ...]:
    """Return the selectors of keys that are files of the repo: one's own hosts sign with them."""
    section = policy.body.dkim
    return tuple(
        selector
        for selector, entry in (section.selectors if section is not None else {}).items()
        if entry.key is not None and entry.state is KeyState.ACTIVE
    )


def names_of(use: Use, domain: DomainName) -> frozenset[DomainName]:
    """Return the names at which a sender has records, beside the domain itself."""
    names = [dkim.owner_name(each.selector, domain) for each in use.selectors]
    return frozenset(names + ([use.path.name] if use.path is not None else []))


def edit_of(found: Suggestion, policy: Policy, defaults: yaml_tree.Mapping | None) -> SenderEdit:
    """Return a suggestion as an edit of the policy's own file."""
    inherited = yaml_tree.child(defaults.items.get("spf", defaults), "terms") if defaults else None
    selectors, _ = yaml_tree.follow(policy.root, ("dkim", "selectors"))
    plain = yaml_tree.plain(selectors)
    listed = plain if isinstance(plain, dict) else {}
    return SenderEdit(
        {said.key: said.answers for said in found.senders},
        found.comments,
        found.terms,
        frozenset(each for each in listed if each in found.selectors and _is_bare(listed[each])),
        overrides=inherited is not None,
    )


def _is_bare(section: yaml_tree.Plain) -> bool:
    """Tell whether a selector says no more than a sender would say of it."""
    return isinstance(section, dict) and (set(section) == {"cname"} or set(section) <= {"p", "k"})


def text_with(
    found: Suggestion, policy: Policy, text: str, defaults: yaml_tree.Mapping | None
) -> str:
    """Return a policy's text with the suggestion in it.

    Raises:
        MailAuthError: the file cannot be edited.
    """
    return with_senders(policy.path, text, edit_of(found, policy, defaults))


def differences(
    before: Policy, after: Policy, zone: Zone, repo: Repo, found: Suggestion | None
) -> tuple[Difference, ...]:
    """Return what the edited policy changes; `found` are the changes that are meant.

    Raises:
        MailAuthError: it would change anything else.
    """
    as_it_is = _published_with(_publication(before, repo), zone)
    compared = compare(as_it_is, _publication(after, repo), lambda *_: Judgement(""))
    for blocked in compared.blocked:
        raise MailAuthError(f"{blocked.key[0]} {blocked.key[1]}: {blocked.reason}")
    for change in compared.changes:
        if found is not None and not _is_meant(change, found):
            raise MailAuthError(
                f"{change.key[0]} {change.key[1]}: the edit would change more than it tells; "
                "nothing is proposed"
            )
    return tuple(map(_difference, compared.changes))


def _publication(policy: Policy, repo: Repo) -> Publication:
    """Return what one policy declares in its zone."""
    alone = Repo(repo.root, (policy,), repo.stanzas, repo.lock, repo.catalogue)
    return next(
        (each for each in compile_repo(alone) if each.origin == policy.zone),
        Publication(policy.zone, (), (), ()),
    )


def _published_with(publication: Publication, zone: Zone) -> Zone:
    """Return a zone in which a publication is published already."""
    sets: dict[tuple[DomainName, str], RRset] = {each.key: each for each in zone.rrsets}
    for entry in publication.declared:
        if not entry.values:
            sets.pop(entry.key, None)
    for each in publication.zone.rrsets:
        there = sets.get(each.key)
        ttl = each.ttl or (there.ttl if there is not None else None) or DEFAULT_TTL
        sets[each.key] = replace(each, ttl=ttl)
    return Zone(publication.origin, frozenset(sets.values()))


def _is_meant(change: Change, found: Suggestion) -> bool:
    """Tell whether a suggestion means a change: what it takes out of SPF, and what is missing."""
    if change.family is Family.SPF and change.key[0] == change.domain:
        gone = {folded(term) for term in found.terms}
        before, after = (set(map(folded, _words(each))) for each in (change.before, change.after))
        return before - gone <= after <= before
    named = set(_paths(found))
    keys = {
        (dkim.owner_name(each.selector, change.domain), "CNAME" if each.cname else "TXT")
        for use in found.uses
        for each in use.selectors
    }
    return change.key in named or (change.key in keys and not change.before)


def _paths(found: Suggestion) -> Iterator[RRKey]:
    for use in found.uses:
        if use.path is not None:
            yield from ((use.path.name, type) for type in ("CNAME", "MX", "TXT"))


def _words(values: frozenset[str]) -> list[str]:
    return [word for value in values for word in value.split(" ")[1:] if word]


def _difference(change: Change) -> Difference:
    if change.family is Family.SPF and len(change.before) == len(change.after) == 1:
        before, after = _words(change.before), _words(change.after)
        kept = {folded(word) for word in after}
        gone = tuple(word for word in before if folded(word) not in kept)
        was = {folded(word) for word in before}
        added = tuple(word for word in after if folded(word) not in was)
        return Difference(*change.key, gone, added)
    if change.before == change.after:
        ttls = (f"TTL {change.ttl_before}",), (f"TTL {change.ttl_after}",)
        return Difference(*change.key, *ttls)
    return Difference(*change.key, tuple(sorted(change.before)), tuple(sorted(change.after)))


def spf_text(policy: Policy, repo: Repo) -> str | None:
    """Return the SPF record that a policy publishes at its domain, None where it has none."""
    rrset = _publication(policy, repo).zone.get((policy.domain, "TXT"))
    texts = [value for value in (rrset.values if rrset else ()) if spf.has_version(value)]
    return texts[0] if texts else None
