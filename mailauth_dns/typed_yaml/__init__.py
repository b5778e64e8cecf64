"""YAML files read with the place of every value, and typed: what policies and senders share."""
