"""Lay what senders need into a policy, as if its author had written it.

The terms go behind those of `spf.terms`, and the selectors beside those of `dkim.selectors`. What
the policy has already is not added again. Each part has the place of the sender's key, so an error
or a finding points there.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import replace

from mailauth_dns.errors import FileProblem
from mailauth_dns.senders.use import OWN_HOST, Selector, Use
from mailauth_dns.typed_yaml.yaml_tree import Mapping, Node, Place, Scalar, Sequence, child, follow

CLOSING = "softfail"  # where senders alone make the SPF record (RFC 7208 §8.5)


def expanded(root: Mapping, uses: Iterable[Use]) -> Mapping:
    """Return a policy with the terms and selectors of its senders that are not gone."""
    section = root.items.get("senders")
    if not isinstance(section, Mapping):
        return root
    # Addresses first: they cost no lookup, and pass whatever becomes of an include.
    uses = sorted(uses, key=lambda use: use.sender != OWN_HOST)
    for use in uses:
        place = section.keys[use.key]
        if use.life.gone:
            continue
        if use.terms:
            root = _with(root, "spf", _spf(root, use.terms, place), place)
        if use.selectors:
            root = _with(root, "dkim", _dkim(root, use, place), place)
    if "spf" not in root.items and (last := [use.key for use in uses if use.terms]):
        # Without this, the record that only senders made would stay, with the one who is gone.
        place = section.keys[last[0]]
        root = _with(root, "spf", _spf(root, (), place), place)
    return root


def problems(root: Mapping, uses: Iterable[Use]) -> Iterator[FileProblem]:
    """Yield where a policy contradicts its senders."""
    spf, place = follow(root, ("spf",))
    strict = child(root.items.get("dmarc", root), "aspf")
    selectors = follow(root, ("dkim", "selectors"))[0]
    uses = [use for use in uses if not use.life.gone]
    yield from _collisions(root, uses)
    for use in uses:
        if use.terms and isinstance(spf, Scalar):
            yield place.problem(
                "spf", f"{use.name} needs {use.terms[0]} here; take `absent` out, or the sender"
            )
        yield from _other_results(child(spf, "terms"), use)
        if isinstance(strict, Scalar) and strict.text == "s" and _only_relaxed(use):
            yield strict.place.problem(
                "dmarc.aspf",
                f"the return path of {use.name} is {use.mail_from}, which aligns only if relaxed; "
                "take aspf out, or the sender",
            )
        for each in use.selectors:
            listed = _spelt(selectors, each.selector)
            there, where = follow(root, ("dkim", "selectors", listed))
            said = child(selectors, listed)
            if said is there and isinstance(there, Mapping) and _differs(there, each):
                yield where.problem(
                    f"dkim.selectors.{listed}",
                    f"this selector is {use.name}'s (senders.{use.key}), which says otherwise; "
                    "take one of them out",
                )


def _other_results(terms: Node | None, use: Use) -> Iterator[FileProblem]:
    """Yield the policy's terms that give a sender's hosts another result than pass."""
    needed = {_unqualified(term): term for term in use.terms}
    for item in _scalars(terms):
        text = item.text or ""
        if text[:1] in ("-", "~", "?") and (term := needed.get(_unqualified(text))) is not None:
            yield item.place.problem(
                "spf.terms", f"{use.name} needs {term} here, to pass; take {text} out"
            )


def _collisions(root: Mapping, uses: Iterable[Use]) -> Iterator[FileProblem]:
    """Yield where two senders take the same name, which can hold the records of one."""
    taken: dict[str, tuple[Use, object]] = {}
    for use in uses:
        mine: dict[str, object] = {f"selector {each.selector}": each for each in use.selectors}
        if use.path is not None:
            mine[f"return path {use.path.name}"] = use.path
        for name, records in mine.items():
            other, there = taken.setdefault(name, (use, records))
            if there != records:
                place = follow(root, ("senders", use.key))[1]
                yield place.problem(
                    f"senders.{use.key}",
                    f"senders.{other.key} ({other.name}) and this sender ({use.name}) both take "
                    f"the {name}, with other records; have one of them use another name",
                )


def _spelt(selectors: Node | None, selector: str) -> str:
    """Return a selector as the policy spells it: DNS knows no upper case."""
    listed = selectors.items if isinstance(selectors, Mapping) else ()
    return next((each for each in listed if each.lower().rstrip(".") == selector), selector)


def _only_relaxed(use: Use) -> bool:
    return use.relaxed == "yes" and use.strict == "no"


def _differs(there: Mapping, selector: Selector) -> bool:
    """Tell whether a policy says something else of a selector than its sender does."""
    for key in ("cname", "p", "key"):
        said = there.items.get(key)
        wanted = getattr(selector, key, None)
        text = said.text if isinstance(said, Scalar) else None
        if (text.rstrip(".").lower() if key == "cname" and text else text) != wanted:
            return True
    return False


def _with(root: Mapping, key: str, section: Node, place: Place) -> Mapping:
    keys = root.keys if key in root.keys else {**root.keys, key: place}
    return Mapping(root.place, {**root.items, key: section}, keys)


def _spf(root: Mapping, terms: Iterable[str], place: Place) -> Node:
    section = root.items.get("spf")
    if section is None:
        section = Mapping(place, {"all": Scalar(place, CLOSING)}, {"all": place})
    if not isinstance(section, Mapping):
        return section
    listed = section.items.get("terms", Sequence(place, ()))
    if not isinstance(listed, Sequence):
        return section
    there = {_unqualified(item.text) for item in _scalars(listed) if item.text is not None}
    added = tuple(Scalar(place, term) for term in terms if _unqualified(term) not in there)
    return _with(section, "terms", replace(listed, items=(*listed.items, *added)), place)


def _scalars(node: Node | None) -> Iterator[Scalar]:
    if isinstance(node, Sequence):
        yield from (item for item in node.items if isinstance(item, Scalar))


def _unqualified(term: str) -> str:
    return term.lower().lstrip("+-~?")


def _dkim(root: Mapping, use: Use, place: Place) -> Node:
    section = root.items.get("dkim", Mapping(place, {}, {}))
    selectors = child(section, "selectors")
    if selectors is None:
        selectors = Mapping(place, {}, {})
    if not isinstance(section, Mapping) or not isinstance(selectors, Mapping):
        return section
    for each in use.selectors:
        if _spelt(selectors, each.selector) not in selectors.items:
            selectors = _with(selectors, each.selector, _selector(each, place), place)
    return _with(section, "selectors", selectors, place)


def _selector(selector: Selector, place: Place) -> Mapping:
    said = {"cname": selector.cname, "p": selector.p, "k": selector.k if selector.p else None}
    items: dict[str, Node] = {key: Scalar(place, text) for key, text in said.items() if text}
    return Mapping(place, items, dict.fromkeys(items, place))
