"""The operator's side of the sandbox, under /sandbox: what happened, what is there, what shall go wrong.

GET /sandbox, /sandbox/log?since=<seq>, /sandbox/state, /sandbox/faults. POST /sandbox/faults (the whole `Faults`),
/sandbox/reset (empty log, counts anew), /sandbox/people, /sandbox/licenses, /sandbox/promises. No token is asked.
"""

from collections.abc import Awaitable, Callable
from typing import TYPE_CHECKING

from pydantic import BaseModel, ConfigDict
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from webex_provision.sandbox.answers import dumps
from webex_provision.sandbox.faults import Faults

if TYPE_CHECKING:
    from webex_provision.sandbox.app import Sandbox

Answer = Callable[[Request], Awaitable[Response]]


class NewPerson(BaseModel):
    """Somebody whom LDAP has just synchronised."""

    model_config = ConfigDict(extra="forbid")

    email: str
    display_name: str = ""
    invite_pending: bool = False


class NewPeople(BaseModel):
    """The body of POST /sandbox/people."""

    model_config = ConfigDict(extra="forbid")

    people: list[NewPerson]


class Units(BaseModel):
    """The body of POST /sandbox/licenses."""

    model_config = ConfigDict(extra="forbid")

    name: str
    units: int


class Promise(BaseModel):
    """The body of POST /sandbox/promises: what a location gets when calling is enabled there."""

    model_config = ConfigDict(extra="forbid")

    location: str
    numbers: list[str] = []
    pstn: str = "LOCAL_GATEWAY"


def _json(content: object, status: int = 200) -> Response:
    return Response(dumps(content), status, media_type="application/json")


def control_routes(sandbox: "Sandbox") -> list[Route]:
    """The routes of the control API of one sandbox."""
    readers = _readers(sandbox)
    writers = _writers(sandbox)
    return [Route(path, _checked(answer), methods=["GET"]) for path, answer in readers.items()] + [
        Route(path, _checked(answer), methods=["POST"]) for path, answer in writers.items()
    ]


def _checked(answer: Answer) -> Answer:
    async def checked(request: Request) -> Response:
        try:
            return await answer(request)
        except (ValueError, KeyError) as broken:
            return _json({"message": str(broken)}, 400)

    return checked


def _readers(sandbox: "Sandbox") -> dict[str, Answer]:
    async def info(request: Request) -> Response:
        del request
        return _json(
            {
                "orgId": sandbox.tenant.org_id,
                "seed": sandbox.tenant.seed,
                "profile": sandbox.limiter.profile,
                "requests": sandbox.log.seq,
                "refused": sandbox.limiter.refused,
                "people": len(sandbox.tenant.table("people")),
            }
        )

    async def log(request: Request) -> Response:
        since = int(request.query_params.get("since", "0") or 0)
        return _json({"entries": [entry for entry in sandbox.log.entries if entry["seq"] > since]})

    async def state(request: Request) -> Response:
        del request
        return _json(sandbox.tenant.normalised())

    async def faults(request: Request) -> Response:
        del request
        counts = [rule.counts() for rule in sandbox.faults.rules]
        return _json({"faults": sandbox.faults.model_dump(mode="json"), "counts": counts})

    return {"/sandbox": info, "/sandbox/log": log, "/sandbox/state": state, "/sandbox/faults": faults}


def _writers(sandbox: "Sandbox") -> dict[str, Answer]:
    async def faults(request: Request) -> Response:
        sandbox.set_faults(Faults.model_validate_json(await request.body()))
        return _json({"rules": len(sandbox.faults.rules)})

    async def reset(request: Request) -> Response:
        del request
        sandbox.log.clear()
        sandbox.set_faults(sandbox.faults)
        return _json({"seq": sandbox.log.seq})

    async def people(request: Request) -> Response:
        added = NewPeople.model_validate_json(await request.body()).people
        records = [
            sandbox.tenant.add_person(
                person.email, display_name=person.display_name, invite_pending=person.invite_pending
            )
            for person in added
        ]
        return _json({"ids": [record["id"] for record in records]})

    async def licenses(request: Request) -> Response:
        wish = Units.model_validate_json(await request.body())
        sandbox.tenant.set_license_units(wish.name, wish.units)
        sandbox.tenant.changes += 1
        return _json({"name": wish.name, "units": wish.units})

    async def promises(request: Request) -> Response:
        wish = Promise.model_validate_json(await request.body())
        sandbox.tenant.promise(wish.location, wish.numbers, pstn=wish.pstn)
        sandbox.tenant.changes += 1
        return _json({"location": wish.location, "numbers": len(wish.numbers)})

    return {
        "/sandbox/faults": faults,
        "/sandbox/reset": reset,
        "/sandbox/people": people,
        "/sandbox/licenses": licenses,
        "/sandbox/promises": promises,
    }
