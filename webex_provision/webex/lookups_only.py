"""A client that can't change a tenant: the one place through which every call of a plan or a verification leaves."""

import re
from collections.abc import Awaitable, Callable, Iterable
from typing import Any

from webex_provision.clock import Clock
from webex_provision.config import Settings
from webex_provision.webex.connection_client import WebexClient
from webex_provision.webex.credentials import Credential
from webex_provision.wire import Answer, ApiRequest, Endpoint


class ChangeRefused(Exception):
    """Something asked for a call that might change the tenant, where only look-ups are allowed; it was not sent."""

    def __init__(self, request: ApiRequest) -> None:
        super().__init__(f"{request} is no look-up and was not sent")


class LookupsOnlyClient(WebexClient):
    """Sends GETs, and requests to the endpoints of `questions`: POSTs that only ask and are declared so.

    Everything else raises ChangeRefused before a byte leaves.
    """

    def __init__(self, settings: Settings, clock: Clock, *, questions: Iterable[Endpoint], transport: Any = None):
        super().__init__(settings, clock, transport=transport)
        self._questions = [(endpoint.method, _shape(endpoint)) for endpoint in questions]

    async def request(
        self,
        request: ApiRequest,
        *,
        repeatable: bool = True,
        before_send: Callable[[], Awaitable[None]] | None = None,
        credential: Credential | None = None,
    ) -> Answer:
        """As `WebexClient.request`; raises ChangeRefused besides."""
        if request.method != "GET" and not any(
            request.method == method and shape.fullmatch(request.path) for method, shape in self._questions
        ):
            raise ChangeRefused(request)
        return await super().request(request, repeatable=repeatable, before_send=before_send, credential=credential)


def _shape(endpoint: Endpoint) -> re.Pattern[str]:
    """The paths of an endpoint: each of its braces holds one segment."""
    parts = re.split(r"\{\w+\}", endpoint.path)
    return re.compile("[^/?]+".join(re.escape(part) for part in parts))
