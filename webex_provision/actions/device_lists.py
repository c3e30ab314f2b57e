"""The lists that tell of phones: devices by MAC address, serial number or owner, and the models that Webex supports."""

import re
from collections.abc import Iterator, Sequence

from webex_provision.actions.action_helpers import uuid_of
from webex_provision.actions.declaration import Index, Item
from webex_provision.wire import Answer, ApiRequest, Endpoint

LIST_DEVICES = Endpoint("GET", "/devices", "spark-admin:devices_read")
VALIDATE_MACS = Endpoint(
    "POST", "/telephony/config/devices/actions/validateMacs/invoke", "spark-admin:telephony_config_write"
)
LIST_MODELS = Endpoint("GET", "/telephony/config/supportedDevices", "spark-admin:telephony_config_read")


def plain_mac(mac: str) -> str:
    """A MAC address as Webex lists those of phones: 12 capitals and digits; room devices come with colons."""
    return re.sub(r"[:.\-]", "", mac).upper()


def _device_keys(item: Item) -> Iterator[str]:
    for name in ("mac", "serial", "personId", "workspaceId"):
        if item.get(name):
            yield f"{name}:{item[name]}"


def _comparable(key: str) -> str:
    name, value = key.split(":", 1)
    if name == "mac":
        return f"mac:{plain_mac(value)}"
    return key if name == "serial" else f"{name}:{uuid_of(value)}"


def free_macs(keys: Sequence[str], answer: Answer) -> list[str]:
    """Of a list without faults Webex may say OK and no more; of any other it tells about each address (seen live)."""
    told = {f"mac:{plain_mac(entry['mac'])}": entry["state"] for entry in answer.json.get("macStatus") or ()}
    free = dict.fromkeys(keys, "AVAILABLE") | told if answer.json["status"] == "OK" else told
    return [key for key in keys if free.get(key) == "AVAILABLE"]


def _one_device(_: str, key: str) -> ApiRequest:
    name, value = key.split(":", 1)
    return LIST_DEVICES.at(params={name: value, "max": 1000})


DEVICES = Index(
    name="devices",
    items="items",
    list_all=lambda _: LIST_DEVICES.at(params={"max": 1000}),
    list_one=_one_device,
    keys=_device_keys,
    comparable=_comparable,
    keeps=("id", "mac", "serial", "personId", "workspaceId", "connectionStatus", "product", "type", "tags"),
    start_honoured=True,
)

MODELS = Index(
    name="device models",
    items="devices",
    list_all=lambda _: LIST_MODELS.at(),
    list_one=lambda *_: LIST_MODELS.at(),
    keys=lambda item: [str(item["model"]), str(item["displayName"])],
    identity=lambda item: str(item["model"]),
    needs=("model",),
    keeps=("model", "displayName", "onboardingMethod", "supportedFor"),
)
