"""What is uncertain about every list and every success: played on a whole site, which ends as it does undisturbed."""

from collections.abc import Callable, Iterator
from typing import Any

from webex_provision.sandbox.answers import Reply, WebexError
from webex_provision.sandbox.routing import Call, Handler
from webex_provision.sandbox.tenant import Quirks
from webex_provision_tests.contract.rows import LATE, first_rows
from webex_provision_tests.promises.answers import Answer, Rule, Uncertainty, asks, plays, says

SITE = tuple(row for row in first_rows() if LATE not in row.values())
_FILTERS = ("name", "displayName", "email", "dialPlanName", "trunkName", "routeGroupName", "phoneNumber", "ownerName")
_SIZES = ("max", "count")


def _site(name: str, what: str, **answers: Answer) -> Uncertainty:
    named = {said.replace("_", " "): answer for said, answer in answers.items()}
    return Uncertainty(name=name, what=what, rows=SITE, answers=named)


def _as_ever(*rules: Rule, **more: Any) -> Answer:
    return plays(*rules, ends=None, **more)


def _no_large_numbers(call: Call, handler: Handler) -> Reply:
    if any(int(call.query.get(size, "1")) > 100 for size in _SIZES):
        raise WebexError(422, "ensure this value is less than or equal to 100")
    return handler(call)


def _no_large_pages(call: Call, handler: Handler) -> Reply:
    if any(int(call.query.get(size, "1")) > 100 for size in _SIZES):
        raise WebexError(400, "Invalid page size", 25024)
    return handler(call)


def _small_pages(query: dict[str, str]) -> dict[str, str]:
    return query | {size: "3" for size in _SIZES if size in query}


def _texts(item: Any) -> Iterator[str]:
    for value in item.values() if isinstance(item, dict) else [item]:
        if isinstance(value, str):
            yield value
        elif isinstance(value, list):
            yield from (entry for entry in value if isinstance(entry, str))


def _filtered(matching: Callable[[str, str], bool]) -> Rule:
    """Filters match otherwise than in the sandbox, which knows parts of names in whatever case."""

    def change(call: Call, reply: Reply) -> None:
        asked = [call.query[name] for name in _FILTERS if name in call.query]
        for name, items in reply.body.items() if asked and isinstance(reply.body, dict) else ():
            if isinstance(items, list):
                found = [item for item in items if any(matching(text, asked[0]) for text in _names_of(item))]
                reply.body[name] = found

    return says("GET", ".", change)


def _names_of(item: Any) -> Iterator[str]:
    yield from _texts(item)
    if isinstance(item, dict):
        yield f"{item.get('firstName', '')} {item.get('lastName', '')}".strip()


def _ignored(query: dict[str, str]) -> dict[str, str]:
    return {name: value for name, value in query.items() if name not in _FILTERS}


def _spelt(call: Call, reply: Reply) -> None:
    """A dash after the country code, as some answers have it."""
    del call
    for item in reply.body["phoneNumbers"]:
        if item.get("phoneNumber"):
            item["phoneNumber"] = f"{item['phoneNumber'][:3]}-{item['phoneNumber'][3:]}"


def _without_plus(call: Call, reply: Reply) -> None:
    del call
    for item in reply.body["phoneNumbers"]:
        if item.get("phoneNumber"):
            item["phoneNumber"] = item["phoneNumber"].removeprefix("+")


def _status(change: dict[int, int]) -> Rule:
    def told(_: Call, reply: Reply) -> Reply:
        return Reply(change.get(reply.status, reply.status), reply.body, reply.headers)

    return says("POST|PUT|DELETE", "^(?!/devices$)", told)  # a phone that is made with 200 has a body


UNCERTAINTIES = (
    _site(
        "largest page of a list",
        "No source gives the largest page of most lists, nor what happens beyond it.",
        large_enough=_as_ever(),
        refused_beyond_a_hundred=_as_ever(Rule("GET", ".", _no_large_pages)),
        refused_by_422=_as_ever(Rule("GET", ".", _no_large_numbers)),
        cut_down=_as_ever(asks("GET", ".", _small_pages)),
    ),
    _site(
        "filter of a list",
        "Whether a filter matches the whole name, its start, any part, and in whatever case.",
        any_part=_as_ever(),
        the_whole_as_written=_as_ever(_filtered(lambda text, asked: text == asked)),
        its_start=_as_ever(_filtered(lambda text, asked: text.casefold().startswith(asked.casefold()))),
        ignored=_as_ever(asks("GET", ".", _ignored)),
    ),
    _site(
        "status of a success",
        "Sources differ on 200, 201 and 204 for creates and changes.",
        as_described=_as_ever(),
        always_200=_as_ever(_status({201: 200, 204: 200})),
        changes_204=_as_ever(says("PUT|PATCH", "^(?!/licenses/)", lambda *_: Reply(204, None))),
        creates_201=_as_ever(
            says(
                "POST",
                "/(queues|huntGroups|workspaces|groups|devices)$",
                lambda _, reply: Reply(201 if reply.status == 200 else reply.status, reply.body),
            )
        ),
    ),
    _site(
        "how soon lists show what was made",
        "A list may show a new object at once or only after some seconds.",
        at_once=_as_ever(),
        after_ten_seconds=_as_ever(quirks=Quirks(list_lag_seconds=10)),
    ),
    _site(
        "spelling of a number",
        "Whether lists show numbers with a dash after the country code.",
        bare=_as_ever(),
        dashed=_as_ever(says("GET", "^/telephony/config/numbers$", _spelt)),
        without_plus=_as_ever(says("GET", "^/telephony/config/numbers$", _without_plus)),
    ),
    _site(
        "callingData of people",
        "Whether a list of people with calling data is answered at all when its pages are not tiny.",
        answered=_as_ever(),
        times_out=_as_ever(quirks=Quirks(calling_data_times_out=True)),
    ),
)
