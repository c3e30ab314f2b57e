"""The columns that rows of services share, by the prefix of their type: name, numbers, agents, call forwarding."""

from dataclasses import replace
from typing import Any

import polars as pl

from webex_provision.actions.columns import EXTENSION, LOCATION_KEY, PHONE_NUMBER
from webex_provision.actions.declaration import Column, Kind, Rule
from webex_provision.actions.json_cells import Part

POLICIES = ("CIRCULAR", "REGULAR", "SIMULTANEOUS", "UNIFORM", "WEIGHTED")
MOST_AGENTS = 1000
_MOST_BY_POLICY = {"SIMULTANEOUS": 50, "WEIGHTED": 100}


class Forwarding(Part):
    """Call forwarding of a service as a row gives it; the wrapper that the API needs is added when it is sent."""

    always: dict[str, Any] | None = None
    selective: dict[str, Any] | None = None
    rules: list[dict[str, Any]] | None = None
    operating_modes: dict[str, Any] | None = None


def name_column(prefix: str, example: str) -> Column:
    """The name, which is unique in the location."""
    return Column(
        name=f"{prefix}name",
        help="Name in the tenant; with the location it is the lookup key.",
        required=True,
        largest=80,
        feeds="name",
        example=example,
    )


def head_columns(prefix: str, name: str, extension: str, phone_number: str) -> tuple[Column, ...]:
    """Location, name, extension and number, given their examples."""
    return (
        LOCATION_KEY,
        name_column(prefix, name),
        replace(EXTENSION, example=extension),
        replace(PHONE_NUMBER, example=phone_number),
    )


def policy_column(prefix: str) -> Column:
    """How calls are spread over agents."""
    return Column(
        name=f"{prefix}policy",
        help="How calls are spread; blank on creation: CIRCULAR.",
        kind=Kind.CHOICE,
        choices=POLICIES,
        feeds="callPolicies.policy",
        example="CIRCULAR",
    )


def agents_column(prefix: str, text: str, attribute: str) -> Column:
    """The list of agents; `attribute` names what may follow `=`."""
    return Column(
        name=f"{prefix}agents",
        help=text,
        kind=Kind.MEMBER,
        many=True,
        most_items=MOST_AGENTS,
        attribute=attribute,
        clearable=True,
        feeds="agents[]",
        example="ana.ruiz@example.com|workspace:Sala Goya",
    )


def agents_rules(prefix: str) -> tuple[Rule, ...]:
    """The policies that take fewer agents than others."""
    agents, policy = f"{prefix}agents", f"{prefix}policy"
    count = pl.col(agents).str.count_matches(r"[^\\]\|") + 1
    return tuple(
        Rule(agents, (pl.col(policy) == name) & (count > most), f"{policy}={name} takes at most {most} agents")
        for name, most in _MOST_BY_POLICY.items()
    )


def caller_id_column(prefix: str, who: str, example: str) -> Column:
    """The name that the service shows."""
    return Column(
        name=f"{prefix}caller_id_name",
        help=f"Name that {who} see.",
        largest=80,
        feeds="directLineCallerIdName.customName",
        example=example,
    )


def alternates_column(prefix: str, example: str, within: str = "") -> Column:
    """The list of alternate numbers; `within` is the path of the object that holds them, with its dot."""
    return Column(
        name=f"{prefix}alternate_numbers",
        help="Alternate numbers, E.164; replaces the list.",
        kind=Kind.PHONE_NUMBER,
        many=True,
        most_items=10,
        feeds=f"{within}alternateNumbers[].phoneNumber",
        example=example,
    )


def forwarding_column(prefix: str, what: str) -> Column:
    """Call forwarding, as the API takes it."""
    return Column(
        name=f"{prefix}forwarding_json",
        help=f"Call forwarding of the {what}: an object with always, selective, rules or operatingModes.",
        kind=Kind.JSON,
        shape=Forwarding,
        feeds="callForwarding",
        example='{"always":{"enabled":false}}',
    )
