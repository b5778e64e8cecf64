"""What blocks a step of DMARC, and what to do about it."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from mailauth_dns.deploy.dmarc_standing import Standing
from mailauth_dns.deploy.nothing_counts import Cause, NothingCounts
from mailauth_dns.evidence.gate.gate import Part, Verdict

_READ = "read what has come: `reports read PATH --write`"


def blocks(at: Standing, found: Verdict) -> Iterator[tuple[str, Sequence[str]]]:
    """Yield what blocks, and what to do about it where that has not been said yet.

    Where no report counts, nothing was measured: that is then all that blocks.
    """
    if at.nothing is not None:
        yield _cause(at, found, at.nothing), _way_out(at, at.nothing)
        return
    told = set[str]()
    alone = len(found.blocks) == 1
    for each in found.blocks:
        remedy = _remedy(each.part, at, alone=alone)
        yield each.words, [] if remedy in told else [remedy]
        told.add(remedy)


def _cause(at: Standing, found: Verdict, nothing: NothingCounts) -> str:
    match nothing.cause:
        case Cause.NONE_READ:
            return "no report has been read yet"
        case Cause.DNS_UNKNOWN:
            return "nobody knows since when DNS is as it is, and older reports do not count"
        case Cause.SHALLOW:
            return f"git knows DNS since {at.since.day} only, and older reports do not count"
        case Cause.BEFORE:
            return (
                f"git knows DNS as it is since {at.since.day}; "
                "reports count from the day after that on"
            )
        case Cause.OTHER_POLICY:
            return f"no report has found {asks(at)} in DNS yet"
        case Cause.ODD:
            return f"no report counts: {'; '.join(found.left_out)}"


def _way_out(at: Standing, nothing: NothingCounts) -> Sequence[str]:
    """Return what to do; nothing where only time is missing."""
    match nothing.cause:
        case Cause.DNS_UNKNOWN | Cause.SHALLOW:
            return [at.since.why]
        case _ if nothing.earliest is not None:
            return []
        case Cause.OTHER_POLICY:
            return [f"apply the policy if that is still to be done; then {_READ}"]
        case _:
            return [_READ]


def asks(at: Standing) -> str:
    """Return what the policy asks for, in tags."""
    assert at.record is not None
    tags = {"p": at.record.effective_p, **{tag: getattr(at.record, tag) for tag in ("sp", "np")}}
    return " ".join(f"{tag}={value}" for tag, value in (*tags.items(), ("t", at.record.t)) if value)


def _remedy(part: Part, at: Standing, *, alone: bool) -> str:
    """Return what to do about a part that blocks, be it `alone` or with others."""
    domain, gate = at.policy.domain, at.gate
    match part:
        case Part.ALIGNED | Part.EACH:
            mends = [f"{each.name}: {each.mend}" for each in at.sources if each.mend is not None]
            return "; ".join(mends[:2]) or f"`reports show {domain}` says which mail fails"
        case Part.UNKNOWN:
            return (
                f"`reports show {domain}` lists the sources: declare those that are yours as "
                "`senders`, and let them sign"
            )
        case Part.VOLUME if alone:
            return (
                "wait for more mail; a domain that sends little may ask for less: "
                f"dmarc: {{gate: {{volume: {max(gate.volume // 4, 1)}}}}}"
            )
        case Part.VOLUME:
            return "wait for more mail"
        case Part.REPORTERS:
            return "wait for reports of another receiver; few send them for little mail"
        case Part.NEWEST:
            return _READ
        case _:
            return "wait: days count from the last gap and the last change of DNS on"
