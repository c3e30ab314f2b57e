"""Locations in two steps, and one number plan over everything that can be called."""

from typing import Any

import pytest

from webex_provision.sandbox import Quirks
from webex_provision_tests.sandbox import Api, Site, code
from webex_provision_tests.virtual_clock import VirtualClock

PORTO: dict[str, Any] = {
    "name": "Porto",
    "timeZone": "Europe/Lisbon",
    "preferredLanguage": "pt_PT",
    "announcementLanguage": "pt_pt",
    "address": {"address1": "Rua 1", "city": "Porto", "state": "P", "postalCode": "4000", "country": "PT"},
}


def test_a_location_is_created_then_enabled_and_gets_what_was_promised(site: Site, api: Api) -> None:
    site.tenant.promise("porto", ["+351220000001"])
    created = api("POST", "/locations", PORTO)
    assert created.status_code == 201
    place = created.json()["id"]
    assert api.get(f"/telephony/config/locations/{place}").status_code == 404
    assert api("POST", "/telephony/config/locations", {**PORTO, "id": place}).status_code == 201
    assert api("POST", "/telephony/config/locations", {**PORTO, "id": place}).status_code == 409
    assert api.get(f"/telephony/pstn/locations/{place}/connection").json()["pstnConnectionType"] == "LOCAL_GATEWAY"
    listed = api.get("/telephony/config/numbers", locationId=place, available="true").json()["phoneNumbers"]
    assert [(n["phoneNumber"], n["state"], "owner" in n) for n in listed] == [("+351220000001", "ACTIVE", False)]


def test_a_second_location_of_the_same_name_is_409(api: Api) -> None:
    api("POST", "/locations", PORTO)
    assert api("POST", "/locations", {**PORTO, "name": "PORTO"}).status_code == 409


@pytest.mark.parametrize(
    ("change", "expected"),
    [
        ({"address": None}, None),
        ({"announcementLanguage": "pt_PT"}, 25046),
        ({"timeZone": "Europe/Nowhere"}, 25024),
        ({"name": "x" * 81}, 25110),
        ({"preferredLanguage": 1}, 25024),
        ({"address": {**PORTO["address"], "address2": ""}}, None),
    ],
)
def test_enabling_calling_refuses_what_the_service_refuses(api: Api, change: dict[str, Any], expected: int) -> None:
    place = api("POST", "/locations", PORTO).json()["id"]
    reply = api("POST", "/telephony/config/locations", {**PORTO, "id": place, **change})
    assert reply.status_code == 400
    assert code(reply) == expected


def test_put_location_needs_the_name_and_erases_a_language_that_is_not_sent(site: Site, api: Api) -> None:
    path = f"/locations/{site.madrid}"
    assert "location name cannot be null or empty" in api("PUT", path, {"timeZone": "Europe/Madrid"}).text
    assert api("PUT", path, {"name": "Madrid"}).status_code == 204
    assert "preferredLanguage" not in api.get(path).json()
    assert api.get(path).json()["timeZone"] == "Europe/Madrid"


def test_locations_are_found_by_a_part_of_their_name_and_page_by_link_only(api: Api) -> None:
    assert [item["name"] for item in api.get("/locations", name="ADR").json()["items"]] == ["Madrid"]
    assert len(api.get("/locations", max=1, start=1).json()["items"]) == 1
    assert [item["name"] for item in api.walk("/locations", "items", max=1)] == ["Madrid", "Lisbon"]
    calling = api.get("/telephony/config/locations").json()["locations"]
    assert [item["name"] for item in calling] == ["Madrid"]


def test_the_calling_side_of_a_location_is_merged(site: Site, api: Api) -> None:
    path = f"/telephony/config/locations/{site.madrid}"
    assert api("PUT", path, {"outsideDialDigit": "0"}).status_code == 204
    assert api("PUT", path, {"callingLineId": {"phoneNumber": site.numbers[0]}}).status_code == 204
    answer = api.get(path).json()
    assert (answer["outsideDialDigit"], answer["callingLineId"]["phoneNumber"]) == ("0", site.numbers[0])
    assert code(api("PUT", path, {"callingLineId": {"phoneNumber": "+34999999999"}})) == 5209
    assert api.get("/telephony/config/numbers", phoneNumber=site.numbers[0]).json()["phoneNumbers"][0]["mainNumber"]


def test_numbers_and_extensions_stand_in_one_list_with_their_owners(site: Site, api: Api) -> None:
    site.enable(site.ana, extension="1001", phoneNumber=site.numbers[0])
    site.enable(site.bo, extension="1002")
    rows = api.get("/telephony/config/numbers").json()["phoneNumbers"]
    assert len(rows) == 5
    by_extension = {row.get("extension"): row for row in rows}
    assert by_extension["1001"]["owner"]["id"] == site.ana
    assert by_extension["1002"].get("phoneNumber") is None
    assert api.get("/telephony/config/numbers", numberType="EXTENSION").json()["phoneNumbers"] == [by_extension["1002"]]
    one = api.get("/telephony/config/numbers", extension="1001", locationId=site.madrid).json()["phoneNumbers"]
    assert one == [by_extension["1001"]]
    assert api.get("/telephony/config/numbers", extension="9999", locationId=site.madrid).json()["phoneNumbers"] == []
    assert api.get("/telephony/config/numbers", ownerId=site.bo).json()["phoneNumbers"] == [by_extension["1002"]]


