"""What software of other people makes of the sandbox."""
