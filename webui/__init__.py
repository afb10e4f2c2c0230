"""The look of every page: one stylesheet, icons, Jinja macros, the paraph mark, languages.

Knows no domain, no HTTP client, no SQL; what a page does stands in the room that serves it.
"""
