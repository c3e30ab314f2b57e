"""Tests, room by room; each name or docstring is the promise that it protects."""
