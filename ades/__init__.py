"""Signature formats: PAdES and CAdES, without a key and without a connection.

Signature values, time-stamps and evidence of status come in through small protocols. Imports
``policies`` alone; the signer process, the service, the portal and the command line import it.
(docs/adr/0011, 0012)
"""
