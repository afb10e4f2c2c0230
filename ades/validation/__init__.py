"""Validation of signatures: who, when, intact, trusted, and how far the evidence reaches.

Bytes in, a report out (EN 319 102-1). Nothing is ever fetched: trust anchors and evidence of
status come from the caller or from the document. Each signature is judged by itself, with a
context of its own. Its modules load large libraries and read hostile bytes: call them in a child
of the desk (docs/adr/0012).
"""
