"""What the simulated rows need of the environment."""

import os
from collections.abc import Iterator
from contextlib import contextmanager
from unittest.mock import patch

from webex_provision_tests.contract.routing_rows import PASSWORD_VARIABLE


@contextmanager
def needs() -> Iterator[None]:
    """The password of the trunks is set."""
    with patch.dict(os.environ, {PASSWORD_VARIABLE: "sip-secret"}):
        yield
