from collections.abc import Iterator

import pytest

from webex_provision.console.embedded import SAMPLE_NEEDS
from webex_provision_tests.contract.description import contract
from webex_provision_tests.contract.routing_rows import PASSWORD_VARIABLE

__all__ = ["contract"]


@pytest.fixture(scope="module")
def trunk_password() -> Iterator[None]:
    """What rows need of the environment."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv(PASSWORD_VARIABLE, "sip-secret")
        for variable, value in SAMPLE_NEEDS.items():
            patch.setenv(variable, value)
        yield
