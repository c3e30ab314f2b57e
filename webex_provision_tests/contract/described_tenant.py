"""A tenant that knows nothing but the published API description: a store of resources, shaped by its schemas.

It shares nothing with the sandbox. A POST to a collection makes a resource, lists and details show what was stored in
the shape that the description gives, PUT and PATCH merge, DELETE removes; a request that the description does not
allow is refused. What a description cannot say (licences are granted to people, numbers have owners) stands in
`described_rules`.
"""

import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any
from urllib.parse import parse_qsl, urlencode, urlsplit

from webex_provision_tests.contract.described_shapes import Facts, Schema, Shapes, new_id

LARGEST_PAGE = 3
PAGING = frozenset({"max", "start", "count", "startIndex", "cursor", "orgId"})
SCIM_EQUALS = re.compile(r'(\w+) eq "(.*)"')


class Refused(Exception):
    """Answered with this status."""

    def __init__(self, status: int, message: str) -> None:
        super().__init__(message)
        self.status = status


@dataclass
class Resource:
    """Something with an id: its kind (the last word of its collection), its collections, what is known of it."""

    kind: str
    collections: set[str]
    facts: Facts

    @property
    def name(self) -> str:
        return str(self.facts.get("name") or self.facts.get("displayName") or "")


@dataclass
class Asked:
    """A request, as the description sees it."""

    method: str
    template: str
    operation: Schema
    ids: dict[str, str]
    query: dict[str, str]
    body: Any
    status: int = 200
    schema: Schema = field(default_factory=dict)
    following: dict[str, str] | None = None  # the query of the next page

    @property
    def word(self) -> str:
        """The last word of the path."""
        return next(part for part in reversed(self.template.split("/")) if not part.startswith("{"))

    @property
    def is_detail(self) -> bool:
        return self.template.endswith("}")

    @property
    def owner(self) -> str:
        """The last id in the path."""
        return list(self.ids.values())[-1] if self.ids else ""


Rule = Callable[["DescribedTenant", Asked], Facts | None]


