"""What changes of the other DMARC tags mean: alignment, public suffix, pct and report addresses."""

from __future__ import annotations

from collections.abc import Iterator

from mailauth_dns.diff.change import Judgement, Risk
from mailauth_dns.diff.dmarc_requests import Side
from mailauth_dns.evaluate.observation import Unknown
from mailauth_dns.records.dmarc import Alignment, Policy, PublicSuffix, Record


def details(was: Side, now: Side) -> Iterator[Judgement]:
    """Tell how alignment changes, and what only some receivers obey."""
    if was.record is None or now.record is None:
        return
    for tag, name in (("adkim", "DKIM alignment"), ("aspf", "SPF alignment")):
        old, new = (getattr(side.record, f"effective_{tag}") for side in (was, now))
        if old is not new:
            words = {Alignment.RELAXED: "relaxed", Alignment.STRICT: "strict"}
            yield Judgement(
                f"{name} {words[old]} -> {words[new]}",
                Risk.CAUTION if new is Alignment.STRICT else Risk.SAFE,
            )
    above, then = was.found.organizational_domain, now.found.organizational_domain
    if above != then and not isinstance(above, Unknown) and not isinstance(then, Unknown):
        yield Judgement(
            f"the organizational domain {above} -> {then}: "
            "mail that passes for a name at or below it is aligned",
            Risk.CAUTION,
        )
    psd = [record.effective_psd for record in (was.record, now.record)]
    if was.source == now.source and psd.count(PublicSuffix.YES) == 1:
        yield Judgement(
            f"psd {psd[0]} -> {psd[1]}: this changes what names below are aligned with",
            Risk.CAUTION,
        )
    if (before := _percent(was.record)) != (after := _percent(now.record)) and Policy.NONE not in (
        was.own.policy,
        now.own.policy,
    ):
        yield Judgement(
            f"receivers that obey pct apply it to {after} of 100 messages, until now to {before}",
            Risk.CAUTION,
        )


def _percent(record: Record) -> int:
    return int(record.pct) if record.pct is not None else 100


def reports(old: Record | None, new: Record | None) -> Iterator[Judgement]:
    """Tell where reports go now and where no longer. A new record shows its addresses itself."""
    if old is None:
        return
    for tag, name, risk in (
        ("rua", "aggregate reports", Risk.CAUTION),
        ("ruf", "failure reports", Risk.SAFE),
    ):
        before, after = (
            [uri.text for uri in getattr(record, tag, None) or ()] for record in (old, new)
        )
        dropped = " ".join(uri for uri in before if uri not in after)
        if before != after:
            no_longer = f", no longer to {dropped}" if dropped else ""
            yield Judgement(
                f"{name} to {' '.join(after) or 'nobody'}{no_longer}",
                risk if dropped else Risk.SAFE,
            )
