"""Dial plans of the organisation. A pattern belongs to one plan; a create names those that it left out."""

import re
from collections.abc import Iterable
from typing import Literal

from webex_provision.sandbox.answers import Record, Reply, WebexError, invalid
from webex_provision.sandbox.bodies import Body, parse
from webex_provision.sandbox.routing import Call, Routes
from webex_provision.sandbox.tenant import Tenant
from webex_provision.sandbox.trunks import DIAL_PLANS, RouteType, check_new_name, named, route_target

routes = Routes()

PATTERN = re.compile(r"(\+[1-9][0-9]*(X*|!)|[0-9]+X*)\Z")
MOST_PATTERNS = 200  # how many fit into one request is in no source; so many were accepted


class PlanBody(Body):
    """The body of POST; PUT leaves the patterns alone."""

    name: str
    route_id: str
    route_type: RouteType
    dial_patterns: list[str] | None = None


class PatternChange(Body):
    """One change of a plan's patterns."""

    dial_pattern: str
    action: Literal["ADD", "DELETE"]


class PatternsBody(Body):
    """The body of PUT …/dialPatterns, a delta."""

    dial_patterns: list[PatternChange] | None = None
    delete_all_dial_patterns: bool | None = None


class ValidationBody(Body):
    """The body of the validation."""

    dial_patterns: list[str]


def _judged(tenant: Tenant, patterns: Iterable[str]) -> list[Record]:
    """The patterns that can't be added to a plan, and why."""
    held = {pattern for plan in tenant.table(DIAL_PLANS).rows.values() for pattern in plan["patterns"]}
    seen: set[str] = set()
    found = []
    for pattern in patterns:
        status = ""
        if not PATTERN.match(pattern):
            status = "INVALID"
        elif pattern in seen:
            status = "DUPLICATE_IN_LIST"
        elif pattern in held:
            status = "DUPLICATE"
        if status:
            found.append({"dialPattern": pattern, "patternStatus": status, "message": f"{status}: {pattern}"})
        seen.add(pattern)
    return found


def _shown(tenant: Tenant, plan: Record) -> Record:
    target = route_target(tenant, plan["routeType"], plan["routeId"])
    return {
        "id": plan["id"],
        "name": plan["name"],
        "routeId": plan["routeId"],
        "routeName": target["name"],
        "routeType": plan["routeType"],
    }


@routes.get("/telephony/config/premisePstn/dialPlans")
def list_dial_plans(call: Call) -> Reply:
    """Of the whole organisation; filter dialPlanName (contains); start and max."""
    reply = call.pages("dialPlans", named(call, DIAL_PLANS, "dialPlanName"), default=1000, largest=2000)
    reply.body["dialPlans"] = [_shown(call.tenant, plan) for plan in reply.body["dialPlans"]]
    return reply


@routes.post("/telephony/config/premisePstn/dialPlans")
def create_dial_plan(call: Call) -> Reply:
    """201 with the id, also when patterns were left out: dialPatternErrors names them. Patterns are plain strings."""
    tenant = call.tenant
    given = parse(PlanBody, call.body)
    check_new_name(tenant, DIAL_PLANS, given["name"])
    route_target(tenant, given["routeType"], given["routeId"])
    patterns = given.pop("dialPatterns", None) or []
    _check_count(patterns)
    errors = _judged(tenant, patterns)
    refused = {error["dialPattern"] for error in errors}
    plan: Record = {
        "id": tenant.new_id("DIAL_PLAN", given["name"]),
        **given,
        "patterns": sorted(set(patterns) - refused),
    }
    tenant.keep(DIAL_PLANS, plan, name=plan["name"], key=plan["name"])
    answer: Record = {"id": plan["id"]}
    return Reply(201, answer | {"dialPatternErrors": errors} if errors else answer)


def _check_count(patterns: list[str] | list[Record]) -> None:
    if len(patterns) > MOST_PATTERNS:
        raise invalid("dialPatterns")


def _plan(call: Call) -> Record:
    return call.tenant.get(DIAL_PLANS, call.ids["plan_id"], "DIAL_PLAN")


@routes.get("/telephony/config/premisePstn/dialPlans/{plan_id}")
def read_dial_plan(call: Call) -> Reply:
    """One plan without its patterns."""
    customer = {"id": call.tenant.org_id, "name": "Sandbox"}
    return Reply(200, _shown(call.tenant, _plan(call)) | {"customer": customer})


@routes.put("/telephony/config/premisePstn/dialPlans/{plan_id}")
def update_dial_plan(call: Call) -> Reply:
    """204; name and target are mandatory, the patterns stay."""
    tenant, plan = call.tenant, _plan(call)
    given = parse(PlanBody, call.body)
    given.pop("dialPatterns", None)
    check_new_name(tenant, DIAL_PLANS, given["name"], plan)
    route_target(tenant, given["routeType"], given["routeId"])
    tenant.table(DIAL_PLANS).rename(plan["id"], name=given["name"], old_key=plan["name"], key=given["name"])
    plan.update(given)
    return Reply(204)


@routes.delete("/telephony/config/premisePstn/dialPlans/{plan_id}")
def delete_dial_plan(call: Call) -> Reply:
    """204; its patterns become free."""
    plan = _plan(call)
    call.tenant.table(DIAL_PLANS).remove(plan["id"], key=plan["name"])
    return Reply(204)


@routes.get("/telephony/config/premisePstn/dialPlans/{plan_id}/dialPatterns")
def list_patterns(call: Call) -> Reply:
    """Plain strings; filter dialPattern (contains); start and max."""
    part = call.query.get("dialPattern", "")
    found = [pattern for pattern in _plan(call)["patterns"] if part in pattern]
    return call.pages("dialPatterns", found, default=1000, largest=1000)


@routes.put("/telephony/config/premisePstn/dialPlans/{plan_id}/dialPatterns")
def change_patterns(call: Call) -> Reply:
    """204; a delta, all or nothing: what is not named stays."""
    tenant, plan = call.tenant, _plan(call)
    given = parse(PatternsBody, call.body)
    changes = given.get("dialPatterns") or []
    _check_count(changes)
    kept = set() if given.get("deleteAllDialPatterns") else set(plan["patterns"])
    added = [change["dialPattern"] for change in changes if change["action"] == "ADD"]
    errors = _judged(tenant, added)
    if errors:
        raise WebexError(400, f"Dial pattern {errors[0]['message']}", 25024)
    kept -= {change["dialPattern"] for change in changes if change["action"] == "DELETE"}
    plan["patterns"] = sorted(kept | set(added))
    return Reply(204)


@routes.post("/telephony/config/premisePstn/actions/validateDialPatterns/invoke")
def validate_patterns(call: Call) -> Reply:
    """200; patterns of any plan are duplicates, those of the caller's own included."""
    given = parse(ValidationBody, call.body)
    errors = _judged(call.tenant, given["dialPatterns"])
    return Reply(200, {"status": "ERRORS", "dialPatternStatus": errors} if errors else {"status": "OK"})
