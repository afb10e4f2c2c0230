"""The checks, one file for each group of methods, numbered in the order in which they are run."""
