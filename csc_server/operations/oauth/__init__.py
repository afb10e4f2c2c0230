"""The authorization server: requests in, redirects and tokens out.

The pages call ``begin`` and ``approve``; the token endpoint and its neighbours call the others.
"""
