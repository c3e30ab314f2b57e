"""A request and an answer as plain data: what `actions` builds, `webex` sends and `engine` judges.

No HTTP library here. Paths are relative to WEBEX_BASE_URL and start with a slash.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any
from urllib.parse import quote


@dataclass(frozen=True, slots=True)
class Endpoint:
    """One operation of the Webex API, named once: method, path template and the scope that it needs."""

    method: str
    path: str
    scope: str

    def at(
        self,
        *,
        params: Mapping[str, str | int] | None = None,
        json: Any = None,
        **ids: str,
    ) -> "ApiRequest":
        """The request to this endpoint; `ids` fill the braces of the path and are percent-encoded.

        All but `=`, in which padded ids end: a path may hold it, and some servers do not decode what is encoded.

        Raises ValueError for an id that would make another endpoint of the path: none at all, `.` and `..`.
        """
        if wrong := [name for name, value in ids.items() if value in {"", ".", ".."}]:
            raise ValueError(f"{self}: {wrong[0]} is no id")
        path = self.path.format(**{name: quote(value, safe="=") for name, value in ids.items()})
        return ApiRequest(self.method, path, dict(params or {}), json, endpoint=self)

    def __str__(self) -> str:
        return f"{self.method} {self.path}"


@dataclass(frozen=True, slots=True)
class ApiRequest:
    """One call. `json` is None for no body, bytes for one that is no JSON; `headers` add to those of the client.

    `endpoint` is the operation that it was built from.
    """

    method: str
    path: str
    params: Mapping[str, str | int] = field(default_factory=dict)
    # Not in its repr, which may stand in a traceback: it may hold the password of a trunk.
    json: Any = field(default=None, repr=False)
    headers: Mapping[str, str] = field(default_factory=dict)
    endpoint: Endpoint | None = field(default=None, compare=False, repr=False)

    @property
    def family(self) -> str:
        """The endpoint family that shares one rate limit; see `webex.pacing`."""
        return endpoint_family(self.method, self.path)

    def __str__(self) -> str:
        return f"{self.method} {self.path}"


def endpoint_family(method: str, path: str) -> str:
    """Which rate limit a call counts against.

    Webex publishes no exact grouping; limits hold per user and per endpoint ("to the same endpoint", REST API
    Basics), so the families follow the first segments of the path, reads apart from writes under telephony.
    """
    head = path.partition("?")[0].lstrip("/").split("/", 1)[0]
    if head in {"people", "licenses"}:
        return "people"
    if head == "telephony":
        return "telephony-read" if method == "GET" else "telephony-write"
    if head in {"locations", "workspaces", "devices"}:
        return "places"
    return "identity"


def minutes_needed(families: Mapping[str, int], calls_per_minute: float) -> float:
    """How long calls, counted by family, take at least where each family may have so many a minute."""
    return max(families.values(), default=0) / calls_per_minute


@dataclass(frozen=True, slots=True)
class ErrorBody:
    """What a Webex error answer says, whichever of its shapes it came in."""

    codes: tuple[str, ...] = ()
    message: str = ""


@dataclass(frozen=True, slots=True)
class Answer:
    """A final HTTP answer: `json` is None when the body was empty; header names are lower case."""

    status: int
    json: Any = None
    headers: Mapping[str, str] = field(default_factory=dict)
    error: ErrorBody = field(default_factory=ErrorBody)
    tracking_id: str = ""
    sends: int = 1

    @property
    def ok(self) -> bool:
        """Whether the status is a 2xx."""
        return 200 <= self.status < 300
