"""The rules. Pure functions over frozen values.

No input or output, no async, no clock, no randomness, no logging: ``now`` comes in as a value,
a decision goes out as a value or as one of the reasons in ``policies.errors``.
"""
