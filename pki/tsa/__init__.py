"""The time-stamping authority without the network: requests and tokens.

Its counterpart, which asks an authority for a token, is ``pki.timestamps``.
"""
