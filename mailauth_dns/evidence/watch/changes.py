"""What is new in a domain's evidence: the last days beside those before.

Each rule has a bound that noise does not reach: small volumes, weekends, senders that write once a
week, a reporter that is new. What has no history is not judged.
"""

from __future__ import annotations

from collections.abc import Collection, Iterator
from datetime import date, timedelta

from mailauth_dns.evidence.figures import reaches, share
from mailauth_dns.evidence.sources.source_kind import SourceKind
from mailauth_dns.evidence.watch.change import BASE, WEEK, Change, ChangeKind, Days
from mailauth_dns.evidence.watch.habit import Silence, silence
from mailauth_dns.evidence.watch.series import Series, Subject

HISTORY = timedelta(days=14)  # from the first report to the days that are judged
_SOME = 20  # messages: fewer are noise
_BURST = 200  # messages of one day
_OF_ALL = 2000  # a new source is one in so many messages of the domain
_FAILED = 10  # messages of a sender that did not align
_ALIGNED = 95  # percent
_TIMES = 5  # the busiest day before
_MISSING = 10  # messages that a silent sender would have sent
_OF_REPORTER = 1  # percent of all messages: smaller reporters come and go


def changes_of(mail: Series, senders: Collection[str], day: date) -> Iterator[Change]:
    """Yield what is new on a day; `senders` are the keys of those that the policy says send now."""
    days = Days.until(day)
    yield from _stopped(mail, senders, days, day)
    yield from _reporters(mail, days, day)
    if mail.first is not None and days.week[-1] - mail.first >= HISTORY:
        new = list(_new_sources(mail, days, day))
        yield from new
        yield from _not_aligned(mail, senders, days, day)
        yield from _spikes(mail, senders, {each.subject for each in new}, day)


def no_reports(mail: Series, today: date) -> Iterator[Change]:
    """Yield that reports stay away; those of a day come on the next one."""
    if mail.last is None:
        return
    after = range(1, (today - mail.last).days)
    looked = mail.every | {mail.last + timedelta(days=number) for number in after}
    found = silence(mail.every, looked, today)
    if found is not None and found.stopped:
        words = f"no report of any day after {found.last}: {_silent(found)}"
        yield _silence_change(ChangeKind.NO_REPORTS, "reports", today, found, words)


def _silent(found: Silence) -> str:
    return (
        f"{found.days} days are missing, {found.bound} are needed to say so, "
        f"the longest pause before was {found.pause}"
    )


def _silence_change(
    kind: ChangeKind, subject: str, day: date, found: Silence, words: str
) -> Change:
    return Change(kind, subject, day, found.days, found.pause, found.bound, words)


def _known(mail: Series, before: date) -> frozenset[str]:
    """Return the reporters that had told before these days: what a new one sees is not new."""
    return frozenset(
        reporter for reporter, days in mail.reported.items() if any(day < before for day in days)
    )


