"""The YAML language: files to policies, every problem with its place."""
