"""The world outside: clock, randomness, password hashing."""
