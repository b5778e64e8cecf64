"""Where the packages of a system keep OpenDKIM's files, and Rspamd's keys.

Debian's and Red Hat's packages both start it with /etc/opendkim.conf.
"""

from __future__ import annotations

from enum import StrEnum

CONFIG_DIR = "/etc/opendkim"
KEY_DIR = "/etc/opendkim/keys"
RSPAMD_KEY_DIR = "/var/lib/rspamd/dkim"  # of the user that Rspamd runs as


class PackageLayout(StrEnum):
    """A family of systems."""

    DEBIAN = "debian"
    RHEL = "rhel"

    @property
    def key_dir(self) -> str:
        """The package's folder for private keys; on Debian the user opendkim owns it."""
        return "/etc/dkimkeys" if self is PackageLayout.DEBIAN else KEY_DIR

    @property
    def relabel(self) -> str:
        """The command that new files need before OpenDKIM may read them, if any.

        On Red Hat's systems SELinux keeps OpenDKIM from files that were moved there with another
        label.
        """
        return (
            f"restorecon -R /etc/opendkim.conf {CONFIG_DIR}; " if self is PackageLayout.RHEL else ""
        )
