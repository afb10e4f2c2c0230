"""Authorities elsewhere."""
