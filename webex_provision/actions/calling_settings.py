"""The `calling_settings_*` columns: settings of one line, of a user or a workspace, one PUT a group.

A group is sent only when one of its cells is filled. The API answers 204 to keys that it does not know, so the
names of keys stand here and nowhere else.
"""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import polars as pl

from webex_provision.actions.action_helpers import needs, only_with, without_nulls
from webex_provision.actions.declaration import (
    Column,
    Expect,
    FailureRule,
    Item,
    Kind,
    Repeat,
    RowContext,
    Rule,
    Write,
)
from webex_provision.actions.json_cells import CallingPermission
from webex_provision.actions.row import Row
from webex_provision.vocabulary import Reason
from webex_provision.wire import ApiRequest, Endpoint

_PREFIX = "calling_settings_"
_PEOPLE_WRITE = "spark-admin:people_write"
_PLACES_WRITE = "spark-admin:workspaces_write"
_TELEPHONY_WRITE = "spark-admin:telephony_config_write"

# A setting needs a calling user: until the licence has settled, and for users without one, Webex says 4003.
UNSETTLED = ("4003",)


def _column(name: str, help_text: str, **more: Any) -> Column:
    return Column(name=_PREFIX + name, help=help_text, **more)


CALLING_SETTINGS_COLUMNS = (
    _column(
        "caller_id_selected",
        "Which number callees see.",
        kind=Kind.CHOICE,
        choices=("DIRECT_LINE", "LOCATION_NUMBER", "MOBILE_NUMBER", "CUSTOM"),
        feeds="callerId.selected",
        example="DIRECT_LINE",
    ),
    _column(
        "caller_id_custom_number",
        "The number for CUSTOM.",
        kind=Kind.PHONE_NUMBER,
        feeds="callerId.customNumber",
        example="+34910002100",
    ),
    _column(
        "external_caller_id_name_policy",
        "Which name callees outside see; goes with caller_id_selected.",
        kind=Kind.CHOICE,
        choices=("DIRECT_LINE", "LOCATION", "OTHER"),
        feeds="callerId.externalCallerIdNamePolicy",
        example="LOCATION",
    ),
    _column(
        "external_caller_id_name",
        "The name for OTHER.",
        smallest=1,
        largest=30,
        feeds="callerId.customExternalCallerIdName",
        example="Acme Madrid",
    ),
    _column(
        "voicemail_enabled",
        "Voicemail on or off. Message notifications and transfer on 0 are sent as off.",
        kind=Kind.BOOLEAN,
        feeds="voicemail.enabled",
        example="true",
    ),
    _column(
        "voicemail_rings",
        "Rings before an unanswered call goes to voicemail.",
        kind=Kind.INTEGER,
        smallest=2,
        largest=20,
        feeds="voicemail.sendUnansweredCalls.numberOfRings",
        example="6",
    ),
    _column(
        "voicemail_email",
        "Where a copy of each message is mailed.",
        kind=Kind.EMAIL,
        feeds="voicemail.emailCopyOfMessage.emailId",
        example="ana.ruiz@example.com",
    ),
    _column("call_waiting_enabled", "Call waiting.", kind=Kind.BOOLEAN, feeds="callWaiting.enabled", example="true"),
    _column("dnd_enabled", "Do not disturb.", kind=Kind.BOOLEAN, feeds="doNotDisturb.enabled", example="false"),
    _column("barge_in_enabled", "Barge in.", kind=Kind.BOOLEAN, feeds="bargeIn.enabled", example="false"),
    _column(
        "outgoing_permissions_json",
        "Allowed outgoing calls: a list of callType, action, transferEnabled.",
        kind=Kind.JSON,
        shape=list[CallingPermission],
        feeds="outgoingPermission.callingPermissions",
        example='[{"callType":"INTERNATIONAL","action":"BLOCK","transferEnabled":false}]',
    ),
)

# In an example row: the caller ID is not CUSTOM, its name not OTHER.
WITHOUT_CUSTOM_CALLER_ID = {
    _PREFIX + "caller_id_custom_number": "",
    _PREFIX + "external_caller_id_name": "",
}

CALLING_SETTINGS_RULES: tuple[Rule, ...] = (
    needs(_PREFIX + "caller_id_custom_number", _PREFIX + "caller_id_selected", equal="CUSTOM"),
    only_with(_PREFIX + "caller_id_custom_number", _PREFIX + "caller_id_selected", equal="CUSTOM"),
    needs(_PREFIX + "caller_id_selected", _PREFIX + "external_caller_id_name_policy"),
    needs(_PREFIX + "external_caller_id_name", _PREFIX + "external_caller_id_name_policy", equal="OTHER"),
    only_with(_PREFIX + "external_caller_id_name", _PREFIX + "external_caller_id_name_policy", equal="OTHER"),
    Rule(
        _PREFIX + "outgoing_permissions_json",
        pl.col(_PREFIX + "outgoing_permissions_json").str.strip_chars("[] \t\n") == "",
        "the list of permissions is empty; name at least one call type or empty the cell",
    ),
)


