"""Where this package meets octoDNS; nothing else imports it.

octoDNS configurations name `mailauth_dns.octo.HandsOff`, `mailauth_dns.octo.MergeOurs` and
`mailauth_dns.octo.LocalProvider`.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from mailauth_dns.octo.hands_off import HandsOff
    from mailauth_dns.octo.local import LocalProvider
    from mailauth_dns.octo.merge_ours import MergeOurs

__all__ = ["HandsOff", "LocalProvider", "MergeOurs"]


def __getattr__(name: str) -> Any:
    # Loaded when asked for, so that compiling does not wait for octoDNS.
    if name == "HandsOff":
        from mailauth_dns.octo.hands_off import HandsOff

        return HandsOff
    if name == "LocalProvider":
        from mailauth_dns.octo.local import LocalProvider

        return LocalProvider
    if name == "MergeOurs":
        from mailauth_dns.octo.merge_ours import MergeOurs

        return MergeOurs
    raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
