"""What is uncertain about phase 2: the settings of users who call."""

from collections.abc import Callable
from typing import Any

from webex_provision.sandbox.routing import Call
from webex_provision_tests.promises.answers import Answer, Uncertainty, plays, refused, takes
from webex_provision_tests.promises.uncertain_users import ANA, FORWARDING, LUIS, SETTINGS, of_user

_MONITORING = "^/(people|workspaces)/[^/]+/features/monitoring$"
_FORWARDING = "^/people/[^/]+/features/callForwarding$"

MONITORING = of_user("user_monitoring", user_monitoring_targets="luis@example.com")
RECORDING = of_user("user_recording", user_recording_enabled="true")


def _strings(refusing: bool) -> Callable[[Call], bool]:
    def asked(call: Call) -> bool:
        return any(isinstance(element, str) is refusing for element in call.body["monitoredElements"])

    return asked


def _as_replaced_block(call: Call) -> Any:
    """As if what is not said in a block fell back to its default."""
    default = {"enabled": False, "destination": "", "destinationVoicemailEnabled": False}
    blocks = {name: default | block for name, block in call.body["callForwarding"].items()}
    return {**call.body, "callForwarding": blocks}


_LINES = (
    Uncertainty(
        name="members of a monitoring list",
        what="Whether the monitored lines of a user are plain ids or objects.",
        rows=(ANA, LUIS, MONITORING),
        answers={
            "both": Answer(),
            "objects only": plays(refused("PUT", _MONITORING, 400, 25024, when=_strings(refusing=True))),
            "ids only": plays(refused("PUT", _MONITORING, 400, 25024, when=_strings(refusing=False))),
            "neither": plays(refused("PUT", _MONITORING, 400, 25024), ends="non_retryable_external"),
        },
    ),
    Uncertainty(
        name="a monitored line without calling",
        what="Whether somebody without calling can be monitored.",
        rows=(ANA, MONITORING),
        answers={
            "it can": Answer(ends="precondition_missing"),
            "it can't": plays(refused("PUT", _MONITORING, 400, 4003), ends="precondition_missing"),
        },
    ),
    Uncertainty(
        name="an unknown line in a monitoring list",
        what="What an id answers that is gone since the list was read.",
        rows=(ANA, LUIS, MONITORING),
        answers={
            "ignored": Answer(),
            "404": plays(refused("PUT", _MONITORING, 404), ends="user_not_found"),
            "400": plays(refused("PUT", _MONITORING, 400), ends="non_retryable_external"),
        },
    ),
    Uncertainty(
        name="PUT of call forwarding",
        what="Whether what a block leaves out stays or falls back.",
        rows=(ANA, LUIS, FORWARDING),
        answers={
            "stays": Answer(),
            "falls back": plays(takes("PUT", _FORWARDING, _as_replaced_block)),
        },
    ),
    Uncertainty(
        name="business continuity of a user",
        what="Whether a PUT of forwarding must say something of it.",
        rows=(ANA, LUIS, FORWARDING),
        answers={
            "it need not": Answer(),
            "it must": plays(
                refused("PUT", _FORWARDING, 400, 25008, when=lambda call: "businessContinuity" not in call.body)
            ),
        },
    ),
    Uncertainty(
        name="where forwarding may lead",
        what="Whether the destination must exist, and whether the lesser licence may forward anywhere.",
        rows=(ANA, LUIS, FORWARDING),
        answers={
            "anywhere": Answer(),
            "it must exist": plays(refused("PUT", _FORWARDING, 400, 25024), ends="non_retryable_external"),
            "the licence forbids it": plays(refused("PUT", _FORWARDING, 400, 4410), ends="license_or_feature_missing"),
        },
    ),
    Uncertainty(
        name="switching recording on",
        what="Whether the vendor's terms must have been accepted before.",
        rows=(ANA, RECORDING),
        answers={
            "it works": Answer(),
            "409": plays(refused("PUT", "/features/callRecording$", 409), ends="precondition_missing"),
            "the licence forbids it": plays(
                refused("PUT", "/features/callRecording$", 400, 4410), ends="license_or_feature_missing"
            ),
        },
    ),
    Uncertainty(
        name="voicemail that transfers nowhere",
        what="Whether a destination is mandatory where the transfer is off, and the largest number of rings.",
        rows=(ANA | SETTINGS,),
        there=True,
        answers={
            "accepted": Answer(),
            "refused": plays(refused("PUT", "/features/voicemail$", 400, 25008), ends="non_retryable_external"),
        },
    ),
    Uncertainty(
        name="path of a user's outgoing permissions",
        what="Two documents give two paths.",
        rows=(ANA | SETTINGS,),
        answers={
            "this one": Answer(),
            "the other": plays(
                refused("PUT", "^/people/[^/]+/features/outgoingPermission$", 404, text="No static resource"),
                ends="half_applied",
            ),
        },
    ),
    Uncertainty(
        name="keys that the service does not know",
        what="A key that is spelt otherwise is answered by 204 and ignored; reading back tells.",
        rows=(ANA, LUIS, MONITORING | {"user_monitoring_park_notification": "true"}),
        answers={
            "known": Answer(settings={"verify_writes": True}),
            "ignored": plays(
                takes("PUT", _MONITORING, lambda call: {**call.body, "enableCallParkNotification": None}),
                settings={"verify_writes": True},
                ends="half_applied",
            ),
        },
    ),
)

UNCERTAINTIES = _LINES
