"""What to call: one declaration an entity type, from which everything else follows.

Belongs here: columns, rules, keys, lookups, steps, request builders, failure tables. All of it is pure: no I/O, no
HTTP library, no Dagster, no clock. Does not belong here: how rows are driven (`engine`), how a CSV is read
(`intake`), how a request is sent (`webex`).
"""
