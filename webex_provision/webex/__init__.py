"""The only room that talks HTTP: sending, pacing, retrying, reading error bodies, walking pages, preflight.

It does not belong here: what a call means for a row (engine), which call to make (actions), where outcomes are
written (ledger). The HTTP library is imported by `connection_client` alone, so that a successor is a change of
one module.
"""
