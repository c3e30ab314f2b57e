"""Dagster's UI in a real browser."""
