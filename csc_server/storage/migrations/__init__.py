"""The steps by which a database reached its schema; run by ``csc_server.storage.schema``."""
