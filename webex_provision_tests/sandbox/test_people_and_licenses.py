"""People are found and changed, and get calling, as the real service does it."""

import pytest

from webex_provision.sandbox import Quirks
from webex_provision_tests.sandbox import Api, Site, code
from webex_provision_tests.virtual_clock import VirtualClock


def test_me_is_another_administrator_of_the_same_organisation_for_each_token(site: Site) -> None:
    first, second = Api(site.sandbox, "one").get("/people/me"), Api(site.sandbox, "two").get("/people/me")
    assert first.json()["id"] != second.json()["id"]
    assert first.json()["orgId"] == second.json()["orgId"] == site.tenant.org_id
    assert first.json()["roles"]


def test_no_token_is_401(site: Site) -> None:
    reply = Api(site.sandbox, "").get("/people/me")
    assert reply.status_code == 401
    assert code(reply) is None


def test_an_email_is_found_exactly_whatever_its_case(api: Api) -> None:
    assert [p["displayName"] for p in api.get("/people", email="ana.LOPEZ@example.com").json()["items"]] == [
        "Ana Lopez"
    ]
    assert api.get("/people", email="ana.lopez@example.co").json()["items"] == []


def test_a_display_name_is_found_by_its_beginning(api: Api) -> None:
    assert len(api.get("/people", displayName="ana l").json()["items"]) == 1
    assert api.get("/people", displayName="lopez").json()["items"] == []


def test_people_are_paged_by_cursor_and_start_is_ignored(api: Api) -> None:
    assert [len(api.get("/people", max=2, start=2).json()["items"])] == [2]
    assert len({p["id"] for p in api.walk("/people", "items", max=1)}) == 3
    assert api.get("/people", max="x").status_code == 400


def test_calling_fields_show_only_with_the_calling_flag(site: Site, api: Api) -> None:
    site.enable(site.ana, extension="1001", phoneNumber=site.numbers[0])
    assert "extension" not in api.get(f"/people/{site.ana}").json()
    shown = api.get(f"/people/{site.ana}", callingData="true").json()
    assert shown["extension"] == "1001"
    assert shown["locationId"] == site.madrid
    assert {"type": "work", "value": site.numbers[0], "primary": True} in shown["phoneNumbers"]


def test_big_pages_with_calling_data_can_time_out(site: Site, api: Api) -> None:
    site.tenant.quirks = Quirks(calling_data_times_out=True)
    assert api.get("/people", callingData="true", max=11).status_code == 504
    assert api.get("/people", callingData="true", max=10).status_code == 200


def test_put_people_merges_and_asks_for_display_name_and_calling_flag(site: Site, api: Api) -> None:
    site.enable(site.ana, extension="1001")
    path = f"/people/{site.ana}"
    assert "displayName cannot be null." in api("PUT", path, {"extension": "1002"}).text
    body = {"displayName": "Ana Lopez", "extension": "1002"}
    assert "Calling flag not set" in api("PUT", path, body).text
    reply = api("PUT", path + "?callingData=true", body)
    assert reply.status_code == 200
    assert (reply.json()["extension"], reply.json()["emails"]) == ("1002", ["Ana.Lopez@example.com"])
    moved = api("PUT", path + "?callingData=true", {**body, "locationId": site.lisbon})
    assert "Delete Calling Location" in moved.text


def test_an_identity_change_is_applied_and_stands_in_the_log(site: Site, api: Api) -> None:
    reply = api("PUT", f"/people/{site.ana}", {"displayName": "Somebody Else", "emails": ["new@example.com"]})
    assert reply.json()["displayName"] == "Somebody Else"
    assert api.get("/people", email="new@example.com").json()["items"][0]["id"] == site.ana
    assert site.sandbox.log.entries[0]["body"]["displayName"] == "Somebody Else"


def test_creating_people_works_so_that_the_log_can_show_who_did(site: Site, api: Api) -> None:
    reply = api("POST", "/people", {"emails": ["new@example.com"], "displayName": "New"})
    assert reply.status_code == 200
    assert site.sandbox.log.entries[-1]["created"] == reply.json()["id"]
    assert api("POST", "/people", {"emails": ["NEW@example.com"]}).status_code == 409


def test_unknown_and_foreign_ids_and_methods_are_told_apart(site: Site, api: Api) -> None:
    assert api.get(f"/people/{site.madrid}").status_code == 400
    assert api.get("/people/nonsense").status_code == 400
    assert api.get(f"/people/{site.ana[:-2]}QQ").status_code in {400, 404}
    refused = api("DELETE", f"/people/{site.ana}")
    assert (refused.status_code, refused.headers["Allow"]) == (405, "GET, PUT")
    assert api("POST", "/licenses/users", {}).status_code == 405
    assert api.get("/peoples").status_code == 404


