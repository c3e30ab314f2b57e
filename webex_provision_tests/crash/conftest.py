"""What an undisturbed life of the same site ends with."""

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from webex_provision_tests.crash.harness import Crashes


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
