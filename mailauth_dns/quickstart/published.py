"""What DNS has already, as far as quickstart needs it."""

from __future__ import annotations

from dataclasses import dataclass, field

from mailauth_dns.errors import MailAuthError
from mailauth_dns.importing.surroundings import Left
from mailauth_dns.policy.repo import Policy
from mailauth_dns.records.dmarc import owner_name
from mailauth_dns.records.family import Family, family
from mailauth_dns.records.name import DomainName
from mailauth_dns.typed_yaml.yaml_tree import Plain

Body = dict[str, Plain]


@dataclass(frozen=True, slots=True)
class PublishedMail:
    """A domain's mail records.

    `body` is the policy that says the same as DNS, `left` what no policy can say. `negative_ttl` is
    in seconds: how long resolvers remember that a name does not exist; None where it is unknown.
    `dmarc_elsewhere` says where the domain's DMARC policy comes from if not from a record of its
    own, which must then not be made: p=none would weaken what holds now. `null_mx` is whether the
    domain says that it takes no mail (RFC 7505 §3). `ttl` is in seconds: how long resolvers may
    hold the records that are there now.
    """

    body: Body = field(default_factory=dict)
    left: tuple[Left, ...] = ()
    negative_ttl: int | None = None
    exchangers: tuple[str, ...] = ()
    null_mx: bool = False
    dmarc_elsewhere: str = ""
    ttl: int = 0
    asked: bool = False

    @property
    def parked(self) -> bool:
        """Whether the records say that the domain sends and receives no mail."""
        return bool(self.body.get("parked"))

    @property
    def kept(self) -> Body:
        """What a policy that sends mail takes over: of parking, only that it is taken back."""
        if not self.parked:
            return self.body
        rest = {key: each for key, each in self.body.items() if key not in ("parked", "dmarc")}
        return {**rest, "parked": "false"}

    @property
    def names_reports(self) -> bool:
        """Whether DMARC stays as it is, so that nobody has to say where reports go."""
        return isinstance(self.kept.get("dmarc"), dict) or bool(self.dmarc_elsewhere)


def refuse_parked(policy: Policy) -> None:
    """Refuse a domain that a policy parks: that has to go before there can be another.

    Raises:
        MailAuthError: saying how.
    """
    if not policy.body.parked:
        return
    place = policy.declared_at
    way = (
        f"delete {policy.path}"
        if policy.body.domain is not None
        else f"take it out of {place.source.path} (line {place.line})"
    )
    raise MailAuthError(
        f"{policy.domain} is parked by {policy.path}: it sends and receives no mail; to have it "
        f"send, {way} and run quickstart again; the policy that it then writes takes parking back"
    )


def check_usable(domain: DomainName, found: PublishedMail) -> None:
    """Refuse a domain whose records must be put in order first: we would have to guess.

    Raises:
        MailAuthError: saying which, and how.
    """
    # Declared, our value would replace all of these, and what they allow would be lost.
    own = {domain, owner_name(domain)}  # a wildcard, say, is for other names
    for left in found.left:
        if left.key[0] in own and family(*left.key, left.value) in (Family.SPF, Family.DMARC):
            raise MailAuthError(
                f"{left}\nput that in order where you change DNS, so that one good record is left; "
                "then run quickstart again"
            )
    dmarc = found.body.get("dmarc")
    if isinstance(dmarc, dict) and dmarc.get("psd") == "y":
        raise MailAuthError(
            f"{domain}: its DMARC record says that it is a public suffix (psd=y); "
            "name the domain below it that your mail is from"
        )
