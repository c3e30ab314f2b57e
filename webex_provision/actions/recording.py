"""Call recording of a line, of a user or a workspace. The organisation's recording vendor is only looked at."""

from collections.abc import Callable

import polars as pl

from webex_provision.actions.action_helpers import without_nulls
from webex_provision.actions.columns import EMAIL, IDENTITY_COLUMNS, LOCATION_KEY
from webex_provision.actions.declaration import (
    Check,
    Column,
    EntityType,
    Expect,
    Failure,
    FailureRule,
    Item,
    Kind,
    Read,
    Repeat,
    RowContext,
    Rule,
    Step,
    Write,
)
from webex_provision.actions.failures import USER_GONE, WORKSPACE_GONE
from webex_provision.actions.locations import location_steps
from webex_provision.actions.row import Row
from webex_provision.actions.users import touched_user, user_lookup
from webex_provision.actions.workspace_lines import (
    WORKSPACE_COLUMNS,
    WORKSPACE_KEY,
    WORKSPACE_NAMED,
    WORKSPACE_NAMED_BY,
    calling_workspace_steps,
    professional_steps,
)
from webex_provision.actions.workspaces import touched_workspace
from webex_provision.vocabulary import Phase, Reason
from webex_provision.wire import ApiRequest, Endpoint

_READ = "spark-admin:telephony_config_read"
GET_RECORDING = Endpoint("GET", "/telephony/config/callRecording", _READ)
GET_VENDORS = Endpoint("GET", "/telephony/config/locations/{location_id}/callRecording/vendors", _READ)
RECORD_PERSON = Endpoint("PUT", "/people/{owner_id}/features/callRecording", "spark-admin:people_write")
RECORD_WORKSPACE = Endpoint(
    "PUT", "/telephony/config/workspaces/{owner_id}/features/callRecordings", "spark-admin:telephony_config_write"
)

MODES = {
    "always": "Always",
    "never": "Never",
    "always_with_pause": "Always with Pause/Resume",
    "on_demand": "On Demand with User Initiated Start",
}
NOTIFICATIONS = {"none": None, "beep": "Beep", "announcement": "Play Announcement"}
DIRECTIONS = {
    "inbound_internal": "recordInboundInternalCallsEnabled",
    "inbound_external": "recordInboundExternalCallsEnabled",
    "outbound_internal": "recordOutboundInternalCallsEnabled",
    "outbound_external": "recordOutboundExternalCallsEnabled",
}

_TERMS = FailureRule(
    status=409,
    reason=Reason.PRECONDITION_MISSING,
    advice="the recording vendor's terms of service are not accepted; accept them in Control Hub",
)


def _repeat(row: Row, prefix: str) -> Item:
    interval = row.number(f"{prefix}recording_reminder_interval")
    return without_nulls({"enabled": interval is not None, "interval": interval})


def _directions(row: Row, prefix: str) -> Item | None:
    """All four or none: the service demands them together."""
    chosen = row.items(f"{prefix}recording_directions")
    return {field: name in chosen for name, field in DIRECTIONS.items()} if chosen else None


def _body(row: Row, prefix: str) -> Item:
    """The whole object. A notification of no kind is null when written, and reads back as `None` in words."""
    kind = NOTIFICATIONS[row.get(f"{prefix}recording_notification") or "none"]
    body: Item = {
        "enabled": row.flag(f"{prefix}recording_enabled"),
        "record": MODES[row.get(f"{prefix}recording_mode") or "always"],
        "recordVoicemailEnabled": bool(row.flag(f"{prefix}recording_voicemail")),
        "notification": {"enabled": kind is not None, "type": kind},
        "repeat": _repeat(row, prefix),
        "startStopAnnouncement": {
            "internalCallsEnabled": bool(row.flag(f"{prefix}recording_announce_internal")),
            "pstnCallsEnabled": bool(row.flag(f"{prefix}recording_announce_pstn")),
        },
    }
    selective = _directions(row, prefix)
    return body if selective is None else body | {"selectiveCallRecordingSettings": selective}


def _as_sent(held: Item, _: Item) -> Item:
    notification = held.get("notification") or {}
    kind = notification.get("type")
    return held | {"notification": {**notification, "type": None if kind == "None" else kind}}


def _switches_on(ctx: RowContext, prefix: str) -> bool:
    return bool(ctx.row.flag(f"{prefix}recording_enabled"))


def _verdict(prefix: str) -> Callable[[RowContext], Failure | None]:
    def verdict(ctx: RowContext) -> Failure | None:
        organisation, vendors = ctx.found["recording"], ctx.found["recording_vendors"]
        if organisation is not None and not organisation["enabled"]:
            return Failure(
                Reason.PRECONDITION_MISSING,
                "call recording is off in the organisation; Webex or a partner switches it on",
            )
        if vendors is None:
            return None
        wanted = ctx.row.text(f"{prefix}recording_provider")
        default = vendors["orgDefaultVendorName" if vendors.get("orgDefaultEnabled") else "defaultVendorName"]
        if str(default).casefold() == wanted.casefold():
            return None
        return Failure(
            Reason.PRECONDITION_MISSING,
            f"{ctx.location_name()} records with {default}, not with {wanted}; "
            "change the location's vendor in Control Hub, or the cell",
        )

    return verdict


