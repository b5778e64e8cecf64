"""A shard of lint: its policies are checked, and what was found is kept for `lint merge`."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from mailauth_dns import __version__
from mailauth_dns.atomic_files import followed, replace_file
from mailauth_dns.cli.lint_result import Asked
from mailauth_dns.cli.session import Session
from mailauth_dns.cli.shard_option import refuse_changed
from mailauth_dns.compile.publication import Publication
from mailauth_dns.deploy.git_commit import git_commit
from mailauth_dns.errors import MailAuthError
from mailauth_dns.lint import shard_file
from mailauth_dns.lint.shard_file import LintShard
from mailauth_dns.lint_policies import LintResult, Looked, look, without_waived
from mailauth_dns.policy.repo import Repo
from mailauth_dns.policy.repo_state import repo_state
from mailauth_dns.spread.shard import Shard


@dataclass(frozen=True, slots=True)
class AskedShard:
    """What lint was asked, for which shard, and the file to write; without `out`, none.

    `files` is the digest of the repo's files before they were read.
    """

    asked: Asked
    private_web: bool
    shard: Shard
    out: Path | None
    files: str | None


def looked(
    session: Session, repo: Repo, publications: Sequence[Publication], asked: AskedShard
) -> LintResult:
    """Check the policies of a shard, and write what was found to its file.

    Raises:
        MailAuthError: a named domain has no policy, or the file cannot be written.
    """
    found = look(
        repo,
        publications,
        domains=asked.asked.domains,
        rules=asked.asked.rules,
        live=asked.asked.live,
        private_web=asked.private_web,
        shard=asked.shard,
    )
    if asked.out is not None:
        refuse_changed(asked.files, repo_state(repo.root))
        text = shard_file.dumped(_shard(repo, found, asked))
        try:
            replace_file(followed(session.path(asked.out)), [text.encode()], durable=False)
        except OSError as error:
            raise MailAuthError(f"--out {session.path(asked.out)}: {error.strerror}") from None
    return without_waived(found, repo)


def _shard(repo: Repo, found: Looked, given: AskedShard) -> LintShard:
    asked = given.asked
    assert given.files is not None
    return LintShard(
        format=1,
        number=given.shard.number,
        of=given.shard.of,
        tool=__version__,
        commit=git_commit(repo.root),
        files=given.files,
        day=found.today.isoformat(),
        domains=asked.domains,
        live=asked.live,
        private_web=given.private_web,
        select=None if asked.select is None else tuple(sorted(asked.select)),
        ignore=tuple(sorted(asked.ignore)),
        findings=tuple(map(shard_file.entry, found.found)),
    )
