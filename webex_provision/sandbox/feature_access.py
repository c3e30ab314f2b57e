"""What users may change by themselves. A GET wraps the features, a PUT names some of them bare."""

from webex_provision.sandbox.answers import Record, Reply, WebexError, invalid
from webex_provision.sandbox.routing import Call, Routes

routes = Routes()

SETTING = "settingsPermissions"
ORGANISATION = "/telephony/config/people/settings/permissions"
PERSON = "/telephony/config/people/{person_id}/settings/permissions"
VALUES = frozenset({"FULL_ACCESS", "NO_ACCESS"})
FEATURES = (
    "anonymousCallRejection",
    "bargeIn",
    "blockCallerId",
    "callForwarding",
    "callWaiting",
    "callNotify",
    "connectedLineIdentity",
    "executive",
    "hoteling",
    "priorityAlert",
    "selectivelyAcceptCalls",
    "selectivelyRejectCalls",
    "selectivelyForwardCalls",
    "sequentialRing",
    "simultaneousRing",
    "singleNumberReach",
    "voicemail",
    "sendCallsToVoicemail",
    "voicemailEmailCopy",
    "voicemailFaxMessaging",
    "voicemailMessageStorage",
    "voicemailNotifications",
    "voicemailTransferNumber",
    "generateActivationCode",
    "voicemailDownload",
    "speedDial",
)
DEFAULT = dict.fromkeys(FEATURES, "FULL_ACCESS")


def _person_id(call: Call) -> str:
    """The person, who must be calling-active."""
    person = call.tenant.get("people", call.ids["person_id"], "PEOPLE")
    call.tenant.active_line(person["id"])
    return str(person["id"])


@routes.get(ORGANISATION)
def read_default(call: Call) -> Reply:
    """What the organisation lets its users change."""
    del call
    return Reply(200, dict(DEFAULT))


@routes.get(PERSON)
def read_access(call: Call) -> Reply:
    """Whether the organisation's setting holds for the person, and what holds."""
    own: Record = call.tenant.settings.get(_person_id(call), {}).get(SETTING, {})
    return Reply(200, {"userOrgSettingsPermissionEnabled": not own, "userOrgSettingsPermissions": DEFAULT | own})


@routes.put(PERSON)
def update_access(call: Call) -> Reply:
    """204; only the features that are named change."""
    person_id = _person_id(call)
    if not isinstance(call.body, dict):
        raise WebexError(400, "The request body is not a JSON object")
    given = {name: value for name, value in call.body.items() if name in DEFAULT}
    for name, value in given.items():
        if value not in VALUES:
            raise invalid(name)
    kept = call.tenant.settings.setdefault(person_id, {})
    kept[SETTING] = {**kept.get(SETTING, {}), **given}
    return Reply(204)


@routes.post(PERSON + "/actions/reset/invoke")
def reset_access(call: Call) -> Reply:
    """204; the organisation's setting holds for the person again."""
    call.tenant.settings.get(_person_id(call), {}).pop(SETTING, None)
    return Reply(204)
