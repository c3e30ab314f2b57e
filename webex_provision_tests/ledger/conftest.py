"""The ledger's tests that need a server."""

from webex_provision_tests.postgres_server import postgres

__all__ = ["postgres"]
