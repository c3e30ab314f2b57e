"""The sandbox without a socket, for httpx in the same process: also under a clock whose hours pass at once."""

import httpx

from webex_provision.sandbox.app import Sandbox


class SandboxTransport(httpx.AsyncBaseTransport):
    """An httpx transport that leads into a sandbox; a torn connection or missing answer is httpx's own error."""

    def __init__(self, sandbox: Sandbox) -> None:
        self._inner = httpx.ASGITransport(app=sandbox.app)

    async def handle_async_request(self, request: httpx.Request) -> httpx.Response:
        """One exchange."""
        try:
            return await self._inner.handle_async_request(request)
        except ConnectionResetError as gone:
            raise httpx.ReadError(str(gone), request=request) from gone
        except TimeoutError as late:
            raise httpx.ReadTimeout(str(late), request=request) from late
