"""One policy while it is drafted: a section for each published record."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import replace
from functools import partial
from pathlib import Path
from typing import Any

from pydantic import ValidationError

from mailauth_dns.compile.compile_repo import compile_repo
from mailauth_dns.compile.publication import Declared
from mailauth_dns.diff.change import Judgement
from mailauth_dns.diff.compare import compare
from mailauth_dns.errors import RecordSyntaxError
from mailauth_dns.importing import in_the_way, parking, sections
from mailauth_dns.importing.places import Spot, owner_of, spot_of, stray
from mailauth_dns.importing.sections import Section
from mailauth_dns.importing.surroundings import Draft, Left, Surroundings
from mailauth_dns.importing.yaml_text import alone, document_of, inherited
from mailauth_dns.policy.model import PolicyFile
from mailauth_dns.policy.repo import Policy, Repo, Route
from mailauth_dns.policy.repo_layout import POLICY_DIR
from mailauth_dns.policy.spf_lock import Lock
from mailauth_dns.records import dkim, mta_sts
from mailauth_dns.records.family import NULL_MX, SECTIONS, Family, family
from mailauth_dns.records.name import DomainName
from mailauth_dns.records.zone import RRKey, Zone
from mailauth_dns.typed_yaml import overlay, yaml_reader, yaml_tree
from mailauth_dns.typed_yaml.scalars import UNSAFE

_DRAFTED: Mapping[Family, Callable[[str], Section]] = {
    Family.SPF: sections.of_spf,
    Family.DKIM: sections.of_key,
    Family.DMARC: sections.of_dmarc,
}


class Sketch:
    """A policy that is being drafted.

    `_covered` are the published values that each section says; `_left` are those that none says.
    """

    def __init__(
        self,
        domain: DomainName,
        together: frozenset[DomainName],
        zone: Zone,
        beside: Surroundings,
        served: mta_sts.Policy | str | None,
    ) -> None:
        self.domain, self._together = domain, together
        self._zone, self._beside, self._served = zone, beside, served
        self._sections: dict[Route, Section] = {}
        self._covered: dict[Route, list[tuple[RRKey, str]]] = {}
        self._left: dict[tuple[RRKey, str], str] = {}
        self._parked: Section | None = None
        self._path = (POLICY_DIR / f"{domain}.yaml").as_posix()
        for spot, values in self._spots():
            self._draft(spot, values)

    def _spots(self) -> Iterator[tuple[Spot, list[tuple[RRKey, str]]]]:
        """Yield every place of the domain's own where something of its family is published."""
        found: dict[Spot, list[tuple[RRKey, str]]] = {}
        for rrset in sorted(self._zone.rrsets, key=lambda rrset: rrset.key):
            spot = spot_of(rrset.name, self.domain)
            if spot is None:
                continue
            values = [
                value for value in sorted(rrset.values) if family(*rrset.key, value) is spot.family
            ]
            if values:
                found.setdefault(spot, []).extend((rrset.key, value) for value in values)
        yield from found.items()

    def _draft(self, spot: Spot, values: list[tuple[RRKey, str]]) -> None:
        if len(values) > 1:
            reason = (
                f"{len(values)} values where there can be one; receivers then take none, or any "
                "of them"
            )
            self._left |= dict.fromkeys(values, reason)
            return
        [(key, value)] = values
        if dkim.holds_private_key(value):
            self._left[key, value] = (
                "this is a private key: whoever reads DNS can sign as the domain; delete "
                "it and make a new key"
            )
            return
        try:
            section = self._section(spot, key, value)
            if section is None:
                return
            PolicyFile.model_validate({"domain": self.domain, **_nested({spot.route: section})})
        except RecordSyntaxError as error:
            self._left[key, value] = f"broken: {error}"
        except ValidationError as error:
            self._left[key, value] = _refusal(error)
        else:
            self._sections[spot.route] = section
            self._covered[spot.route] = values

    def _section(self, spot: Spot, key: RRKey, value: str) -> Section | None:
        if key[1] == "CNAME":
            return sections.of_alias(value)
        if spot.family is not Family.MTA_STS:
            drafted = _DRAFTED.get(spot.family, partial(sections.of_tags, spot.family))
            section = drafted(value)
            return self._with_safe_note(section, key, value) if "n" in section else section
        mta_sts.parse(value)  # whether the record is good comes before what it announces
        if not isinstance(self._served, mta_sts.Policy):
            why = (
                f"could not be fetched: {self._served}"
                if self._served
                else "is served over HTTPS, which this import does not ask"
            )
            self._left[key, value] = (
                f"the policy that it announces {why}; give its text with --mta-sts"
            )
            return None
        if self._served.other:
            lines = ", ".join(name for name, _ in self._served.other)
            self._left[key, value] = (
                f"the policy that it announces has lines that a policy here cannot say: {lines}"
            )
            return None
        return sections.of_mta_sts(value, self._served)

    def _with_safe_note(self, section: Section, key: RRKey, value: str) -> Section:
        """Return a key whose note has only safe characters: no verifier reads the note."""
        note = section["n"]
        safe = UNSAFE.sub("", note)
        if safe == note:
            return section
        self._left[key, value] = (
            f"its note (n) is taken over as '{safe}': its other characters cannot be "
            "published safely"
        )
        return {**section, "n": safe}

    def park(self) -> None:
        """Say everything with `parked: true` if exactly that is published."""
        mx = self._zone.get((self.domain, "MX"))
        if (
            mx is None
            or mx.values != {NULL_MX}
            or self._left
            or self._sections.keys() != parking.SAID
        ):
            return
        self._parked = parking.section(self._sections)
        if any(
            True
            for _ in in_the_way.entries(
                {self._zone.origin: self._zone}, [self.policy()], Surroundings()
            )
        ):
            self._parked = None

    def _nearly_parked(self) -> str | None:
        """Return what `parked: true` would change; None unless the domain says it sends nothing."""
        if self._parked is not None or not parking.is_near(self._sections):
            return None
        self._parked = parking.section(self._sections)
        [publication] = compile_repo(Repo(Path(), (self.policy(),), {}, Lock()))
        self._parked = None
        return parking.remainder(
            compare(self._zone, publication, lambda *_: Judgement("")), self._sections
        )

    def withdraw(self, objections: Iterable[tuple[Declared, str]]) -> None:
        """Take out the sections that declare what is in the way."""
        for entry, reason in objections:
            if self._parked is not None:
                self._parked = None
                return
            spot = spot_of(entry.key[0], self.domain)
            route: Route = (
                ("dmarc",) if entry.family is Family.DMARC_REPORT or spot is None else spot.route
            )
            if route in self._sections:  # two entries of one section may be in the way
                del self._sections[route]
                self._left |= dict.fromkeys(self._covered.pop(route), reason)

    def _body(self) -> dict[str, Any]:
        body: dict[str, Any] = {"domain": str(self.domain)}
        if self._zone.origin != self.domain:
            body["zone"] = str(self._zone.origin)
        body |= self._settings()
        ordered = sorted(self._sections, key=lambda route: SECTIONS.index(str(route[0])))
        body |= (
            self._parked
            if self._parked is not None
            else _nested({route: self._sections[route] for route in ordered})
        )
        return alone(body, self._beside.defaults)

    def _settings(self) -> dict[str, list[str]]:
        """Return where to publish and whom to ask.

        What the user named comes first, then what the other policies of the zone say: all policies
        of a zone have the same.
        """
        sharer = next(
            (other.body for other in self._beside.policies if other.zone == self._zone.origin), None
        )
        found: dict[str, list[str]] = {}
        for key in ("providers", "nameservers"):
            usual = inherited(self._beside.defaults, key)
            said = self._beside.settings.get(key) or (
                getattr(sharer, key) if sharer is not None else usual
            )
            if said != usual:
                found[key] = list(said)
        return found

    def policy(self) -> Policy:
        """Return the policy as the repo would read it."""
        root = yaml_reader.read(self._path, document_of(self._body()).encode())
        defaults = self._beside.defaults
        if defaults is not None and self._parked is not None:
            # As when a parked policy is read: it inherits no mail section.
            kept = {key: node for key, node in defaults.items.items() if key not in SECTIONS}
            defaults = replace(defaults, items=kept)
        merged = overlay.merged(defaults, root) if defaults is not None else root
        body = PolicyFile.model_validate(yaml_tree.plain(merged))
        place = yaml_tree.value_place(root, ("domain",))
        return Policy(self.domain, self._zone.origin, body, merged, self._path, place, {})

    def done(self) -> Draft:
        """Return the policy, and every published mail value that it does not say."""
        covered = {value for values in self._covered.values() for value in values}
        if self._parked is not None:
            covered.add(((self.domain, "MX"), NULL_MX))
        left = [Left(key, value, reason) for (key, value), reason in self._left.items()]
        for rrset in sorted(self._zone.rrsets, key=lambda rrset: rrset.key):
            if owner_of(rrset.name, self._together) != self.domain:
                continue
            for value in sorted(rrset.values):
                if (rrset.key, value) not in covered and (rrset.key, value) not in self._left:
                    reason = stray(rrset.key, value, self.domain)
                    if reason is not None:
                        left.append(Left(rrset.key, value, reason))
        left.sort(key=lambda each: (each.key, each.value))
        return Draft(
            self.domain,
            self.policy(),
            document_of(self._body()),
            tuple(left),
            self._nearly_parked(),
        )


def _nested(flat: Mapping[Route, Section]) -> dict[str, Any]:
    """Return sections by route as the mappings that a policy has them in."""
    found: dict[str, Any] = {}
    for route, section in flat.items():
        below = found
        for step in route[:-1]:
            below = below.setdefault(str(step), {})
        below[str(route[-1])] = section
    return found


def _refusal(error: ValidationError) -> str:
    """Return why the model does not take a section, in its own words."""
    details = error.errors(include_url=False, include_input=False)
    told = [detail["ctx"]["message"] for detail in details if detail["type"] == "mailauth"]
    return "no policy can say it: " + "; ".join(
        dict.fromkeys(told or [detail["msg"] for detail in details])
    )