def test_numbers_honour_start_and_max_and_search_by_a_part(site: Site, api: Api) -> None:
    second = api.get("/telephony/config/numbers", start=1, max=2).json()["phoneNumbers"]
    assert [row["phoneNumber"] for row in second] == site.numbers[1:3]
    assert len(api.walk("/telephony/config/numbers", "phoneNumbers", max=3)) == 4
    assert len(api.get("/telephony/config/numbers", phoneNumber="9100").json()["phoneNumbers"]) == 4
    assert api.get("/telephony/config/numbers", numberType="EXTENSION", state="ACTIVE").status_code == 400


def test_adding_numbers_needs_pstn_and_refuses_known_ones(site: Site, api: Api) -> None:
    path = f"/telephony/config/locations/{site.madrid}/numbers"
    assert api("POST", path, {"phoneNumbers": ["+34910000099"], "state": "INACTIVE"}).status_code == 201
    again = api("POST", path, {"phoneNumbers": ["+34910000099"]})
    assert (again.status_code, again.json()["errorCode"]) == (409, 25223)
    assert isinstance(api("POST", path, {"phoneNumbers": ["0099"]}).json(), list)
    assert api("PUT", path, {"phoneNumbers": ["+34910000099"], "action": "ACTIVATE"}).status_code == 204
    assert code(api("PUT", path, {"phoneNumbers": ["+34999999999"], "action": "ACTIVATE"})) == 5209
    site.tenant.table("locations").rows[site.madrid].pop("pstn")
    assert api("POST", path, {"phoneNumbers": ["+34910000098"]}).status_code == 404


def test_removing_an_absent_number_is_a_502_with_the_code_in_a_header(site: Site, api: Api) -> None:
    path = f"/telephony/config/locations/{site.madrid}/numbers"
    assert api("DELETE", path, {"phoneNumbers": [site.numbers[0]]}).status_code == 204
    again = api("DELETE", path, {"phoneNumbers": [site.numbers[0]]})
    assert (again.status_code, again.headers["cisco-spark-error-codes"]) == (502, "4251")
    assert api("DELETE", path, {"phoneNumbers": [f"+3491000001{n}" for n in range(6)]}).status_code == 400
    site.enable(site.ana, phoneNumber=site.numbers[1])
    assert code(api("DELETE", path, {"phoneNumbers": [site.numbers[1]]})) == 25042


def test_alternate_numbers_of_a_person_are_a_delta(site: Site, api: Api) -> None:
    site.enable(site.ana, extension="1001")
    path = f"/telephony/config/people/{site.ana}/numbers"
    add = {"primary": False, "action": "ADD", "directNumber": site.numbers[2]}
    assert api("PUT", path, {"phoneNumbers": [add]}).status_code == 204
    assert code(api("PUT", path, {"phoneNumbers": [add]})) == 4250
    assert code(api("PUT", path, {"phoneNumbers": [{"action": "ADD", "directNumber": site.numbers[3]}]})) == 25008
    assert code(api("PUT", path, {"phoneNumbers": [{**add, "action": "REPLACE"}]})) == 25024
    read = api.get(f"/people/{site.ana}/features/numbers").json()
    assert [entry.get("directNumber") for entry in read["phoneNumbers"]] == [None, site.numbers[2]]
    assert api("PUT", path, {"phoneNumbers": [{**add, "action": "DELETE"}]}).status_code == 204
    assert api("PUT", path, {"phoneNumbers": [{**add, "action": "DELETE"}]}).status_code == 400
    assert api.get(path).status_code == 405


def test_lists_can_lag_behind_a_create_while_the_id_is_there_at_once() -> None:
    clock = VirtualClock()
    site = Site(clock=clock)
    clock.advance(100)
    site.tenant.quirks = Quirks(list_lag_seconds=10)
    place = site.api("POST", "/locations", PORTO).json()["id"]
    assert site.api.get("/locations", name="Porto").json()["items"] == []
    assert site.api.get(f"/locations/{place}").status_code == 200
    site.enable(site.ana, extension="1001")
    assert site.api.get("/telephony/config/numbers", extension="1001").json()["phoneNumbers"] == []
    clock.advance(11)
    assert len(site.api.get("/locations", name="Porto").json()["items"]) == 1
    assert len(site.api.get("/telephony/config/numbers", extension="1001").json()["phoneNumbers"]) == 1
