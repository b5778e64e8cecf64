"""The page of `spf tree`: the tree drawn, and every term with its cost."""

from __future__ import annotations

from mailauth_dns.evaluate.spf_tree import LookupCost
from mailauth_dns.pages.drawing import NARROW, WIDE
from mailauth_dns.pages.page import page
from mailauth_dns.pages.spf_picture import nodes, spf_tree
from mailauth_dns.render import spf_tree_report


def spf_page(title: str, cost: LookupCost) -> str:
    """Return the page of a tree."""
    unknown = any(node.unknown is not None for node in cost.walk())
    over = tuple(spf_tree_report.over_limits(cost))
    return page(
        "spf.html",
        title=title,
        cost=cost,
        nodes=nodes(cost),
        lookups=spf_tree_report.lookups_said(cost),
        voids=spf_tree_report.voids_said(cost),
        over=over,
        tone="bad" if over else "open" if unknown else "care" if cost.lower_bound else "good",
        narrow=spf_tree(title, cost, NARROW),
        wide=spf_tree(title, cost, WIDE),
    )
