"""Tests of the intake room: from the bytes of a CSV to rows that are ready or rejected."""
