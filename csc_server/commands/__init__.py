"""What `csc-server` can be told to do, one file per word."""
