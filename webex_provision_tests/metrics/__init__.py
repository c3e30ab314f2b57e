"""Figures of a run, read as a platform team reads them: over a socket, from a file."""
