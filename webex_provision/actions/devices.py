"""Phones: put on a user or a workspace by MAC address, or awaited by an activation code."""

from collections.abc import Iterator, Sequence
from dataclasses import replace

import polars as pl

from webex_provision.actions.action_helpers import owner_key, uuid_of, without_nulls
from webex_provision.actions.declaration import (
    BulkCheck,
    Check,
    Claim,
    EntityType,
    Expect,
    Failure,
    FailureRule,
    Item,
    Learned,
    Lookup,
    LookupMany,
    Repeat,
    RowContext,
    Wait,
    Write,
)
from webex_provision.actions.device_columns import COLUMNS, MAC, OUT_OF_SCOPE, OWNER, RULES
from webex_provision.actions.device_lists import DEVICES, LIST_DEVICES, MODELS, VALIDATE_MACS, free_macs, plain_mac
from webex_provision.actions.indexes import LOCATIONS, NUMBERS, PEOPLE, WORKSPACES, name_key, place_key
from webex_provision.actions.numbers import elsewhere
from webex_provision.vocabulary import Phase, Reason
from webex_provision.wire import Answer, ApiRequest, Endpoint

_WRITE = "spark-admin:devices_write"
CREATE_DEVICE = Endpoint("POST", "/devices", _WRITE)
CREATE_CODE = Endpoint("POST", "/devices/activationCode", "identity:one_time_password")
UPDATE_DEVICE = Endpoint("PATCH", "/devices/{device_id}", _WRITE)

_JSON_PATCH = {"Content-Type": "application/json-patch+json"}
_OWNER_FIELDS = {"person": "personId", "workspace": "workspaceId"}
_PLACES = {"person": "PEOPLE", "workspace": "PLACE"}  # as the catalogue of models calls them


def _kind(ctx: RowContext) -> str:
    return ctx.row.text("device_owner_type")


def _by_code(ctx: RowContext) -> bool:
    return ctx.row.get("device_onboarding") == "activation_code"


def _owner_name(ctx: RowContext) -> str:
    name = ctx.row.text("device_owner")
    return ctx.references.name_of("workspace", name) if _kind(ctx) == "workspace" else name


def _person_key(ctx: RowContext) -> str | None:
    return _owner_name(ctx) if _kind(ctx) == "person" else None


def _workspace_key(ctx: RowContext) -> str | None:
    if _kind(ctx) != "workspace":
        return None
    name = _owner_name(ctx)
    return place_key(ctx.id_of("location"), name) if ctx.found["location"] else name_key(name)


def _no_person(ctx: RowContext) -> Failure:
    return Failure(Reason.USER_NOT_FOUND, f"no user {_owner_name(ctx)} in the organisation")


def _no_workspace(ctx: RowContext) -> Failure:
    return Failure(Reason.WORKSPACE_NOT_FOUND, f"no workspace '{_owner_name(ctx)}' in the organisation")


def _owner_id(ctx: RowContext) -> str:
    return ctx.id_of(_kind(ctx))


def _line_keys(ctx: RowContext) -> Sequence[str]:
    """The owner's line is asked for only to check the location that the row names."""
    return [owner_key(_owner_id(ctx))] if ctx.found["location"] else []


def _owner_verdict(ctx: RowContext) -> Failure | None:
    return elsewhere(ctx, _kind(ctx)) if ctx.found["location"] else None


def _model_verdict(ctx: RowContext) -> Failure | None:
    model = ctx.found["model"]
    if model is None:
        return None
    name = model["displayName"]
    method = "ACTIVATION_CODE" if _by_code(ctx) else "MAC_ADDRESS"
    if ctx.row.has("device_mac", "device_onboarding") and method not in (model.get("onboardingMethod") or [method]):
        return Failure(Reason.OUT_OF_SCOPE, f"Webex does not add {name} by {method}; choose the other way")
    place = _PLACES[_kind(ctx)]
    if place not in (model.get("supportedFor") or [place]):
        return Failure(Reason.NON_RETRYABLE_EXTERNAL, f"{name} is not made for a {_kind(ctx)}")
    return None


def _device_key(ctx: RowContext) -> str | None:
    mac, serial = ctx.row.get("device_mac"), ctx.row.get("device_serial")
    if mac is not None:
        return f"mac:{plain_mac(mac)}"
    return None if serial is None else f"serial:{serial}"


def _mine(ctx: RowContext, device: Item) -> bool:
    return uuid_of(str(device.get(_OWNER_FIELDS[_kind(ctx)], ""))) == uuid_of(_owner_id(ctx))


def _plain_model(name: str) -> str:
    """Webex calls one phone `DMS Cisco 8845` among its models and `Cisco 8845` among devices."""
    return name.casefold().removeprefix("dms ")


def _is_awaited(ctx: RowContext, device: Item) -> bool:
    """Whether a device of the owner is what the row's activation code is for, activated or not.

    A device that is being activated and tells no product counts too: another code would make another device.
    """
    model, product = ctx.found["model"], device.get("product")
    if not product and device.get("connectionStatus") == "activating":
        return True
    if model is None:
        return device.get("type") != "phone"
    return _plain_model(str(product)) in {_plain_model(str(model[name])) for name in ("model", "displayName")}


