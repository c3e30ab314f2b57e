"""What is uncertain about phase 3: devices, and numbers that are taken out of an inventory."""

from functools import partial
from typing import Any

from webex_provision.sandbox.answers import Reply, WebexError
from webex_provision.sandbox.faults import Effect, FaultRule
from webex_provision.sandbox.routing import Call, Handler
from webex_provision_tests.in_process_site import InProcessSite
from webex_provision_tests.promises.answers import (
    ALWAYS,
    Answer,
    Rule,
    Uncertainty,
    hidden,
    hidden_for,
    plays,
    refused,
    refuses_as,
    says,
)
from webex_provision_tests.promises.uncertain_users import ANA

_DEVICES = "^/devices$"
_MACS = "/actions/validateMacs/invoke$"
_CODES = "^/devices/activationCode$"
_REMOVE = ("DELETE", "/numbers$")

PHONE = {
    "entity_type": "devices",
    "device_owner_type": "person",
    "device_owner": "ana@example.com",
    "device_mac": "001122334401",
    "device_model": "Cisco 8845",
    "device_tags": "planta-2",
}
SECOND_PHONE = PHONE | {"device_mac": "001122334402"}
CODE = {
    "entity_type": "devices",
    "device_owner_type": "person",
    "device_owner": "ana@example.com",
    "device_onboarding": "activation_code",
    "device_model": "DMS Cisco 7841",
}
REMOVAL = {"entity_type": "number_removal", "location_key": "HQ", "number_to_remove": "+34910002999"}


def _no_body(call: Call, reply: Reply) -> Reply:
    del call, reply
    return Reply(204)


def _colons(call: Call, reply: Reply) -> None:
    del call
    for item in reply.body["items"]:
        if item.get("mac"):
            item["mac"] = ":".join(item["mac"][place : place + 2] for place in range(0, 12, 2)).lower()


def _each_told(call: Call, reply: Reply) -> None:
    reply.body = {"status": "OK", "macStatus": [{"mac": mac, "state": "AVAILABLE"} for mac in call.body["macs"]]}


def _one_object(call: Call, handler: Handler) -> Reply:
    if isinstance(call.body, list):
        raise WebexError(400, "An object is expected", 25024)
    return handler(call)


def _another_body(body: Any, call: Call, reply: Reply) -> Reply:
    del call, reply
    return Reply(200, body)


def _mine_once(site: InProcessSite) -> None:
    assert len(site.sandbox.tenant.table("devices").rows) == 1


def _two(site: InProcessSite) -> None:
    assert len(site.sandbox.tenant.table("devices").rows) == 2


def _gone(site: InProcessSite) -> None:
    assert REMOVAL["number_to_remove"] not in site.sandbox.tenant.lines.inventory


_PLAIN = WebexError(400, "The number is not there", 25089)
_DISGUISED = WebexError(502, "Bad gateway", headers={"cisco-spark-error-codes": "4251"})


def _twice(refusal: WebexError, call: Call, handler: Handler) -> Reply:
    """Somebody else was faster."""
    handler(call)
    raise refusal


def _lost(path: str) -> FaultRule:
    return FaultRule(method="POST", path=path, effect=Effect.GHOST, last=1)


