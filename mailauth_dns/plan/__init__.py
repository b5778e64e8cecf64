"""A plan as a value: its file, what it needs permission for, and what waits for a later one."""
