"""What an undisturbed life of the same site ends with."""

import logging
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from webex_provision_tests.contract.routing_rows import PASSWORD_VARIABLE
from webex_provision_tests.crash.harness import Crashes
from webex_provision_tests.crash.story import Story


@pytest.fixture
def crashes(tmp_path: Path) -> Iterator[Crashes]:
    with Crashes(tmp_path) as crashes:
        yield crashes


@pytest.fixture(scope="session")
def undisturbed(tmp_path_factory: pytest.TempPathFactory) -> dict[str, Any]:
    """The tenant after a run, the directory's synchronisation and a retry, without a kill."""
    with Crashes(tmp_path_factory.mktemp("undisturbed")) as crashes:
        crashes.finish()
        crashes.synchronise()
        assert crashes.launch("retry")
        assert crashes.state == "COMPLETED"
        crashes.check()
        return crashes.tenant_state


@pytest.fixture(scope="module")
def story(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Story]:
    """The recorded life; a test puts it back to where it begins."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv(PASSWORD_VARIABLE, "sip-secret")
        patch.setattr(logging.getLogger("webex_provision"), "disabled", True)
        yield Story(tmp_path_factory.mktemp("every_point"))
