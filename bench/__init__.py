"""`make bench`: speed, as ratios within one run."""
