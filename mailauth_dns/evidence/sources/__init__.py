"""Whose mail a report speaks of."""
