"""The answers of the sandbox have the shapes that the published API description gives them."""

from typing import Any

import pytest

from webex_provision.sandbox.park_extensions import add_park_extension
from webex_provision_tests.sandbox import Site, code

# The description calls these two strings; the service sends booleans, as its own examples do elsewhere.
REALLY_BOOLEAN = ("/invitePending:", "/loginEnabled:")


@pytest.fixture
def busy() -> Site:
    """A site with calling on two people and two workspaces, a hunt group, and every kind of number."""
    site = Site()
    site.enable(site.ana, extension="1001", phoneNumber=site.numbers[0])
    site.enable(site.bo, extension="1002")
    site.workspace("Room", extension="3001", phoneNumber=site.numbers[1])
    site.workspace("Better", extension="3002", licenses=[site.license()])
    return site


ADDRESS = {"address1": "Rua 1", "city": "Porto", "state": "P", "postalCode": "4000", "country": "PT"}
PORTO = {
    "name": "Porto",
    "timeZone": "Europe/Lisbon",
    "preferredLanguage": "pt_PT",
    "announcementLanguage": "pt_pt",
    "address": ADDRESS,
}
MUST = {"notifications": {"enabled": False}, "transferToNumber": {"enabled": False}}


def _exchanges(site: Site) -> list[tuple[str, str, Any]]:
    """Method, path and body of requests that must all succeed, in this order."""
    room, better = site.tenant.table("workspaces").rows
    madrid = f"/telephony/config/locations/{site.madrid}"
    alternate = {"phoneNumbers": [{"primary": False, "action": "ADD", "directNumber": site.numbers[2]}]}
    permissions = [{"callType": "NATIONAL", "action": "BLOCK", "transferEnabled": False}]
    settings: list[tuple[str, Any]] = [
        ("callerId", {"selected": "LOCATION_NUMBER"}),
        ("voicemail", MUST),
        ("callWaiting", {"enabled": True}),
        ("doNotDisturb", {"enabled": True, "webexGoOverrideEnabled": False}),
        ("bargeIn", {"enabled": True}),
        ("outgoingPermission", {"callingPermissions": permissions}),
    ]
    person = [
        (m, f"/people/{site.ana}/features/{n}", b) for n, body in settings for m, b in (("PUT", body), ("GET", None))
    ]
    own = {"voicemail", "doNotDisturb", "bargeIn"}
    place = [
        (
            method,
            f"/telephony/config/workspaces/{room}/{name}" if name in own else f"/workspaces/{room}/features/{name}",
            sent,
        )
        for name, body in settings
        for method, sent in (
            ("PUT", {k: v for k, v in body.items() if k != "webexGoOverrideEnabled"}),
            ("GET", None),
        )
    ]
    return [
        ("GET", "/people/me", None),
        ("GET", "/people?max=2", None),
        ("GET", "/people?callingData=true", None),
        ("GET", f"/people/{site.ana}?callingData=true", None),
        ("PUT", f"/people/{site.ana}?callingData=true", {"displayName": "Ana Lopez", "extension": "1009"}),
        ("GET", "/licenses", None),
        ("GET", f"/licenses/{site.license()}?includeAssignedTo=user", None),
        ("POST", "/locations", PORTO),
        ("GET", "/locations", None),
        ("GET", f"/locations/{site.madrid}", None),
        ("PUT", f"/locations/{site.madrid}", {"name": "Madrid", "preferredLanguage": "es_ES"}),
        ("POST", "/telephony/config/locations", {**PORTO, "name": "Lisbon", "id": site.lisbon}),
        ("GET", "/telephony/config/locations", None),
        ("GET", madrid, None),
        ("PUT", madrid, {"outsideDialDigit": "0"}),
        ("GET", "/telephony/config/announcementLanguages", None),
        ("GET", f"/telephony/pstn/locations/{site.madrid}/connection", None),
        ("GET", "/telephony/config/numbers?max=2", None),
        ("GET", "/telephony/config/numbers", None),
        ("POST", f"{madrid}/numbers", {"phoneNumbers": ["+34910000090"], "state": "ACTIVE"}),
        ("PUT", f"{madrid}/numbers", {"phoneNumbers": ["+34910000090"], "action": "DEACTIVATE"}),
        ("DELETE", f"{madrid}/numbers", {"phoneNumbers": ["+34910000090"]}),
        *person,
        *place,
        ("PUT", f"/telephony/config/people/{site.ana}/numbers", alternate),
        ("GET", f"/people/{site.ana}/features/numbers", None),
        (
            "PUT",
            f"/telephony/config/workspaces/{better}/numbers",
            {"phoneNumbers": [{"primary": False, "action": "ADD", "directNumber": site.numbers[3]}]},
        ),
        ("GET", f"/workspaces/{better}/features/numbers", None),
        ("GET", "/workspaces", None),
        ("GET", f"/workspaces/{room}", None),
        ("PUT", f"/workspaces/{room}", {"displayName": "Room", "capacity": 3}),
        ("POST", f"{madrid}/huntGroups", {"name": "H", "extension": "5001", "callPolicies": {"policy": "REGULAR"}}),
        ("GET", "/telephony/config/huntGroups", None),
        ("DELETE", f"/workspaces/{room}", None),
    ]


