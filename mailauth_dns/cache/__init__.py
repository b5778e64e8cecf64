"""What earlier runs found out, kept in the user's cache folder; no result depends on it."""
