"""Workspaces. Their names are not unique; their extension and number never show in an answer, as seen live."""

from collections.abc import Iterable
from typing import Literal

from webex_provision.sandbox.answers import Record, Reply, WebexError, invalid
from webex_provision.sandbox.bodies import Body, filled, parse
from webex_provision.sandbox.licenses import free_units, release_calling, suitable
from webex_provision.sandbox.routing import Call, Routes
from webex_provision.sandbox.tenant import HOT_DESK, PROFESSIONAL, WORKSPACES, Tenant

routes = Routes()

PLACE_LICENSES = (WORKSPACES, PROFESSIONAL, HOT_DESK)
CallingType = Literal[
    "freeCalling", "hybridCalling", "webexCalling", "webexEdgeForDevices", "thirdPartySipCalling", "none"
]


class WebexCalling(Body):
    """Where and how the workspace shall be reached."""

    location_id: str | None = None
    extension: str | None = None
    phone_number: str | None = None
    licenses: list[str] | None = None


class Calling(Body):
    """The calling service of a workspace."""

    type: CallingType
    webex_calling: WebexCalling | None = None


class WorkspaceUpdate(Body):
    """The body of PUT /workspaces/{id}."""

    display_name: str | None = None
    location_id: str | None = None
    capacity: int | None = None
    type: Literal["notSet", "focus", "huddle", "meetingRoom", "open", "desk", "other"] | None = None
    notes: str | None = None
    hotdesking_status: Literal["on", "off"] | None = None
    calling: Calling | None = None


class WorkspaceBody(WorkspaceUpdate):
    """The body of POST /workspaces."""

    display_name: str
    supported_devices: Literal["collaborationDevices", "phones"] | None = None


def _shown(workspace: Record) -> Record:
    answer = {name: value for name, value in workspace.items() if name not in {"licenses", "devices"}}
    if workspace["calling"]["type"] == "webexCalling":
        answer["calling"] = {"type": "webexCalling", "webexCalling": {"licenses": list(workspace["licenses"])}}
    return answer


@routes.get("/workspaces")
def list_workspaces(call: Call) -> Reply:
    """By start and max, or Link; filters displayName (prefix), locationId, type, calling."""
    reply = call.pages("items", _selected(call), default=1000, largest=1000)
    reply.body["items"] = [_shown(workspace) for workspace in reply.body["items"]]
    return reply


def _selected(call: Call) -> Iterable[Record]:
    found: Iterable[Record] = call.tenant.listed("workspaces")
    query = call.query
    if "displayName" in query:
        names, prefix = call.tenant.table("workspaces").names, query["displayName"].casefold()
        found = [workspace for workspace in found if names[workspace["id"]].startswith(prefix)]
    if "locationId" in query:
        found = [workspace for workspace in found if workspace.get("locationId") == query["locationId"]]
    if "type" in query:
        found = [workspace for workspace in found if workspace["type"] == query["type"]]
    if "calling" in query:
        found = [workspace for workspace in found if workspace["calling"]["type"] == query["calling"]]
    return found


@routes.get("/workspaces/{workspace_id}")
def read_workspace(call: Call) -> Reply:
    """One workspace, without extension, number or calling location."""
    return Reply(200, _shown(call.tenant.get("workspaces", call.ids["workspace_id"], "PLACE")))


@routes.post("/workspaces")
def create_workspace(call: Call) -> Reply:
    """201; a second one of the same name is another one, unless its extension is taken (4202)."""
    tenant = call.tenant
    given = parse(WorkspaceBody, call.body)
    _check(tenant, given)
    location_id = given.get("locationId") or ""
    wish = given.pop("calling", None)
    workspace: Record = {
        "id": tenant.new_id("PLACE", f"{location_id}/{given['displayName']}"),
        "orgId": tenant.org_id,
        "type": "notSet",
        "hotdeskingStatus": "off",
        "supportedDevices": "collaborationDevices",
        "created": tenant.timestamp(),
        "calling": {"type": "freeCalling"},
        "licenses": [],
        **filled(given),
    }
    if wish is not None:
        _set_calling(tenant, workspace, wish)
    tenant.keep("workspaces", workspace, name=workspace["displayName"])
    return Reply(201, _shown(workspace))


