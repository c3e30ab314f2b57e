"""The token goes to WEBEX_BASE_URL and nowhere else, whatever an answer or the environment says.

Links to other hosts in lists: webex/test_page_walk.py.
"""

import httpx
import pytest
from pydantic import ValidationError

from webex_provision.webex.connection_client import WebexClient
from webex_provision.webex.errors import HostRefused
from webex_provision.webex.page_links import next_target
from webex_provision.wire import ApiRequest, Endpoint
from webex_provision_tests.virtual_clock import VirtualClock
from webex_provision_tests.webex.tenant_double import BASE, ok, run, settings, stage, status

GET = ApiRequest("GET", "/people")


@pytest.mark.parametrize("code", range(300, 309))
@pytest.mark.parametrize("method", ["GET", "POST", "PUT", "PATCH", "DELETE"])
def test_no_redirect_of_any_kind_is_followed_for_any_method(code: int, method: str) -> None:
    async def scenario() -> list[str]:
        async with stage(status(code, location="https://evil.example/v1/people"), ok()) as on:
            with pytest.raises(HostRefused):
                await on.client.request(ApiRequest(method, "/people"))
            return on.script.paths

    assert run(scenario()) == ["/people"]


@pytest.mark.parametrize(
    "link",
    [
        "https://webex.test.evil/v1/people",
        "https://webex.test%2eevil/v1/people",
        "https://webex.test:443@evil/v1/people",
        "https://evil.webex.test/v1/people",
        "https://webex.test\t.evil/v1/people",
        "https://webex.test./v1/people",
        "https://webex。test/v1/people",
        "https:webex.test.evil/v1/people",
        "///evil.example/v1/people",
        "/\\evil.example/v1/people",
        "javascript:alert(1)",
        "https://webex.test:444/v1/people",
        "https://webex.test/v1.evil/people",
        "https://webex.test/V1/people",
    ],
)
def test_a_link_that_only_looks_like_our_host_is_refused_or_asked_of_our_host(link: str) -> None:
    try:
        target = next_target(BASE, "/people", f'<{link}>; rel="next"')
    except HostRefused:
        return
    assert target is not None
    assert target.startswith("/")
    assert not target.startswith("//")
    assert httpx.URL(BASE + target).host == "webex.test"


def test_no_address_in_a_body_is_ever_called() -> None:
    elsewhere = "https://evil.example/v1/people?cursor=2"
    named = dict.fromkeys(("next", "nextUrl", "url", "location", "href", "preSignedUrl", "@odata.nextLink"), elsewhere)
    body = {"items": [{"id": "a", **named}], "links": {"next": elsewhere}, "paging": {"next": [elsewhere]}, **named}

    async def scenario() -> list[str]:
        async with stage(ok(body), ok({"items": []})) as on:
            async for _ in on.client.pages(GET, items="items"):
                pass
            await on.client.request(GET)
            return [request.url.host for request in on.script.requests]

    assert set(run(scenario())) == {"webex.test"}


@pytest.mark.parametrize(
    "url",
    [
        "http://webexapis.com",
        "http://127.0.0.1.evil.example",
        "http://localhost.evil.example",
        "http://127.0.0.1@evil.example",
        "http://127.0.0.1:80\\@evil.example",
        "http://127.1",
        "http://0x7f000001",
        "http://0.0.0.0",
        "ftp://webexapis.com",
        "https://user:password@webexapis.com",
        "https://webexapis.com?token=x",
        "https://webexapis.com#x",
        "https://",
        "webexapis.com",
        "//webexapis.com/v1",
    ],
)
def test_only_https_is_spoken_except_on_this_machine(url: str) -> None:
    with pytest.raises(ValidationError, match="webex_base_url"):
        settings(webex_base_url=url)


@pytest.mark.parametrize("url", ["http://127.0.0.1:8080", "http://localhost", "http://LOCALHOST:1", "http://[::1]:9"])
def test_plain_http_is_fine_on_this_machine(url: str) -> None:
    assert settings(webex_base_url=url).webex_base_url.endswith("/v1")


@pytest.mark.parametrize("proxy", ["socks9://u:Secret-4711@proxy.example", "ftp://u:Secret-4711@proxy.example"])
def test_a_proxy_that_cannot_be_one_is_named_by_its_variable_without_its_password(
    proxy: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("ALL_PROXY", proxy)
    with pytest.raises(ValueError, match="HTTPS_PROXY") as caught:
        WebexClient(settings(), VirtualClock())
    assert "4711" not in str(caught.value)


def test_nothing_takes_the_place_of_the_token_in_a_request(tmp_path: object, monkeypatch: pytest.MonkeyPatch) -> None:
    """Neither a .netrc nor a header of the request itself."""
    netrc = f"{tmp_path}/netrc"
    with open(netrc, "w") as file:  # noqa: PTH123
        file.write("machine webex.test login someone password else\n")
    monkeypatch.setenv("NETRC", netrc)

    async def scenario() -> list[str]:
        async with stage(ok()) as on:
            await on.client.request(ApiRequest("GET", "/people", headers={"Authorization": "Basic eDp5"}))
            return [request.headers["Authorization"] for request in on.script.requests]

    assert [sent.split()[0] for sent in run(scenario())] == ["Bearer"]


@pytest.mark.parametrize(
    "id_", ["a/b", "a/../b", "?x=1", "#f", "%2e%2e", "%2F", "a\\b", "a b", "é", "...", "a;b", "\r\nX: y"]
)
def test_an_id_stays_one_segment_of_its_path(id_: str) -> None:
    """Ids may come from a CSV or from an answer."""

    async def scenario() -> bytes:
        async with stage(ok()) as on:
            await on.client.request(Endpoint("GET", "/people/{person_id}/features", "scope").at(person_id=id_))
            raw: bytes = on.script.requests[0].url.raw_path
            return raw

    head, segment, tail = run(scenario()).decode("ascii").removeprefix("/v1/").split("/")
    assert (head, tail) == ("people", "features")
    assert httpx.URL(f"https://x/{segment}").path == f"/{id_}"


def test_a_padded_id_goes_as_it_is() -> None:
    """A path may hold `=`, and a server that does not decode `%3D` would know no such id."""
    assert Endpoint("GET", "/people/{person_id}", "scope").at(person_id="Y2lzY28=").path == "/people/Y2lzY28="


@pytest.mark.parametrize("id_", ["", ".", ".."])
def test_an_id_that_would_name_another_endpoint_is_refused(id_: str) -> None:
    """DELETE /groups/{id} without an id is not sent as DELETE /groups/."""
    with pytest.raises(ValueError, match="group_id is no id"):
        Endpoint("DELETE", "/groups/{group_id}", "scope").at(group_id=id_)
