"""What is uncertain about phase 2: licences and numbers of users."""

from collections.abc import Callable

from webex_provision.sandbox.answers import Record, Reply, WebexError
from webex_provision.sandbox.faults import Effect, FaultRule
from webex_provision.sandbox.routing import Call, Handler
from webex_provision.sandbox.tenant import PROFESSIONAL, STANDARD, Quirks, Tenant
from webex_provision_tests.in_process_site import InProcessSite
from webex_provision_tests.promises.answers import (
    Answer,
    Rule,
    Uncertainty,
    accepts,
    hidden,
    plays,
    refused,
    refuses_as,
    says,
    takes,
)
from webex_provision_tests.rehearsal import user

_LICENSE = ("PATCH", "^/licenses/users$")
_PERSON = ("PUT", "^/people/[^/]+$")
_ALTERNATES = ("PUT", "^/telephony/config/people/[^/]+/numbers$")

ANA = user("ana", "2101")
LUIS = user("luis", "2102")


def of_user(kind: str, name: str = "ana", **cells: str) -> dict[str, str]:
    """A row of another type about a user in HQ."""
    return {"entity_type": kind, "location_key": "HQ", "email": f"{name}@example.com", **cells}


NUMBERS = of_user("user_numbers", phone_numbers_secondary="+34910003101", user_distinctive_ring_enabled="true")
FORWARDING = of_user("user_forwarding", user_forwarding_enabled="true", user_forwarding_destination="2102")
SETTINGS = {
    "calling_settings_voicemail_enabled": "true",
    "calling_settings_voicemail_rings": "20",
    "calling_settings_outgoing_permissions_json": (
        '[{"callType":"INTERNATIONAL","action":"BLOCK","transferEnabled":false}]'
    ),
}


def person(tenant: Tenant, name: str = "ana") -> Record:
    found = tenant.table("people").find(f"{name}@example.com")
    assert found is not None
    return found


def calls(extension: str, licence: str = PROFESSIONAL, name: str = "ana") -> Callable[[Tenant], None]:
    """The user calls already, with this extension."""

    def prepare(tenant: Tenant) -> None:
        found, place = person(tenant, name), tenant.table("locations").find("HQ")
        assert place is not None
        license_id = tenant.license(licence)["id"]
        found["licenses"].append(license_id)
        tenant.holders[license_id][found["id"]] = None
        tenant.lines.assign(found["id"], "PEOPLE", place["id"], extension=extension, number="", now=0)

    return prepare


def _extension(expected: str) -> Callable[[InProcessSite], None]:
    def look(site: InProcessSite) -> None:
        tenant = site.sandbox.tenant
        assert tenant.lines.by_owner[person(tenant)["id"]].extension == expected

    return look


def _without_licenses(call: Call, reply: Reply) -> None:
    del call
    for item in reply.body["items"]:
        item.pop("licenses", None)


def _basic(tenant: Tenant) -> None:
    tenant.license(STANDARD)["name"] = "Webex Calling - Basic"


def _no_units(tenant: Tenant) -> None:
    tenant.set_license_units(PROFESSIONAL, 0)


def _units(total: int, consumed: int) -> Rule:
    """The count lags behind the truth."""

    def change(call: Call, reply: Reply) -> None:
        del call
        for item in reply.body["items"]:
            item |= {"totalUnits": total, "consumedUnits": consumed}

    return says("GET", "^/licenses$", change)


def _reassigned(call: Call, handler: Handler) -> Reply:
    """The line becomes what stands in the request, nothing where that says nothing."""
    reply = handler(call)
    properties = call.body["licenses"][-1].get("properties", {})
    line = call.tenant.lines.by_owner[call.body["personId"]]
    line.extension = properties.get("extension", "")
    return reply


