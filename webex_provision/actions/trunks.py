"""Trunks: the SIP connection between Webex Calling and a local gateway or session border controller."""

from collections.abc import Iterator

import polars as pl

from webex_provision.actions.action_helpers import needs, only_with, uuid_of, without_nulls
from webex_provision.actions.columns import LOCATION_KEY
from webex_provision.actions.declaration import (
    Check,
    Column,
    EntityType,
    Expect,
    Failure,
    FailureRule,
    Item,
    Kind,
    Learned,
    Lookup,
    Read,
    Repeat,
    RowContext,
    Rule,
    Write,
)
from webex_provision.actions.failures import LOCATION_GONE
from webex_provision.actions.indexes import named_index
from webex_provision.actions.locations import location_steps
from webex_provision.actions.route_targets import TRUNK_TARGET, learn_target
from webex_provision.vocabulary import Phase, Reason
from webex_provision.wire import Answer, ApiRequest, Endpoint

_READ, _WRITE = "spark-admin:telephony_config_read", "spark-admin:telephony_config_write"
_ALL = "/telephony/config/premisePstn/trunks"
_ONE = _ALL + "/{trunk_id}"
LIST_TRUNKS = Endpoint("GET", _ALL, _READ)
GET_TRUNK = Endpoint("GET", _ONE, _READ)
CREATE_TRUNK = Endpoint("POST", _ALL, _WRITE)
UPDATE_TRUNK = Endpoint("PUT", _ONE, _WRITE)

CERTIFICATE_BASED = "CERTIFICATE_BASED"
TRUNK_TYPES = ("REGISTERING", CERTIFICATE_BASED)
CHARGE_POLICIES = ("DISABLED", "ASSERTED_IDENTITY", "CONFIGURABLE_CHARGE_NUMBER")
_REFUSED_IN_PASSWORDS = "?!"

TRUNKS = named_index("trunks", "trunks", LIST_TRUNKS)


def _name(ctx: RowContext) -> str:
    return ctx.row.text("trunk_name")


def _password(ctx: RowContext) -> str:
    return ctx.options.secret(ctx.row.text("trunk_password_env")) or ""


def _password_verdict(ctx: RowContext) -> Failure | None:
    """Without the password nothing is sent: an update sets it again, and another one cuts the gateway off."""
    variable, value = ctx.row.text("trunk_password_env"), _password(ctx)
    if ctx.options.holds_token(variable):
        return Failure(
            Reason.PRECONDITION_MISSING,
            f"the environment variable {variable} holds the token, which is never sent as a password; export the "
            "trunk's own SIP password in it, then retry",
        )
    if not value.strip():
        return Failure(
            Reason.PRECONDITION_MISSING,
            f"the environment variable {variable} is not set; export the trunk's SIP password in it, then retry",
        )
    if not value.isprintable() or set(value) & set(_REFUSED_IN_PASSWORDS):
        return Failure(
            Reason.PRECONDITION_MISSING,
            f"the value of the environment variable {variable} holds ?, ! or a control character, which Webex "
            "refuses in a trunk's password; choose another password there and on the gateway, then retry",
        )
    return None


def _changeable(ctx: RowContext) -> Item:
    row = ctx.row
    return without_nulls(
        {
            "dualIdentitySupportEnabled": row.flag("trunk_dual_identity_enabled"),
            "maxConcurrentCalls": row.number("trunk_max_concurrent_calls"),
            "pChargeInfoSupportPolicy": row.get("trunk_p_charge_info_policy"),
        }
    )


def _fixed(ctx: RowContext) -> Item:
    """What only a create can say, by its API name."""
    row = ctx.row
    return without_nulls(
        {
            "trunkType": row.text("trunk_type"),
            "deviceType": row.get("trunk_device_type"),
            "address": row.get("trunk_address"),
            "domain": row.get("trunk_domain"),
            "port": row.number("trunk_port"),
            "peerIdentity": row.get("trunk_peer_identity"),
        }
    )


def _create(ctx: RowContext) -> ApiRequest | None:
    if ctx.found["trunk"] is not None:
        return None
    identity = {"name": _name(ctx), "locationId": ctx.id_of("location"), "password": _password(ctx)}
    return CREATE_TRUNK.at(json=identity | _fixed(ctx) | _changeable(ctx))


