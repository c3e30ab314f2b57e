import pytest

from webex_provision_tests.contract.description import contract
from webex_provision_tests.sandbox import Api, Site

__all__ = ["api", "contract", "site"]


@pytest.fixture
def site() -> Site:
    return Site()


@pytest.fixture
def api(site: Site) -> Api:
    return site.api
