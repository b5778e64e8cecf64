"""What of a repo is planned: zones that changed, some providers, or live DNS alone."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Annotated

import typer

from mailauth_dns.cli import completions, headings
from mailauth_dns.cli.session import Session
from mailauth_dns.compile.publication import Publication
from mailauth_dns.deploy import plan_notes
from mailauth_dns.deploy.plan_request import PlanRequest
from mailauth_dns.errors import MailAuthError
from mailauth_dns.policy.repo import Repo
from mailauth_dns.spread.shard import Shard

ChangedSince = Annotated[
    str | None,
    typer.Option(
        "--changed-since",
        metavar="REF",
        help="only zones whose policy or provider changed since HEAD left this git ref",
        rich_help_panel=headings.LOOK,
    ),
]
OnlyProvider = Annotated[
    list[str] | None,
    typer.Option(
        "--provider",
        metavar="ID",
        autocompletion=completions.providers,
        help="only at this provider; may be repeated",
        rich_help_panel=headings.LOOK,
    ),
]
LiveOnly = Annotated[
    bool,
    typer.Option(
        "--live-only",
        help="compare with live DNS alone, for forks: no provider is loaded, no secret is read; "
        "such a plan cannot be applied",
        rich_help_panel=headings.LOOK,
    ),
]


@dataclass(frozen=True, slots=True)
class PlanScope:
    """The options as they were given."""

    changed_since: str | None
    providers: tuple[str, ...]
    live_only: bool
    shard: Shard | None = None

    @property
    def is_whole(self) -> bool:
        """Whether every zone is planned, at all of its providers."""
        parts = (self.changed_since, self.shard)
        return all(each is None for each in parts) and not self.providers and not self.live_only

    def refuse_beside(self, *, show: bool, no_live: bool) -> None:
        """Raise MailAuthError where the other options leave these no meaning."""
        chosen = (self.changed_since, self.shard)
        if show and (any(each is not None for each in chosen) or self.providers or self.live_only):
            raise MailAuthError(
                "--show prints a plan that is made already; leave out --changed-since, "
                "--provider, --shard and --live-only"
            )
        if self.live_only and self.shard is not None:
            raise MailAuthError("--live-only makes a plan in one piece; leave out --shard")
        if self.live_only and no_live:
            raise MailAuthError("--live-only asks live DNS and nothing else; leave out --no-live")
        if self.live_only and self.providers:
            raise MailAuthError("--live-only asks no provider; leave out --provider")

    def narrowed(
        self,
        session: Session,
        repo: Repo,
        publications: Sequence[Publication],
        request: PlanRequest,
    ) -> PlanRequest:
        """Return the request for what the options leave, with notes of what they leave out.

        Raises:
            MailAuthError: there is no such provider, or git does not tell what changed.
        """
        if unknown := [each for each in self.providers if each not in repo.stanzas]:
            known = ", ".join(sorted(repo.stanzas)) or "none yet"
            raise MailAuthError(
                f"--provider {unknown[0]}: there is no providers/{unknown[0]}.yaml; "
                f"there are: {known}"
            )
        providers = tuple(dict.fromkeys(self.providers))
        request = replace(request, providers=providers, shard=self.shard)
        if self.changed_since is not None:
            from mailauth_dns.deploy.changed_since import changed_since

            with session.waiting("comparing with what git has"):
                since = changed_since(self.changed_since, repo, publications)
            request = replace(request, zones=since.zones, notes=since.notes)
        if request.providers:
            chosen = request.chosen(repo, publications)
            left_out = plan_notes.left_out(request.providers, chosen)
            request = replace(request, notes=(*request.notes, *left_out))
        return request
