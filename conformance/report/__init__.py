"""A report for each reader: terminal, JSON, JUnit, one HTML page, and what changed between two."""