_NO_LINE = "Extension and Phone Number cannot be blank."
_LICENCES = (
    Uncertainty(
        name="licences in the list of people",
        what="Whether the list shows an administrator what each user holds.",
        rows=(ANA,),
        there=True,
        answers={"shown": Answer(), "not shown": plays(says("GET", "^/people$", _without_licenses))},
    ),
    Uncertainty(
        name="name of the lesser licence",
        what="Newer organisations call it Standard, older ones Basic.",
        rows=(user("ana", "2101", user_calling_license="standard"),),
        answers={"Standard": Answer(), "Basic": Answer(before=_basic)},
    ),
    Uncertainty(
        name="answer to a licence",
        what="A licence that was given is told by 200 or by 206; one that was not, by 206.",
        rows=(ANA,),
        answers={
            "200": Answer(),
            "206, given": plays(says(*_LICENSE, lambda _, reply: Reply(206, reply.body))),
            "206, not given": Answer(
                faults=(FaultRule(method="PATCH", effect=Effect.PARTIAL),), ends="license_or_feature_missing"
            ),
        },
    ),
    Uncertainty(
        name="a licence without a line",
        what="With which code a licence is refused that comes without extension and number.",
        rows=(ANA,),
        answers={
            "six digits": plays(refused(*_LICENSE, 400, 400411, _NO_LINE), ends="precondition_missing"),
            "words only": plays(refused(*_LICENSE, 400, 400, _NO_LINE), ends="precondition_missing"),
        },
    ),
    Uncertainty(
        name="no licence left",
        what="What a licence answers of which no unit is free, and how far the count lags.",
        rows=(ANA,),
        answers={
            "the count says so": Answer(before=_no_units, ends="license_or_feature_missing"),
            "206": plays(_units(10, 0), before=_no_units, ends="license_or_feature_missing"),
            "400 with a code": plays(refused(*_LICENSE, 400, 400413), ends="license_or_feature_missing"),
            "400 without one": plays(refused(*_LICENSE, 400), ends="non_retryable_external"),
            "the count says so, wrongly": plays(_units(10, 10), ends="license_or_feature_missing"),
        },
    ),
    Uncertainty(
        name="settings of a new caller",
        what="How soon after the licence the settings of the same row can be written.",
        rows=(ANA | SETTINGS,),
        answers={
            "at once": Answer(),
            "after half a minute": Answer(quirks=Quirks(calling_settle_seconds=30)),
            "after minutes": Answer(quirks=Quirks(calling_settle_seconds=300), ends="half_applied"),
        },
    ),
    Uncertainty(
        name="further rows of a new caller",
        what="How soon after the licence the settings of other rows can be written.",
        rows=(ANA, LUIS, FORWARDING),
        answers={
            "at once": Answer(),
            "after half a minute": Answer(quirks=Quirks(calling_settle_seconds=30), ends="precondition_missing"),
        },
    ),
    Uncertainty(
        name="upgrade of a licence",
        what="Whether a user who gets the greater licence keeps the extension.",
        rows=(user("ana", "2101", user_calling_license="professional"),),
        answers={
            "it stays": Answer(before=calls("2101", STANDARD), then=_extension("2101")),
            "it is what the request says": plays(
                Rule(*_LICENSE, _reassigned),
                before=calls("2101", STANDARD),
                then=_extension("2101"),
            ),
        },
    ),
    Uncertainty(
        name="a user who is gone",
        what="How a licence for a user is refused who has left since the list was read.",
        rows=(ANA,),
        answers={
            "404": plays(refused(*_LICENSE, 404), ends="user_not_found"),
            "400": plays(refused(*_LICENSE, 400, 4003), ends="precondition_missing"),
        },
    ),
    Uncertainty(
        name="423 and Retry-After",
        what="A locked resource may say when to come back, or not.",
        rows=(ANA,),
        answers={
            "said": Answer(
                faults=(_locked := FaultRule(method="PATCH", effect=Effect.STATUS, status=423, last=1, retry_after=2),)
            ),
            "not said": Answer(
                faults=(_locked.model_copy(update={"retry_after": None}),), ends="non_retryable_external"
            ),
        },
    ),
)


