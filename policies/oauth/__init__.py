"""Rules of the authorization server. (RFC 6749 as RFC 9700 wants it; CSC v1 8.4, v2 8.4)

Clients, requests, codes, proofs: one file each. Signatures of JWTs are checked by an adapter;
what their contents mean is judged here.
"""