def _new_sources(mail: Series, days: Days, day: date) -> Iterator[Change]:
    known = _known(mail, days.week[-1])
    every = sum(mail.messages(subject, days.week, known) for subject in mail.counts)
    bound = max(_SOME, every // _OF_ALL)
    for subject, by_day in mail.counts.items():
        if subject.kind is not SourceKind.UNKNOWN or any(each in by_day for each in days.base):
            continue
        number = mail.messages(subject, days.week, known)
        several = sum(1 for each in days.week if mail.messages(subject, [each], known)) > 1
        if number < (bound if several else max(bound, _BURST)):
            continue
        words = (
            f"{subject.name} is a new unknown source: {number} messages in {WEEK} days, "
            f"none in the {BASE} days before"
        )
        yield Change(ChangeKind.NEW_SOURCE, subject.name, day, number, 0, bound, words)


def _not_aligned(mail: Series, senders: Collection[str], days: Days, day: date) -> Iterator[Change]:
    for sender in _watched(mail, senders):
        (messages, failed), (all_before, failed_before) = (
            _failed(mail, sender, part) for part in (days.week, days.base)
        )
        if (
            all_before < _SOME
            or not reaches(all_before - failed_before, all_before, _ALIGNED)
            or failed < _FAILED
            or reaches(messages - failed, messages, _ALIGNED)
        ):
            continue
        now, before = (
            share(messages - failed, messages),
            share(all_before - failed_before, all_before),
        )
        words = (
            f"{sender.name} stopped aligning: {failed} of {messages} messages in {WEEK} days did "
            f"not, so that {now} percent align, {_ALIGNED} needed, {before} before"
        )
        yield Change(
            ChangeKind.NOT_ALIGNED, sender.name, day, float(now), float(before), _ALIGNED, words
        )


def _watched(mail: Series, senders: Collection[str]) -> Iterator[Subject]:
    for subject in mail.counts:
        if subject.kind is SourceKind.ALIGNED and subject.name in senders:
            yield subject


def _failed(mail: Series, subject: Subject, days: Collection[date]) -> tuple[int, int]:
    counted = [each for day in days for each in mail.counts[subject].get(day, {}).values()]
    return sum(each.messages for each in counted), sum(each.not_aligned for each in counted)


def _stopped(mail: Series, senders: Collection[str], days: Days, day: date) -> Iterator[Change]:
    both = (*days.week, *days.base)
    for sender in _watched(mail, senders):
        by_reporter: dict[str, int] = {}
        for each in both:
            for reporter, counted in mail.counts[sender].get(each, {}).items():
                by_reporter[reporter] = by_reporter.get(reporter, 0) + counted.messages
        if not by_reporter:
            continue
        # Who saw most of it has to have looked: else it is the reporter that stopped.
        witness = max(sorted(by_reporter), key=lambda name: by_reporter[name])
        found = silence(mail.counts[sender], mail.reported.get(witness, frozenset()), day)
        if found is None or not found.stopped:
            continue
        missing = sum(by_reporter.values()) * found.days // found.span
        if missing >= _MISSING:
            words = (
                f"{sender.name} is silent since {found.last}: about {missing} messages are "
                f"missing; {_silent(found)}"
            )
            yield _silence_change(ChangeKind.SILENT, sender.name, day, found, words)


def _reporters(mail: Series, days: Days, day: date) -> Iterator[Change]:
    by_reporter: dict[str, int] = {}
    for by_day in mail.counts.values():
        for each in days.base:
            for reporter, counted in by_day.get(each, {}).items():
                by_reporter[reporter] = by_reporter.get(reporter, 0) + counted.messages
    every = sum(by_reporter.values())
    for reporter, reported in mail.reported.items():
        if by_reporter.get(reporter, 0) * 100 < every * _OF_REPORTER or not every:
            continue
        others = frozenset().union(
            *(each for name, each in mail.reported.items() if name != reporter)
        )
        found = silence(reported, others, day)
        if found is not None and found.stopped:
            words = f"{reporter} sent no report of any day after {found.last}: {_silent(found)}"
            yield _silence_change(ChangeKind.REPORTER_STOPPED, reporter, day, found, words)


def _spikes(
    mail: Series, senders: Collection[str], new: Collection[str], day: date
) -> Iterator[Change]:
    known = _known(mail, day - timedelta(days=WEEK))
    before = [day - timedelta(days=number) for number in range(1, BASE + 1)]
    for subject in mail.counts:
        if subject.kind is SourceKind.ALIGNED and subject.name not in senders:
            continue
        if subject.kind is SourceKind.UNKNOWN and subject.name in new:
            continue
        number = mail.messages(subject, [day], known)
        if number <= _BURST:
            continue
        each_day = [mail.messages(subject, [each], known) for each in before]
        busiest = max(each_day)
        bound = max(_TIMES * busiest, busiest + _BURST)
        # A sender that has just begun has no busiest day yet.
        habit = subject.kind is SourceKind.SPOOF or sum(map(bool, each_day)) > 3
        if habit and number > bound:
            words = (
                f"{subject.name}: {number} messages on {day}, more than {bound}; "
                f"at most {busiest} on each of the {BASE} days before"
            )
            yield Change(ChangeKind.SPIKE, subject.name, day, number, busiest, bound, words)
