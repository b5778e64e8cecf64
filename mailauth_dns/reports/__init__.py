"""Reports that receivers send about a domain's mail, read into frozen values.

DMARC aggregate reports (RFC 7489 appendix C, RFC 9990) and TLS reports (RFC 8460). Files are read
here, and never written.
"""