def _read(ctx: RowContext) -> ApiRequest | None:
    if "trunk_create" in ctx.created:
        return None
    return GET_TRUNK.at(trunk_id=ctx.id_of("trunk"))


def _same(held: object, wanted: object) -> bool:
    return str(held).casefold() == str(wanted).casefold()


def _verdict(ctx: RowContext) -> Failure | None:
    """An existing trunk stays where and what it is. What an answer does not show is taken as agreed."""
    now: Item | None = ctx.found["trunk_now"]
    if now is None:
        return None
    place = now.get("location") or {}
    differing = [name for name, wanted in _fixed(ctx).items() if now.get(name) and not _same(now[name], wanted)]
    if place.get("id") and uuid_of(str(place["id"])) != uuid_of(ctx.id_of("location")):
        differing.insert(0, f"location ({place.get('name', place['id'])})")
    if not differing:
        return None
    return Failure(
        Reason.NON_RETRYABLE_EXTERNAL,
        f"trunk '{_name(ctx)}' exists with another {', '.join(differing)}; Webex can't change that: give the row "
        "what the trunk has, or another name, or delete the trunk in Control Hub first",
    )


def _update(ctx: RowContext) -> ApiRequest | None:
    """Blank cells are sent as the trunk has them: whether an omitted field is kept is in no source."""
    if "trunk_create" in ctx.created:
        return None
    now: Item = ctx.found["trunk_now"] or {}
    kept = ["dualIdentitySupportEnabled", "pChargeInfoSupportPolicy"]
    if ctx.row.text("trunk_type") == CERTIFICATE_BASED:
        kept.append("maxConcurrentCalls")
    held = {name: now[name] for name in kept if now.get(name) is not None}
    body = {"name": _name(ctx), "password": _password(ctx)} | held | _changeable(ctx)
    return UPDATE_TRUNK.at(trunk_id=ctx.id_of("trunk"), json=body)


def _learn(ctx: RowContext, answer: Answer) -> Iterator[Learned]:
    name, trunk_id = _name(ctx), str(answer.json["id"])
    yield Learned(TRUNKS, {"id": trunk_id, "name": name})
    yield from learn_target(TRUNK_TARGET, trunk_id, name)


def _certificate_rules() -> Iterator[Rule]:
    for column in ("trunk_address", "trunk_domain", "trunk_max_concurrent_calls"):
        yield needs(column, "trunk_type", equal=CERTIFICATE_BASED)
    for column in (
        "trunk_address",
        "trunk_domain",
        "trunk_port",
        "trunk_max_concurrent_calls",
        "trunk_peer_identity",
    ):
        yield only_with(column, "trunk_type", equal=CERTIFICATE_BASED)


