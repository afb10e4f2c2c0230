"""PDF documents: read within limits, looked at before signing, prepared for a signature.

Its modules load a large library: import them where a PDF comes, not at the start of a process.
"""
