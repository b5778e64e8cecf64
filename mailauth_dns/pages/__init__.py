"""Results as self-contained pages and pictures: no script, and nothing from outside."""