TRUNK = EntityType(
    name="trunk",
    phase=Phase.ROUTING,
    rank=2,
    title="Creates or updates a SIP trunk to a local gateway or session border controller.",
    prefix="trunk_",
    columns=(
        LOCATION_KEY,
        Column(
            name="trunk_name",
            help="Name in the tenant, unique in the organisation; the lookup key. No comma.",
            required=True,
            largest=80,
            pattern="^[^,]+$",
            feeds="name",
            example="SBC-Madrid",
        ),
        Column(
            name="trunk_type",
            help="How the gateway proves who it is; can't be changed later.",
            kind=Kind.CHOICE,
            choices=TRUNK_TYPES,
            required=True,
            feeds="trunkType",
            example="REGISTERING",
        ),
        Column(
            name="trunk_password_env",
            help="Environment variable (capitals) that holds the SIP password; each run sets that password again.",
            kind=Kind.KEY,
            required=True,
            pattern="^[A-Z][A-Z0-9_]*$",  # capitals only: a password typed here by mistake is not passed on
            feeds="password",
            example="TRUNK_MADRID_PASSWORD",
        ),
        Column(
            name="trunk_device_type",
            help="Kind of gateway, as Webex names it; on creation only.",
            largest=256,
            feeds="deviceType",
            example="Cisco Unified Border Element",
        ),
        Column(
            name="trunk_address",
            help="Host name or SRV name within the domain; can't be changed later.",
            largest=256,
            feeds="address",
            example="sbc01",
        ),
        Column(
            name="trunk_domain",
            help="A domain that is verified in the organisation; can't be changed later.",
            largest=256,
            feeds="domain",
            example="example.com",
        ),
        Column(
            name="trunk_port",
            help="Port; blank means that the address is an SRV name; can't be changed later.",
            kind=Kind.INTEGER,
            smallest=1,
            largest=65535,
            feeds="port",
            example="5061",
        ),
        Column(
            name="trunk_max_concurrent_calls",
            help="Most calls at a time, within what Webex allows for the kind of gateway.",
            kind=Kind.INTEGER,
            smallest=1,
            feeds="maxConcurrentCalls",
            example="250",
        ),
        Column(
            name="trunk_dual_identity_enabled",
            help="Whether the From header keeps the caller's own identity.",
            kind=Kind.BOOLEAN,
            feeds="dualIdentitySupportEnabled",
            example="false",
        ),
        Column(
            name="trunk_p_charge_info_policy",
            help="What stands in the P-Charge-Info header.",
            kind=Kind.CHOICE,
            choices=CHARGE_POLICIES,
            feeds="pChargeInfoSupportPolicy",
            example="DISABLED",
        ),
        Column(
            name="trunk_peer_identity",
            help="Identity that the peer's certificate must show; on creation only.",
            largest=256,
            feeds="peerIdentity",
            example="sbc01.example.com",
        ),
    ),
    entity_key=pl.col("trunk_name"),
    called=("trunk_name",),
    remote_name="trunk_name",
    result=("trunk",),
    touches=lambda ctx: [f"trunk:{_name(ctx).casefold()}"],
    rules=tuple(_certificate_rules()),
    example={
        "trunk_address": "",
        "trunk_domain": "",
        "trunk_port": "",
        "trunk_max_concurrent_calls": "",
        "trunk_peer_identity": "",
    },
    steps=(
        Check(name="trunk_password", verdict=_password_verdict, reasons=(Reason.PRECONDITION_MISSING,)),
        *location_steps(),
        Lookup(name="trunk_lookup", index=TRUNKS, key=_name, save="trunk", confirm=True),
        Write(
            name="trunk_create",
            endpoint=CREATE_TRUNK,
            request=_create,
            expect=Expect(statuses=(200, 201), fields=("id",)),
            creates=True,
            save="trunk",
            recheck="trunk_lookup",
            refuses_twins=True,
            failures=(
                LOCATION_GONE,
                FailureRule(
                    status=400,
                    codes=("25024",),
                    text="domain",
                    reason=Reason.PRECONDITION_MISSING,
                    advice="the domain must be verified in the organisation first",
                ),
                FailureRule(
                    codes=("25015",),
                    reason=Reason.NON_RETRYABLE_EXTERNAL,
                    advice="the password holds characters that Webex refuses",
                ),
                FailureRule(
                    codes=("27571",),
                    reason=Reason.NON_RETRYABLE_EXTERNAL,
                    advice="another trunk has this address, domain and port",
                ),
            ),
            learns=_learn,
        ),
        # 206: the trunk is there, but the state of its gateway could not be had.
        Read(
            name="trunk_read",
            endpoint=GET_TRUNK,
            request=_read,
            save="trunk_now",
            expect=Expect(statuses=(200, 206), fields=("name",)),
        ),
        Check(name="trunk_compare", verdict=_verdict, reasons=(Reason.NON_RETRYABLE_EXTERNAL,)),
        Write(
            name="trunk_update",
            endpoint=UPDATE_TRUNK,
            request=_update,
            expect=Expect(statuses=(200, 204)),
            repeat=Repeat.SAFE,
            failures=(
                FailureRule(
                    codes=("25015",),
                    reason=Reason.NON_RETRYABLE_EXTERNAL,
                    advice="the password holds characters that Webex refuses",
                ),
            ),
        ),
    ),
)

ENTITY_TYPES = (TRUNK,)
