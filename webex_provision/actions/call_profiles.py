"""What holds for all calls of a location: PSTN connection, outside digit, site prefix, caller-ID name, permissions."""

import polars as pl

from webex_provision.actions.action_helpers import one_of, shows, without_nulls
from webex_provision.actions.columns import LOCATION_KEY
from webex_provision.actions.declaration import (
    Check,
    Claim,
    Column,
    EntityType,
    Expect,
    Failure,
    Item,
    Kind,
    OutOfScope,
    Read,
    Repeat,
    RowContext,
    Rule,
    Wait,
    Write,
)
from webex_provision.actions.inventory import UPDATE_CALLING_LOCATION
from webex_provision.actions.json_cells import CALL_ACTIONS, CALL_TYPES
from webex_provision.actions.locations import location_steps
from webex_provision.actions.pstn import PROVIDER_MANAGED
from webex_provision.actions.route_targets import TARGET_TYPES, refers_to_target, target_lookup, target_of
from webex_provision.vocabulary import Phase, Reason
from webex_provision.wire import Answer, ApiRequest, Endpoint

_READ, _WRITE = "spark-admin:telephony_config_read", "spark-admin:telephony_config_write"
_PSTN = "/telephony/pstn/locations/{location_id}"
_OUTGOING = "/telephony/config/locations/{location_id}/outgoingPermission"
LIST_PSTN_OPTIONS = Endpoint("GET", _PSTN + "/connectionOptions", "spark-admin:telephony_pstn_read")
UPDATE_PSTN = Endpoint("PUT", _PSTN + "/connection", "spark-admin:telephony_pstn_write")
READ_PREFIX_JOB = Endpoint("GET", "/telephony/config/jobs/updateRoutingPrefix/{job_id}", _READ)
READ_PERMISSIONS = Endpoint("GET", _OUTGOING, _READ)
UPDATE_PERMISSIONS = Endpoint("PUT", _OUTGOING, _WRITE)
UPDATE_TRANSFER_NUMBERS = Endpoint("PUT", _OUTGOING + "/autoTransferNumbers", _WRITE)

_CARRIER = "NON_INTEGRATED_CCP"
_JOB_ENDED = frozenset({"COMPLETED", "FAILED", "STOPPED", "ABANDONED", "COMPLETED_WITH_ERRORS"})
_TRANSFER_FIELDS = ("autoTransferNumber1", "autoTransferNumber2", "autoTransferNumber3")
_COSTLY = frozenset({"INTERNATIONAL", "PREMIUM_SERVICES_I", "PREMIUM_SERVICES_II"})
_ALLOWED = {
    "allow_all": frozenset(CALL_TYPES),
    "default": frozenset(CALL_TYPES) - _COSTLY,
    "national": frozenset({"INTERNAL_CALL", "TOLL_FREE", "NATIONAL"}),
    "internal_only": frozenset({"INTERNAL_CALL"}),
}
_CALLING_COLUMNS = (
    "location_outside_dial_digit",
    "location_outside_dial_digit_enforced",
    "location_routing_prefix",
    "location_external_caller_id_name",
    "location_announcement_language",
)
_PERMISSION_COLUMNS = ("location_outgoing_profile", "location_outgoing_permissions")


def _by_carrier(ctx: RowContext) -> bool:
    return ctx.row.get("location_pstn_type") == _CARRIER


def _options(ctx: RowContext) -> ApiRequest | None:
    return LIST_PSTN_OPTIONS.at(location_id=ctx.id_of("location")) if _by_carrier(ctx) else None


def _carriers(ctx: RowContext) -> list[Item]:
    wanted = ctx.row.text("location_pstn_target_key").casefold()
    options = ctx.found["pstn_options"]
    items: list[Item] = options.get("items") or options.get("connectionOptions") or []  # sources differ on the key
    return [item for item in items if str(item.get("displayName", "")).strip().casefold() == wanted]


def _carrier_verdict(ctx: RowContext) -> Failure | None:
    if not _by_carrier(ctx) or len(_carriers(ctx)) == 1:
        return None
    name, where = ctx.row.text("location_pstn_target_key"), ctx.location_name()
    return Failure(Reason.RESOURCE_DEPENDENCY_MISSING, f"{where} has no PSTN connection option named '{name}'")


