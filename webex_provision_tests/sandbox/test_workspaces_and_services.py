"""Workspaces, call settings and hunt groups, with the awkwardness that was seen live."""

from typing import Any

import pytest

from webex_provision_tests.sandbox import Api, Site, code


def test_a_workspace_never_shows_extension_or_number(site: Site, api: Api) -> None:
    created = site.workspace("Room", extension="3001", phoneNumber=site.numbers[0])
    assert created.status_code == 201
    text = api.get(f"/workspaces/{created.json()['id']}").text
    assert "3001" not in text
    assert site.license("Workspaces") in text
    row = api.get("/telephony/config/numbers", extension="3001", locationId=site.madrid).json()["phoneNumbers"][0]
    assert (row["owner"]["type"], row["owner"]["id"]) == ("PLACE", created.json()["id"])


def test_names_are_not_unique_but_extensions_are(site: Site, api: Api) -> None:
    site.workspace("Room", extension="3001")
    assert code(site.workspace("Room", extension="3001")) == 4202
    assert site.workspace("Room", extension="3002").status_code == 201
    assert len(api.get("/workspaces", displayName="roo", locationId=site.madrid).json()["items"]) == 2
    assert api.get("/workspaces", displayName="oom").json()["items"] == []


def test_a_calling_workspace_needs_a_line_unless_it_is_for_hot_desking(site: Site) -> None:
    assert "[DIRECTORY_NUMBER_OR_EXTERNAL_NUMBER]" in site.workspace("Room", licenses=[site.license()]).text
    hot_desk = [site.license("Hot desk only")]
    assert "[DIRECTORY_NUMBER]" in site.workspace("Room", extension="3001", licenses=hot_desk).text
    assert site.workspace("Room", licenses=hot_desk).status_code == 201
    assert code(site.workspace("Room", extension="3001", licenses=[site.license("Standard")])) == 400406


def test_put_workspace_keeps_what_is_not_sent_and_replaces_the_line(site: Site, api: Api) -> None:
    place = api("POST", "/workspaces", {"displayName": "Room", "locationId": site.madrid, "capacity": 4}).json()["id"]
    calling = {
        "type": "webexCalling",
        "webexCalling": {"locationId": site.madrid, "extension": "3001", "phoneNumber": site.numbers[0]},
    }
    reply = api("PUT", f"/workspaces/{place}", {"displayName": "Room", "calling": calling})
    assert (reply.status_code, reply.json()["capacity"]) == (200, 4)
    del calling["webexCalling"]["phoneNumber"]  # type: ignore[attr-defined]
    api("PUT", f"/workspaces/{place}", {"displayName": "Room", "calling": calling})
    line = site.tenant.line(place)
    assert line is not None
    assert (line.extension, line.number) == ("3001", "")
    assert api("PUT", f"/workspaces/{place}", {"locationId": site.lisbon}).status_code == 400
    site.tenant.table("workspaces").rows[place]["devices"] = 1
    assert api("PUT", f"/workspaces/{place}", {"displayName": "Room", "calling": calling}).status_code == 400
    assert api("PUT", f"/workspaces/{place}", {"displayName": "Room"}).status_code == 200


def test_a_deleted_workspace_frees_its_extension(site: Site, api: Api) -> None:
    place = site.workspace("Room", extension="3001").json()["id"]
    assert api("DELETE", f"/workspaces/{place}").status_code == 204
    assert api.get(f"/workspaces/{place}").status_code == 404
    assert site.workspace("Room", extension="3001").json()["id"] != place


def test_alternate_numbers_of_a_workspace_need_a_professional_license(site: Site, api: Api) -> None:
    change = {"phoneNumbers": [{"primary": False, "action": "ADD", "directNumber": site.numbers[0]}]}
    basic = site.workspace("Basic", extension="3001").json()["id"]
    refused = api("PUT", f"/telephony/config/workspaces/{basic}/numbers", change)
    assert (refused.status_code, code(refused)) == (405, 25409)
    better = site.workspace("Better", extension="3002", licenses=[site.license()]).json()["id"]
    assert api("PUT", f"/telephony/config/workspaces/{better}/numbers", change).status_code == 204
    read = api.get(f"/workspaces/{better}/features/numbers").json()
    assert [entry["primary"] for entry in read["phoneNumbers"]] == [True, False]


