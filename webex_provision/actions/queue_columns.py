"""The columns of a call queue's row, and what they may not say together."""

import polars as pl

from webex_provision.actions.action_helpers import needs, one_of, only_with
from webex_provision.actions.columns import LANGUAGE, TIME_ZONE
from webex_provision.actions.declaration import Column, Kind, OutOfScope, RefersTo, Rule
from webex_provision.actions.queue_bodies import PRIORITY_BASED, SKILL_BASED
from webex_provision.actions.queue_services import Services
from webex_provision.actions.service_columns import (
    agents_column,
    agents_rules,
    alternates_column,
    caller_id_column,
    head_columns,
    policy_column,
)

OVERFLOWS = ("PERFORM_BUSY_TREATMENT", "TRANSFER_TO_PHONE_NUMBER", "PLAY_RINGING_UNTIL_CALLER_HANGS_UP")

_ATTRIBUTES = pl.col("queue_agents").str.extract_all(r"[^\\]=\s*\d+\s*(\||$)")


def _attributes_without_meaning() -> Rule:
    meant = (pl.col("queue_policy") == "WEIGHTED") | (pl.col("queue_routing_type") == SKILL_BASED)
    return Rule(
        "queue_agents",
        (_ATTRIBUTES.list.len() > 0) & meant.fill_null(value=False).not_(),
        "numbers after = are weights with queue_policy=WEIGHTED or skill levels with "
        "queue_routing_type=SKILL_BASED; empty them or set one of these",
    )


def _weights_above_100() -> Rule:
    weights = _ATTRIBUTES.list.eval(pl.element().str.extract(r"(\d+)").cast(pl.Int64, strict=False))
    return Rule(
        "queue_agents",
        (pl.col("queue_policy") == "WEIGHTED") & (weights.list.sum() > 100),
        "the weights of a queue add up to at most 100",
    )


def _no_skills_with_policy() -> Rule:
    return Rule(
        "queue_policy",
        (pl.col("queue_routing_type") == SKILL_BASED) & pl.col("queue_policy").is_in(["SIMULTANEOUS", "WEIGHTED"]),
        "queue_routing_type=SKILL_BASED goes with CIRCULAR, REGULAR or UNIFORM only; change queue_policy",
    )


def _announcement(name: str, what: str, feeds: str) -> Column:
    return Column(
        name=name,
        help=f"{what}: an announcement of the location or the organisation, by name.",
        largest=256,
        refers_to=(RefersTo("announcements_repo"),),
        feeds=f"queueSettings.{feeds}.audioAnnouncementFiles[].id",
        example="Bienvenida",
    )


def _unserved(name: str, message: str) -> tuple[Column, OutOfScope]:
    column = Column(name=name, help="Not served here.")
    return column, OutOfScope(name, pl.col(name).is_not_null(), message)


_UNSERVED = (
    _unserved("queue_dnis", "DNIS numbers of a queue are set in Control Hub; empty the cell"),
    _unserved("queue_supervisors", "supervisors are assigned in Control Hub; empty the cell"),
    _unserved("queue_wrap_up", "wrap-up reasons are assigned in Control Hub; empty the cell"),
)

COLUMNS = (
    *head_columns("queue_", "Soporte", "2900", "+34910002900"),
    policy_column("queue_"),
    Column(
        name="queue_routing_type",
        help="By priority or by the agents' skills; blank on creation: PRIORITY_BASED.",
        kind=Kind.CHOICE,
        choices=(PRIORITY_BASED, SKILL_BASED),
        feeds="callPolicies.routingType",
        example=PRIORITY_BASED,
    ),
    agents_column(
        "queue_",
        "Who answers: emails, workspace:<name>, virtual_line:<name>; = weight or skill level; replaces all.",
        "weight or skill level",
    ),
    LANGUAGE,
    TIME_ZONE,
    Column(name="queue_enabled", help="On or off.", kind=Kind.BOOLEAN, feeds="enabled", example="true"),
    Column(
        name="queue_size",
        help="How many callers may wait; Webex makes new queues with 0, so say it.",
        kind=Kind.INTEGER,
        smallest=0,
        largest=250,
        feeds="queueSettings.queueSize",
        example="25",
    ),
    Column(
        name="queue_overflow_action",
        help="What happens to callers who find the queue full.",
        kind=Kind.CHOICE,
        choices=OVERFLOWS,
        feeds="queueSettings.overflow.action",
        example="PERFORM_BUSY_TREATMENT",
    ),
    Column(
        name="queue_overflow_number",
        help="Where they go with TRANSFER_TO_PHONE_NUMBER.",
        kind=Kind.DIALABLE,
        feeds="queueSettings.overflow.transferNumber",
        example="2950",
    ),
    _announcement("queue_welcome_announcement", "What callers hear first", "welcomeMessage"),
    _announcement("queue_comfort_announcement", "What waiting callers hear now and then", "comfortMessage"),
    _announcement("queue_moh_announcement", "What waiting callers hear", "mohMessage.normalSource"),
    alternates_column("queue_", "+34910002905", within="alternateNumberSettings."),
    Column(
        name="queue_allow_agent_join",
        help="Whether agents may join and leave the queue themselves.",
        kind=Kind.BOOLEAN,
        feeds="allowAgentJoinEnabled",
        example="true",
    ),
    caller_id_column("queue_", "agents and callees", "Soporte"),
    Column(
        name="queue_calling_line_id_policy",
        help="Which number outgoing calls of the queue show.",
        kind=Kind.CHOICE,
        choices=("DIRECT_LINE", "LOCATION_NUMBER", "CUSTOM"),
        feeds="callingLineIdPolicy",
        example="DIRECT_LINE",
    ),
    Column(
        name="queue_services_json",
        help="Any of holidayService, nightService, strandedCalls, forcedForward, callForwarding, each an object.",
        kind=Kind.JSON,
        shape=Services,
        feeds="one PUT each",
        example='{"strandedCalls":{"action":"NONE","audioMessageSelection":"DEFAULT"}}',
    ),
    Column(
        name="queue_customer_assist",
        help="Whether it is a Customer Assist queue; blank on creation: false.",
        kind=Kind.BOOLEAN,
        feeds="hasCxEssentials",
        example="false",
    ),
    *(column for column, _ in _UNSERVED),
)

RULES = (
    one_of("extension", "phone_number"),
    needs("queue_overflow_number", "queue_overflow_action", equal="TRANSFER_TO_PHONE_NUMBER"),
    only_with("queue_overflow_number", "queue_overflow_action", equal="TRANSFER_TO_PHONE_NUMBER"),
    _no_skills_with_policy(),
    _attributes_without_meaning(),
    _weights_above_100(),
    *agents_rules("queue_"),
)

OUT_OF_SCOPE = (
    OutOfScope(
        "queue_calling_line_id_policy",
        pl.col("queue_calling_line_id_policy") == "CUSTOM",
        "Webex accepts a custom number and does not keep it; set it in Control Hub and empty the cell",
    ),
    *(wish for _, wish in _UNSERVED),
)
