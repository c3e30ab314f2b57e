"""Dagster's side: assets, checks, jobs and a sensor, each a few lines around one call of a room below.

Belongs here: what Dagster has to know (keys, metadata, failures in plain words, config with its help) and `launcher`,
through which the command line runs the same jobs. Does not belong here: judging rows (`intake`), driving them
(`engine`), writing outputs (`ledger`).
"""