@pytest.mark.parametrize(
    ("feature", "body", "expected"),
    [
        ("callWaiting", {}, 25008),
        ("callWaiting", {"enabled": "yes"}, 25024),
        ("doNotDisturb", {"enabled": True}, 25008),
        ("voicemail", {"enabled": True}, 25008),
        ("callerId", {"customNumber": "+34910000000"}, 25024),
        ("callerId", {"selected": "DIRECT_LINE"}, 25042),
        ("callerId", {"selected": "CUSTOM"}, 25008),
        ("callerId", {"selected": "CUSTOM", "customNumber": "+34999999999"}, 5209),
        ("callerId", {"selected": "LOCATION_NUMBER", "types": []}, 25024),
        ("outgoingPermission", {"useCustomEnabled": True}, 25008),
        ("outgoingPermission", {"callingPermissions": [{"callType": "LOCAL", "action": "ALLOW"}]}, 25024),
    ],
)
def test_broken_settings_are_refused(site: Site, api: Api, feature: str, body: dict[str, Any], expected: int) -> None:
    site.enable(site.ana, extension="1001")
    reply = api("PUT", f"/people/{site.ana}/features/{feature}", body)
    assert (reply.status_code, code(reply)) == (400, expected)


def test_unknown_setting_keys_are_accepted_and_ignored(site: Site, api: Api) -> None:
    site.enable(site.ana, extension="1001")
    path = f"/people/{site.ana}/features/bargeIn"
    before = api.get(path).json()
    assert api("PUT", path, {"bargeInEnabled": True}).status_code == 204
    assert api.get(path).json() == before


def test_settings_are_merged(site: Site, api: Api) -> None:
    site.enable(site.ana, phoneNumber=site.numbers[0])
    path = f"/people/{site.ana}/features/voicemail"
    must = {"notifications": {"enabled": False}, "transferToNumber": {"enabled": False}}
    assert api("PUT", path, {**must, "sendUnansweredCalls": {"numberOfRings": 6}}).status_code == 204
    rings = api.get(path).json()["sendUnansweredCalls"]
    assert (rings["numberOfRings"], rings["greeting"]) == (6, "DEFAULT")
    caller = f"/people/{site.ana}/features/callerId"
    api("PUT", caller, {"selected": "DIRECT_LINE", "customExternalCallerIdName": "Acme"})
    api("PUT", caller, {"selected": "LOCATION_NUMBER"})
    assert api.get(caller).json()["customExternalCallerIdName"] == "Acme"


def test_outgoing_permissions_are_merged_by_type_of_call(site: Site, api: Api) -> None:
    site.enable(site.ana, extension="1001")
    path = f"/people/{site.ana}/features/outgoingPermission"
    wish = [{"callType": "NATIONAL", "action": "BLOCK", "transferEnabled": False}]
    assert api("PUT", path, {"useCustomEnabled": True, "callingPermissions": wish}).status_code == 204
    actions = {item["callType"]: item["action"] for item in api.get(path).json()["callingPermissions"]}
    assert (actions["NATIONAL"], actions["TOLL_FREE"], len(actions)) == ("BLOCK", "ALLOW", 10)


@pytest.mark.parametrize(
    "path",
    [
        "/workspaces/{}/features/callerId",
        "/workspaces/{}/features/callWaiting",
        "/workspaces/{}/features/outgoingPermission",
        "/telephony/config/workspaces/{}/voicemail",
        "/telephony/config/workspaces/{}/doNotDisturb",
        "/telephony/config/workspaces/{}/bargeIn",
    ],
)
def test_workspace_settings_stand_under_their_own_paths(site: Site, api: Api, path: str) -> None:
    place = site.workspace("Room", extension="3001").json()["id"]
    assert api.get(path.format(place)).status_code == 200
    quiet = api("POST", "/workspaces", {"displayName": "Quiet"}).json()["id"]
    assert code(api.get(path.format(quiet))) == 4003


