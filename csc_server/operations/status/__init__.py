"""What everybody may ask: the status of certificates, and the time. No account, no credential."""
