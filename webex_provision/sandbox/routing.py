"""From a method and path to the handler that answers, in a time that does not grow with the number of routes."""

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field
from typing import Any

from webex_provision.sandbox.answers import Reply, WebexError, cursor_of, next_link, page_of, position_of, whole
from webex_provision.sandbox.tenant import Tenant


@dataclass(slots=True)
class Call:
    """One request on its way to a handler.

    `ids` are the parts of the path in braces, `body` the parsed JSON (None when there was none), `token` a short
    name of the caller's token, `withhold` a fault's wish that licences be answered for but not granted.
    """

    tenant: Tenant
    method: str
    path: str
    query: Mapping[str, str] = field(default_factory=dict)
    body: Any = None
    ids: dict[str, str] = field(default_factory=dict)
    base_url: str = ""
    token: str = ""
    withhold: bool = False

    def flag(self, name: str) -> bool:
        """Whether a query parameter says true."""
        return self.query.get(name, "").lower() == "true"

    def pages(self, key: str, items: Iterable[Any], *, default: int, largest: int) -> Reply:
        """A page of a list that honours `start` and `max` and also gives a Link (most telephony lists)."""
        count = whole(self.query, "max", default, largest)
        start = whole(self.query, "start", 0, 10**9)
        chosen, more = page_of(items, start, count)
        link = {}
        if more:
            changed = {"start": str(start + count), "max": str(count)}
            link = next_link(self.base_url, self.path, self.query, changed)
        return Reply(200, {key: chosen}, link)

    def cursor_pages(
        self, key: str, items: Iterable[Any], *, default: int, largest: int, size: str = "max", cursor: str = "cursor"
    ) -> Reply:
        """A page of a list that knows only its own cursor: `start` is ignored, as seen live."""
        count = whole(self.query, size, default, largest)
        start = position_of(self.query.get(cursor))
        chosen, more = page_of(items, start, count)
        link = {}
        if more:
            changed = {cursor: cursor_of(start + count), size: str(count)}
            link = next_link(self.base_url, self.path, self.query, changed)
        return Reply(200, {key: chosen}, link)


Handler = Callable[[Call], Reply]


class Routes:
    """The routes of one domain, collected by decorators; paths are relative to /v1."""

    def __init__(self) -> None:
        self.entries: list[tuple[str, str, Handler]] = []

    def add(self, method: str, path: str, handler: Handler) -> None:
        """Answer `method` on `path` with `handler`."""
        self.entries.append((method, path, handler))

    def get(self, path: str) -> Callable[[Handler], Handler]:
        """Decorate the handler of a GET."""
        return self._decorator("GET", path)

    def post(self, path: str) -> Callable[[Handler], Handler]:
        """Decorate the handler of a POST."""
        return self._decorator("POST", path)

    def put(self, path: str) -> Callable[[Handler], Handler]:
        """Decorate the handler of a PUT."""
        return self._decorator("PUT", path)

    def patch(self, path: str) -> Callable[[Handler], Handler]:
        """Decorate the handler of a PATCH."""
        return self._decorator("PATCH", path)

    def delete(self, path: str) -> Callable[[Handler], Handler]:
        """Decorate the handler of a DELETE."""
        return self._decorator("DELETE", path)

    def _decorator(self, method: str, path: str) -> Callable[[Handler], Handler]:
        def register(handler: Handler) -> Handler:
            self.add(method, path, handler)
            return handler

        return register


class _Node:
    """One segment of a path: named children, one child for a part in braces, handlers by method."""

    __slots__ = ("any", "handlers", "named")

    def __init__(self) -> None:
        self.named: dict[str, _Node] = {}
        self.any: _Node | None = None
        self.handlers: dict[str, tuple[Handler, tuple[str, ...]]] = {}


class RouteTree:
    """All routes as a tree of path segments; a named segment wins over one in braces."""

    def __init__(self, domains: Iterable[Routes]) -> None:
        self._root = _Node()
        for routes in domains:
            for method, path, handler in routes.entries:
                self._add(method, path, handler)

    def _add(self, method: str, path: str, handler: Handler) -> None:
        node, names = self._root, []
        for segment in path.strip("/").split("/"):
            if segment.startswith("{"):
                names.append(segment[1:-1])
                node.any = node.any or _Node()
                node = node.any
            else:
                node = node.named.setdefault(segment, _Node())
        if method in node.handlers:
            raise ValueError(f"two handlers for {method} {path}")
        node.handlers[method] = (handler, tuple(names))

    def find(self, method: str, path: str) -> tuple[Handler, dict[str, str]]:
        """The handler and the ids in the path; 404 for an unknown path, 405 for a method that it does not know."""
        node, values = self._root, []
        for segment in path.strip("/").split("/"):
            following = node.named.get(segment)
            if following is None and node.any is not None and segment:
                following = node.any
                values.append(segment)
            if following is None:
                raise WebexError(404, f"No static resource {path.strip('/')}.")
            node = following
        if not node.handlers:
            raise WebexError(404, f"No static resource {path.strip('/')}.")
        found = node.handlers.get(method)
        if found is None:
            allow = {"Allow": ", ".join(sorted(node.handlers))}
            raise WebexError(405, f"Request method '{method}' is not supported", headers=allow)
        handler, names = found
        return handler, dict(zip(names, values, strict=True))