class DescribedTenant:
    """Answers requests; `rules` go first, `fixed` are settings that the organisation has from the start."""

    def __init__(self, contract: Any, rules: Mapping[tuple[str, str], Rule], fixed: Mapping[str, Facts]) -> None:
        self.contract, self.rules, self.fixed = contract, rules, fixed
        self.shapes = Shapes(contract.doc)
        self.resources: dict[str, Resource] = {}
        self.settings: dict[tuple[str, str], Facts] = {}
        self.inventory: dict[str, Facts] = {}

    def add(self, collection: str, kind: str, **facts: Any) -> str:
        """A resource that is there from the start; its id."""
        resource_id = new_id(kind)
        word = collection.rsplit("/", 1)[1]
        self.resources[resource_id] = Resource(word, {collection}, {"id": resource_id, **facts})
        return resource_id

    def answer(self, method: str, url: str, body: Any) -> tuple[int, Any, str | None]:
        """Status, body and the path of the next page, if there is one; raises Refused."""
        asked = self._asked(method, url, body)
        for name, value in asked.ids.items():
            if name.endswith("Id") and value not in self.resources:
                raise Refused(404, f"{name} {value} not found")
        rule = self.rules.get((method, asked.template))
        facts = rule(self, asked) if rule is not None else self._done(asked)
        if not asked.schema or asked.status == 204:
            return asked.status, None, None
        following = f"{urlsplit(url).path}?{urlencode(asked.following)}" if asked.following else None
        return asked.status, self.shapes.filled(asked.schema, facts or {}), following

    def _asked(self, method: str, url: str, body: Any) -> Asked:
        template, operation = self.contract.find(method, url)
        if operation is None:
            raise Refused(404, f"{method} {url} is not described")
        split = urlsplit(url)
        parts = zip(template.split("/"), split.path.removeprefix("/v1").split("/"), strict=True)
        ids = {word[1:-1]: value for word, value in parts if word.startswith("{")}
        asked = Asked(method, template, operation, ids, dict(parse_qsl(split.query)), body)
        asked.status = min(int(status) for status in operation["responses"] if status.startswith("2"))
        content = operation["responses"][str(asked.status)].get("content", {})
        asked.schema = next((media["schema"] for name, media in content.items() if "json" in name), {})
        return asked

    # What any resource can do

    def _done(self, asked: Asked) -> Facts:
        if asked.method == "POST":
            return self._posted(asked)
        if asked.method == "DELETE":
            del self.resources[asked.owner]
            return {}
        if asked.method in {"PUT", "PATCH"}:
            self._change(asked)
            return self.resources[asked.owner].facts if asked.is_detail else {}
        if asked.is_detail:
            return self.related(self.resources[asked.owner].facts)
        return self._listed(asked) if self._is_list(asked) else self._setting(asked)

    def _posted(self, asked: Asked) -> Facts:
        known = self.resources.get(asked.body.get("id", "") if isinstance(asked.body, dict) else "")
        query = {name: value == "true" for name, value in asked.query.items() if value in {"true", "false"}}
        if known is not None:
            known.facts |= asked.body
            known.collections.add(asked.template)
            return known.facts
        if "id" not in self.shapes.plain(asked.schema or {"type": "object"}).get("properties", {}):
            return {}
        made = self.add(asked.template, _kind(asked.word), **asked.ids, **query, **asked.body)
        return self.related(self.resources[made].facts)

    def _change(self, asked: Asked) -> None:
        if asked.is_detail:
            self.resources[asked.owner].facts = merged(self.resources[asked.owner].facts, asked.body)
        else:
            place = (asked.owner, asked.word)
            self.settings[place] = merged(self.settings.get(place, {}), asked.body)

    def _is_list(self, asked: Asked) -> bool:
        if self.shapes.list_member(asked.schema) is None:
            return False
        parameters = {parameter["name"] for parameter in asked.operation.get("parameters", ())}
        details = re.compile(re.escape(asked.template) + r"/\{[^/]*\}\Z")
        return "max" in parameters or any(details.match(template) for template in self.contract.doc["paths"])

    def _setting(self, asked: Asked) -> Facts:
        """What was put there; else what the resource above was made with under that name; else what is fixed."""
        above = self.resources.get(asked.owner)
        if above is not None and asked.word in above.facts:
            return {asked.word: above.facts[asked.word]}
        return self.settings.get((asked.owner, asked.word)) or dict(self.fixed.get(asked.template, {}))

    def _listed(self, asked: Asked) -> Facts:
        creatable = "post" in self.contract.doc["paths"][asked.template]
        rows = [
            self.related(resource.facts)
            for resource in self.resources.values()
            if resource.kind == asked.word
            and (not creatable or asked.template in resource.collections)
            and asked.ids.items() <= resource.facts.items()
        ]
        return self.page(asked, rows)

    def page(self, asked: Asked, rows: list[Facts]) -> Facts:
        """A page of the rows that the query asks for, under the name that the description gives to the list."""
        member = str(self.shapes.list_member(asked.schema))
        chosen, query = [row for row in rows if _fits(row, asked.query)], asked.query
        if "startIndex" in query:  # as SCIM counts: from 1, to a total, without links
            start = int(query["startIndex"]) - 1
            return {member: chosen[start : start + LARGEST_PAGE], "totalResults": len(chosen)}
        start = int(query.get("cursor", query.get("start", 0)))
        if "max" in query and start + LARGEST_PAGE < len(chosen):
            asked.following = {**query, "cursor": str(start + LARGEST_PAGE)}
        return {member: chosen[start : start + LARGEST_PAGE] if "max" in query else chosen[start:]}

    def related(self, facts: Facts) -> Facts:
        """With the names of the resources that it refers to by id."""
        shown = dict(facts)
        for name, value in facts.items():
            other = self.resources.get(value) if name.endswith("Id") and isinstance(value, str) else None
            if other is not None:
                word = name.removesuffix("Id")
                shown |= {f"{word}Name": other.name, word: {"id": value, "name": other.name}}
        return shown


def merged(held: Facts, given: Facts) -> Facts:
    """`given` over `held`, objects inside objects too; lists are replaced."""
    whole: Facts = {}
    waiting = [(whole, held, given)]
    while waiting:
        target, old, new = waiting.pop()
        target.update(old | new)
        for name, value in new.items():
            if isinstance(value, dict) and isinstance(old.get(name), dict):
                target[name] = {}
                waiting.append((target[name], old[name], value))
    return whole


def _kind(word: str) -> str:
    return re.sub(r"(?<=[a-z])(?=[A-Z])", "_", word).upper().removesuffix("S")


def _fits(row: Facts, query: dict[str, str]) -> bool:
    """Whether a row has what the query asks for, as far as the query speaks of what rows have."""
    for name, value in query.items():
        if name in PAGING:
            continue
        scim = SCIM_EQUALS.fullmatch(value) if name == "filter" else None
        wanted, asked = (scim[1], scim[2]) if scim else (name, value)
        key = wanted if wanted in row else next((own for own in row if wanted.lower().endswith(own.lower())), None)
        if key is None:
            if value == "true" or wanted in {"mac", "personId", "workspaceId"}:
                return False
            continue
        if asked.casefold() not in str(row[key]).casefold():
            return False
    return True
