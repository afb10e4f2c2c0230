"""oauth2/pushed_authorize and oauth2/authorize: check a request in full, store it, or refuse it.

(RFC 6749 4.1.1; RFC 9126; CSC v1 8.4.2, v2 8.4.2)
"""
