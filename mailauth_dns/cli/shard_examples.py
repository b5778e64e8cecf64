"""Examples of the commands that put together what several machines made."""

from __future__ import annotations

from collections.abc import Mapping

from mailauth_dns.cli.example import Example

SHARD_EXAMPLES: Mapping[str, tuple[Example, ...]] = {
    "lint merge": (
        Example(
            "Put together what two machines found",
            "mailauth-dns lint merge lint-1.json lint-2.json",
        ),
        Example(
            "Write it for a code host",
            "mailauth-dns lint merge lint-*.json --format sarif > lint.sarif",
        ),
    ),
    "plan merge": (
        Example(
            "Put together what two machines planned, for review and apply",
            "mailauth-dns plan merge plan-1.json plan-2.json --out plan.json",
        ),
        Example(
            "See what all of it would change, as a comment for a pull request",
            "mailauth-dns plan merge plan-*.json --format markdown",
        ),
    ),
}