def _precheck(prefix: str) -> tuple[Step, ...]:
    """Recording must be on in the organisation, and the location's vendor the one that the row names."""

    def vendors(ctx: RowContext) -> ApiRequest | None:
        if not _switches_on(ctx, prefix) or not ctx.row.has(f"{prefix}recording_provider"):
            return None
        return GET_VENDORS.at(location_id=ctx.id_of("location"))

    return (
        Read(
            name="recording_precheck",
            endpoint=GET_RECORDING,
            request=lambda ctx: GET_RECORDING.at() if _switches_on(ctx, prefix) else None,
            save="recording",
            expect=Expect(statuses=(200,), fields=("enabled",)),
            once=True,
        ),
        Read(
            name="recording_precheck",
            endpoint=GET_VENDORS,
            request=vendors,
            save="recording_vendors",
            expect=Expect(statuses=(200,), fields=("defaultVendorName",)),
            once=True,
        ),
        Check(name="recording_precheck", verdict=_verdict(prefix), reasons=(Reason.PRECONDITION_MISSING,)),
    )


def _write(step: str, endpoint: Endpoint, owner: str, prefix: str, gone: FailureRule) -> Write:
    return Write(
        name=step,
        endpoint=endpoint,
        request=lambda ctx: endpoint.at(owner_id=ctx.id_of(owner), json=_body(ctx.row, prefix)),
        expect=Expect(statuses=(200, 204)),
        repeat=Repeat.SAFE,
        failures=(_TERMS, gone),
        reads_back=True,
        as_sent=_as_sent,
    )


def _columns(prefix: str) -> tuple[Column, ...]:
    def switch(name: str, help_text: str, feeds: str, *, required: bool = False) -> Column:
        return Column(
            name=f"{prefix}recording_{name}",
            help=help_text,
            kind=Kind.BOOLEAN,
            required=required,
            feeds=feeds,
            example="true",
        )

    return (
        switch("enabled", "Call recording on or off.", "enabled", required=True),
        Column(
            name=f"{prefix}recording_mode",
            help="Which calls are recorded; blank: always.",
            kind=Kind.CHOICE,
            choices=tuple(MODES),
            feeds="record",
            example="always_with_pause",
        ),
        Column(
            name=f"{prefix}recording_provider",
            help="The vendor that the location must record with; only checked, never changed.",
            largest=128,
            example="Webex",
        ),
        switch("voicemail", "Whether voicemail is recorded; blank: false.", "recordVoicemailEnabled"),
        Column(
            name=f"{prefix}recording_notification",
            help="What is heard when recording pauses and resumes; blank: none.",
            kind=Kind.CHOICE,
            choices=tuple(NOTIFICATIONS),
            feeds="notification",
            example="beep",
        ),
        Column(
            name=f"{prefix}recording_reminder_interval",
            help="Seconds between reminder tones; blank: no tones.",
            kind=Kind.INTEGER,
            smallest=10,
            largest=1800,
            feeds="repeat.interval",
            example="60",
        ),
        switch(
            "announce_internal",
            "Announce start and end on internal calls; blank: false.",
            "startStopAnnouncement.internalCallsEnabled",
        ),
        switch(
            "announce_pstn",
            "Announce start and end on PSTN calls; blank: false.",
            "startStopAnnouncement.pstnCallsEnabled",
        ),
        Column(
            name=f"{prefix}recording_directions",
            help="Which calls only; goes with mode always or always_with_pause; blank: not sent.",
            kind=Kind.CHOICE,
            many=True,
            choices=tuple(DIRECTIONS),
            feeds="selectiveCallRecordingSettings",
            example="inbound_external|outbound_external",
        ),
    )


def _rules(prefix: str) -> tuple[Rule, ...]:
    directions, mode = f"{prefix}recording_directions", f"{prefix}recording_mode"
    return (
        Rule(
            directions,
            pl.col(directions).is_not_null() & pl.col(mode).is_in(["never", "on_demand"]),
            f"{directions} goes only with {mode} always or always_with_pause; empty it or change the mode",
        ),
    )


USER_RECORDING = EntityType(
    name="user_recording",
    phase=Phase.USERS,
    rank=7,
    title="Turns call recording on or off for a user and sets its mode.",
    prefix="user_",
    columns=(EMAIL, LOCATION_KEY, *_columns("user_")),
    entity_key=pl.col("email"),
    identity_columns=IDENTITY_COLUMNS,
    rules=_rules("user_"),
    result=("person",),
    touches=touched_user,
    steps=(
        user_lookup(),
        *location_steps(),
        *_precheck("user_"),
        _write("user_recording_update", RECORD_PERSON, "person", "user_", USER_GONE),
    ),
)

WORKSPACE_RECORDING = EntityType(
    name="workspace_recording",
    phase=Phase.USERS,
    rank=8,
    title="Turns call recording on or off for a workspace with a Professional licence and sets its mode.",
    prefix="workspace_",
    columns=(*WORKSPACE_COLUMNS, *_columns("workspace_")),
    entity_key=WORKSPACE_KEY,
    named_by=(WORKSPACE_NAMED_BY,),
    rules=(WORKSPACE_NAMED, *_rules("workspace_")),
    result=("workspace",),
    touches=touched_workspace,
    steps=(
        *calling_workspace_steps(),
        *professional_steps("recording_precheck", "call recording"),
        *_precheck("workspace_"),
        _write("workspace_recording_update", RECORD_WORKSPACE, "workspace", "workspace_", WORKSPACE_GONE),
    ),
)

ENTITY_TYPES = (USER_RECORDING, WORKSPACE_RECORDING)
