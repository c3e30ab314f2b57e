"""What the described tenant holds before a roll-out: licences, settings, and the people and numbers of its rows."""

import re

from webex_provision_tests.contract.described_tenant import DescribedTenant
from webex_provision_tests.contract.test_published_description import DEVIATIONS_OF_REQUESTS

LICENSES = (
    "Webex Calling - Professional",
    "Webex Calling - Standard",
    "Webex Calling - Workspaces",
    "Webex Calling - Hot desk only",
)
MODELS = ("DMS Cisco 8845", "Cisco 9861", "DMS Cisco 7841", "DMS Cisco 192")
USAGE = {"totalFileSizeUsedKB": 0, "totalFileSizeLimitMB": 1000, "maxAudioFileSizeAllowedKB": 5120}
FIXED = {
    "/telephony/config/callRecording": {"enabled": True, "vendorName": "Webex", "vendorId": "webex"},
    "/telephony/config/locations/{locationId}/callRecording/vendors": {
        "defaultVendorName": "Webex",
        "vendors": [{"id": "webex", "name": "Webex"}],
    },
    "/telephony/pstn/locations/{locationId}/connectionOptions": {
        "items": [{"id": "carrier", "displayName": "Example Carrier", "pstnServices": ["GEOGRAPHIC_NUMBERS"]}]
    },
    "/telephony/config/announcements/usage": USAGE,
    "/telephony/config/locations/{locationId}/announcements/usage": USAGE,
    "/telephony/config/textToSpeech/voices": {"voices": [{"id": "es-ES-1", "label": "Elvira"}]},
    "/telephony/config/supportedDevices": {
        "devices": [
            {
                "model": model,
                "displayName": model.removeprefix("DMS "),
                "onboardingMethod": ["MAC_ADDRESS", "ACTIVATION_CODE"],
                "supportedFor": ["PEOPLE", "PLACE"],
            }
            for model in MODELS
        ]
    },
}
E164 = re.compile(r"\+\d{9,}")


def excused(method: str, url: str, problem: str) -> bool:
    return any(
        re.fullmatch(known.method, method)
        and re.search(known.path, url.split("?", maxsplit=1)[0])
        and re.search(known.problem, problem)
        for known in DEVIATIONS_OF_REQUESTS
    )


def seed(tenant: DescribedTenant, rows: list[dict[str, str]]) -> None:
    """The people and the numbers that the rows speak of, and licences."""
    for name in LICENSES:
        tenant.add("/licenses", "LICENSE", name=name, totalUnits=100, consumedUnits=0)
    text = " ".join(cell for row in rows for cell in row.values())
    for email in sorted(set(re.findall(r"[a-z.]+@example\.com", text))):
        name = email.partition("@")[0].title()
        tenant.add("/people", "PEOPLE", emails=[email], displayName=name, firstName=name, licenses=[], type="person")
    adding = [row for row in rows if row.get("number_action") == "ADD"]
    ordered = {number for row in adding for number in E164.findall(row["number_phone_numbers"])}
    tenant.inventory.update({number: {"state": "ACTIVE"} for number in set(E164.findall(text)) - ordered})
