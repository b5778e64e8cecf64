"""Policies to what each zone shall publish."""