def _connect(ctx: RowContext) -> ApiRequest | None:
    if not ctx.row.has("location_pstn_type"):
        return None
    if _by_carrier(ctx):
        body = {"id": _carriers(ctx)[0]["id"]}
    else:
        body = {"premiseRouteType": ctx.row.text("location_pstn_type"), "premiseRouteId": target_of(ctx)["id"]}
    return UPDATE_PSTN.at(location_id=ctx.id_of("location"), json=body)


def _calling(ctx: RowContext) -> ApiRequest | None:
    """A merge: what is not sent keeps its value."""
    row = ctx.row
    if not row.has(*_CALLING_COLUMNS):
        return None
    language = row.get("location_announcement_language")
    body = {
        "announcementLanguage": language and language.lower(),
        "outsideDialDigit": row.get("location_outside_dial_digit"),
        "enforceOutsideDialDigit": row.flag("location_outside_dial_digit_enforced"),
        "routingPrefix": row.get("location_routing_prefix"),
        "externalCallerIdName": row.get("location_external_caller_id_name"),
    }
    return UPDATE_CALLING_LOCATION.at(location_id=ctx.id_of("location"), json=without_nulls(body))


def _job_began(_: RowContext, answer: Answer) -> Failure | None:
    """The prefix may be stored while the job that brings it to the phones was not started."""
    told = answer.json if isinstance(answer.json, dict) else {}
    if told.get("batchJobId") or not told.get("failureReason"):
        return None
    message = f"the location took the values, but the job of its routing prefix did not start: {told['failureReason']}"
    return Failure(Reason.HALF_APPLIED, message, answer.status, answer.tracking_id)


def _job(ctx: RowContext) -> ApiRequest | None:
    job_id = (ctx.found.get("calling_update") or {}).get("batchJobId")
    return READ_PREFIX_JOB.at(job_id=str(job_id)) if job_id else None


def _job_overdue(_: RowContext) -> Failure:
    return Failure(Reason.RETRY_EXHAUSTED, "the job of the routing prefix has not ended in time; retry later")


def _job_verdict(ctx: RowContext) -> Failure | None:
    job = ctx.found["job"]
    if job is None:
        return None
    ended = {job["latestExecutionStatus"], job.get("latestExecutionExitCode") or "COMPLETED"}
    if ended == {"COMPLETED"}:
        return None
    said = " / ".join(sorted(ended))
    return Failure(Reason.NON_RETRYABLE_EXTERNAL, f"the job of the routing prefix ended as {said}; see Control Hub")


def _wanted(ctx: RowContext) -> dict[str, Item]:
    """The permission of each type of call that the row sets: its profile, with its own items over it."""
    profile, wanted = ctx.row.get("location_outgoing_profile"), {}
    if profile is not None:
        for kind in CALL_TYPES:
            allowed = kind in _ALLOWED[profile]
            wanted[kind] = {"action": "ALLOW" if allowed else "BLOCK", "transferEnabled": allowed}
    for item in ctx.row.items("location_outgoing_permissions"):
        kind, _, setting = item.partition("=")
        action = setting.removesuffix("+T")
        wanted[kind] = {"action": action, "transferEnabled": setting.endswith("+T") or action == "ALLOW"}
    return {kind: {"callType": kind, **setting} for kind, setting in wanted.items()}


def _controlled(ctx: RowContext) -> dict[str, Item]:
    """The types of call that the system controls; a PUT that names one is refused."""
    held: list[Item] = (ctx.found["permissions"] or {}).get("callingPermissions") or []
    return {item["callType"]: item for item in held if item.get("isCallTypeRestrictionEnabled")}


def _permission_verdict(ctx: RowContext) -> Failure | None:
    wanted = _wanted(ctx)
    for kind, held in _controlled(ctx).items():
        if kind in wanted and wanted[kind]["action"] != held.get("action"):
            message = f"{kind} is controlled by Webex in {ctx.location_name()}; leave it out or ask for its release"
            return Failure(Reason.LICENSE_OR_FEATURE_MISSING, message)
    return None