def _caller_id(row: Row) -> Item:
    return without_nulls(
        {
            "selected": row.get(_PREFIX + "caller_id_selected"),
            "customNumber": row.get(_PREFIX + "caller_id_custom_number"),
            "externalCallerIdNamePolicy": row.get(_PREFIX + "external_caller_id_name_policy"),
            "customExternalCallerIdName": row.get(_PREFIX + "external_caller_id_name"),
        }
    )


def _voicemail(row: Row) -> Item:
    rings = row.number(_PREFIX + "voicemail_rings")
    mail = row.get(_PREFIX + "voicemail_email")
    return without_nulls(
        {
            "enabled": row.flag(_PREFIX + "voicemail_enabled"),
            "notifications": {"enabled": False},
            "transferToNumber": {"enabled": False},
            "sendUnansweredCalls": rings and {"enabled": True, "greeting": "DEFAULT", "numberOfRings": rings},
            "emailCopyOfMessage": mail and {"enabled": True, "emailId": mail},
        }
    )


def _switch(column: str, **fixed: bool) -> Callable[[Row], Item]:
    return lambda row: {"enabled": row.flag(_PREFIX + column), **fixed}


def _outgoing(row: Row) -> Item:
    permissions = row.json(_PREFIX + "outgoing_permissions_json")
    return {"useCustomEnabled": True, "useCustomPermissions": True, "callingPermissions": permissions}


@dataclass(frozen=True)
class SettingsGroup:
    """A group of settings that one PUT writes, and the two endpoints that take it."""

    name: str
    columns: tuple[str, ...]
    body: Callable[[Row], Item]
    person: Endpoint
    workspace: Endpoint

    def filled(self, row: Row) -> bool:
        """Whether the row asks for anything of this group."""
        return row.has(*(_PREFIX + column for column in self.columns))


def _feature(feature: str) -> Endpoint:
    return Endpoint("PUT", f"/people/{{owner_id}}/features/{feature}", _PEOPLE_WRITE)


def _place_feature(feature: str) -> Endpoint:
    return Endpoint("PUT", f"/workspaces/{{owner_id}}/features/{feature}", _PLACES_WRITE)


def _place_telephony(feature: str) -> Endpoint:
    return Endpoint("PUT", f"/telephony/config/workspaces/{{owner_id}}/{feature}", _TELEPHONY_WRITE)


SETTINGS_GROUPS = (
    SettingsGroup(
        "caller_id",
        ("caller_id_selected", "caller_id_custom_number", "external_caller_id_name_policy", "external_caller_id_name"),
        _caller_id,
        _feature("callerId"),
        _place_feature("callerId"),
    ),
    SettingsGroup(
        "voicemail",
        ("voicemail_enabled", "voicemail_rings", "voicemail_email"),
        _voicemail,
        _feature("voicemail"),
        _place_telephony("voicemail"),
    ),
    SettingsGroup(
        "call_waiting",
        ("call_waiting_enabled",),
        _switch("call_waiting_enabled"),
        _feature("callWaiting"),
        _place_feature("callWaiting"),
    ),
    SettingsGroup(
        "dnd",
        ("dnd_enabled",),
        _switch("dnd_enabled", webexGoOverrideEnabled=False),
        _feature("doNotDisturb"),
        _place_telephony("doNotDisturb"),
    ),
    SettingsGroup(
        "barge_in",
        ("barge_in_enabled",),
        _switch("barge_in_enabled"),
        _feature("bargeIn"),
        _place_telephony("bargeIn"),
    ),
    SettingsGroup(
        "outgoing_permission",
        ("outgoing_permissions_json",),
        _outgoing,
        _feature("outgoingPermission"),
        _place_feature("outgoingPermission"),
    ),
)

_CALLER_ID_FAILURES = (
    FailureRule(
        status=400,
        codes=("25042",),
        reason=Reason.PRECONDITION_MISSING,
        advice="DIRECT_LINE needs a phone number; this line has an extension only",
    ),
)


def person_settings(step: str = "user_{}_update", *, settles_after: str = "user_enable_calling") -> tuple[Write, ...]:
    """The writes of a user's settings; `step` names them, its braces take the group."""
    return tuple(_write(group, group.person, step, "person", settles_after) for group in SETTINGS_GROUPS)


def workspace_settings(step: str) -> tuple[Write, ...]:
    """The writes of a workspace's settings."""
    return tuple(_write(group, group.workspace, step, "workspace", "") for group in SETTINGS_GROUPS)


def _write(group: SettingsGroup, endpoint: Endpoint, step: str, owner: str, settles_after: str) -> Write:
    def request(ctx: RowContext) -> ApiRequest | None:
        if ctx.found.get(owner) is None or not group.filled(ctx.row):
            return None
        body = group.body(ctx.row)
        if owner == "workspace":
            body.pop("webexGoOverrideEnabled", None)  # a mobile-app setting, not in the workspace's schema
        return endpoint.at(json=body, owner_id=ctx.id_of(owner))

    return Write(
        name=step.format(group.name),
        endpoint=endpoint,
        request=request,
        expect=Expect(statuses=(200, 204)),
        repeat=Repeat.SAFE,
        failures=_CALLER_ID_FAILURES if group.name == "caller_id" else (),
        settles_after=settles_after,
        unsettled=UNSETTLED if settles_after else (),
        reads_back=True,
    )
