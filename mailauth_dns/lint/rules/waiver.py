"""Rules about waivers, which accept findings up to a day; lint/waiver.py judges them."""

from __future__ import annotations

from mailauth_dns.lint.rule import Severity, page


@page("WAIVER001", "waiver-expired", Severity.WARNING, "practice")
def waiver_expired() -> None:
    """The last day of a waiver is over: lint reports again what it silenced.

    Bad:
        waivers: [{rule: SPF014, reason: "until the move", until: 2020-01-31}]
    Good:
        the mistake corrected and the waiver taken out, or a new day in `until`
    """


@page("WAIVER002", "waiver-unused", Severity.WARNING, "practice")
def waiver_unused() -> None:
    """A waiver that silences nothing would hide the mistake when it comes back.

    Bad:
        waivers: [{rule: SPF014, reason: "ptr", until: 2030-01-31}]  # and no ptr any more
    Good:
        no waiver
    """


@page("WAIVER003", "waiver-unknown-rule", Severity.ERROR, "practice")
def waiver_unknown_rule() -> None:
    """A waiver silences nothing if its rule does not exist, or if lint does not judge it.

    Bad:
        waivers: [{rule: SPF14, reason: "ptr", until: 2030-01-31}]
    Good:
        waivers: [{rule: SPF014, reason: "ptr", until: 2030-01-31}]
    """
