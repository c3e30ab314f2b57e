import pytest

from webex_provision_tests.sandbox import Api, Site


@pytest.fixture
def site() -> Site:
    return Site()


@pytest.fixture
def api(site: Site) -> Api:
    return site.api
