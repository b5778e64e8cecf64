"""From nothing to mail that passes: a policy, a key, and the steps that lead there."""
