"""A small CSC server that is right, and on demand wrong in exactly one way.

The suite's own measure: it has to pass here without a defect and to find every defect by name. Not
a service: software keys, everything in memory, no limits on guessing.
"""

from tests.conformance.reference.app import Running, serve

__all__ = ["Running", "serve"]
