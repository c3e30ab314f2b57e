"""The project on Dagster's distributed parts, each a process of its own, on a real PostgreSQL."""
