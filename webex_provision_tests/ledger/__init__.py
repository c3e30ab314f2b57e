"""Promises of the ledger: nothing lost, nothing twice, whatever is corrupt is named."""
