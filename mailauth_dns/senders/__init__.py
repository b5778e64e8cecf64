"""Senders: who they are, and which records mail that they send for a domain needs."""
