"""Print the index of the catalogue, by which senders are recognised; script/senders-index."""

from __future__ import annotations

import sys

from mailauth_dns.senders.catalogue_files import Catalogue
from mailauth_dns.senders.recognition import index_text

sys.stdout.write(index_text(Catalogue()))
