"""Answers shaped by the published API description alone: what is known, and whatever else is required."""

import base64
import uuid
from collections.abc import Iterator
from typing import Any

Schema = dict[str, Any]
Facts = dict[str, Any]

MOST_NODES = 100_000
_NOTHING = object()
_CHOICES = ("anyOf", "oneOf")


def new_id(kind: str) -> str:
    """An id as the service makes them: base64 of a URI, without padding."""
    text = f"ciscospark://us/{kind}/{uuid.uuid4()}"
    return base64.b64encode(text.encode()).decode().rstrip("=")


class Shapes:
    """Fills the schemas of one description."""

    def __init__(self, document: Schema) -> None:
        self._schemas: dict[str, Schema] = document["components"]["schemas"]

    def plain(self, schema: Schema) -> Schema:
        """A schema without references and alternatives: the first of several, all parts of a whole."""
        for _ in range(MOST_NODES):
            choice = next((name for name in _CHOICES if name in schema), None)
            if "$ref" in schema:
                schema = self._schemas[schema["$ref"].rsplit("/", 1)[1]]
            elif choice is not None and "properties" not in schema:
                schema = schema[choice][0]
            else:
                return self._whole(schema) if "allOf" in schema else schema
        raise RuntimeError("references without end")

    def _whole(self, schema: Schema) -> Schema:
        parts = [schema, *(self.plain(part) for part in schema["allOf"])]
        properties = {name: sub for part in parts for name, sub in part.get("properties", {}).items()}
        required = [name for part in parts for name in part.get("required", ())]
        return {"type": "object", "properties": properties, "required": required}

    def filled(self, schema: Schema, known: Any) -> Any:
        """A value of the schema: what is known of it, nothing that it does not describe, all that it requires."""
        holder: dict[str, Any] = {}
        waiting: list[tuple[Any, Any, Schema, Any]] = [(holder, "value", schema, known)]
        for _ in range(MOST_NODES):
            if not waiting:
                return holder["value"]
            target, key, part, fact = waiting.pop()
            plain = self.plain(part)
            if "properties" in plain:
                target[key] = {}
                waiting.extend((target[key], *inner) for inner in self._members(plain, fact))
            elif "items" in plain:
                facts = fact if isinstance(fact, list) else []
                target[key] = [None] * len(facts)
                waiting.extend((target[key], place, plain["items"], inner) for place, inner in enumerate(facts))
            else:
                target[key] = _scalar(plain, key) if fact is _NOTHING else fact
        raise RuntimeError("a shape without end")

    def _members(self, schema: Schema, fact: Any) -> Iterator[tuple[str, Schema, Any]]:
        facts = self._object(schema, fact)
        for name, part in schema["properties"].items():
            if facts.get(name) is not None:
                yield name, part, facts[name]
            elif name in schema.get("required", ()):
                yield name, part, _NOTHING

    def _object(self, schema: Schema, fact: Any) -> Facts:
        """Where an object is described and only an id is known, the id goes where the description has one."""
        if isinstance(fact, dict):
            return fact
        if not isinstance(fact, str):
            return {}
        if "id" in schema["properties"]:
            return {"id": fact}
        inner = {name: self.plain(part).get("properties", {}) for name, part in schema["properties"].items()}
        return next(({name: {"id": fact}} for name, members in inner.items() if "id" in members), {})

    def list_member(self, schema: Schema) -> str | None:
        """Under which name a list's answer holds its objects."""
        members = self.plain(schema).get("properties", {})
        for name, part in members.items():
            items = self.plain(part).get("items")
            if items is not None and "properties" in self.plain(items):
                return str(name)
        return None


def _scalar(schema: Schema, name: Any) -> Any:
    if schema.get("enum"):
        return schema["enum"][0]
    if str(name) == "id" or str(name).endswith("Id"):
        return new_id("UNKNOWN")
    return {"boolean": False, "number": 0, "integer": 0, "string": "", "array": []}.get(schema.get("type", ""), {})
