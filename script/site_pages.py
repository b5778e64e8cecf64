"""A hook of mkdocs.yml: the pages of the site that are made from the code."""

from __future__ import annotations

import site_commands
import site_policy
import site_rules
import site_senders
from mkdocs.config.defaults import MkDocsConfig
from mkdocs.structure.files import File, Files

MADE = (site_rules.pages, site_policy.pages, site_commands.pages, site_senders.pages)


def on_files(files: Files, config: MkDocsConfig) -> Files:
    """Add the made pages; mkdocs calls this."""
    for pages in MADE:
        for path, text in pages().items():
            files.append(File.generated(config, path, content=text))
    return files
