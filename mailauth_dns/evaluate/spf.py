"""SPF as a receiver evaluates it: check_host() of RFC 7208 §4."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from mailauth_dns.errors import ObservationError, RecordSyntaxError, printable
from mailauth_dns.evaluate.macro_expansion import (
    Envelope,
    a_labels,
    client_address,
    envelope,
    queryable,
    target_name,
)
from mailauth_dns.evaluate.resolver import Resolver
from mailauth_dns.evaluate.spf_check import Cost, Match, SpfCheck, SpfResult
from mailauth_dns.evaluate.spf_explanation import Exp, explanation
from mailauth_dns.evaluate.spf_hosts import addresses, exchangers, record_texts, validated_names
from mailauth_dns.records import spf, spf_term
from mailauth_dns.records.name import DomainName, is_at_or_below
from mailauth_dns.records.spf_macro import DomainSpec

MAX_TERMS = 10  # terms that ask DNS, over all records of one evaluation (RFC 7208 §4.6.4)
MAX_VOIDS = 2  # lookups that find nothing; the default of the RFC and of receivers
MAX_EXCHANGERS = 10  # names behind one mx term


_RESULTS = {  # RFC 7208 §4.6.2
    spf_term.Qualifier.PASS: SpfResult.PASS,
    spf_term.Qualifier.FAIL: SpfResult.FAIL,
    spf_term.Qualifier.SOFTFAIL: SpfResult.SOFTFAIL,
    spf_term.Qualifier.NEUTRAL: SpfResult.NEUTRAL,
}
_SAYS = {
    SpfResult.PASS: "lets {} send",
    SpfResult.FAIL: "does not let {} send",
    SpfResult.SOFTFAIL: "says that {} is probably not allowed to send",
    SpfResult.NEUTRAL: "leaves open whether {} may send",
}


def check_host(ip: str, domain: str, sender: str, helo: str, resolver: Resolver) -> SpfCheck:
    """Return what a receiver says of mail from `ip` in the name of `domain` (RFC 7208 §4).

    `domain` is the domain of `sender`, the address in MAIL FROM, or the HELO name where that is
    checked. The null reverse-path is an empty `sender`, whose domain is the HELO name (§2.4). Any
    texts get a result.
    """
    try:
        client = client_address(ip)
    except ValueError:
        return SpfCheck(
            SpfResult.NONE, f"{ip!a} is not an IP address, so there is nothing to check"
        )
    session = envelope(client, sender, helo)
    evaluation = _Evaluation(session, resolver)
    try:
        verdict = evaluation.check(a_labels(domain) if domain or sender else session.helo)
    except _Permerror as error:
        return SpfCheck(SpfResult.PERMERROR, printable(str(error)), cost=evaluation.cost)
    except ObservationError as error:
        return SpfCheck(
            SpfResult.TEMPERROR, printable(f"DNS gave no answer: {error}"), cost=evaluation.cost
        )
    reason = verdict.reason
    if verdict.matched:
        path = ", ".join(match.term for match in verdict.matched)
        reason = f"{verdict.matched[0].domain} {_SAYS[verdict.result].format(client)}: {path}"
    said = explanation(verdict.exp, session, resolver) if verdict.exp is not None else None
    return SpfCheck(verdict.result, printable(reason), verdict.matched, said, evaluation.cost)


class _Permerror(Exception):
    """What is published cannot be evaluated (RFC 7208 §4.6.2); the text says why."""


@dataclass(frozen=True, slots=True)
class _Verdict:
    """What one record says; `reason` where no term decided."""

    result: SpfResult
    matched: tuple[Match, ...] = ()
    reason: str = ""
    exp: Exp | None = None


class _Evaluation:
    """One run of check_host(), and what it has spent.

    Included records and redirects spend from the same limits.
    """

    def __init__(self, session: Envelope, resolver: Resolver) -> None:
        self._session = session
        self._resolver = resolver
        self._terms = 0
        self._voids = 0

    @property
    def cost(self) -> Cost:
        return Cost(self._terms, self._voids)

    def check(self, domain: str) -> _Verdict:
        """Return what the record of `domain` says of the session.

        Raises:
            _Permerror: it, or one that it leads to, cannot be evaluated.
            ObservationError: a lookup was not answered.
        """
        name = queryable(domain)
        # RFC 7208 §4.3; an address literal is no name.
        if name is None or "." not in name or name.startswith("["):
            return _Verdict(SpfResult.NONE, reason=f"{domain!a} is not a full domain name")
        record = self._record(name)
        if record is None:
            return _Verdict(SpfResult.NONE, reason=f"{name} publishes no SPF record")
        for term in record.terms:
            inner = self._match(term, domain)
            if inner is not None:
                result = _RESULTS[term.qualifier]
                exp = (
                    Exp(record.exp, domain)
                    if result is SpfResult.FAIL and record.exp is not None
                    else None
                )  # RFC 7208 §6.2
                return _Verdict(result, (Match(domain, str(term)), *inner), exp=exp)
        if record.redirect is not None:
            return self._redirect(record.redirect, domain)
        return _Verdict(
            SpfResult.NEUTRAL, reason=f"no term of {name} matches {self._session.ip}"
        )  # RFC 7208 §4.7

    def _record(self, name: DomainName) -> spf.Record | None:
        """Select the record (RFC 7208 §4.5)."""
        texts = record_texts(name, self._resolver)
        if not texts:
            return None
        if len(texts) > 1:
            raise _Permerror(f"{name} publishes {len(texts)} SPF records, one is allowed")
        try:
            return spf.parse(texts[0])
        except RecordSyntaxError as error:
            raise _Permerror(f"the SPF record of {name} is not valid: {error}") from error

    def _redirect(self, spec: DomainSpec, domain: str) -> _Verdict:
        self._spend()
        target = self._target(spec, domain)
        verdict = (
            _Verdict(SpfResult.NONE, reason=f"{spec} makes no name")
            if target is None
            else self.check(target)
        )
        if verdict.result is SpfResult.NONE:
            raise _Permerror(f"redirect={spec} of {domain}: {verdict.reason}")  # RFC 7208 §6.1
        if not verdict.matched:
            return verdict
        return _Verdict(
            verdict.result, (Match(domain, f"redirect={spec}"), *verdict.matched), exp=verdict.exp
        )

    def _match(self, term: spf_term.Term, domain: str) -> tuple[Match, ...] | None:
        """Return what decided in an included record; None where the term does not match."""
        ip = self._session.ip
        match term:
            case spf_term.All():
                return ()
            case spf_term.Ip4(network=interface) | spf_term.Ip6(network=interface):
                return () if ip in interface.network else None
        self._spend()
        target = self._target(term.domain, domain)
        if target is None:
            return None
        if isinstance(term, spf_term.Include):
            return self._include(term, target, domain)
        name = queryable(target)
        if isinstance(term, spf_term.Ptr):
            return (
                ()
                if any(
                    name is not None and is_at_or_below(host, name) for host in self._validated()
                )
                else None
            )
        if name is None:
            # RFC 7208 §4.8 leaves open what such a name means; most receivers find nothing there.
            return None
        match term:
            case spf_term.Exists():
                # RFC 7208 §5.7: A for IPv6 clients too.
                return () if self._lookup(name, "A") else None
            case spf_term.A():
                return () if self._has_client(name, term) else None
            case spf_term.Mx():
                return (
                    ()
                    if any(self._has_client(host, term) for host in self._exchangers(name))
                    else None
                )

    def _include(
        self, term: spf_term.Include, target: str, domain: str
    ) -> tuple[Match, ...] | None:
        verdict = self.check(target)
        if verdict.result is SpfResult.NONE:
            raise _Permerror(f"{term} of {domain}: {verdict.reason}")  # RFC 7208 §5.2
        return verdict.matched if verdict.result is SpfResult.PASS else None

    def _target(self, spec: DomainSpec | None, domain: str) -> str | None:
        return domain if spec is None else target_name(spec, self._session, domain, self._validated)

    def _has_client(self, name: DomainName, term: spf_term.A | spf_term.Mx) -> bool:
        ip = self._session.ip
        found = addresses(name, ip.version, self._resolver)
        self._note_voids(not found)
        host_bits = ip.max_prefixlen - (term.prefix4 if ip.version == 4 else term.prefix6)
        return any(int(ip) >> host_bits == int(address) >> host_bits for address in found)

    def _exchangers(self, name: DomainName) -> Iterator[DomainName]:
        """Return the mail exchangers of a name, the preferred first (RFC 7208 §5.4).

        A null MX names none (RFC 7505).
        """
        found = exchangers(name, self._lookup(name, "MX"))
        if len(found) > MAX_EXCHANGERS:
            raise _Permerror(f"{name} has {len(found)} mail exchangers, mx allows {MAX_EXCHANGERS}")
        return (host for host in map(queryable, found) if host is not None)

    def _lookup(self, name: DomainName, rrtype: str) -> tuple[str, ...]:
        values = self._resolver.lookup(name, rrtype)
        self._note_voids(not values)
        return values or ()

    def _validated(self) -> tuple[DomainName, ...]:
        # RFC 7208 §4.6.4 counts terms, so `%{p}` spends nothing beside the term that holds it.
        names, voids = validated_names(self._session.ip, self._resolver)
        self._note_voids(voids)
        return names

    def _spend(self) -> None:
        self._terms += 1
        if self._terms > MAX_TERMS:
            raise _Permerror(f"more than {MAX_TERMS} terms ask DNS")

    def _note_voids(self, voids: int) -> None:
        # The RFC speaks of terms whose queries find nothing; receivers count each query.
        self._voids += voids
        if self._voids > MAX_VOIDS:
            raise _Permerror(f"more than {MAX_VOIDS} lookups find nothing")
