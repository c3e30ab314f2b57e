"""What the simulated service answers: replies, errors in its shapes, ids and pages."""

import base64
import binascii
import json
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any
from urllib.parse import quote, urlencode

Record = dict[str, Any]

ID_PREFIX = "ciscospark://us/"


@dataclass(slots=True)
class Reply:
    """An answer before it is put on the wire: `body` is encoded as JSON, None means no body."""

    status: int = 200
    body: Any = None
    headers: dict[str, str] = field(default_factory=dict)


class WebexError(Exception):
    """A refusal: raised by a handler, put on the wire as the JSON error body of the service.

    `code` is the Webex error code, None where the real answer carries none. `body` replaces the usual body.
    """

    def __init__(
        self,
        status: int,
        message: str,
        code: int | str | None = None,
        *,
        headers: Mapping[str, str] | None = None,
        body: Any = None,
    ) -> None:
        super().__init__(message)
        self.status = status
        self.message = message
        self.code = code
        self.headers = dict(headers or {})
        self.body = body

    def reply(self, tracking_id: str) -> Reply:
        """The answer that states this refusal."""
        body = self.body if self.body is not None else error_body(self.message, self.code, tracking_id)
        return Reply(self.status, body, dict(self.headers))


def error_body(message: str, code: int | str | None, tracking_id: str) -> Record:
    """The common error shape: message, errors with description and code, trackingId."""
    error: Record = {"description": message}
    if code is not None:
        error["errorCode"] = code
    return {"message": message, "errors": [error], "trackingId": tracking_id}


def missing(name: str) -> WebexError:
    """400/25008: a mandatory field is absent."""
    return WebexError(400, f"Missing Mandatory field name: {name}", 25008)


def invalid(name: str) -> WebexError:
    """400/25024: a field holds what the service does not accept."""
    return WebexError(400, f"Invalid field value: {name}", 25024)


def make_id(kind: str, uuid: str) -> str:
    """The public form of an id: unpadded base64 of `ciscospark://us/<KIND>/<uuid>`."""
    return base64.b64encode(f"{ID_PREFIX}{kind}/{uuid}".encode()).decode().rstrip("=")


def kind_of(public_id: str) -> str:
    """The resource type inside a public id, empty when it is not one."""
    try:
        text = base64.b64decode(public_id + "=" * (-len(public_id) % 4), validate=True).decode()
    except (binascii.Error, ValueError):
        return ""
    parts = text.removeprefix(ID_PREFIX).split("/")
    return parts[0] if text.startswith(ID_PREFIX) and len(parts) == 2 else ""


def not_found(public_id: str, kind: str) -> WebexError:
    """404 for an id of the right type that nothing has; 400 for one of another type or none at all."""
    found = kind_of(public_id)
    if found == kind:
        return WebexError(404, f"The requested resource could not be found: {kind}")
    return WebexError(400, f"Invalid id: expected {kind}, got {found or 'something that is not an id'}")


def dumps(body: Any) -> bytes:
    """JSON as the service sends it."""
    return json.dumps(body, separators=(",", ":"), ensure_ascii=False).encode()


def whole(query: Mapping[str, str], name: str, default: int, largest: int) -> int:
    """A query parameter that counts, clamped to `largest`; 400 when it is no such number."""
    text = query.get(name)
    if text is None:
        return default
    if not text.isascii() or not text.isdigit() or len(text) > 9 or (name != "start" and int(text) < 1):
        raise WebexError(400, f"Invalid query parameter: {name}")
    return min(int(text), largest)


def cursor_of(position: int) -> str:
    """An opaque cursor for the item at `position`."""
    return base64.urlsafe_b64encode(f"position:{position}".encode()).decode()


def position_of(cursor: str | None) -> int:
    """Where a cursor points; 400 for one that this service never gave."""
    if not cursor:
        return 0
    try:
        label, _, number = base64.urlsafe_b64decode(cursor).decode().partition(":")
        if label == "position":
            return int(number)
    except (binascii.Error, ValueError):
        pass
    raise WebexError(400, "Invalid cursor")


def next_link(base_url: str, path: str, query: Mapping[str, str], changed: Mapping[str, str]) -> dict[str, str]:
    """The Link header that leads to the next page."""
    parameters = urlencode({**query, **changed}, quote_via=quote)
    return {"Link": f'<{base_url}{path}?{parameters}>; rel="next"'}


def page_of(items: Sequence[Any] | Iterable[Any], start: int, count: int) -> tuple[list[Any], bool]:
    """`count` items from `start` on, and whether more follow."""
    if isinstance(items, list):
        return items[start : start + count], len(items) > start + count
    chosen: list[Any] = []
    for position, item in enumerate(items):
        if position >= start + count:
            return chosen, True
        if position >= start:
            chosen.append(item)
    return chosen, False