def test_every_answer_fits_the_published_description(contract: Any, busy: Site) -> None:
    problems: list[str] = []
    for method, path, body in _exchanges(busy):
        reply = busy.api(method, path, body)
        assert reply.status_code < 300, f"{method} {path}: {reply.text}"
        answer = reply.json() if reply.content else None
        url = f"/v1{path}"
        found = contract.request(method, url, body, strict=True) if body is not None else []
        found += contract.response(method, url, reply.status_code, answer, strict=True)
        problems += [
            f"{method} {path}: {problem}" for problem in found if not any(name in problem for name in REALLY_BOOLEAN)
        ]
    assert not problems, "\n".join(problems)


def test_hunt_groups_fit_the_published_description(contract: Any, busy: Site) -> None:
    base = f"/telephony/config/locations/{busy.madrid}/huntGroups"
    body = {
        "name": "H",
        "phoneNumber": busy.numbers[2],
        "callPolicies": {"policy": "UNIFORM"},
        "agents": [{"id": busy.ana}],
    }
    group = busy.api("POST", base, body).json()["id"]
    wish = {"callForwarding": {"always": {"enabled": True, "destination": "1002"}}}
    exchanges: list[tuple[str, str, Any]] = [
        ("PUT", f"{base}/{group}", {"alternateNumbers": [{"phoneNumber": busy.numbers[3]}]}),
        ("GET", f"{base}/{group}", None),
        ("PUT", f"{base}/{group}/callForwarding", wish),
        ("GET", f"{base}/{group}/callForwarding", None),
        ("DELETE", f"{base}/{group}", None),
    ]
    for method, path, sent in exchanges:
        reply = busy.api(method, path, sent)
        answer = reply.json() if reply.content else None
        assert contract.response(method, f"/v1{path}", reply.status_code, answer, strict=True) == []


