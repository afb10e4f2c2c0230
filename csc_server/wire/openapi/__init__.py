"""Descriptions of our own APIs in OpenAPI 3.1, as data: what a client may send, what it gets.

Two documents: registration/v1 with account/v1 (``registration``, ``account``), and the CSC
methods that this instance has (``csc``). Decides nothing about requests: the parsers do, and the
tests hold the two against each other.
"""