def _permit(ctx: RowContext) -> ApiRequest | None:
    """A subset: types of call that are not named stay as they are."""
    controlled = _controlled(ctx)
    listed: list[Item] = (ctx.found["permissions"] or {}).get("callingPermissions") or []
    held = {item["callType"]: item for item in listed}
    permissions = [permission for kind, permission in _wanted(ctx).items() if kind not in controlled]
    if all(shows(held.get(permission["callType"], {}), permission) for permission in permissions):
        return None
    return UPDATE_PERMISSIONS.at(location_id=ctx.id_of("location"), json={"callingPermissions": permissions})


def _transfer(ctx: RowContext) -> ApiRequest | None:
    if not ctx.row.has("location_transfer_numbers"):
        return None
    numbers = (
        ["", "", ""] if ctx.row.cleared("location_transfer_numbers") else ctx.row.items("location_transfer_numbers")
    )
    body = dict(zip(_TRANSFER_FIELDS, numbers, strict=False))
    return UPDATE_TRANSFER_NUMBERS.at(location_id=ctx.id_of("location"), json=body)


def _touches(ctx: RowContext) -> list[str]:
    """Webex runs one job of the routing prefix at a time."""
    job = ["routing prefix job"] if ctx.row.has("location_routing_prefix") else []
    return [f"location:{ctx.location_name().casefold()}", *job]


_TYPE, _TARGET = pl.col("location_pstn_type"), pl.col("location_pstn_target_key")
_KINDS = pl.col("location_outgoing_permissions").str.split("|").list.eval(pl.element().str.replace(r"\s*=.*$", ""))