def _owner_device(ctx: RowContext) -> Item | None:
    devices = [device for found in ctx.found["owner_devices"].values() for device in found]
    return next((device for device in devices if _is_awaited(ctx, device)), None)


def _device_verdict(ctx: RowContext) -> Failure | None:
    device = ctx.found["device"]
    if device is None and not ctx.row.has("device_mac") and not _by_code(ctx):
        message = "no device has this serial number, and a serial number adds none; claim it in Control Hub"
        return Failure(Reason.OUT_OF_SCOPE, message)
    if device is not None and not _mine(ctx, device):
        message = "the device belongs to another owner; Webex can't move it: delete it in Control Hub, then retry"
        return Failure(Reason.OUT_OF_SCOPE, message)
    return None


def _owner_field(ctx: RowContext) -> Item:
    return {_OWNER_FIELDS[_kind(ctx)]: _owner_id(ctx)}


def _create(ctx: RowContext) -> ApiRequest | None:
    device = ctx.found["device"]
    if not ctx.row.has("device_mac") or (device is not None and _mine(ctx, device)):
        return None
    body = {"mac": plain_mac(ctx.row.text("device_mac")), "model": ctx.found["model"]["model"]}
    return CREATE_DEVICE.at(json=body | _owner_field(ctx))


def _proof(_: RowContext, answer: Answer) -> Failure | None:
    """PhoneOS models (98xx) answer 204 and appear half a minute to two minutes later (seen live)."""
    if answer.status == 204 or (isinstance(answer.json, dict) and answer.json.get("id")):
        return None
    return Failure(Reason.INVALID_RESPONSE_SCHEMA, f"Webex answered {answer.status} without id", answer.status)


def _learn(ctx: RowContext, answer: Answer) -> Iterator[Learned]:
    if answer.json:
        mac = plain_mac(ctx.row.text("device_mac"))
        yield Learned(DEVICES, {"tags": [], **answer.json, "mac": mac} | _owner_field(ctx))


def _code(ctx: RowContext) -> ApiRequest | None:
    """Every call makes a new code and a new device: none is asked for while the owner has what it is for."""
    if not _by_code(ctx) or _owner_device(ctx) is not None:
        return None
    model = ctx.found["model"]
    return CREATE_CODE.at(json=_owner_field(ctx) | without_nulls({"model": model and model["model"]}))


def _listed(ctx: RowContext) -> Item | None:
    """The row's device as it was found, made, or shown a while after it was made."""
    shown = (ctx.found.get("shown") or {}).get("items") or [None]
    known: Item | None = ctx.found["device"] or ctx.found.get("created_device") or shown[0]
    return known


def _confirm(ctx: RowContext) -> ApiRequest | None:
    """Tags need the id of a device that was made without telling it."""
    if not ctx.row.has("device_tags") or _listed(ctx) is not None:
        return None
    return LIST_DEVICES.at(params={"mac": plain_mac(ctx.row.text("device_mac"))})


def _overdue(_: RowContext) -> Failure:
    return Failure(Reason.RETRY_EXHAUSTED, "the new phone does not show yet, so its tags wait; retry in some minutes")


def _tag(ctx: RowContext) -> ApiRequest | None:
    """`replace` with the whole list: `remove` takes all tags away, whatever its value (seen live)."""
    device, tags = _listed(ctx), ctx.row.items("device_tags")
    if device is None or not ctx.row.has("device_tags") or sorted(device.get("tags") or []) == sorted(tags):
        return None
    change = [{"op": "replace", "path": "tags", "value": tags}]
    return replace(UPDATE_DEVICE.at(device_id=str(device["id"]), json=change), headers=_JSON_PATCH)


def _notice(ctx: RowContext) -> str | None:
    """The code is of one use and shown nowhere else."""
    given = ctx.found.get("code")
    if given:
        until = f", valid until {given['expiryTime']}" if given.get("expiryTime") else ""
        return f"activation code {given['code']}{until}"
    if not _by_code(ctx):
        return None
    if "device_activation_code" in ctx.applied:
        return "the code was made, but its answer was lost; make a new one in Control Hub"
    return "already_pending or activated: no new code was made"


_NEW_MACS = BulkCheck(
    endpoint=VALIDATE_MACS,
    key=lambda ctx: _device_key(ctx) if ctx.row.has("device_mac") else None,
    request=lambda keys: VALIDATE_MACS.at(json={"macs": [key.partition(":")[2] for key in keys]}),
    free=free_macs,
    most=100,  # how many Webex takes is not recorded
)
_OWNER_GONE = FailureRule(status=404, reason=Reason.RESOURCE_DEPENDENCY_MISSING, advice="the owner is gone")