def test_calling_is_given_with_location_extension_and_number_at_once(site: Site, api: Api) -> None:
    reply = site.enable(site.ana, extension="1001", phoneNumber=site.numbers[0])
    assert reply.status_code == 200
    assert reply.json()["licenses"] == [site.license()]
    held = api.get(f"/licenses/{site.license()}", includeAssignedTo="user").json()
    assert [user["email"] for user in held["users"]] == ["Ana.Lopez@example.com"]
    assert held["consumedUnits"] == 1


def test_a_held_license_is_a_silent_success_that_changes_nothing(site: Site, api: Api) -> None:
    site.enable(site.ana, extension="1001")
    assert site.enable(site.ana, extension="2002").status_code == 200
    assert api.get(f"/people/{site.ana}", callingData="true").json()["extension"] == "1001"


def test_without_extension_and_number_or_location_calling_is_refused(site: Site, api: Api) -> None:
    assert code(site.enable(site.ana)) == 400411
    assert "Unable to find location." in site.enable(site.ana, extension="1001", locationId=site.lisbon).text
    assert api.get(f"/people/{site.ana}").json()["licenses"] == []


def test_taken_extensions_and_numbers_are_refused(site: Site) -> None:
    site.enable(site.ana, extension="1001", phoneNumber=site.numbers[0])
    assert code(site.enable(site.bo, extension="1001")) == 4202
    assert code(site.enable(site.bo, extension="1002", phoneNumber=site.numbers[0])) == 4250
    assert code(site.enable(site.bo, extension="1002", phoneNumber="+34999999999")) == 4250
    assert code(site.enable(site.bo, extension="1x")) == 25024
    assert site.tenant.line(site.bo) is None


def test_a_license_without_free_units_is_206_and_absent(site: Site) -> None:
    site.tenant.set_license_units("Webex Calling - Professional", 1)
    site.enable(site.ana, extension="1001")
    reply = site.enable(site.bo, extension="1002")
    assert (reply.status_code, reply.json()["licenses"]) == (206, [])
    assert site.tenant.line(site.bo) is None


def test_an_upgrade_keeps_the_line_and_a_downgrade_is_refused(site: Site, api: Api) -> None:
    site.enable(site.ana, "Standard", extension="1001")
    standard, professional = site.license("Standard"), site.license()
    both = [{"id": professional, "operation": "add"}]
    assert code(api("PATCH", "/licenses/users", {"personId": site.ana, "licenses": both})) == 400404
    swap = [{"id": standard, "operation": "remove"}, *both]
    reply = api("PATCH", "/licenses/users", {"email": "ana.lopez@EXAMPLE.com", "licenses": swap})
    assert reply.json()["licenses"] == [professional]
    line = site.tenant.line(site.ana)
    assert line is not None
    assert line.extension == "1001"
    back = [{"id": professional, "operation": "remove"}, {"id": standard, "operation": "add"}]
    assert code(api("PATCH", "/licenses/users", {"personId": site.ana, "licenses": back})) == 400112


def test_removing_the_calling_license_frees_extension_and_number(site: Site, api: Api) -> None:
    site.enable(site.ana, extension="1001", phoneNumber=site.numbers[0])
    api("PATCH", "/licenses/users", {"personId": site.ana, "licenses": [{"id": site.license(), "operation": "remove"}]})
    assert site.enable(site.bo, extension="1001", phoneNumber=site.numbers[0]).status_code == 200


@pytest.mark.parametrize(
    ("body", "expected"),
    [
        ({"licenses": []}, None),
        ({"personId": "P", "licenses": [{"operation": "add"}]}, 25008),
        ({"personId": "P", "licenses": [{"id": "L", "operation": "grant"}]}, 25024),
        ({"personId": 7}, 25024),
        ([], None),
    ],
)
def test_broken_license_bodies_are_refused(api: Api, body: object, expected: int | None) -> None:
    reply = api("PATCH", "/licenses/users", body)
    assert reply.status_code == 400
    assert code(reply) == expected


def test_a_body_that_is_not_json_is_refused(api: Api) -> None:
    assert api("PATCH", "/licenses/users", content=b'{"personId":').status_code == 400


def test_settings_answer_4003_until_calling_has_settled() -> None:
    clock = VirtualClock()
    site = Site(clock=clock)
    path = f"/people/{site.ana}/features/callWaiting"
    site.tenant.quirks = Quirks(calling_settle_seconds=5)
    assert code(site.api("PUT", path, {"enabled": False})) == 4003
    site.enable(site.ana, extension="1001")
    assert code(site.api("PUT", path, {"enabled": False})) == 4003
    clock.advance(6)
    assert site.api("PUT", path, {"enabled": False}).status_code == 204


def test_a_person_with_a_pending_invitation_never_settles(site: Site, api: Api) -> None:
    person = site.tenant.add_person("late@example.com", invite_pending=True)["id"]
    assert site.enable(person, extension="1009").status_code == 200
    assert code(api.get(f"/people/{person}/features/voicemail")) == 4003
