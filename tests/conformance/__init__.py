"""Tests of the conformance suite, and the reference server that proves it."""
