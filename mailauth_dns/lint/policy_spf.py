"""The tree of names that a policy's SPF record leads to, and the places of its nodes in the policy.

The tree is that of DNS as it will be: the policy's own record, and behind it what others
publish now.
"""

from __future__ import annotations

from collections.abc import Iterator

from mailauth_dns.evaluate.spf_cost import lookup_cost
from mailauth_dns.evaluate.spf_tree import LookupCost
from mailauth_dns.lint.rule import Undecided
from mailauth_dns.lint.subject import Subject
from mailauth_dns.policy.repo import Route


def tree(subject: Subject) -> LookupCost | None:
    """Return the tree of a domain's record; None where DNS was not asked."""
    return lookup_cost(subject.domain, subject.resolver) if subject.resolver is not None else None


def place(subject: Subject, tree: LookupCost, node: LookupCost) -> Route:
    """Return the term of the policy that leads to `node`."""
    own = next(
        (child for child in tree.children if any(each is node for each in child.walk())), None
    )
    if own is None:
        return ("spf",)
    if own.term.startswith("redirect="):
        return ("spf", "redirect")
    return next((route for route, term in subject.spf_terms if str(term) == own.term), ("spf",))


def undecided(tree: LookupCost) -> Iterator[Undecided]:
    """Yield the first node that DNS did not tell, where there is one."""
    for node in tree.walk():
        if node.unknown is not None:
            yield Undecided(("spf",), f"{node.term}: {node.unknown.reason}")
            return
