"""The judges alone: what they pass, what they catch, and that garbage never breaks them."""
