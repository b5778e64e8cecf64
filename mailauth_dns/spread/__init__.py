"""Work that is spread over the cores of a machine, or over the machines of a cluster.

What is spread is a function of values: its arguments and results are sent to another process, so
that they hold no secret, no open file and no connection.
"""
