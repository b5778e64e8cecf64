"""`python -m mailauth_dns` is the command line."""

from mailauth_dns.cli import run

run()
