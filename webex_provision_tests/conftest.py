"""For all tests: in CI, hypothesis plays the same examples every time; on a desk it looks for new ones."""

import os
from typing import Any

from hypothesis import settings

from webex_provision_tests.postgres_server import postgres

__all__ = ["postgres"]  # a fixture for every room

settings.register_profile("ci", derandomize=True, deadline=None, print_blob=True)
settings.register_profile("desk", deadline=None)
settings.load_profile("ci" if os.environ.get("CI") else "desk")


def pytest_terminal_summary(terminalreporter: Any) -> None:
    """What the simulation has met: how often each kind of fault, and how many entity types."""
    for report in [*terminalreporter.getreports("passed"), *terminalreporter.getreports("failed")]:
        for name, told in report.user_properties:
            if name == "simulation":
                terminalreporter.section(report.nodeid)
                terminalreporter.write_line(str(told))
