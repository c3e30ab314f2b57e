"""What Dagster shows and launches, over a sandbox."""
