"""How rows are driven: order, batches, concurrency, lookups, retries after a lost answer, breakers, stops.

Belongs here: everything that decides when a declared step runs and what its answer means for the row and the run.
Does not belong here: what to call (`actions`), how a request is sent (`webex`), how a record is written (`ledger`),
Dagster (`assets`). The engine runs under plain pytest.
"""
