"""The CSC API as JSON: v1 and v2 are two translations of the same operations.

Field names, base64 and the standard's sentences live here and nowhere else. Nothing here decides
whether a request is allowed, and nothing waits.
"""
