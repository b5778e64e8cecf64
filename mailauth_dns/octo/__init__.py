"""Where this package meets octoDNS; nothing else imports it.

`HandsOff` and `LocalProvider` are for octoDNS configurations, which name them as `mailauth_dns.octo.HandsOff` and so on.
"""

from mailauth_dns.octo.handsoff import HandsOff
from mailauth_dns.octo.local import LocalProvider

__all__ = ["HandsOff", "LocalProvider"]
