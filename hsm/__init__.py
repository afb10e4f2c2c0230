"""The keys: PKCS#11 behind a small port.

Accepts permits, returns signature bytes. Knows no HTTP and no SQL. Only the processes of
``hsm.signer`` load the PKCS#11 module.
"""