def test_trunks_and_dial_plans_fit_the_published_description(contract: Any, busy: Site) -> None:
    base = "/telephony/config/premisePstn"
    sbc = {"name": "T", "locationId": busy.madrid, "password": "sip-secret", "trunkType": "REGISTERING"}
    trunk = busy.api("POST", f"{base}/trunks", sbc).json()["id"]
    body = {"name": "G", "localGateways": [{"id": trunk, "priority": 1}]}
    group = busy.api("POST", f"{base}/routeGroups", body).json()["id"]
    plan = {"name": "P", "routeId": group, "routeType": "ROUTE_GROUP", "dialPatterns": ["1X"]}
    plan_id = busy.api("POST", f"{base}/dialPlans", plan).json()["id"]
    change = {"dialPatterns": [{"dialPattern": "2X", "action": "ADD"}, {"dialPattern": "1X", "action": "DELETE"}]}
    dialling = f"/telephony/config/locations/{busy.madrid}/internalDialing"
    identity = {"id": trunk, "type": "TRUNK"}
    wish = {"enableUnknownExtensionRoutePolicy": True, "unknownExtensionRouteIdentity": identity}
    exchanges: list[tuple[str, str, Any]] = [
        ("GET", f"{base}/trunks", None),
        ("GET", f"{base}/trunks/{trunk}", None),
        ("GET", f"{base}/routeGroups", None),
        ("GET", f"{base}/routeGroups/{group}", None),
        ("GET", "/telephony/config/routeChoices", None),
        ("GET", dialling, None),
        ("PUT", dialling, wish),
        ("GET", dialling, None),
        ("GET", f"{base}/dialPlans", None),
        ("GET", f"{base}/dialPlans/{plan_id}", None),
        ("PUT", f"{base}/dialPlans/{plan_id}/dialPatterns", change),
        ("GET", f"{base}/dialPlans/{plan_id}/dialPatterns", None),
        ("POST", f"{base}/actions/validateDialPatterns/invoke", {"dialPatterns": ["2X", "3X"]}),
        ("DELETE", f"{base}/dialPlans/{plan_id}", None),
    ]
    for method, path, sent in exchanges:
        reply = busy.api(method, path, sent)
        answer = reply.json() if reply.content else None
        assert contract.response(method, f"/v1{path}", reply.status_code, answer, strict=True) == [], path


def test_groups_fit_the_published_description(contract: Any, busy: Site) -> None:
    body = {"displayName": "Ventas", "description": "d", "members": [{"id": busy.ana}]}
    group = busy.api("POST", "/groups", body).json()["id"]
    exchanges: list[tuple[str, str, Any]] = [
        ("GET", '/groups?filter=displayName sw "ven"&startIndex=1&count=1&includeMembers=true', None),
        ("GET", f"/groups/{group}?includeMembers=true", None),
        ("PATCH", f"/groups/{group}", {"members": [{"id": busy.bo, "operation": "add"}]}),
        ("GET", f"/groups/{group}/members?startIndex=2&count=1", None),
        ("DELETE", f"/groups/{group}", None),
    ]
    for method, path, sent in exchanges:
        reply = busy.api(method, path, sent)
        answer = reply.json() if reply.content else None
        assert contract.response(method, f"/v1{path}", reply.status_code, answer, strict=True) == []
    assert busy.api("GET", f"/groups/{group}").status_code == 404


def test_call_pickup_groups_fit_the_published_description(contract: Any, busy: Site) -> None:
    base = f"/telephony/config/locations/{busy.madrid}/callPickups"
    room, _ = busy.tenant.table("workspaces").rows
    body = {"name": "P", "notificationType": "NONE", "agents": [busy.ana, room]}
    group = busy.api("POST", base, body).json()["id"]
    exchanges: list[tuple[str, str, Any]] = [
        ("GET", f"{base}?name=p&max=5", None),
        ("GET", f"{base}/{group}", None),
        ("PUT", f"{base}/{group}", {"agents": [busy.bo]}),
        ("DELETE", f"{base}/{group}", None),
    ]
    for method, path, sent in exchanges:
        reply = busy.api(method, path, sent)
        answer = reply.json() if reply.content else None
        assert contract.response(method, f"/v1{path}", reply.status_code, answer, strict=True) == []


def test_pickup_members_are_plain_ids_of_one_group_and_a_put_without_them_empties_it(busy: Site) -> None:
    base = f"/telephony/config/locations/{busy.madrid}/callPickups"
    group = busy.api("POST", base, {"name": "P", "agents": [busy.ana]}).json()["id"]
    assert code(busy.api("POST", base, {"name": "Q", "agents": [{"id": busy.bo}]})) == 25024
    assert code(busy.api("POST", base, {"name": "Q", "agents": [busy.ana]})) == 4471
    renamed = busy.api("PUT", f"{base}/{group}", {"name": "R"}).json()["id"]
    assert renamed != group
    assert busy.api("GET", f"{base}/{renamed}").json()["agents"] == []
    assert busy.api("GET", f"{base}/{group}").status_code == 404


