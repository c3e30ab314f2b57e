"""What must never happen: the token told, another host called, a file read or written where it must not be."""
