"""The embedded trust service, as far as it exists: a small certificate authority."""
