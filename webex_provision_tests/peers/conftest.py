from webex_provision_tests.peers.site import site

__all__ = ["site"]
