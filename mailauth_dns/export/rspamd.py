"""Rspamd's files for local.d and its maps: which key signs for which domain.

They are for its dkim_signing module.

Rspamd reads an Ed25519 key as its seed, not as PEM, so for those the files name <selector>.seed.
"""

from __future__ import annotations

import re
from collections.abc import Collection, Iterator, Sequence
from pathlib import PurePosixPath

from mailauth_dns.export.signers import Signer
from mailauth_dns.records.dkim import KeyType
from mailauth_dns.records.name import DomainName
from mailauth_dns.signing_host.config_lines import rows

_BLOCK = re.compile(r'  "(\S+)" \{')

CONF, SELECTORS, PATHS = "dkim_signing.conf", "dkim_selectors.map", "dkim_paths.map"


def files(signers: Sequence[Signer], config_dir: PurePosixPath) -> dict[str, str]:
    """Return the settings and both maps, which are to be put in `config_dir`.

    A map holds one key a domain, and Rspamd reads it again by itself when it changes. A domain with
    several keys has a block in the settings.
    """
    by_domain: dict[DomainName, list[Signer]] = {}
    for signer in signers:
        by_domain.setdefault(signer.domain, []).append(signer)
    single = [keys[0] for keys in by_domain.values() if len(keys) == 1]
    several = {domain: keys for domain, keys in by_domain.items() if len(keys) > 1}
    settings = [
        "# The domain of From as it is. By default Rspamd signs for the registered domain above "
        "it.",
        "use_esld = false;",
        "# Other domains are not signed for with a default key.",
        "try_fallback = false;",
        "# A login name need not be an address in the domain.",
        "allow_username_mismatch = true;",
        f'selector_map = "{config_dir / SELECTORS}";',
        f'path_map = "{config_dir / PATHS}";',
    ]
    if several:
        settings += [
            "domain {",
            *(line for domain, keys in several.items() for line in _block(domain, keys)),
            "}",
        ]
    return {
        CONF: "".join(f"{line}\n" for line in settings),
        SELECTORS: "".join(f"{signer.domain} {signer.selector}\n" for signer in single),
        PATHS: "".join(f"{signer.domain} {key_file(signer)}\n" for signer in single),
    }


def _block(domain: DomainName, signers: Sequence[Signer]) -> Iterator[str]:
    yield f'  "{domain}" {{'
    yield "    selectors ["
    for signer in signers:
        yield f'      {{ selector = "{signer.selector}"; path = "{key_file(signer)}"; }}'
    yield "    ]"
    yield "  }"


def key_file(signer: Signer) -> PurePosixPath:
    """Return where the signing host has the file that Rspamd reads a key from."""
    return (
        signer.path.with_name(f"{signer.selector}.seed")
        if signer.type is KeyType.ED25519
        else signer.path
    )


def statements(name: str, text: str, domains: Collection[DomainName]) -> Iterator[str]:
    """Yield what a file says of these domains, a line a statement; settings are compared whole."""
    for first, rest in rows(text):
        if name == CONF or first.lower() in domains:
            yield f"{first} {rest}".rstrip()


def domains_of(name: str, text: str) -> frozenset[str]:
    """Return the domains for which one of the files, as `files` makes them, has keys."""
    if name == CONF:
        return frozenset(
            block[1] for line in text.splitlines() if (block := _BLOCK.fullmatch(line))
        )
    return frozenset(domain for domain, _ in rows(text))