_OF_DEVICES = (
    Uncertainty(
        name="answer to a new device",
        what="Some phones are made with a body, some without; those show later.",
        rows=(ANA, PHONE),
        answers={
            "with its body": Answer(then=_mine_once),
            "without": plays(says("POST", _DEVICES, _no_body), then=_mine_once),
            "without, and shown much later": plays(
                says("POST", _DEVICES, _no_body), hidden(_DEVICES, ALWAYS), then=_mine_once, ends="half_applied"
            ),
        },
    ),
    Uncertainty(
        name="spelling of a MAC address",
        what="Whether the list shows it with colons, and in which case.",
        rows=(ANA, PHONE),
        there=True,
        answers={"bare": Answer(then=_mine_once), "colons": plays(says("GET", _DEVICES, _colons), then=_mine_once)},
    ),
    Uncertainty(
        name="a device that is there",
        what="With which code a device is refused that the list did not show yet.",
        rows=(ANA, PHONE),
        there=True,
        answers={
            str(code): plays(hidden(_DEVICES, 2), refuses_as("POST", _DEVICES, 400, code), then=_mine_once)
            for code in (2011, 2022)
        },
    ),
    Uncertainty(
        name="many MAC addresses at once",
        what="What is told of addresses that are all free, and whether the question can be asked at all.",
        rows=(ANA, PHONE, SECOND_PHONE),
        answers={
            "OK alone": Answer(then=_two),
            "each address": plays(says("POST", _MACS, _each_told), then=_two),
            "never free": plays(says("POST", _MACS, partial(_another_body, {"status": "ERRORS"})), then=_two),
            "another word": plays(says("POST", _MACS, partial(_another_body, {"status": "FINE"})), then=_two),
            "a list": plays(says("POST", _MACS, partial(_another_body, ["OK"])), then=_two),
            "nothing": plays(says("POST", _MACS, _no_body), then=_two),
            "no such call": plays(refused("POST", _MACS, 404), then=_two),
            "not held": plays(refused("POST", _MACS, 403), then=_two),
        },
    ),
    Uncertainty(
        name="one device too many",
        what="How many devices an owner may have, and how the next one is refused.",
        rows=(ANA, PHONE),
        answers={
            "room enough": Answer(),
            "one code": plays(refused("POST", _DEVICES, 400, 2022), ends="non_retryable_external"),
            "in words": plays(
                refused("POST", _DEVICES, 400, text="Phones cannot be added to this user"),
                ends="non_retryable_external",
            ),
            "elsewhere": plays(refused("POST", _DEVICES, 400, 2011), ends="non_retryable_external"),
        },
    ),
    Uncertainty(
        name="change of tags",
        what="Whether a change is a list, or one object as the description has it.",
        rows=(ANA, PHONE),
        answers={
            "a list": Answer(),
            "an object": plays(Rule("PATCH", "^/devices/", _one_object), ends="half_applied"),
        },
    ),
    Uncertainty(
        name="a code whose answer was lost",
        what="Every call makes another code; whether the first shows among the owner's devices.",
        rows=(ANA, CODE),
        answers={
            "it shows": Answer(faults=(_lost(_CODES),), then=_mine_once),
            "much later": plays(
                hidden_for(_DEVICES, 50), faults=(_lost(_CODES),), then=_mine_once, ends="retry_exhausted"
            ),
        },
    ),
    Uncertainty(
        name="scope of a code",
        what="Sources differ on the scopes that a code needs.",
        rows=(ANA, CODE),
        answers={"held": Answer(), "not held": plays(refused("POST", _CODES, 403), ends="permission_denied")},
    ),
)

_OF_NUMBERS = (
    Uncertainty(
        name="removing a number that is gone",
        what="Whether that is a plain refusal or looks like a failing service.",
        rows=(REMOVAL,),
        answers={
            "400": plays(Rule(*_REMOVE, partial(_twice, _PLAIN)), then=_gone),
            "502 with a code": plays(Rule(*_REMOVE, partial(_twice, _DISGUISED)), then=_gone),
            "504": Answer(faults=(FaultRule(method="DELETE", effect=Effect.GHOST, status=504, last=1),), then=_gone),
        },
    ),
    Uncertainty(
        name="removing a number that is needed",
        what="How a number is refused that something else uses, or that takes its time to be free.",
        rows=(REMOVAL,),
        answers={
            "it is free": Answer(then=_gone),
            "400": plays(refused(*_REMOVE, 400, 25042), ends="non_retryable_external"),
            "409": plays(refused(*_REMOVE, 409), ends="non_retryable_external"),
        },
    ),
    Uncertainty(
        name="removing where there is no PSTN",
        what="How the location, or its provider, refuses.",
        rows=(REMOVAL,),
        answers={
            "404": plays(refused(*_REMOVE, 404), ends="precondition_missing"),
            "the provider": plays(refused(*_REMOVE, 400, "ERR.V.TRM.TMN60004"), ends="out_of_scope"),
        },
    ),
)


UNCERTAINTIES = (*_OF_DEVICES, *_OF_NUMBERS)