LOCATION_CALL_PROFILES = EntityType(
    name="location_call_profiles",
    phase=Phase.ROUTING,
    rank=6,
    title="Sets what holds for all calls of a location: PSTN connection, prefixes, caller-ID name, permissions.",
    prefix="location_",
    columns=(
        LOCATION_KEY,
        Column(
            name="location_pstn_type",
            help="How the location reaches the public network.",
            kind=Kind.CHOICE,
            choices=(*TARGET_TYPES, _CARRIER, *sorted(PROVIDER_MANAGED)),
            feeds="premiseRouteType or id",
            example="ROUTE_GROUP",
        ),
        Column(
            name="location_pstn_target_key",
            help="Trunk or route group by key or name; with NON_INTEGRATED_CCP the carrier's display name.",
            largest=256,
            refers_to=refers_to_target("location_pstn_type"),
            feeds="premiseRouteId or id",
            example="RG-Madrid",
        ),
        Column(
            name="location_outside_dial_digit",
            help="Digit dialled for an outside line.",
            pattern=r"^\d$",
            feeds="outsideDialDigit",
            example="0",
        ),
        Column(
            name="location_outside_dial_digit_enforced",
            help="Whether that digit must be dialled.",
            kind=Kind.BOOLEAN,
            feeds="enforceOutsideDialDigit",
            example="false",
        ),
        Column(
            name="location_routing_prefix",
            help="Site prefix, 1 to 7 digits, unique; a change starts a job of Webex that is waited for.",
            pattern=r"^\d{1,7}$",
            feeds="routingPrefix",
            example="8100",
        ),
        Column(
            name="location_external_caller_id_name",
            help="Name that outside callees see.",
            largest=30,
            feeds="externalCallerIdName",
            example="Acme Madrid",
        ),
        Column(
            name="location_announcement_language",
            help="Language of announcements, lower case.",
            kind=Kind.LANGUAGE,
            feeds="announcementLanguage",
            example="es_es",
        ),
        Column(
            name="location_outgoing_profile",
            help="Allowed calls; default: all but INTERNATIONAL and PREMIUM_SERVICES; national: also TOLL_FREE.",
            kind=Kind.CHOICE,
            choices=tuple(_ALLOWED),
            feeds="callingPermissions[]",
            example="default",
        ),
        Column(
            name="location_outgoing_permissions",
            help="CALLTYPE=ACTION over the profile; +T allows transfers (ALLOW always does).",
            many=True,
            most_items=len(CALL_TYPES),
            pattern=rf"^({'|'.join(CALL_TYPES)})=({'|'.join(CALL_ACTIONS)})(\+T)?$",
            feeds="callingPermissions[]",
            example="INTERNATIONAL=BLOCK|NATIONAL=AUTH_CODE+T",
        ),
        Column(
            name="location_transfer_numbers",
            help="Up to three numbers for the actions TRANSFER_NUMBER_1 to _3, in this order.",
            kind=Kind.PHONE_NUMBER,
            many=True,
            most_items=3,
            clearable=True,
            feeds="autoTransferNumber1..3",
            example="+34910002100",
        ),
    ),
    entity_key=pl.col("location_key"),
    owner=pl.format("location:{}", pl.col("location_key").str.to_lowercase()),
    claims=(Claim("location_routing_prefix"),),
    result=("location",),
    touches=_touches,
    rules=(
        one_of("location_pstn_type", *_CALLING_COLUMNS, *_PERMISSION_COLUMNS, "location_transfer_numbers"),
        Rule(
            "location_pstn_target_key",
            ~_TYPE.is_in(sorted(PROVIDER_MANAGED)) & _TARGET.is_null(),
            "location_pstn_target_key is needed when location_pstn_type is filled; fill it",
        ),
        Rule(
            "location_pstn_type",
            _TYPE.is_null() & _TARGET.is_not_null(),
            "location_pstn_type is needed when location_pstn_target_key is filled; fill it",
        ),
        Rule(
            "location_outgoing_permissions",
            _KINDS.list.n_unique() < _KINDS.list.len(),
            "location_outgoing_permissions names a type of call twice; keep one",
        ),
    ),
    out_of_scope=(
        OutOfScope(
            "location_pstn_type",
            _TYPE.is_in(sorted(PROVIDER_MANAGED)),
            "Cisco PSTN and integrated carriers are set up in Control Hub; empty the cell",
        ),
    ),
    steps=(
        *location_steps(),
        target_lookup("location_pstn_", type_column="type"),
        Read(name="pstn_options_lookup", endpoint=LIST_PSTN_OPTIONS, request=_options, save="pstn_options"),
        Check(name="pstn_options_lookup", verdict=_carrier_verdict, reasons=(Reason.RESOURCE_DEPENDENCY_MISSING,)),
        Read(
            name="outgoing_permission_lookup",
            endpoint=READ_PERMISSIONS,
            request=lambda ctx: (
                READ_PERMISSIONS.at(location_id=ctx.id_of("location")) if ctx.row.has(*_PERMISSION_COLUMNS) else None
            ),
            save="permissions",
            advisory=True,
        ),
        Check(
            name="outgoing_permission_lookup", verdict=_permission_verdict, reasons=(Reason.LICENSE_OR_FEATURE_MISSING,)
        ),
        Write(
            name="pstn_connection_update",
            endpoint=UPDATE_PSTN,
            request=_connect,
            expect=Expect(statuses=(200, 204)),
            repeat=Repeat.SAFE,
        ),
        Write(
            name="location_calling_update",
            endpoint=UPDATE_CALLING_LOCATION,
            request=_calling,
            expect=Expect(statuses=(200, 204, 206), proof=_job_began, reasons=(Reason.HALF_APPLIED,)),
            save="calling_update",
            repeat=Repeat.SAFE,
        ),
        Wait(
            name="routing_prefix_job_wait",
            endpoint=READ_PREFIX_JOB,
            request=_job,
            save="job",
            done=lambda ctx: ctx.found["job"]["latestExecutionStatus"] in _JOB_ENDED,
            overdue=_job_overdue,
            reasons=(Reason.RETRY_EXHAUSTED,),
            expect=Expect(statuses=(200,), fields=("latestExecutionStatus",)),
        ),
        Check(name="routing_prefix_job_wait", verdict=_job_verdict, reasons=(Reason.NON_RETRYABLE_EXTERNAL,)),
        # Before the permissions, which may send calls to these numbers.
        Write(
            name="transfer_numbers_update",
            endpoint=UPDATE_TRANSFER_NUMBERS,
            request=_transfer,
            expect=Expect(statuses=(200, 204)),
            repeat=Repeat.SAFE,
        ),
        Write(
            name="outgoing_permission_update",
            endpoint=UPDATE_PERMISSIONS,
            request=_permit,
            expect=Expect(statuses=(200, 204)),
            repeat=Repeat.SAFE,
        ),
    ),
)

ENTITY_TYPES = (LOCATION_CALL_PROFILES,)
