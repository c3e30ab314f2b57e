"""Phones, by MAC address or awaited by an activation code."""

from webex_provision.generator.site import Row, Site

_MODELS = ("DMS Cisco 8845", "DMS Cisco 7841")
_FIRST_MAC = 0x00562B000000


def phone(site: Site, serial: int, kind: str, owner: str) -> Row:
    """The one phone of an owner (`person` or `workspace`); `serial` is unique over all phones."""
    row = {
        "entity_type": "devices",
        "device_owner_type": kind,
        "device_owner": owner,
        "device_model": site.chance.choice(_MODELS),
    }
    if site.chance.random() < 0.1:
        return row | {"device_onboarding": "activation_code"}
    return row | {"device_mac": f"{_FIRST_MAC + serial:012X}"}
