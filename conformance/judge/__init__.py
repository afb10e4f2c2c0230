"""Judges of what a server hands out: signatures, certificates, time-stamps, documents.

Pure: bytes in, a verdict with its reason out. They know no HTTP and no check.
"""