@routes.put("/workspaces/{workspace_id}")
def update_workspace(call: Call) -> Reply:
    """200; what is not sent is kept (seen live); location and kind of devices cannot change."""
    tenant = call.tenant
    workspace = tenant.get("workspaces", call.ids["workspace_id"], "PLACE")
    given = parse(WorkspaceUpdate, call.body)
    _check(tenant, given)
    if given.get("locationId", workspace.get("locationId")) != workspace.get("locationId"):
        raise WebexError(400, "The location of a workspace cannot be changed")
    wish = given.pop("calling", None)
    if wish is not None:
        if workspace.get("devices"):
            raise WebexError(400, "calling cannot be updated: the workspace has devices")
        _set_calling(tenant, workspace, wish)
    workspace.update(filled(given))
    tenant.table("workspaces").rename(workspace["id"], name=workspace["displayName"])
    return Reply(200, _shown(workspace))


@routes.delete("/workspaces/{workspace_id}")
def delete_workspace(call: Call) -> Reply:
    """204; its extension and numbers become free."""
    tenant = call.tenant
    workspace = tenant.get("workspaces", call.ids["workspace_id"], "PLACE")
    for license_id in workspace["licenses"]:
        tenant.holders[license_id].pop(workspace["id"], None)
    release_calling(tenant, workspace["id"])
    tenant.table("workspaces").remove(workspace["id"])
    return Reply(204)


def _check(tenant: Tenant, given: Record) -> None:
    if "displayName" in given and not (given["displayName"] or "").strip():
        raise invalid("displayName")
    if given.get("locationId"):
        tenant.get("locations", given["locationId"], "LOCATION")
    if given.get("capacity") is not None and given["capacity"] < 1:
        raise invalid("capacity")


def _set_calling(tenant: Tenant, workspace: Record, wish: Record) -> None:
    """Give, change or drop calling; the block replaces extension and number, absent licences are kept."""
    if wish["type"] != "webexCalling":
        if workspace["calling"]["type"] == "webexCalling" and workspace["supportedDevices"] == "phones":
            raise WebexError(400, "A workspace for phones needs Webex Calling")
        _drop_calling(tenant, workspace, wish["type"])
        return
    block = wish.get("webexCalling") or {}
    location_id = block.get("locationId") or ""
    location = tenant.table("locations").rows.get(location_id)
    if location is None or "calling" not in location or location_id != workspace.get("locationId", location_id):
        raise WebexError(400, "Unable to find location.")
    licenses = _licenses(tenant, workspace, block.get("licenses"))
    hot_desk = tenant.license(HOT_DESK)["id"] in licenses
    extension, number = block.get("extension") or "", block.get("phoneNumber") or ""
    if hot_desk and (extension or number):
        raise WebexError(400, "fields cannot be set on this Workspace type [DIRECTORY_NUMBER]")
    if not hot_desk and not (extension or number):
        text = "fields are required for this Workspace type [DIRECTORY_NUMBER_OR_EXTERNAL_NUMBER]"
        raise WebexError(400, text)
    tenant.lines.assign(workspace["id"], "PLACE", location_id, extension=extension, number=number, now=tenant.now())
    for license_id in set(workspace["licenses"]) - set(licenses):
        tenant.holders[license_id].pop(workspace["id"], None)
    for license_id in licenses:
        tenant.holders[license_id][workspace["id"]] = None
    workspace["licenses"] = licenses
    workspace["calling"] = {"type": "webexCalling"}
    workspace.setdefault("locationId", location_id)


def _licenses(tenant: Tenant, workspace: Record, wanted: list[str] | None) -> list[str]:
    held: list[str] = workspace["licenses"]
    if wanted is None and held:
        return held
    if wanted is None:
        for name in (WORKSPACES, PROFESSIONAL):
            if free_units(tenant, tenant.license(name)) > 0:
                return [tenant.license(name)["id"]]
        raise WebexError(400, "No suitable license is available", 400413)
    for license_id in wanted:
        if license_id not in held and suitable(tenant, license_id)["name"] not in PLACE_LICENSES:
            raise WebexError(400, "This license cannot be assigned to a workspace", 400406)
    if len(wanted) != 1:
        raise WebexError(400, "A workspace holds exactly one calling license", 400404)
    return list(wanted)


def _drop_calling(tenant: Tenant, workspace: Record, kind: str) -> None:
    for license_id in workspace["licenses"]:
        tenant.holders[license_id].pop(workspace["id"], None)
    release_calling(tenant, workspace["id"])
    workspace["licenses"] = []
    workspace["calling"] = {"type": kind}
