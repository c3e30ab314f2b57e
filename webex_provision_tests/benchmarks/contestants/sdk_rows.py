"""What the two scripts on wxc-sdk share: the library pointed at loopback, and what a row says, as its models."""

import asyncio
import csv
import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from types import SimpleNamespace
from typing import Any
from unittest.mock import patch

import wxc_sdk.as_rest
import wxc_sdk.rest
from wxc_sdk.licenses import LicenseProperties, LicenseRequest
from wxc_sdk.person_settings.forwarding import CallForwardingNoAnswer, PersonForwardingSetting
from wxc_sdk.person_settings.voicemail import VoicemailSettings
from wxc_sdk.telephony.callpickup import CallPickup
from wxc_sdk.telephony.callqueue import CallQueue
from wxc_sdk.telephony.huntgroup import HuntGroup
from wxc_sdk.workspaces import Workspace

Row = Mapping[str, str]
LICENSES = {"professional": "Webex Calling - Professional", "standard": "Webex Calling - Standard"}
FIRST = frozenset({"user", "workspace"})  # what other rows refer to


def rows_of(path: str) -> list[dict[str, str]]:
    """The rows, filled cells only."""
    with Path(path).open(encoding="utf-8", newline="") as file:
        return [{name: cell for name, cell in row.items() if cell} for row in csv.DictReader(file)]


@contextmanager
def waits_scaled(speed: float) -> Iterator[None]:
    """The library sleeps out what Retry-After says: in seconds of the tenant, as everything here."""
    sleep, sleep_async = time.sleep, asyncio.sleep
    of_time = SimpleNamespace(**vars(time) | {"sleep": lambda seconds: sleep(seconds / speed)})
    of_asyncio = SimpleNamespace(**vars(asyncio) | {"sleep": lambda seconds: sleep_async(seconds / speed)})
    with patch.object(wxc_sdk.rest, "time", of_time), patch.object(wxc_sdk.as_rest, "asyncio", of_asyncio):
        yield


def license_of(row: Row, licenses: Mapping[str, str]) -> str:
    """The id of the licence that a user row asks for; `licenses` are ids by name."""
    return licenses[LICENSES[row.get("user_calling_license", "professional")]]


def license_request(row: Row, license_id: str, location_id: str) -> LicenseRequest:
    line = {name: row[name] for name in ("extension", "phone_number") if name in row}
    return LicenseRequest(id=license_id, properties=LicenseProperties(location_id=location_id, **line))


def voicemail(row: Row) -> VoicemailSettings:
    rings = int(row["calling_settings_voicemail_rings"])
    return VoicemailSettings.model_validate(
        {
            "enabled": row["calling_settings_voicemail_enabled"] == "true",
            "notifications": {"enabled": False},
            "transferToNumber": {"enabled": False},
            "sendUnansweredCalls": {"enabled": True, "greeting": "DEFAULT", "numberOfRings": rings},
        }
    )


def forwarded(row: Row, now: PersonForwardingSetting) -> PersonForwardingSetting:
    """What is set now, as it was read, with the row's destination for calls that nobody answers."""
    now.call_forwarding.no_answer = CallForwardingNoAnswer(
        enabled=True,
        destination=row["user_forwarding_destination"],
        number_of_rings=int(row["user_forwarding_rings"]),
    )
    return now


def workspace(row: Row, location_id: str, licenses: Mapping[str, str]) -> Workspace:
    line: dict[str, Any] = {"locationId": location_id, "extension": row["extension"]}
    if "phone_number" in row:
        line["phoneNumber"] = row["phone_number"]
    if "workspace_calling_license" in row:
        line["licenses"] = [licenses[LICENSES[row["workspace_calling_license"]]]]
    return Workspace.model_validate(
        {
            "displayName": row["workspace_display_name"],
            "locationId": location_id,
            "type": row["workspace_type"],
            "capacity": int(row["workspace_capacity"]),
            "supportedDevices": "phones",
            "calling": {"type": "webexCalling", "webexCalling": line},
        }
    )


def hunt_group(row: Row, agents: list[str]) -> HuntGroup:
    return HuntGroup.model_validate(
        {
            "name": row["hunt_name"],
            "extension": row["extension"],
            "phoneNumber": row["phone_number"],
            "enabled": True,
            "agents": [{"id": agent} for agent in agents],
            "callPolicies": {"policy": row["hunt_policy"]},
        }
    )


def call_queue(row: Row, agents: list[str]) -> CallQueue:
    return CallQueue.model_validate(
        {
            "name": row["queue_name"],
            "extension": row["extension"],
            "phoneNumber": row["phone_number"],
            "languageCode": row["language"],
            "agents": [{"id": agent} for agent in agents],
            "callPolicies": {"policy": row["queue_policy"], "routingType": "PRIORITY_BASED"},
            "queueSettings": {
                "queueSize": int(row["queue_size"]),
                "overflow": {"action": row["queue_overflow_action"], "greeting": "DEFAULT"},
            },
        }
    )


def pickup_group(row: Row, members: list[str]) -> CallPickup:
    return CallPickup.model_validate({"name": row["pickup_name"], "agents": [{"id": member} for member in members]})
