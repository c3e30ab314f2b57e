"""From a CSV to rows that are ready or rejected: read, normalise, validate, hold the rows against each other.

What belongs here: everything that can be known about a row before the tenant is asked. What does not: any call, any
knowledge of one entity type (that stands in `actions`), any state of a run. `data_pipeline.run_intake` is the door;
`outputs` says what stands in the two files.
"""