def _hunt(site: Site, **more: Any) -> Any:
    body = {"name": "Sales", "extension": "5001", "callPolicies": {"policy": "CIRCULAR"}, **more}
    return site.api("POST", f"/telephony/config/locations/{site.madrid}/huntGroups", body)


def test_a_hunt_group_needs_policies_and_a_new_name_and_a_free_extension(site: Site) -> None:
    assert code(_hunt(site, callPolicies=None)) == 25008
    assert code(_hunt(site, callPolicies={"policy": "RANDOM"})) == 25024
    assert code(_hunt(site, extension=None)) == 25008
    assert _hunt(site).status_code == 200
    again = _hunt(site, name="SALES", extension="5002")
    assert (again.status_code, code(again)) == (409, 25030)
    assert code(_hunt(site, name="Support")) == 4202
    assert code(site.enable(site.ana, extension="5001")) == 4202


def test_agents_must_be_calling_active_and_are_replaced(site: Site, api: Api) -> None:
    assert code(_hunt(site, agents=[{"id": site.ana}])) == 4003
    assert code(_hunt(site, agents=[{"id": site.madrid}])) == 25024
    for extension, person in (("1001", site.ana), ("1002", site.bo)):
        site.enable(person, extension=extension)
    group = _hunt(site, agents=[{"id": site.ana}, {"id": site.bo}]).json()["id"]
    path = f"/telephony/config/locations/{site.madrid}/huntGroups/{group}"
    assert api("PUT", path, {"agents": [{"id": site.bo}]}).status_code == 204
    assert [agent["id"] for agent in api.get(path).json()["agents"]] == [site.bo]


def test_a_hunt_group_is_merged_and_shows_its_number_with_a_dash(site: Site, api: Api) -> None:
    group = _hunt(site, phoneNumber=site.numbers[0]).json()["id"]
    path = f"/telephony/config/locations/{site.madrid}/huntGroups/{group}"
    change = {
        "callPolicies": {"noAnswer": {"numberOfRings": 9}},
        "alternateNumbers": [{"phoneNumber": site.numbers[1]}],
    }
    assert api("PUT", path, change).status_code == 204
    answer = api.get(path).json()
    assert answer["phoneNumber"] == "+34-910000000"
    assert (
        answer["callPolicies"]["noAnswer"] | {"numberOfRings": 9, "nextAgentRings": 5}
        == answer["callPolicies"]["noAnswer"]
    )
    assert answer["alternateNumbers"] == [{"phoneNumber": "+34-910000001", "ringPattern": "NORMAL"}]
    assert code(api("PUT", path, {"alternateNumbers": [{"phoneNumber": "+34999999999"}]})) == 4250


def test_hunt_groups_are_listed_for_the_organisation_and_found_by_a_part(site: Site, api: Api) -> None:
    group = _hunt(site).json()["id"]
    listed = api.get("/telephony/config/huntGroups", name="ALE", locationId=site.madrid).json()["huntGroups"]
    assert [item["id"] for item in listed] == [group]
    assert api.get("/telephony/config/huntGroups", locationId=site.lisbon).json()["huntGroups"] == []
    path = f"/telephony/config/locations/{site.madrid}/huntGroups/{group}"
    assert api("DELETE", path).status_code == 204
    assert api.get(path).status_code == 404
    assert _hunt(site).status_code == 200


def test_forwarding_without_its_wrapper_is_200_and_does_nothing(site: Site, api: Api) -> None:
    group = _hunt(site).json()["id"]
    path = f"/telephony/config/locations/{site.madrid}/huntGroups/{group}/callForwarding"
    wish = {"always": {"enabled": True, "destination": "1002"}}
    assert api("PUT", path, wish).status_code == 200
    assert api.get(path).json()["callForwarding"]["always"]["enabled"] is False
    assert api("PUT", path, {"callForwarding": wish}).status_code == 204
    assert api.get(path).json()["callForwarding"]["always"]["destination"] == "1002"


def test_a_hunt_group_in_a_location_without_calling_is_404(site: Site, api: Api) -> None:
    body = {"name": "X", "extension": "5001", "callPolicies": {"policy": "REGULAR"}}
    assert api("POST", f"/telephony/config/locations/{site.lisbon}/huntGroups", body).status_code == 404