def _taken(method: str, path: str) -> dict[str, Answer]:
    """Ways to say that somebody has the extension whom no list shows."""
    return {
        "one code": plays(refused(method, path, 400, 4202), ends="non_retryable_external"),
        "409": plays(refused(method, path, 409), ends="non_retryable_external"),
        "another code": plays(refused(method, path, 400, 25024), ends="non_retryable_external"),
    }


def _changed_in_part(call: Call, handler: Handler) -> Reply:
    handler(call)
    raise WebexError(400, "The number was not set", 25024)


def _in_use_elsewhere(tenant: Tenant) -> None:
    tenant.lines.inventory["+34910003101"].state = "INACTIVE"


_ONLY_EXTENSION = of_user("user_numbers", extension="2101")
_NUMBERS = (
    Uncertainty(
        name="an extension that is taken, licence",
        what="How a licence is refused.",
        rows=(ANA,),
        answers=_taken(*_LICENSE),
    ),
    Uncertainty(
        name="an extension that is taken, user",
        what="How a change of the extension is refused.",
        rows=(_ONLY_EXTENSION,),
        answers={
            said: Answer(rules=answer.rules, ends=answer.ends, before=calls("2999"))
            for said, answer in _taken(*_PERSON).items()
        },
    ),
    Uncertainty(
        name="answer to a change of the extension",
        what="200 with the person, or 204.",
        rows=(_ONLY_EXTENSION,),
        answers={
            "200": Answer(before=calls("2999"), then=_extension("2101")),
            "204": plays(says(*_PERSON, lambda *_: Reply(204)), before=calls("2999"), then=_extension("2101")),
        },
    ),
    Uncertainty(
        name="a user whom the directory keeps",
        what="Whether the extension of a synchronised user can be changed here.",
        rows=(_ONLY_EXTENSION,),
        answers={
            "it can": Answer(before=calls("2999")),
            "400": plays(refused(*_PERSON, 400), before=calls("2999"), ends="non_retryable_external"),
            "403": plays(refused(*_PERSON, 403), before=calls("2999"), ends="permission_denied"),
        },
    ),
    Uncertainty(
        name="a change that was refused",
        what="Whether a refused change of a person has changed something all the same.",
        rows=(_ONLY_EXTENSION,),
        answers={
            "nothing": plays(refused(*_PERSON, 400), before=calls("2999"), ends="non_retryable_external"),
            "in part": plays(Rule(*_PERSON, _changed_in_part), before=calls("2999"), ends="half_applied"),
        },
    ),
    Uncertainty(
        name="an alternate number that the user has",
        what="What adding it a second time answers, when it did not show.",
        rows=(ANA, NUMBERS),
        there=True,
        answers={
            "refused": plays(hidden("/features/numbers$", 1), refuses_as(*_ALTERNATES, 400, 4250)),
            "409": plays(hidden("/features/numbers$", 1), refuses_as(*_ALTERNATES, 409)),
            "204": plays(hidden("/features/numbers$", 1), accepts(*_ALTERNATES, 204)),
        },
    ),
    Uncertainty(
        name="most alternate numbers of a user",
        what="Their limit is in no source.",
        rows=(ANA, NUMBERS),
        answers={
            "not reached": Answer(),
            "reached": plays(refused(*_ALTERNATES, 400, 25110), ends="non_retryable_external"),
        },
    ),
    Uncertainty(
        name="name of the ring switch",
        what="Sources differ on the key of the distinctive ring; an unknown key is ignored.",
        rows=(ANA, NUMBERS),
        answers={
            "known": Answer(),
            "ignored": plays(takes(*_ALTERNATES, lambda call: {**call.body, "distinctiveRingEnabled": None})),
        },
    ),
    Uncertainty(
        name="a number that is switched off",
        what="Whether an inactive number can be assigned.",
        rows=(ANA, NUMBERS),
        answers={
            "it can": Answer(before=_in_use_elsewhere),
            "it can't": plays(
                refused(*_ALTERNATES, 400, 4250), before=_in_use_elsewhere, ends="number_inventory_missing"
            ),
        },
    ),
)


UNCERTAINTIES = (*_LICENCES, *_NUMBERS)