DEVICE = EntityType(
    name="devices",
    phase=Phase.SERVICES,
    rank=9,
    title="Puts a phone on a user or workspace by MAC address, or asks for the activation code of one.",
    prefix="device_",
    columns=COLUMNS,
    entity_key=pl.coalesce(MAC, "device_serial", OWNER),
    owner=pl.format("device:{}", OWNER),
    claims=(Claim("device_mac"),),
    rules=RULES,
    out_of_scope=OUT_OF_SCOPE,
    result=("device", "created_device"),
    notice=_notice,
    # One owner's devices are made one after the other: Webex races for the primary one otherwise.
    touches=lambda ctx: [f"device owner:{_kind(ctx)}:{_owner_name(ctx).casefold()}"],
    owned=True,
    example={"device_serial": ""},
    steps=(
        Lookup(
            name="owner_lookup",
            index=LOCATIONS,
            key=lambda ctx: ctx.location_name() if ctx.row.has("location_key") else None,
            save="location",
            absent=lambda ctx: Failure(
                Reason.RESOURCE_DEPENDENCY_MISSING, f"no location named '{ctx.location_name()}' in the tenant"
            ),
            reasons=(Reason.RESOURCE_DEPENDENCY_MISSING,),
        ),
        Lookup(
            name="owner_lookup",
            index=PEOPLE,
            key=_person_key,
            save="person",
            confirm=True,
            absent=_no_person,
            reasons=(Reason.USER_NOT_FOUND,),
        ),
        Lookup(
            name="owner_lookup",
            index=WORKSPACES,
            key=_workspace_key,
            save="workspace",
            confirm=True,
            ambiguous=Reason.PRECONDITION_MISSING,
            absent=_no_workspace,
            reasons=(Reason.WORKSPACE_NOT_FOUND,),
        ),
        LookupMany(name="owner_lookup", index=NUMBERS, keys=_line_keys, save="inventory"),
        Check(name="owner_lookup", verdict=_owner_verdict, reasons=(Reason.PRECONDITION_MISSING,)),
        Lookup(
            name="model_check",
            index=MODELS,
            key=lambda ctx: ctx.row.get("device_model"),
            save="model",
            choose=lambda items: items[0] if items else None,
            absent=lambda ctx: Failure(
                Reason.NON_RETRYABLE_EXTERNAL,
                f"'{ctx.row.text('device_model')}' is no supported phone; room devices come by activation code only",
            ),
            reasons=(Reason.NON_RETRYABLE_EXTERNAL,),
        ),
        Check(
            name="model_check",
            verdict=_model_verdict,
            reasons=(
                Reason.NON_RETRYABLE_EXTERNAL,
                Reason.OUT_OF_SCOPE,
            ),
        ),
        Lookup(name="device_lookup", index=DEVICES, key=_device_key, save="device", confirm=True, bulk=_NEW_MACS),
        Check(name="device_lookup", verdict=_device_verdict, reasons=(Reason.OUT_OF_SCOPE,)),
        LookupMany(
            name="owner_devices_lookup",
            index=DEVICES,
            keys=lambda ctx: [f"{_OWNER_FIELDS[_kind(ctx)]}:{_owner_id(ctx)}"] if _by_code(ctx) else [],
            save="owner_devices",
            confirm=lambda _: True,
        ),
        Write(
            name="device_create",
            endpoint=CREATE_DEVICE,
            request=_create,
            expect=Expect(statuses=(200, 201, 204), proof=_proof, reasons=(Reason.INVALID_RESPONSE_SCHEMA,)),
            creates=True,
            save="created_device",
            recheck="device_lookup",
            refuses_twins=True,
            shows_late=True,  # PhoneOS models
            failures=(
                FailureRule(
                    codes=("2011",),
                    reason=Reason.NON_RETRYABLE_EXTERNAL,
                    advice="the MAC address is in use, perhaps in another organisation",
                ),
                FailureRule(
                    codes=("2022",), reason=Reason.NON_RETRYABLE_EXTERNAL, advice="the owner has too many devices"
                ),
                FailureRule(codes=("2014",), reason=Reason.NON_RETRYABLE_EXTERNAL, advice="the model is not supported"),
                _OWNER_GONE,
            ),
            learns=_learn,
        ),
        Write(
            name="device_activation_code",
            endpoint=CREATE_CODE,
            request=_code,
            expect=Expect(statuses=(200, 201), fields=("code",)),
            creates=True,
            save="code",
            recheck="owner_devices_lookup",
            refuses_twins=False,  # every call makes a new code and a new device
            failures=(_OWNER_GONE,),
        ),
        Wait(
            name="device_confirm",
            endpoint=LIST_DEVICES,
            request=_confirm,
            save="shown",
            done=lambda ctx: bool(ctx.found["shown"]["items"]),
            overdue=_overdue,
            reasons=(Reason.RETRY_EXHAUSTED,),
            every=10.0,
            expect=Expect(statuses=(200,), fields=("items",)),
        ),
        Write(
            name="device_update",
            endpoint=UPDATE_DEVICE,
            request=_tag,
            expect=Expect(statuses=(200, 204), fields=("id",)),
            repeat=Repeat.SAFE,
        ),
    ),
)

ENTITY_TYPES = (DEVICE,)