def test_what_users_may_change_fits_the_published_description(contract: Any, busy: Site) -> None:
    base = f"/telephony/config/people/{busy.ana}/settings/permissions"
    exchanges: list[tuple[str, str, Any]] = [
        ("GET", "/telephony/config/people/settings/permissions", None),
        ("PUT", base, {"voicemail": "NO_ACCESS"}),
        ("GET", base, None),
        ("POST", f"{base}/actions/reset/invoke", None),
    ]
    for method, path, sent in exchanges:
        reply = busy.api(method, path, sent)
        answer = reply.json() if reply.content else None
        assert reply.status_code < 300
        assert contract.response(method, f"/v1{path}", reply.status_code, answer, strict=True) == []
    assert code(busy.api("PUT", base, {"voicemail": "SOME"})) == 25024
    assert code(busy.api("PUT", base.replace(busy.ana, busy.cy), {"voicemail": "NO_ACCESS"})) == 4003


def test_further_settings_fit_the_published_description(contract: Any, busy: Site) -> None:
    room, better = busy.tenant.table("workspaces").rows
    location = busy.tenant.table("locations").rows[busy.madrid]
    park = add_park_extension(busy.tenant, location, "Park", "5101")["id"]
    executive = f"/telephony/config/people/{busy.ana}/executive"
    recording = f"/telephony/config/workspaces/{better}/features/callRecordings"
    exchanges: list[tuple[str, str, Any]] = [
        ("GET", "/telephony/config/callParkExtensions?extension=5101", None),
        ("PUT", f"/people/{busy.ana}/features/monitoring", {"monitoredElements": [busy.bo, room, park]}),
        ("GET", f"/people/{busy.ana}/features/monitoring", None),
        ("PUT", f"/workspaces/{room}/features/monitoring", {"monitoredElements": [busy.bo, better, park]}),
        ("GET", f"/workspaces/{room}/features/monitoring", None),
        ("PUT", f"/people/{busy.ana}/features/callRecording", {"enabled": True, "record": "Always"}),
        ("GET", f"/people/{busy.ana}/features/callRecording", None),
        ("PUT", recording, {"enabled": True}),
        ("GET", recording, None),
        ("GET", "/telephony/config/callRecording", None),
        ("GET", f"/telephony/config/locations/{busy.madrid}/callRecording/vendors", None),
        ("GET", f"/workspaces/{room}/features/callForwarding", None),
        ("PUT", f"/people/{busy.ana}/features/executiveAssistant", {"type": "EXECUTIVE"}),
        ("GET", f"/people/{busy.bo}/features/executiveAssistant", None),
        ("PUT", f"{executive}/assignedAssistants", {"assistantIds": [busy.bo]}),
        ("GET", f"{executive}/assignedAssistants", None),
        ("PUT", f"{executive}/alert", {"alertingMode": "SIMULTANEOUS"}),
        ("GET", f"{executive}/alert", None),
    ]
    for method, path, sent in exchanges:
        reply = busy.api(method, path, sent)
        answer = reply.json() if reply.content else None
        assert reply.status_code < 300, reply.text
        assert contract.response(method, f"/v1{path}", reply.status_code, answer, strict=True) == []


def test_refusals_fit_the_published_description(contract: Any, busy: Site) -> None:
    for method, path, body in [
        ("GET", "/people/nonsense", None),
        ("PATCH", "/licenses/users", {}),
        ("POST", "/locations", {}),
        ("POST", f"/telephony/config/locations/{busy.madrid}/huntGroups", {"name": "x"}),
        ("POST", "/groups", {"description": "nameless"}),
        ("GET", "/groups?filter=memberSize gt 1", None),
    ]:
        reply = busy.api(method, path, body)
        assert 400 <= reply.status_code < 500
        assert contract.response(method, f"/v1{path}", reply.status_code, reply.json()) == []
