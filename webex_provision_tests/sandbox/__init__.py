"""The simulated tenant, tested through its own wire; `Api` is the client that these tests use."""

import asyncio
from collections.abc import Coroutine
from typing import Any

import httpx

from webex_provision.clock import Clock
from webex_provision.sandbox import Sandbox, SandboxConfig, Tenant
from webex_provision.sandbox.seeding import add_location
from webex_provision_tests.sandbox.in_process import SandboxTransport
from webex_provision_tests.virtual_clock import VirtualClock

TOKEN = "token-for-tests"


class Api:
    """Calls a sandbox in this process; paths are below /v1 unless they start with /sandbox."""

    def __init__(self, sandbox: Sandbox, token: str = TOKEN) -> None:
        self.sandbox = sandbox
        self.headers = {"Authorization": f"Bearer {token}"} if token else {}

    def __call__(self, method: str, path: str, json: Any = None, **kwargs: Any) -> httpx.Response:
        return asyncio.run(self._send(method, path, json=json, **kwargs))

    def together(self, *calls: tuple[str, str]) -> list[httpx.Response]:
        """Several calls in flight at once."""

        async def send_all() -> list[httpx.Response]:
            return list(await asyncio.gather(*(self._send(method, path) for method, path in calls)))

        return asyncio.run(send_all())

    def _send(self, method: str, path: str, **kwargs: Any) -> Coroutine[Any, Any, httpx.Response]:
        async def send() -> httpx.Response:
            transport = SandboxTransport(self.sandbox)
            async with httpx.AsyncClient(transport=transport, base_url="http://sandbox.test") as client:
                prefix = "" if path.startswith("/sandbox") else "/v1"
                if kwargs.get("json") is None:
                    kwargs.pop("json", None)
                return await client.request(method, prefix + path, headers=self.headers, **kwargs)

        return send()

    def get(self, path: str, **params: Any) -> httpx.Response:
        return self("GET", path, params=params)

    def walk(self, path: str, key: str, **params: Any) -> list[Any]:
        """Every item of a list, by its Link headers."""
        reply = self.get(path, **params)
        items = list(reply.json()[key])
        for _ in range(1000):
            following = reply.links.get("next")
            if following is None:
                return items
            reply = self("GET", following["url"].removeprefix("http://sandbox.test/v1"))
            items += reply.json()[key]
        raise AssertionError("the list has no end")


class Site:
    """A tenant with Madrid (calling, four numbers), Lisbon (no calling) and three people, none with calling."""

    def __init__(self, config: SandboxConfig | None = None, clock: Clock | None = None) -> None:
        self.clock = clock or VirtualClock()
        self.tenant = Tenant.with_people(
            ["Ana.Lopez@example.com", "bo@example.com", "cy@example.com"], clock=self.clock
        )
        numbers = [f"+3491000000{digit}" for digit in range(4)]
        self.madrid = add_location(self.tenant, "Madrid", numbers=numbers)["id"]
        self.lisbon = add_location(self.tenant, "Lisbon", calling=False)["id"]
        self.numbers = numbers
        self.sandbox = Sandbox(config, tenant=self.tenant)
        self.api = Api(self.sandbox)
        self.ana, self.bo, self.cy = self.tenant.table("people").rows

    def license(self, name: str = "Professional") -> str:
        return str(self.tenant.license(f"Webex Calling - {name}")["id"])

    def enable(self, person: str, license_name: str = "Professional", **properties: str) -> httpx.Response:
        """Give a person calling in Madrid."""
        wish = {"locationId": self.madrid, **properties}
        operation = {"id": self.license(license_name), "operation": "add", "properties": wish}
        return self.api("PATCH", "/licenses/users", {"personId": person, "licenses": [operation]})

    def workspace(self, name: str, **calling: Any) -> httpx.Response:
        """Create a workspace in Madrid."""
        body: dict[str, Any] = {"displayName": name, "locationId": self.madrid}
        if calling:
            body["calling"] = {"type": "webexCalling", "webexCalling": {"locationId": self.madrid, **calling}}
        return self.api("POST", "/workspaces", body)


def code(reply: httpx.Response) -> int | str | None:
    """The Webex error code of a refusal in the common shape."""
    body = reply.json()
    assert body["message"] == body["errors"][0]["description"]
    assert body["trackingId"] == reply.headers["Trackingid"]
    found: int | str | None = body["errors"][0].get("errorCode")
    return found
