"""MAC addresses that are asked about together, with the awkwardness that was seen live."""

from typing import Any

from webex_provision_tests.sandbox import Api, Site

PATH = "/telephony/config/devices/actions/validateMacs/invoke"


def _asked(site: Site, api: Api, *macs: str) -> Any:
    site.enable(site.ana, extension="1001")
    held = {"mac": "001122334455", "model": "DMS Cisco 8845", "personId": site.ana}
    assert api("POST", "/devices", held).status_code == 200
    return api("POST", PATH, {"macs": list(macs)}).json()


def test_of_free_addresses_no_more_is_told_than_ok(site: Site, api: Api) -> None:
    assert _asked(site, api, "001122334401", "00:11:22:33:44:02") == {"status": "OK"}


def test_one_fault_and_each_address_is_told_of(site: Site, api: Api, contract: Any) -> None:
    told = _asked(site, api, "001122334401", "00-11-22-33-44-55", "001122334401", "no MAC")
    assert [(entry["state"], entry.get("errorCode")) for entry in told["macStatus"]] == [
        ("AVAILABLE", None),
        ("UNAVAILABLE", 5675),
        ("DUPLICATE_IN_LIST", 5676),
        ("INVALID", 25220),
    ]
    assert told["status"] == "ERRORS"
    assert contract.response("POST", f"/v1{PATH}", 200, told, strict=True) == []
