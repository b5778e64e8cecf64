"""Senders beside live DNS: whether the catalogue is true, and how those of the policies stand."""
