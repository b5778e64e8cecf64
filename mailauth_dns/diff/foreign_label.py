"""Foreign values named without being shown: plans and errors are posted in public."""

from __future__ import annotations

import hashlib
import re
from functools import lru_cache

# Names that services give their verification tokens: words in lower case with hyphens, and a few
# others. A looser pattern would take the beginning of a bare token for its name.
_TOKEN_NAME = re.compile(
    r"([a-z]{2,20}(?:-[a-z]{2,20}){1,4}"
    r"|MS|apple-domain|brevo-code|docusign|dropbox|keybase)[=:](?=.)"
)


@lru_cache(maxsize=1024)  # the zones of a fleet have the same servers
def label(type: str, value: str) -> str:
    """Return the kind of a value, and the first eight hexadecimal digits of its SHA-256.

    >>> label("TXT", "google-site-verification=0123456789")
    'google-site-verification 02454bbf'
    >>> label("TXT", "c2VjcmV0dG9rZW4xMjM0NTY3OA==")
    'text c51fbcce'
    """
    digest = hashlib.sha256(value.encode("latin-1", "replace")).hexdigest()[:8]
    if type != "TXT":
        return f"{type} {digest}"
    name = _TOKEN_NAME.match(value)
    return f"{name[1] if name else 'text'} {digest}"
