"""Examples of the senders commands."""

from __future__ import annotations

from collections.abc import Mapping

from mailauth_dns.cli.example import Example

SENDER_EXAMPLES: Mapping[str, tuple[Example, ...]] = {
    "senders": (
        Example("See who is in the catalogue", "mailauth-dns senders"),
        Example("Read what one sender needs, and why", "mailauth-dns senders ses"),
        Example(
            "Propose what the policy could say of who sends",
            "mailauth-dns senders suggest example.com",
        ),
    ),
    "senders list": (
        Example("List all senders", "mailauth-dns senders list"),
        Example("List those for newsletters", "mailauth-dns senders list marketing"),
        Example("Give the list to a program", "mailauth-dns senders list --format json"),
    ),
    "senders show": (
        Example("Read what Amazon SES needs, and why", "mailauth-dns senders show ses"),
        Example(
            "See what comes out for your own domain",
            "mailauth-dns senders show zendesk --domain example.net",
        ),
    ),
    "senders check": (
        Example("Ask DNS about every sender", "mailauth-dns senders check"),
        Example("Ask about two", "mailauth-dns senders check mailchimp zendesk"),
    ),
    "senders status": (
        Example("See how all declared senders stand", "mailauth-dns senders status"),
        Example(
            "Look at the files alone, for one domain",
            "mailauth-dns senders status example.com --no-live",
        ),
    ),
    "senders retire": (
        Example(
            "Let a sender end today, and its records after the grace",
            "mailauth-dns senders retire example.com zendesk",
        ),
        Example(
            "Say from which day on it sends no more",
            "mailauth-dns senders retire example.com zendesk --on 2027-01-31",
        ),
    ),
    "senders suggest": (
        Example(
            "Propose what the policy could say of who sends",
            "mailauth-dns senders suggest example.com",
        ),
        Example(
            "Look into a zone file instead of DNS, and write it",
            "mailauth-dns senders suggest example.com --from-zone example.com.zone --write",
        ),
    ),
    "senders import-template": (
        Example(
            "See what a sender's set-up template comes to",
            "mailauth-dns senders import-template sender.example.json",
        ),
        Example(
            "Begin a file of your own for a sender that the catalogue does not know",
            "mailauth-dns senders import-template new.json > zones/senders/new.yaml",
        ),
    ),
}
