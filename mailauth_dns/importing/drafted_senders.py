"""Name senders in drafted policies, where a plan still has nothing to do."""

from __future__ import annotations

from dataclasses import replace
from datetime import date

from mailauth_dns.errors import MailAuthError
from mailauth_dns.importing.sender_edits import differences, names_of, seen_with, text_with
from mailauth_dns.importing.surroundings import Draft
from mailauth_dns.policy.edited_policy import edited_policy
from mailauth_dns.policy.repo import Repo
from mailauth_dns.records.zone import Zone
from mailauth_dns.senders.recognition import Recognition
from mailauth_dns.senders.suggestion import Situation, Suggestion, suggestion
from mailauth_dns.typed_yaml import yaml_tree


def naming_senders(
    draft: Draft, zone: Zone, repo: Repo, defaults: yaml_tree.Mapping | None, today: date
) -> Draft:
    """Return a draft that names who sends, and says in `told` who could be named, too.

    A sender is named where everything that it needs is published as its entry has it.
    """
    policy = draft.policy
    if policy.body.parked or (policy.body.spf is None and policy.body.dkim is None):
        return draft
    at = Situation(seen_with(policy, zone), Recognition(repo.catalogue), exact=True)
    loose = suggestion(replace(at, exact=False))
    draft, named = _named(draft, at, zone, repo, defaults, today)
    return replace(draft, told=_told(draft, loose, named))


def _named(
    draft: Draft,
    at: Situation,
    zone: Zone,
    repo: Repo,
    defaults: yaml_tree.Mapping | None,
    today: date,
) -> tuple[Draft, frozenset[str]]:
    """Return a draft with the senders that change nothing, and which they are."""
    policy = draft.policy
    while (found := replace(suggestion(at), comments=())).senders:
        try:
            text = text_with(found, policy, draft.text, defaults)
            after = edited_policy(
                policy.path, text, draft.domain, defaults, repo.catalogue, {}, today
            )
            changed = {each.name for each in differences(policy, after, zone, repo, None)}
        except MailAuthError:
            break  # a layout or a policy in which they cannot be named
        if not changed:
            paths = {use.path.name for use in found.uses if use.path is not None}
            left = tuple(each for each in draft.left if each.key[0] not in paths)
            named = frozenset(said.key for said in found.senders)
            return replace(draft, policy=after, text=text, left=left), named
        guilty = {use.sender for use in found.uses if changed & names_of(use, draft.domain)}
        if not guilty:
            break
        at = replace(at, declared=at.declared | guilty)
    return draft, frozenset()


def _told(draft: Draft, loose: Suggestion, named: frozenset[str]) -> tuple[str, ...]:
    others = [said.key for said in loose.senders if said.key not in named]
    others += [line.partition(":")[0] for line in loose.comments if not line.startswith(" ")]
    if not others:
        return ()
    return (
        f"Also recognised: {', '.join(others)}. To name them would change records: see "
        f"`mailauth-dns senders suggest {draft.domain}`",
    )
